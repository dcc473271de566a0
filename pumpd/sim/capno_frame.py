"""Framing of the Capnostream's data transfer protocol, as the monitor writes and reads it. Pure.

Frame: 85, length of the body, body (code and data), XOR of length and body. After the header every 80 or 85 is
sent as 80 followed by itself less 80. Source: Capnostream Data Transfer Protocols, PN D006045C.
"""

from __future__ import annotations

from pumpd.device.checksums import xor8

HEADER, ESCAPE = 0x85, 0x80
MAX_HOST_BODY = 32  # longer than any host command; a longer length byte is noise


def encode(code: int, data: bytes = b"") -> bytes:
    """One frame with escapes and checksum."""
    counted = bytes((1 + len(data), code)) + data
    checked = counted + bytes((xor8(counted),))
    return bytes((HEADER,)) + checked.replace(b"\x80", b"\x80\x00").replace(b"\x85", b"\x80\x05")


class HostReader:
    """Collects the host's frames from any chunks; damaged frames vanish."""

    def __init__(self) -> None:
        self._body: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Whole good frames as (code, data)."""
        return [frame for byte in data if (frame := self._take(byte)) is not None]

    def clear(self) -> None:
        self._body, self._escaped = None, False

    def _take(self, byte: int) -> tuple[int, bytes] | None:
        if byte == HEADER:
            self._body, self._escaped = bytearray(), False
            return None
        if self._body is None:
            return None
        if byte == ESCAPE and not self._escaped:
            self._escaped = True
            return None
        self._body.append((ESCAPE + byte) & 0xFF if self._escaped else byte)
        self._escaped = False
        return self._whole(self._body)

    def _whole(self, body: bytearray) -> tuple[int, bytes] | None:
        length = body[0]
        if not 1 <= length <= MAX_HOST_BODY:
            self.clear()
        if len(body) < length + 2:
            return None
        self.clear()
        return (body[1], bytes(body[2:-1])) if xor8(bytes(body)) == 0 else None
