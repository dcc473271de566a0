"""One timer for one deadline in kernel time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pumpd.clock import Clock
from pumpd.units import Ms


class DeadlineTimer:
    """Calls fire(due) when the deadline that `deadline()` names has been reached, never early.

    Moving a deadline away costs nothing: the timer then wakes at the old time, looks, and sleeps again. That is
    the common case, because every frame that is heard moves deadlines away.
    """

    def __init__(self, clock: Clock, deadline: Callable[[], int | None], fire: Callable[[Ms], None]) -> None:
        self._clock = clock
        self._deadline = deadline
        self._fire = fire
        self._handle: asyncio.TimerHandle | None = None
        self._armed_ms = 0

    def arm(self) -> None:
        """Look at the deadline again: call after everything that may have moved it."""
        due = self._deadline()
        if due is not None and (self._handle is None or due < self._armed_ms):
            self._arm_at(due)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm_at(self, due: int) -> None:
        self.cancel()
        self._armed_ms = due
        wait_s = max(0, due - self._clock.now_ms()) / 1000
        self._handle = asyncio.get_running_loop().call_later(wait_s, self._wake)

    def _wake(self) -> None:
        self._handle = None
        due = self._deadline()
        if due is not None and due <= self._clock.now_ms():
            self._fire(Ms(due))
        self.arm()
