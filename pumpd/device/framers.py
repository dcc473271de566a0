"""Framers for the usual shapes of frames: text lines, brackets with a trailer, stuffed flags, fixed sizes. Pure.

All of them: `feed` returns, in order, whole frames (bytes) and a `Garbled` for what belonged to none; the same bytes
give the same answers however they are cut into chunks; memory is bounded by the limit. What has been found to be no
frame is told when the frame after it is whole, or when it fills the limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from pumpd.device.facts import Garbled
from pumpd.device.framing import LineFramer, garbled

Whole = Callable[[bytes], bool]
"""Is this a frame? True where length, checksum and whatever else the frame carries are right."""

_NOISE = "noise or a frame cut short"


class Framer(Protocol):
    """Bytes in, frames and garbage out."""

    def feed(self, data: bytes) -> list[bytes | Garbled]: ...


class Scanner:
    """Base of framers that look at each start byte whether a frame stands there.

    A subclass says what stands at data[at], where a start byte is: the size of a whole frame, 0 while bytes are
    missing, -1 for no frame. More bytes may only turn 0 into one of the others. It must say -1 beyond the limit.
    """

    def __init__(self, starts: bytes, limit: int) -> None:
        """starts: the bytes that a frame may begin with, one of them. limit: longest frame, and longest noise kept."""
        self._start = re.compile(b"[" + re.escape(starts) + b"]")
        self.limit = limit
        self._rest = self._noise = b""

    def look(self, data: bytes, at: int) -> int:
        raise NotImplementedError

    def feed(self, data: bytes) -> list[bytes | Garbled]:
        """Whole frames, start byte and trailer included, and what was no frame."""
        out: list[bytes | Garbled] = []
        data, self._rest, at = self._rest + data, b"", 0
        while found := self._start.search(data, at):
            begin = found.start()
            if begin > at:
                self._pass(data[at:begin], out)
            size = self.look(data, begin)
            if size == 0:
                self._rest = data[begin:]
                return out
            if size > 0:
                if self._noise:
                    self._end_noise(out)
                out.append(data[begin : begin + size])
            else:
                self._pass(data[begin : begin + 1], out)
            at = begin + abs(size)
        if at < len(data):
            self._pass(data[at:], out)
        return out

    def _pass(self, noise: bytes, out: list[bytes | Garbled]) -> None:
        """These bytes are in no frame."""
        if not noise:
            return
        noise = self._noise + noise
        full = len(noise) - len(noise) % self.limit
        for at in range(0, full, self.limit):
            out.append(garbled("no frame within the longest length", noise[at : at + self.limit]))
        self._noise = noise[full:]

    def _end_noise(self, out: list[bytes | Garbled]) -> None:
        if self._noise.strip():  # blank noise (CR LF between frames) is not worth a word
            out.append(garbled(_NOISE, self._noise))
        self._noise = b""


class Bracketed(Scanner):
    """`start` ... `end` and `trailer` bytes of checksum after it, such as `<A1234A:RATE?>9D11`.

    Neither bracket occurs between the brackets; the trailer may be anything, brackets included.
    """

    def __init__(self, start: bytes, end: bytes, trailer: int, whole: Whole, limit: int = 512) -> None:
        super().__init__(start, limit)
        self._open, self._end, self._trailer, self._whole = start, end, trailer, whole

    def look(self, data: bytes, at: int) -> int:
        end = data.find(self._end, at + 1)
        if data.find(self._open, at + 1, len(data) if end < 0 else end) >= 0:
            return -1
        size = (len(data) if end < 0 else end + 1 + self._trailer) - at
        if size > self.limit:
            return -1
        if end < 0 or at + size > len(data):
            return 0
        return size if self._whole(data[at : at + size]) else -1


class FixedSize(Scanner):
    """Frames of one size that begin with one of `starts`: the window slides until `whole` says that one is a frame."""

    def __init__(self, starts: bytes, size: int, whole: Whole, limit: int = 512) -> None:
        super().__init__(starts, limit)
        self._size, self._whole = size, whole

    def look(self, data: bytes, at: int) -> int:
        if at + self._size > len(data):
            return 0
        return self._size if self._whole(data[at : at + self._size]) else -1


class TextLines:
    """Lines of printable ASCII ended by CR, LF or both; returned without their ends, empty ones left out.

    A line with any other byte in it, or longer than `limit`, is garbled as a whole: a line has no start byte
    after which it could be believed.
    """

    _ENDS = re.compile(rb"[\r\n]")
    _TEXT = re.compile(rb"[ -~]*")

    def __init__(self, limit: int = 512) -> None:
        self._limit = limit
        self._rest = b""
        self._long = False  # the beginning of the present line has been told as garbled

    def feed(self, data: bytes) -> list[bytes | Garbled]:
        """Lines, and lines that are none."""
        out: list[bytes | Garbled] = []
        *lines, rest = self._ENDS.split(data)
        for piece in lines:
            self._line(self._cut(self._rest + piece, out), out)
            self._rest, self._long = b"", False
        self._rest = self._cut(self._rest + rest, out)
        return out

    def _line(self, line: bytes, out: list[bytes | Garbled]) -> None:
        if not line:
            return
        if not self._long and self._TEXT.fullmatch(line):
            out.append(line)
        else:
            out.append(garbled("line too long" if self._long else "not a line of text", line))

    def _cut(self, line: bytes, out: list[bytes | Garbled]) -> bytes:
        """What is left of a line after pieces of the longest length have been told as garbled."""
        while len(line) > self._limit:
            out.append(garbled("line too long", line[: self._limit]))
            line, self._long = line[self._limit :], True
        return line


class Flagged:
    """Byte-stuffed frames between flags: `escape` is followed by the byte xor `xor`, for flags and escape alone.

    start and end may be the same byte. Returned unescaped, without flags; `whole` sees the same.
    """

    def __init__(
        self, start: bytes, end: bytes, whole: Whole, *, escape: bytes = b"\x7d", xor: int = 0x20, limit: int = 2048
    ) -> None:
        self._same, self._end, self._escape, self._xor, self._limit = start == end, end, escape, xor, limit
        self._plain = {bytes([value ^ xor]): bytes([value]) for value in (*start, *end, *escape)}
        self._whole = whole
        # an abort that cannot occur: the frame begins at the last start byte
        self._framer = LineFramer(start, end, abort=start + start, limit=limit)
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes | Garbled]:
        """Insides of frames, and what was no frame."""
        out: list[bytes | Garbled] = []
        for part in self._parts(data) if self._same else self._framer.feed(data):
            out.append(part if isinstance(part, Garbled) else self._opened(part))
        return out

    def _parts(self, data: bytes) -> list[bytes | Garbled]:
        """What stands between two flags; a flag ends one frame and may begin the next."""
        out: list[bytes | Garbled] = []
        *parts, rest = data.split(self._end)
        for part in parts:
            if inside := self._cut(self._rest + part, out):
                out.append(inside)
            self._rest = b""
        self._rest = self._cut(self._rest + rest, out)
        return out

    def _cut(self, inside: bytes, out: list[bytes | Garbled]) -> bytes:
        while len(inside) > self._limit:
            out.append(garbled("no frame within the longest length", inside[: self._limit]))
            inside = inside[self._limit :]
        return inside

    def _opened(self, inside: bytes) -> bytes | Garbled:
        plain = self._unescaped(inside)
        if plain is None:
            return garbled("escape wrong", inside)
        return plain if self._whole(plain) else garbled("checksum or length wrong", inside)

    def _unescaped(self, inside: bytes) -> bytes | None:
        if self._escape not in inside:
            return inside
        first, *pieces = inside.split(self._escape)
        plain = [first]
        for piece in pieces:
            value = self._plain.get(piece[:1])
            if value is None:
                return None
            plain += (value, piece[1:])
        return b"".join(plain)

    def build(self, inside: bytes, start: bytes) -> bytes:
        """A whole frame around an inside, checksum included, with its flags."""
        for value in (self._escape, *(plain for plain in self._plain.values() if plain != self._escape)):
            inside = inside.replace(value, self._escape + bytes([value[0] ^ self._xor]))
        return start + inside + self._end
