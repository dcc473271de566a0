"""The least code that turns the two devices' bytes into the same values as the drivers. Imports nothing of pumpd's."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Sequence

MONITOR_FRAME = 30  # LEN and CHK included
MILLI = tuple(None if value == 0xFF else value * 1000 for value in range(256))
INFUSING = {"SET": True, "HLD": False}

Take = Callable[[object], None]
Parse = Callable[[Sequence[bytes], Take], object]
BareParse = Callable[[Sequence[bytes], Take], bytes]
"""Returns what is left of an unfinished frame."""


def bare_monitor(chunks: Sequence[bytes], take: Take) -> bytes:
    """Split, unescape, XOR; the seven readings in thousandths (FF is none), the device's time, the alarm bytes."""
    buffer = b""
    for chunk in chunks:
        *parts, buffer = (buffer + chunk).split(b"\x85")
        if len(buffer) == MONITOR_FRAME:  # a whole frame needs no next one
            parts.append(buffer)
            buffer = b""
        for part in parts:
            if b"\x80" in part:
                part = part.replace(b"\x80\x05", b"\x85").replace(b"\x80\x00", b"\x80")  # noqa: PLW2901
            if len(part) != MONITOR_FRAME or part[1] != 1:
                continue
            value = int.from_bytes(part, "big")
            for bits in (128, 64, 32, 16, 8):
                value = (value >> bits) ^ (value & ((1 << bits) - 1))
            if not value:
                take(
                    (
                        MILLI[part[8]],
                        MILLI[part[6]],
                        MILLI[part[7]],
                        MILLI[part[15] & 1],
                        MILLI[part[17]],
                        MILLI[part[9]],
                        MILLI[part[10]],
                        str(int.from_bytes(part[2:6], "big")),
                        part[11],
                        part[15:],
                    )
                )
    return buffer


def bare_pump(chunks: Sequence[bytes], take: Take) -> bytes:
    """Split, CRC; the nine values of a PumpStatus, rate and volume as exact microlitres, the time left in seconds."""
    buffer = b""
    for chunk in chunks:
        *frames, buffer = (buffer + chunk).split(b"\r")
        for frame in frames:
            message, _, crc = frame[1:].partition(b"|")
            if binascii.crc_hqx(message, 0xFFFF) == int(crc, 16):
                text = message.decode("ascii").split("^")
                left = text[11]
                take(
                    (
                        INFUSING.get(text[3]),
                        microlitres(text[4]),
                        microlitres(text[7]),
                        text[1],
                        text[2] == "A",
                        text[6] or None,
                        text[9] if text[10] == "mmHg" else None,
                        int(left[:2]) * 3600 + int(left[3:5]) * 60 + int(left[6:]) if ":" in left else None,
                        text[3],
                    )
                )
    return buffer


def microlitres(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part) * (1000, 100, 10, 1)[len(part)]
