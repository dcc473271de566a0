"""Dräger MEDIBUS: frames, data and alarms as they stand in a response. Pure; sources as in the driver."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from pumpd.device import AlarmCode, Quality, Reading
from pumpd.device.checksums import sum8
from pumpd.device.framers import Scanner
from pumpd.device.signals import SIGNALS as RANGES
from pumpd.units import parse_decimal
from pumpd_drivers.draeger_medibus_codes import ALARMS_1, ALARMS_2, MONTHS, PLAIN_MICRO, SIGNALS

SOH, ESC, CR, CAN, DC1, DC3 = b"\x01", b"\x1b", b"\r", b"\x18", b"\x11", b"\x13"
NAK, DATA_1, ALARM_1, DATE, DATA_2, ALARM_2, INIT, IDENTIFY, STOP = b"\x15$'(+.QRU"
OURS = b"0161'pumpd'01.00:03.00"  # who we are, in the form of the vendor's example for a computer
LONGEST = 4096


@lru_cache(maxsize=32)
def command(code: int, arguments: bytes = b"") -> bytes:
    """A whole command."""
    return _closed(ESC + bytes([code]) + arguments)


def response(code: int, data: bytes = b"") -> bytes:
    """A whole response to the command of that code."""
    return _closed(SOH + bytes([code]) + data)


def _closed(frame: bytes) -> bytes:
    return frame + b"%02X\r" % sum8(frame)


_BROKEN = re.compile(rb"[\x01\x1b\x18]")


class Frames(Scanner):
    """SOH or ESC ... CR, whatever the checksum; a start byte inside, or CAN, ends it early."""

    def __init__(self) -> None:
        super().__init__(SOH + ESC, LONGEST)

    def look(self, data: bytes, at: int) -> int:
        end = data.find(CR, at + 1)
        stop = len(data) if end < 0 else end
        if stop - at >= LONGEST or _BROKEN.search(data, at + 1, stop):
            return -1
        return 0 if end < 0 else end + 1 - at


MAPPED = frozenset(code for _, codes in SIGNALS for code, _ in codes)
_DATUM = re.compile(r"([0-9A-F]{2})([ -~]{4})")
_ALARM = re.compile(r"([!-~])([0-9A-F]{2})([ -~]{12})")
_NUMBER = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,3})?")
IDENTITY = re.compile(r"([0-9A-Fa-f]{4})'([^']{0,40})'(.{0,16})")
_DATE = re.compile(r" *([0-9]{1,2}):([0-9]{2}):?([0-9]{0,2}) *([0-9]{1,2})-([A-Z]{3})-([0-9]{2}|[0-9]{4}) *")


def values_of(text: str) -> dict[str, str] | None:
    """The four characters of each two-digit code; None where the text is not of that form."""
    found = _DATUM.findall(text)
    return dict(found) if len(found) * 6 == len(text) else None


def alarms_of(page: int, text: str) -> tuple[AlarmCode, ...] | None:
    """Priority, code and twelve characters of each alarm; a code that the table lacks is told in the device's words."""
    if not text:
        return ()
    if len(text) % 15:
        return None
    found, table = _ALARM.findall(text), ALARMS_1 if page == 1 else ALARMS_2
    if len(found) * 15 != len(text):
        return None
    return tuple(_alarm(page, table, int(code, 16), phrase.strip()) for _, code, phrase in found)


def _alarm(page: int, table: Mapping[int, str], code: int, phrase: str) -> AlarmCode:
    return AlarmCode(f"P{page}_{code:02X}", table.get(code) or phrase or f"alarm {code:02X}", known=code in table)


def device_time(text: str) -> str | None:
    """The device's clock as ISO 8601 from `11:11:1911-NOV-93`; months are German or English; None for anything else."""
    found = _DATE.fullmatch(text)
    if found is None or found[5] not in MONTHS:
        return None
    hour, minute, second, day, month, year = found.groups()
    century = "" if len(year) == 4 else "19" if year >= "90" else "20"  # the protocol is of 1990
    return f"{century}{year}-{MONTHS[month]:02d}-{int(day):02d}T{int(hour):02d}:{minute}:{second or '00'}"


def reading(name: str, codes: tuple[tuple[str, int], ...], values: Mapping[str, str]) -> Reading | None:
    """From the best code that has a value; without a number where all are blank, None where none is told."""
    told = None
    for code, micro in codes:
        text = values.get(code)
        if text is not None:
            told = _read(name, text, micro)
            if told.value_milli is not None:
                return told
    return told


@lru_cache(maxsize=1024)
def _read(name: str, text: str, micro: int) -> Reading:
    milli = _milli(text, micro, RANGES[name].max_milli)
    return Reading(name, milli, Quality.INVALID if milli is None else Quality.OK)


def _milli(text: str, micro: int, most: int) -> int | None:
    """Thousandths of the signal's unit, to the nearest; None for blanks, words and what no sensor reports."""
    text = text.strip()
    value = parse_decimal(text) if _NUMBER.fullmatch(text) else None
    if value is None or value < 0:
        return None
    milli = int(value * 1000) if micro == PLAIN_MICRO else (int(value * 1000) * micro + PLAIN_MICRO // 2) // PLAIN_MICRO
    return milli if milli <= most else None
