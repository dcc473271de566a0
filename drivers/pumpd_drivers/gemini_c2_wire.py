"""IMED / Alaris Gemini pumps on their C2 port: frames, tables and what a reply says. Pure.

Frame: `<` `A` address (4 digits) channel (A..D) `:` items `>` and the CRC-16/XMODEM of `<`..`>` as four hex digits;
no terminator. Items are joined by `;`: `KEY?` asks, `KEY=value` sets, the pump tells `KEY@value`. The pump's leading
letter is its acknowledgement: A, or anything else for a refusal; the first eight characters otherwise repeat the
request's. The acknowledgement of a set names nothing else that can be relied on.

Facts are from STANPUMP (IMED_C2.C, DRIVERS.C, NEWASYNC.C of StevenLShafer/stanpumpR, MIT) and a second public driver
whose licence is not known (facts only). drivers/captures/gemini_c2 holds the frames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pumpd.device import AlarmCode, Garbled
from pumpd.device.checksums import crc16_xmodem
from pumpd.device.framing import garbled
from pumpd.units import scaled

STATUS, ALARM = "RATE?;VTBI?;VINF?;MODE?", "ALARM?"
STOP, RATE, TIMER = "INFUSE=OFF", "RATE", "TIMER"

# STANPUMP's table; its words for any other code are "check infusion set"
ALARMS = {
    "LOBAT": "low battery",
    "OCCL": "occlusion",
    "AIL": "air in line",
    "DOOR": "door open",
    "USRTMOUT": "user time-out",
    "COMTMOUT": "computer time-out",
    "ECDRMOVD": "drip detector removed",
}
LOCAL = "LOCAL"  # MODE, second word: the panel has control
ALARMING = "ALARM"  # MODE, fifth word
# MODE, fourth word. INFERRED from the words of the command INFUSE=ON|OFF: no source lists what the pump says.
INFUSING = {"ON": True, "OFF": False}
TELLING_KEYS = frozenset({"RATE", "VINF", "MODE"})  # any of them makes a reply a status
KNOWN_KEYS = TELLING_KEYS | {"VTBI", "ALARM", "INFUSE", "TIMER"}

_FRAME = re.compile(r"<([A-Z])([0-9]{4}[A-D]):([ -;=?-~]*)>[0-9A-F]{4}")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")
_MODE = re.compile(r"\(([^(),]*),([^(),]*),([^(),]*),([^(),]*),([^(),]*)\)")
_ERROR = re.compile(r"ERROR\W*([0-9A-Z]*).*")


class Message(NamedTuple):
    """A frame whose CRC is right. body: what stands between `:` and `>`; told, sets: its items by key."""

    ack: str
    place: str
    body: str
    told: Mapping[str, str]
    sets: Mapping[str, str]


class Mode(NamedTuple):
    """The words of MODE@(...)."""

    device: str
    control: str
    piggyback: str
    infusion: str
    action: str


class Told(NamedTuple):
    """What a reply tells of the infusion; None where it does not tell."""

    rate_ul_h: int | None
    volume_ul: int | None
    mode: Mode | None


@lru_cache(maxsize=64)
def frame(place: str, body: str) -> bytes:
    """The items for this address and channel as they stand on the wire."""
    text = f"<A{place}:{body}>".encode("ascii")
    return b"%b%04X" % (text, crc16_xmodem(text))


def whole(data: bytes) -> bool:
    """Is the CRC right?"""
    return b"%04X" % crc16_xmodem(data[:-4]) == data[-4:]


@lru_cache(maxsize=64)  # most replies are those of the poll before
def message_of(data: bytes) -> Message | Garbled:
    """The parts of a whole frame."""
    found = _FRAME.fullmatch(data.decode("latin-1"))
    if found is None:
        return garbled("not a frame of this protocol", data)
    told, sets = _items_of(found[3])
    return Message(found[1], found[2], found[3], told, sets)


def _items_of(body: str) -> tuple[dict[str, str], dict[str, str]]:
    """What is told (`KEY@value`) and what is set (`KEY=value`); what is neither is left out."""
    told: dict[str, str] = {}
    sets: dict[str, str] = {}
    for item in body.split(";"):
        key, mark, value = item.partition("@")
        if mark:
            told[key] = value
            continue
        key, mark, value = item.partition("=")
        if mark:
            sets[key] = value
    return told, sets


def told_of(values: Mapping[str, str]) -> Told | None:
    """What the values of a status reply say; None where one of them is not believable."""
    rate, volume, mode = values.get("RATE"), values.get("VINF"), values.get("MODE")
    told = Told(_micro(rate), _micro(volume), _mode(mode))
    missing = (rate is not None) > (told[0] is not None) or (volume is not None) > (told[1] is not None)
    return None if missing or (mode is not None and told[2] is None) else told


@lru_cache(maxsize=256)  # a rate stays for hours
def _micro(text: str | None) -> int | None:
    """Exact microlitres (an hour) from millilitres."""
    return scaled(Decimal(text), 1000) if text is not None and _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=64)
def _mode(text: str | None) -> Mode | None:
    words = None if text is None else _MODE.fullmatch(text)
    return None if words is None else Mode(*words.groups())


def alarm_of(code: str) -> AlarmCode:
    """An alarm by its code; one that the table does not hold is an alarm like any other."""
    return AlarmCode(code[:32], ALARMS.get(code, code[:32]), code in ALARMS)


def malfunction_of(body: str) -> AlarmCode | None:
    """`ERROR nn`: the pump is broken, as it says itself."""
    found = _ERROR.fullmatch(body) if body.startswith("ERROR") else None
    return None if found is None else AlarmCode(f"ERROR {found[1]}", f"pump malfunction, error {found[1] or '?'}")
