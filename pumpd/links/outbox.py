"""What still waits to be sent on a line. Pure: no I/O.

A frame is the bytes of one push. A frame whose first bytes have left is always finished, because the device
would read half a frame and the next one as garbage. Urgent frames go ahead of everything else, and what they
overtake is dropped: a poll that waited is stale, and a rate that waited must not follow a stop. Only control frames,
which a serial server reads and no device, go before them: they are few and short, and none is ever dropped.
"""

from __future__ import annotations

from collections import deque

_NONE: deque[bytes] = deque(maxlen=0)


class Outbox:
    """Bounded by limit_bytes; `head` is what to write next, `sent` says how much of it left."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._started: bytes = b""
        self._control: deque[bytes] = deque()
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

    def push_control(self, frame: bytes) -> bool:
        """A frame for the serial server itself, before all others. False when it does not fit and was not taken."""
        if len(self) + len(frame) > self._limit_bytes:
            return False
        self._control.append(frame)
        return True

    def head(self, *, suspended: bool = False) -> bytes:
        """The bytes to write next, without taking them; empty when none may be. suspended: no ordinary frame begins."""
        if self._started:
            return self._started
        queue = self._next(suspended)
        return queue[0] if queue else b""

    def _next(self, suspended: bool) -> deque[bytes]:
        return self._control or self._urgent or (_NONE if suspended else self._waiting)

    def sent(self, count: int) -> None:
        """`count` bytes of `head` have left; the rest of that frame, if any, is next whatever comes."""
        if not count:
            return
        if not self._started:
            self._started = self._next(suspended=False).popleft()
        self._started = self._started[count:]

    def __len__(self) -> int:
        waiting = sum(map(len, self._urgent)) + sum(map(len, self._waiting))
        return len(self._started) + waiting + sum(map(len, self._control))
