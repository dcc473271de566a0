"""Cutting a byte stream into frames, bounded and independent of how the stream was cut into chunks. Pure.

A framer returns, in order, the inside of each whole frame (bytes) and a `Garbled` for what belonged to no frame.
The same bytes give the same answers however they are chunked; that is why noise is only reported
once the frame after it begins, or once it has filled the buffer.
"""

from __future__ import annotations

from pumpd.device.checksums import xor8
from pumpd.device.facts import Garbled

SHOWN_BYTES = 64  # how much of garbled bytes a fact carries


def garbled(reason: str, data: bytes) -> Garbled:
    """A Garbled fact with its bytes cut to SHOWN_BYTES and their true number."""
    return Garbled(reason, data[:SHOWN_BYTES], len(data))


class LineFramer:
    """Frames of `start` ... `end` (one byte each) without escapes, such as `!MSG|CRC` CR.

    A new start byte inside a frame begins anew (the earlier one was cut off); the abort byte drops what came
    since the start byte. Frames and noise longer than `limit` bytes are dropped.

    `rest` holds the bytes of an unfinished frame or of noise. A driver that knows the frame which its pieces have
    made whole may take them out of it, and feeds what it has no use for.
    """

    __slots__ = ("_abort", "_end", "_limit", "_start", "rest")

    def __init__(self, start: bytes, end: bytes, abort: bytes, limit: int = 512) -> None:
        self._start, self._end, self._abort, self._limit = start, end, abort, limit
        self.rest = b""

    def hold(self, data: bytes) -> list[Garbled]:
        """Bytes without an end byte: kept until there is one. Says which of them cannot become a frame any more."""
        self.rest += data
        if len(self.rest) <= self._limit:
            return []
        noise, self.rest = self._cut(self.rest)
        return noise

    def feed(self, data: bytes) -> list[bytes | Garbled]:
        """Insides of frames (start and end byte removed) and what was no frame."""
        out: list[bytes | Garbled] = []
        *lines, rest = data.split(self._end)
        for piece in lines:
            line, self.rest = self.rest + piece, b""
            if len(line) <= self._limit and line.rfind(self._start) == 0 and self._abort not in line:
                out.append(line[1:])
            else:
                self._line(line, out)
        out += self.hold(rest)
        return out

    def _line(self, line: bytes, out: list[bytes | Garbled]) -> None:
        if len(line) > self._limit:
            noise, line = self._cut(line)
            out += noise
        begin = line.rfind(self._start)
        if begin < 0 or line.find(self._abort, begin) >= 0:
            begin = len(line)
        if line[:begin].strip():  # blank noise (CR LF line ends) is not worth a word
            out.append(garbled("noise or a frame cut short", line[:begin]))
        if begin < len(line):
            out.append(line[begin + 1 :])

    def _cut(self, line: bytes) -> tuple[list[Garbled], bytes]:
        """What cannot become a frame any more, and what is left of an unfinished line without it."""
        noise, at = [], 0
        while len(line) - at > self._limit:
            window = line[at : at + self._limit + 1]
            begin = window.rfind(self._start)
            size = begin if begin > 0 else len(window)
            noise.append(garbled("no frame within the longest length", window[:size]))
            at += size
        return noise, line[at:]


class EscapedFramer:
    """Frames of `start` LEN body CHK, where start and escape byte inside are sent as escape, byte - 80h.

    LEN counts the body before escaping, CHK is the XOR of LEN and body. The start byte never occurs
    inside a frame, so each one begins anew.
    """

    __slots__ = ("_escape", "_limit", "_noise", "_pairs", "_part", "_start", "_start_value")

    def __init__(self, start: int = 0x85, escape: int = 0x80, limit: int = 1024) -> None:
        self._start = bytes([start])
        self._start_value, self._escape = start, escape  # a number is found in a fifth of the time
        self._pairs = {value: bytes([escape, value - 0x80]) for value in (escape, start)}
        self._limit = limit  # of noise; a frame is bounded by LEN
        self._part: bytes | None = None  # bytes of an unfinished frame after its start byte
        self._noise = b""

    def build(self, body: bytes) -> bytes:
        """The whole frame around a body."""
        plain = bytes([len(body)]) + body
        plain += bytes([xor8(plain)])
        return self._start + b"".join(self._pairs.get(value, bytes([value])) for value in plain)

    def whole(self, data: bytes) -> bytes | None:
        """LEN + body + CHK of the one frame that data plainly is, by far the most usual; None: it is for `feed`."""
        part, start = data[1:], self._start_value
        if not part or data[0] != start or self._part is not None or self._noise:
            return None
        if len(part) != part[0] + 2 or start in part or self._escape in part or xor8(part):
            return None
        return part

    def feed(self, data: bytes) -> list[bytes | Garbled]:
        """LEN + body + CHK of frames whose length and checksum are right, unescaped; and what was no frame."""
        part = self.whole(data)
        if part is not None:
            return [part]
        out: list[bytes | Garbled] = []
        first, *parts = data.split(self._start)
        if first:
            self._continue(first, out)
        for part in parts:
            if self._part is not None or self._noise:
                self._close(out)
            self._part = b""
            if part:
                self._continue(part, out)
        return out

    def _close(self, out: list[bytes | Garbled]) -> None:
        """A start byte has come: what is unfinished stays unfinished."""
        if self._part is not None:
            out.append(garbled("frame cut short", self._start + self._part))
            self._part = None
        if self._noise:
            out.append(garbled("noise between frames", self._noise))
            self._noise = b""

    def _continue(self, data: bytes, out: list[bytes | Garbled]) -> None:
        """Bytes without a start byte: more of the unfinished frame, then noise."""
        if self._part is None:
            self._add_noise(data, out)
            return
        raw = self._part + data
        if self._escape not in raw:  # by far the most usual
            missing = raw[0] + 2 - len(raw)
            if missing > 0:
                self._part = raw
                return
            if not missing and not xor8(raw):
                self._part = None
                out.append(raw)
                return
        used, plain = self._unescape(raw)
        if not used:
            self._part = raw
            return
        self._part = None
        if xor8(plain) or len(plain) < 2:
            out.append(garbled("checksum or escape wrong", self._start + raw[:used]))
        else:
            out.append(plain)
        if used < len(raw):
            self._add_noise(raw[used:], out)

    def _unescape(self, raw: bytes) -> tuple[int, bytes]:
        """Escaped bytes used up and the plain frame (empty after an escape that means nothing); 0 while unfinished."""
        if self._escape not in raw:
            size = raw[0] + 2 if raw else 1
            return (size, raw[:size]) if size <= len(raw) else (0, b"")
        plain, at, end = bytearray(), 0, len(raw)
        while at < end:
            value, width = raw[at], 1
            if value == self._escape:
                if at + 1 == end:
                    return 0, b""
                value, width = raw[at + 1] + 0x80, 2
                if value not in self._pairs:
                    return at + width, b""
            plain.append(value)
            at += width
            if len(plain) == plain[0] + 2:
                return at, bytes(plain)
        return 0, b""

    def _add_noise(self, data: bytes, out: list[bytes | Garbled]) -> None:
        noise = self._noise + data
        full = len(noise) - len(noise) % self._limit
        for at in range(0, full, self._limit):
            out.append(garbled("noise between frames", noise[at : at + self._limit]))
        self._noise = noise[full:]
