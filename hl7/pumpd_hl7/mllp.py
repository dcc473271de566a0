"""The Minimal Lower Layer Protocol: frames cut out of a stream and put around messages. Pure.

A frame is VT, the message, FS, CR. A message never holds VT or FS, so that a VT inside a frame means that the end of
the one before was lost: what is there of it is discarded and told, and never acknowledged, because two messages glued
together would put one patient's values on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
_FS_CR = FS + CR
_BETWEEN = b"\0\t\n\r \xef\xbb\xbf"
"""What may stand before a frame without being worth a word: NULs, white space, a byte order mark."""

LIMIT_BYTES = 1 << 20
SHOWN_BYTES = 64
HEADER_BYTES = 1024
"""Of an oversize frame, so that its MSH segment can still be answered."""


class FaultKind(StrEnum):
    """What was wrong with bytes that are no frame."""

    OUTSIDE = "bytes outside of a frame"
    RESTARTED = "a start block inside of a frame: the end of the one before was lost"
    NO_CR = "an end block without its carriage return"
    OVERSIZE = "a frame longer than allowed"
    UNFINISHED = "the connection ended inside of a frame"
    EMPTY = "an empty frame"


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that were discarded. data: their beginning, at most SHOWN_BYTES (OVERSIZE: HEADER_BYTES); length: how many
    there were (OVERSIZE: until then).
    """

    kind: FaultKind
    data: bytes = b""
    length: int = 0


def frame(message: bytes) -> bytes:
    """The message as it stands on the wire. Raises ValueError for one that holds VT or FS."""
    if VT in message or FS in message:
        raise ValueError("a message must not hold the bytes of its frame")
    return VT + message + _FS_CR


class MllpFramer:
    """Bytes in, messages and faults out, in order; the same for any chunking, and bounded by limit_bytes."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES, *, end_without_cr: bool = False) -> None:
        """end_without_cr: a peer that never sends the CR after FS is understood all the same."""
        self._limit, self._lenient = limit_bytes, end_without_cr
        self._message = bytearray()  # of the frame that has begun, after its VT
        self._open = self._ended = self._skipping = False
        self._noise = b""
        self._noise_bytes = 0

    @property
    def in_frame(self) -> bool:
        """A frame has begun and not ended: a peer that leaves it so is timed out by who owns the connection."""
        return self._open

    @property
    def without_cr(self) -> bytes | None:
        """The beginning of a message whose FS has come and whose CR has not: perhaps of a peer that never sends it."""
        return bytes(self._message[:HEADER_BYTES]) if self._ended and not self._lenient else None

    def need_no_cr(self) -> list[bytes | Fault]:
        """From now on, as with `end_without_cr`; returns the message that waited for its CR."""
        waits = self._ended and not self._lenient
        self._lenient = True
        return [self._taken()] if waits else []

    def feed(self, data: bytes) -> list[bytes | Fault]:
        """Whole messages (bytes, without their frame) and faults."""
        out: list[bytes | Fault] = []
        while data:
            if self._ended:
                data = self._after_end(data, out)
            elif self._open:
                data = self._inside(data, out)
            else:
                data = self._between(data, out)
        return out

    def finish(self) -> list[bytes | Fault]:
        """The connection has ended: what is left of a frame is a fault."""
        out: list[bytes | Fault] = []
        self._tell_noise(out)
        if self._open or (self._ended and not self._lenient):
            out.append(self._close(FaultKind.UNFINISHED))
        self._open = self._ended = False
        return out

    def _between(self, data: bytes, out: list[bytes | Fault]) -> bytes:
        """Bytes before a frame; returns those from its first on."""
        start = data.find(VT)
        noise, rest = (data, b"") if start < 0 else (data[:start], data[start + 1 :])
        if self._skipping and noise:  # the rest of an oversize frame, up to its end
            end = noise.find(FS)
            self._skipping, noise = end < 0, b"" if end < 0 else noise[end + 1 :]
        self._keep_noise(noise)
        if start >= 0:
            self._tell_noise(out)
            self._open, self._skipping = True, False
        return rest

    def _inside(self, data: bytes, out: list[bytes | Fault]) -> bytes:
        """Bytes of a frame; returns what follows its end or its fault. Each byte is looked at once."""
        end, again = data.find(FS), data.find(VT)
        lost = again >= 0 and (end < 0 or again < end)
        size = again if lost else end if end >= 0 else len(data)
        room = self._limit - len(self._message)
        self._message += data[: min(size, room)]
        if size > room:
            out.append(self._close(FaultKind.OVERSIZE))
            self._skipping = True
            return data[room:]
        if lost:
            out.append(self._close(FaultKind.RESTARTED))
            self._open = True
            return data[again + 1 :]
        if end < 0:
            return b""
        self._open, self._ended = False, True
        if self._lenient:
            out.append(self._taken())
        return data[end + 1 :]

    def _after_end(self, data: bytes, out: list[bytes | Fault]) -> bytes:
        """The byte after FS."""
        self._ended = False
        carriage = data[:1] == CR
        if not self._lenient:
            out.append(self._taken() if carriage else self._close(FaultKind.NO_CR))
        return data[1:] if carriage else data

    def _taken(self) -> bytes | Fault:
        message = bytes(self._message)
        self._message.clear()
        return message or Fault(FaultKind.EMPTY)

    def _close(self, kind: FaultKind) -> Fault:
        shown = HEADER_BYTES if kind is FaultKind.OVERSIZE else SHOWN_BYTES
        fault = Fault(kind, bytes(self._message[:shown]), len(self._message))
        self._message.clear()
        self._open = False
        return fault

    def _keep_noise(self, noise: bytes) -> None:
        self._noise_bytes += len(noise)
        if noise and len(self._noise) < SHOWN_BYTES:
            self._noise += noise[: SHOWN_BYTES - len(self._noise)]

    def _tell_noise(self, out: list[bytes | Fault]) -> None:
        noise, length, self._noise, self._noise_bytes = self._noise, self._noise_bytes, b"", 0
        if noise.strip(_BETWEEN):
            out.append(Fault(FaultKind.OUTSIDE, noise, length))
