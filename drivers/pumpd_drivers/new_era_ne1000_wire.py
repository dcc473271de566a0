"""New Era NE-1000 family (also sold as WPI Aladdin, AL-1000, Landgraf LA): frames, tables and what a reply says. Pure.

Basic mode: host address CMD data CR, pump STX address status data ETX, no checksum. Safe mode, both ways: STX LEN data
CRC ETX with LEN = length of data + 4 and the CRC-16/XMODEM of data, high byte first; data is the same text. A reply
does not name its command: numbers tell which question they answer, an acknowledgement is empty.

Facts are from the vendor's user manual (NE-1000 publication 1200-01, chapter 10; NE-500 publication 1200-02), nesp_lib
(MIT) and labmcp_new_era (Apache-2.0). The vendor: not for clinical use on humans. drivers/captures/new_era_ne1000 holds
the frames.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pumpd.device import Garbled
from pumpd.device.checksums import crc16_xmodem
from pumpd.device.framers import Scanner
from pumpd.device.framing import garbled
from pumpd.units import scaled

STX, ETX = b"\x02", b"\x03"
MOST_LENGTH = 28  # LEN of a safe packet of the pump; the longest answer, that to DIS, has 21
VERSION, RATE, DISPENSED, SAFE, STOP = "VER", "RAT", "DIS", "SAF", "STP"

# status letter -> does it infuse, in words. A pause of a program ends by itself, and a pump that withdraws moves:
# neither is standing, so that neither verifies a stop.
STATES: dict[str, tuple[bool | None, str]] = {
    "I": (True, "infusing"),
    "W": (None, "withdrawing"),
    "S": (False, "stopped"),
    "P": (False, "paused"),
    "T": (None, "in a timed pause of its program"),
    "U": (None, "waiting for a trigger"),
    "X": (True, "purging"),
}
MOVING = frozenset("IWX")
ALARMS = {
    "R": "the pump was reset (power was interrupted)",
    "S": "the pump motor stalled",
    "T": "safe mode communication time-out: the pump has stopped",
    "E": "program error",
    "O": "program phase out of range",
}
ERRORS = {
    "": "command not recognized",
    "NA": "not applicable now",
    "OOR": "out of range",
    "COM": "invalid packet",
    "IGN": "ignored: a new phase began at the same time",
}
RATE_UNITS = {"MH": 1000, "UH": 1, "MM": 60_000, "UM": 60}  # microlitres an hour in one of them
MOST_ML = 1000  # four digits tell tenths of a mL below that; a counter beyond is coarser than declared

_FLOAT = r"[0-9]{0,4}\.?[0-9]{0,3}"
_TEXT = re.compile(r"([0-9]{2})(?:A\?(.)|([A-Z])(.*))")
_RATE = re.compile(rf"({_FLOAT})(UM|MM|UH|MH)")
_DISPENSED = re.compile(rf"I({_FLOAT})W({_FLOAT})(UL|ML)")
_VERSION = re.compile(r"(NE[0-9]{2,5}X?)V([0-9]{1,2}\.[0-9]{1,4})")
_BASIC = re.compile(rb"\x02([0-9]{2}[ -~]{1,24})\x03")


@lru_cache(maxsize=64)
def basic(text: str) -> bytes:
    """A command as it stands on the wire in basic mode."""
    return text.encode("ascii") + b"\r"


@lru_cache(maxsize=64)
def safe(text: str) -> bytes:
    """A command as it stands on the wire in safe mode."""
    data = text.encode("ascii")
    return STX + bytes([len(data) + 4]) + data + crc16_xmodem(data).to_bytes(2, "big") + ETX


class Frames(Scanner):
    """Frames of either mode: a length is below 30h, an address begins with a digit."""

    def __init__(self) -> None:
        super().__init__(STX, limit=MOST_LENGTH + 1)

    def look(self, data: bytes, at: int) -> int:
        if at + 1 >= len(data):
            return 0
        length = data[at + 1]
        return self._safe(data, at, length) if length < 0x30 else self._basic(data, at)

    def _safe(self, data: bytes, at: int, length: int) -> int:
        if not 4 < length <= MOST_LENGTH:
            return -1
        end = at + 1 + length
        if end > len(data):
            return 0
        inside = data[at + 2 : end - 3]
        right = crc16_xmodem(inside).to_bytes(2, "big") == data[end - 3 : end - 1]
        return length + 1 if right and data[end - 1 : end] == ETX else -1

    def _basic(self, data: bytes, at: int) -> int:
        end = data.find(ETX, at, at + self.limit)
        if end < 0:
            return 0 if len(data) - at < self.limit and _may_be_text(data[at + 1 :]) else -1
        return end + 1 - at if _BASIC.fullmatch(data, at, end + 1) else -1


def _may_be_text(data: bytes) -> bool:
    return data.isascii() and data.decode("ascii").isprintable()


class Message(NamedTuple):
    """What a reply holds. alarm: the letter of `A?x`, else None; state: the status letter, "" in an alarm."""

    checked: bool
    address: int
    alarm: str | None
    state: str
    data: str


@lru_cache(maxsize=64)  # most replies are those of the round before
def message_of(frame: bytes) -> Message | Garbled:
    """The parts of a frame that the framer has found."""
    checked = frame[1] < 0x30
    text = frame[2:-3] if checked else frame[1:-1]
    found = _TEXT.fullmatch(text.decode("latin-1"))
    if found is None:
        return garbled("not a reply of this pump", frame)
    address, alarm, state, data = found.groups()
    return Message(checked, int(address), alarm, state or "", data or "")


@lru_cache(maxsize=256)  # a rate stays for hours
def rate_of(data: str) -> tuple[int | None, str] | None:
    """Microlitres an hour (None where the unit has no whole number of them) and the unit; None: this is no rate."""
    found = _RATE.fullmatch(data)
    value = _number(found[1]) if found is not None else None
    return None if found is None or value is None else (scaled(value, RATE_UNITS[found[2]]), found[2])


def rate_text(rate_ul_h: int, unit: str) -> str | None:
    """The rate in this unit; None where four digits with three decimals cannot tell it exactly."""
    value = Decimal(rate_ul_h) / RATE_UNITS[unit]
    text = f"{value.normalize():f}"
    digits = len(text.replace(".", "").lstrip("0"))
    exact = value * RATE_UNITS[unit] == rate_ul_h and -int(value.normalize().as_tuple().exponent) <= 3
    return text if exact and digits <= 4 and len(text.partition(".")[0]) <= 4 else None


@lru_cache(maxsize=64)
def dispensed_ul_of(data: str) -> tuple[int | None] | None:
    """Infused microlitres, cut to whole ones (None where the counter is coarser than declared); None: no such reply."""
    found = _DISPENSED.fullmatch(data)
    infused = _number(found[1]) if found is not None else None
    if found is None or infused is None or _number(found[2]) is None:
        return None
    if found[3] == "UL":
        return (int(infused),)
    return (int(infused * 1000) if infused < MOST_ML else None,)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if any(character.isdigit() for character in text) else None


def version_of(data: str) -> tuple[str, str] | None:
    """Model and firmware."""
    found = _VERSION.fullmatch(data)
    return None if found is None else (found[1], found[2])
