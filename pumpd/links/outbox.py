"""What still waits to be sent on a line. Pure: no I/O.

A frame is the bytes of one push. A frame whose first bytes have left is always finished, because the device
would read half a frame and the next one as garbage. Urgent frames go ahead of everything else, and what they
overtake is dropped: a poll that waited is stale, and a rate that waited must not follow a stop.
"""

from __future__ import annotations

from collections import deque


class Outbox:
    """Bounded by limit_bytes; `head` is what to write next, `sent` says how much of it left."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._started: bytes = b""
        self._urgent: deque[bytes] = deque()
        self._waiting: deque[bytes] = deque()

    def push(self, frame: bytes, *, urgent: bool) -> bool:
        """False when the frame does not fit and was not taken. An urgent frame that waits already is not doubled."""
        if urgent:
            self._waiting.clear()
            if frame in self._urgent:
                return True
        if len(self) + len(frame) > self._limit_bytes:
            return False
        (self._urgent if urgent else self._waiting).append(frame)
        return True

    def head(self) -> bytes:
        """The bytes to write next, without taking them; empty when nothing waits."""
        if self._started:
            return self._started
        queue = self._urgent or self._waiting
        return queue[0] if queue else b""

    def sent(self, count: int) -> None:
        """`count` bytes of `head` have left; the rest of that frame, if any, is next whatever comes."""
        if not count:
            return
        if not self._started:
            self._started = (self._urgent or self._waiting).popleft()
        self._started = self._started[count:]

    def __len__(self) -> int:
        return len(self._started) + sum(map(len, self._urgent)) + sum(map(len, self._waiting))
