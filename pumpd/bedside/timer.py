"""One timer for one deadline in kernel time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pumpd.clock import Clock
from pumpd.units import Ms

NEVER_MS = 2**62


class DeadlineTimer:
    """Calls fire(due) when the deadline that `deadline()` names has been reached, never early.

    Moving a deadline away costs nothing: the timer then wakes at the old time, looks, and sleeps again. That is
    the common case, because every frame that is heard moves deadlines away: who knows the deadline need not ask for
    anything where it is not before armed_ms, when the timer wakes next, nor now at renew_ms, half of the way to there:
    from then on it is cheaper to arm the timer with a frame than to have it wake for nothing. turns: its wakings.
    """

    __slots__ = ("_clock", "_deadline", "_fire", "_handle", "armed_ms", "renew_ms", "turns")

    def __init__(self, clock: Clock, deadline: Callable[[], int | None], fire: Callable[[Ms], None]) -> None:
        self._clock = clock
        self._deadline = deadline
        self._fire = fire
        self._handle: asyncio.TimerHandle | None = None
        self.armed_ms = self.renew_ms = NEVER_MS
        self.turns = 0

    @property
    def idle(self) -> bool:
        """Nothing is due: whoever counts turns need not miss one."""
        due = self._deadline()
        return due is None or due > self._clock.now_ms()

    def arm(self) -> None:
        """Look at the deadline again: call after everything that may have moved it."""
        self.arm_by(self._deadline())

    def arm_by(self, due: int | None) -> None:
        """As `arm`, for a deadline that the caller knows."""
        if due is not None and due < self.armed_ms:
            self.arm_at(due)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle, self.armed_ms, self.renew_ms = None, NEVER_MS, NEVER_MS

    def arm_at(self, due: int) -> None:
        """Wake then, be it sooner or later than before."""
        if due == self.armed_ms:  # what others make due: no frame of this device moves it
            self.renew_ms = NEVER_MS
            return
        self.cancel()
        wait_ms = max(0, due - self._clock.now_ms())
        self.armed_ms, self.renew_ms = due, due - wait_ms // 2
        self._handle = asyncio.get_running_loop().call_later(wait_ms / 1000, self._wake)

    def _wake(self) -> None:
        self._handle, self.armed_ms, self.renew_ms = None, NEVER_MS, NEVER_MS
        self.turns += 1
        due = self._deadline()
        if due is not None and due <= self._clock.now_ms():
            self._fire(Ms(due))
        self.arm()
