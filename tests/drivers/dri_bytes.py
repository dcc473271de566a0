"""Records of a GE monitor for tests: the layout written out once more, apart from driver and simulator."""

from __future__ import annotations

import struct
from collections.abc import Sequence

NO = -32767
LIVE = 3  # exists and active
TIME_S = 1_795_000_000


def framed(record: bytes) -> bytes:
    stuffed = (record + bytes([sum(record) & 0xFF])).replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
    return b"\x7e" + stuffed + b"\x7e"


def record(main_type: int, *parts: tuple[int, bytes]) -> bytes:
    """Sub-records (type, body) with their header."""
    size = 40 + sum(len(body) for _, body in parts)
    head, offset = struct.pack("<hBBHIBBHh", size, 1, 8, 1, TIME_S, 0, 0, 0, main_type), 0
    for kind, body in parts:
        head += struct.pack("<hB", offset, kind)
        offset += len(body)
    return (head + b"\0\0\xff").ljust(40, b"\0") + b"".join(body for _, body in parts)


def group(status: int, label: int, *values: int) -> bytes:
    return struct.pack(f"<IH{len(values)}h", status, label, *values)


def basic(
    *,
    ecg: Sequence[int] = (LIVE, 0, 80, NO, NO, NO, 14),
    p1: Sequence[int] = (0, 0, NO, NO, NO, NO),
    nibp: Sequence[int] = (0, 0, NO, NO, NO, NO),
    t1: Sequence[int] = (0, 0, NO),
    spo2: Sequence[int] = (LIVE, 0, 9700, 79, NO, NO),
    co2: Sequence[int] = (LIVE, 0, 500, 0, 13, 7600),
    number: int = 0,
) -> bytes:
    """The 278 bytes of one class of displayed values; every group as status, label, values."""
    groups = group(*ecg) + group(*p1) + group(0, 0, NO, NO, NO, NO) * 3 + group(*nibp) + group(*t1)
    groups += group(0, 0, NO) * 3 + group(*spo2) + group(*co2)
    return (struct.pack("<I", TIME_S) + groups).ljust(274, b"\0") + struct.pack("<BBH", 0, 0, number << 8 | 1)


def data(**groups: Sequence[int]) -> bytes:
    """The frame of one basic class."""
    return framed(record(0, (1, basic(**groups))))  # type: ignore[arg-type]


def alarms(*lines: tuple[str, int], silence: int = 0) -> bytes:
    """The frame of an alarm status with these texts and colours."""
    shown = (*lines, *[("", 0)] * 5)[:5]
    body = struct.pack("<5h", 0, 1, 0, 0, silence)
    body += b"".join(struct.pack("<80shhh12x", text.encode("latin-1"), 1, colour, 1) for text, colour in shown)
    return framed(record(4, (1, body + bytes(10))))
