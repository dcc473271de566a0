"""The last pieces of one device's line and what its driver made of each, for who looks after devices. In memory only.

The hot path pays one append for each piece that comes: everything else is done when somebody looks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from pumpd.device import Out

MOST = 48
"""Pieces kept of one line: seconds of a monitor that sends curves, most of a minute of a pump that is asked."""

Piece = tuple[int, bytes, Sequence[Out] | None]
"""When (kernel time), the bytes, and what the driver said of them; None: they were sent."""


class Recent:
    """Pieces of one line."""

    __slots__ = ("_now_ms", "add", "pieces")

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.pieces: deque[Piece] = deque(maxlen=MOST)
        self._now_ms = now_ms
        self.add = self.pieces.append  # the session calls it with what its driver said

    def sent(self, data: bytes) -> None:
        """Bytes that have left."""
        self.pieces.append((self._now_ms(), data, None))
