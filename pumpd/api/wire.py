"""The quick way of a live connection: frames that were framed once for all screens, and acknowledgements by callback.

A broadcast costs one write for each screen, and each screen answers it; both are most of what the daemon does for its
screens, so neither goes through the web framework. Everything else (handshake, hello, acts, pings, closing) does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

ACK = b'{"type":"ack","seq":'
TEXT, FINAL, MASKED, SHORT = 0x1, 0x80, 0x80, 125
HEAD = 6  # two bytes and the mask
TEXT_ALONE = FINAL | TEXT
BEFORE_SEQ = len(ACK)
SHORTEST, LONGEST = BEFORE_SEQ + 2, BEFORE_SEQ + 1 + 18  # of an acknowledgement: 1 to 18 digits and a brace


def framed(text: bytes) -> bytes:
    """The text as one unmasked, final WebSocket frame (RFC 6455, 5.2)."""
    size = len(text)
    if size <= SHORT:
        return bytes((FINAL | TEXT, size)) + text
    if size < 1 << 16:
        return bytes((FINAL | TEXT, 126)) + size.to_bytes(2, "big") + text
    return bytes((FINAL | TEXT, 127)) + size.to_bytes(8, "big") + text


class Wire(Protocol):
    """What an established connection offers its live session."""

    room: bool
    """May something be written now? After a no, `on_room` is called once there is room."""

    def write(self, frames: bytes) -> None:
        """Give the connection frames made by `framed`; nothing happens to a connection that is closing."""
        ...

    def end(self) -> None:
        """Nothing is written any more, nor is on_ack called."""
        ...


Offer = Callable[[Callable[[int], None], Callable[[], None]], Wire]
"""offer(on_ack, on_room): from now on the connection works that way. on_ack: the screen has rendered up to this seq."""


def acknowledged(data: bytes) -> int | None:
    """The seq, if these bytes are exactly one whole masked frame that acknowledges; None: read them the long way."""
    size = len(data) - HEAD
    if not SHORTEST <= size <= LONGEST or data[0] != TEXT_ALONE or data[1] != MASKED | size:
        return None
    text = unmasked(data[2:HEAD], data[HEAD:])
    digits = text[BEFORE_SEQ:-1]
    return int(digits) if text.startswith(ACK) and text.endswith(b"}") and digits.isdigit() else None


def unmasked(mask: bytes, data: bytes) -> bytes:
    """Both directions: RFC 6455, 5.3."""
    size = len(data)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class Boundary:
    """Is the next byte of the stream the first one of a frame of no fragmented message? Never yes by mistake."""

    def __init__(self) -> None:
        self.known = True

    def pass_on(self, data: bytes) -> None:
        """These bytes, which began at a boundary if one was known, are read the long way."""
        at = 0
        while self.known and at < len(data):
            after = _frame_end(data, at)
            self.known = after is not None and after <= len(data)
            at = after or 0


def _frame_end(data: bytes, at: int) -> int | None:
    """Where the short final masked frame at `at` ends; None for any other frame, or if its head is not whole."""
    if len(data) - at < 2 or not data[at] & FINAL or data[at + 1] & 0x7F > SHORT:
        return None
    return at + HEAD + (data[at + 1] & 0x7F)
