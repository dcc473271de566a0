"""What was noted lately, so that looking is noted once and not with every frame or poll. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

QUIET_MS = 15 * 60_000  # who looks for hours is noted every quarter of an hour
KEPT = 4096  # pairs; the oldest are forgotten first, and then noted again


class Seen:
    """now_ms: any clock that only goes forward."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._noted: OrderedDict[tuple[str, str], int] = OrderedDict()

    def anew(self, who: str, subject: str) -> bool:
        """Is this to be noted? Then it counts as noted."""
        key, now = (who, subject), self._now_ms()
        if now - self._noted.get(key, now - QUIET_MS) < QUIET_MS:
            return False
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > KEPT:
            self._noted.popitem(last=False)
        return True
