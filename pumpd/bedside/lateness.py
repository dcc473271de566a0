"""How late something was, and whether that is a fault. Pure: time is an argument."""

from __future__ import annotations


class Lateness:
    """Counts waits that ended more than limit_ms late; the fault ends clear_ms after the last such one."""

    def __init__(self, limit_ms: int, clear_ms: int) -> None:
        self._limit_ms = limit_ms
        self._clear_ms = clear_ms
        self._last_ms: int | None = None
        self._told = False
        self.late = 0
        self.seen = 0
        self.worst_ms = 0

    def note(self, late_ms: int, now_ms: int) -> None:
        """One wait ended late_ms after it was due."""
        self.seen += 1
        self.worst_ms = max(self.worst_ms, late_ms)
        if late_ms > self._limit_ms:
            self.late += 1
            self._last_ms = now_ms

    def change(self, now_ms: int) -> bool | None:
        """True when a fault has begun since the last call, False when it has ended, else None."""
        late = self._last_ms is not None and now_ms - self._last_ms < self._clear_ms
        if late == self._told:
            return None
        self._told = late
        return late
