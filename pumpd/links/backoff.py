"""Waiting times between attempts: doubling, capped, jittered. Pure but for the random source it is given."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """next_s() gives seconds to wait; at most max_ms, at least half of the unjittered time. `chance` gives 0..1."""

    def __init__(self, first_ms: int, max_ms: int, chance: Callable[[], float]) -> None:
        self._first_ms = first_ms
        self._max_ms = max_ms
        self._chance = chance
        self._next_ms = first_ms

    def next_s(self) -> float:
        """Seconds to wait now; the wait after that is twice as long, up to the cap."""
        whole_ms = min(self._next_ms, self._max_ms)
        self._next_ms = min(whole_ms * 2, self._max_ms)
        return whole_ms * (1 - self._chance() / 2) / 1000

    def reset(self) -> None:
        """The last attempt was a success: the next wait is the shortest again."""
        self._next_ms = self._first_ms
