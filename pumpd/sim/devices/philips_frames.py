"""Frames and structures of the simulated Philips IntelliVue: bytes to user data, and structures to bytes. Sans-IO."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from pumpd.device.checksums import crc16_x25

BEGIN, END, ESCAPE = 0xC0, 0xC1, 0x7D
MOST_KEPT = 4096

# the ISO blocks around the user information of an accepted association
_SESSION = bytes.fromhex("0508130100160102800014020002")
_ACCEPT = bytes.fromhex(
    "3180a0808001010000a280a003000001a5803080800100810251010000308080"
    "0100810c2a8648ce14020100000002010000000061803080020101a0806180a1"
    "80060c2a8648ce14020100000003010000a203020100a305a103020100be8028"
    "8002010281"
)
REFUSE = bytes.fromhex("0c03320100")
RELEASED = bytes.fromhex("0a18c11661803080020101a0806380800100") + bytes(8)
ABORT = bytes.fromhex("192e110103c129a080a0803080020101060251010000000061803080020101a08064808001010000000000000000")


def frame(user: bytes) -> bytes:
    """C0, header, user data and FCS stuffed, C1."""
    inside = struct.pack(">BBH", 0x11, 0x01, len(user)) + user
    inside += crc16_x25(inside).to_bytes(2, "little")
    stuffed = b"".join(bytes([ESCAPE, v ^ 0x20]) if v in (BEGIN, END, ESCAPE) else bytes([v]) for v in inside)
    return bytes([BEGIN]) + stuffed + bytes([END])


class HostFrames:
    """User data of whole frames out of any chunks."""

    def __init__(self) -> None:
        self._inside: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        for value in data:
            if value == BEGIN:
                self._inside, self._escaped = bytearray(), False
            elif value == END:
                inside, aborted = self._inside, self._escaped
                self._inside, self._escaped = None, False
                if inside is not None and not aborted and _right(inside):
                    yield bytes(inside[4:-2])
            elif self._inside is not None:
                self._take(value, self._inside)

    def _take(self, value: int, inside: bytearray) -> None:
        if self._escaped:
            inside.append(value ^ 0x20)
            self._escaped = False
        elif value == ESCAPE:
            self._escaped = True
        else:
            inside.append(value)
        if len(inside) > MOST_KEPT:
            self._inside = None


def _right(inside: bytearray) -> bool:
    return (
        len(inside) > 6
        and inside[:2] == b"\x11\x01"
        and int.from_bytes(inside[2:4], "big") == len(inside) - 6
        and crc16_x25(bytes(inside[:-2])) == int.from_bytes(inside[-2:], "little")
    )


def counted(items: Sequence[bytes]) -> bytes:
    """A list: count, length, elements."""
    body = b"".join(items)
    return struct.pack(">HH", len(items), len(body)) + body


def attribute(name: int, value: bytes) -> bytes:
    return struct.pack(">HH", name, len(value)) + value


def single(handle: int, *attributes: bytes) -> bytes:
    """One object of a poll result."""
    return struct.pack(">H", handle) + counted(attributes)


def label(text: str, size: int) -> bytes:
    """ASCII, filled up with zeros."""
    return struct.pack(">H", size) + text.encode("ascii")[:size].ljust(size, b"\0")


def string(text: str) -> bytes:
    """UTF-16, high byte first, with its zero."""
    body = text.encode("utf-16-be") + b"\0\0"
    return struct.pack(">H", len(body)) + body


def operation(kind: int, invoke: int, command: int, body: bytes, link: bytes = b"") -> bytes:
    """A data export message."""
    rest = link + struct.pack(">HHH", invoke, command, len(body)) + body
    return struct.pack(">HHHH", 0xE100, 2, kind, len(rest)) + rest


def accept(least_poll_ms: int, mtu: int) -> bytes:
    """An accepted association: poll profile with the extension for results each second."""
    extension = attribute(0xF001, struct.pack(">I", 0x80000000) + counted(()))
    profile = struct.pack(">6I", 0x80000000, least_poll_ms * 8, mtu, mtu, 0xFFFFFFFF, 0x60000000) + counted(
        (extension,)
    )
    info = struct.pack(">5I", 0x80000000, 0x40000000, 0, 0x00800000, 0x20000000)
    info += counted(()) + counted((attribute(0x0001, profile),))
    presentation = _ACCEPT + bytes([len(info)]) + info + bytes(16)
    session = _SESSION + bytes([0xC1, len(presentation)]) + presentation
    return bytes([0x0E, len(session)]) + session
