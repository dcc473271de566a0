"""GE Datex-Ohmeda Record Interface: frames, requests and the layout of records, as tables. Pure.

Frame: 7E, record, 8-bit sum of the record, 7E; 7E and 7D inside are sent as 7D 5E and 7D 5D. Everything is little-
endian and packed. Facts are from GE's documents M1017617 and 8005313 as icu_devices (ge_monitor, MIT), VSCapture and
LNhealth (s5parser, BSD-3: sources and sites too) write them down.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from pumpd.device import AlarmCode
from pumpd.device.checksums import sum8
from pumpd.device.framers import Flagged, Whole

FLAG = b"\x7e"
MAX_ESCAPED = 3000  # five sub-records and the header, every byte of them escaped
HEADER = struct.Struct("<hBBHIBBHh")
HEADER_SIZE, MOST_PARTS, END_OF_PARTS = 40, 8, 0xFF
PHYSIOLOGICAL, WAVE, ALARM = 0, 1, 4  # main types
REQUEST, DISPLAYED = 0, 1  # sub-record types of the first
DATA_KINDS = {DISPLAYED: "displayed values,", 2: "trend of 10 s,", 3: "trend of 60 s,"}
BASIC_CLASS = 0
CLASSES_OF_DATA = {BASIC_CLASS: "basic class", 1: "class ext1", 2: "class ext2", 3: "class ext3"}
ALARM_STATUS = 1


def whole(frame: bytes) -> bool:
    """Are length and sum of an unescaped frame (record and sum) right?"""
    return _sized(frame) and sum8(frame[:-1]) == frame[-1]


def whole_escaped(frame: bytes) -> bool:
    """The same for monitors that sum the bytes as they are sent, escapes included."""
    escapes = frame.count(b"\x7e", 0, -1) + frame.count(b"\x7d", 0, -1)  # each 7E is 7D 5E, each 7D is 7D 5D: 5D more
    return _sized(frame) and (sum8(frame[:-1]) + 0x5D * escapes) & 0xFF == frame[-1]


def _sized(frame: bytes) -> bool:
    return len(frame) > HEADER_SIZE and int.from_bytes(frame[:2], "little") == len(frame) - 1


def framer(rule: Whole = whole) -> Flagged:
    """A framer whose frames are record and sum."""
    return Flagged(FLAG, FLAG, rule, limit=MAX_ESCAPED)


_ESCAPES = framer()


def frame(record: bytes) -> bytes:
    """The whole frame around a record, as it is sent."""
    return _ESCAPES.build(record + bytes([sum8(record)]), FLAG)


def _record(main_type: int, body: bytes) -> bytes:
    """A record with one sub-record of type 0: a request."""
    head = HEADER.pack(HEADER_SIZE + len(body), 0, 0, 0, 0, 0, 0, 0, main_type)
    return head + struct.pack("<hBhB", 0, 0, 0, END_OF_PARTS) + bytes(HEADER_SIZE - HEADER.size - 6) + body


CLASSES = 0x0E  # with the basic class: all, as in the vendor's printed request
ONCE = -1


def data_request(interval_s: int, classes: int = CLASSES) -> bytes:
    """Displayed values every interval_s (at least 5; ONCE; 0 stops them)."""
    return frame(_record(PHYSIOLOGICAL, struct.pack("<BhIh", DISPLAYED, interval_s, classes, 0)))


def alarm_request(command: int) -> bytes:
    """TELL_ALARMS, ON_CHANGE or NOT_ON_CHANGE."""
    return frame(_record(ALARM, struct.pack("<6h", command, 0, 0, 0, 0, 0)))


TELL_ALARMS, ON_CHANGE, NOT_ON_CHANGE = 0, 2, 3
STOP_DATA = data_request(0, 0)


class Part(NamedTuple):
    """One sub-record: its type and where it begins."""

    kind: int
    at: int


def parts(frame: bytes) -> list[Part]:
    """The sub-records that the header lists."""
    found = []
    for at in range(HEADER.size, HEADER.size + 3 * MOST_PARTS, 3):
        kind = frame[at + 2]
        if kind == END_OF_PARTS:
            break
        found.append(Part(kind, HEADER_SIZE + int.from_bytes(frame[at : at + 2], "little")))
    return found


# --- physiological data -------------------------------------------------------------------------------------------

DATA_SIZE, CLASS_AT = 278, 276
# time; ECG; P1 to P4; NIBP; T1 to T4; SpO2; CO2. Each group: status u32, label u16, values i16
BASIC = struct.Struct("<I" + "IH5h" + "IH4h" * 4 + "IH4h" + "IHh" * 4 + "IH4h" + "IH4h")
NO_DATA = -32000  # this and below: no valid value (invalid, not updated, discontinuity, out of range, not calibrated)
EXISTS, ACTIVE = 0x0001, 0x0002  # group status
LIVE = EXISTS | ACTIVE
ECG, P1, P2, NIBP, T1, T2, SPO2, CO2 = 1, 8, 14, 32, 38, 41, 50, 56  # where a group's status stands in BASIC
BREATHS = CO2 + 4  # the rate from CO2

NOT_BY_ECG = frozenset((2, 3, 4, 5, 6, 7, 8, 10, 11, 12))  # ECG status bits 3-6: a pressure or the pleth makes the rate
NOT_BLOOD = frozenset((7,))  # label of a pressure: intracranial
NOT_BODY = frozenset((8, 9))  # label of a temperature: airway, room
CUFF_MEASURES, CUFF_OLD = 0x0020, 0x0100  # NIBP label: measuring now, older than 60 s
APNOEA, OCCLUDED, APNOEA_OFF = 0x0004, 0x0020, 0x0100  # CO2 status


@dataclass(frozen=True, slots=True)
class Row:
    """signal, its group, place in BASIC, thousandths per step."""

    signal: str
    group: int
    place: int
    step: int


ROWS = (
    Row("hr", ECG, ECG + 2, 1000),
    Row("rr_imp", ECG, ECG + 6, 1000),
    Row("ibp1_sys", P1, P1 + 2, 10),
    Row("ibp1_dia", P1, P1 + 3, 10),
    Row("ibp1_mean", P1, P1 + 4, 10),
    Row("ibp2_sys", P2, P2 + 2, 10),
    Row("ibp2_dia", P2, P2 + 3, 10),
    Row("ibp2_mean", P2, P2 + 4, 10),
    Row("nibp_sys", NIBP, NIBP + 2, 10),
    Row("nibp_dia", NIBP, NIBP + 3, 10),
    Row("nibp_mean", NIBP, NIBP + 4, 10),
    Row("nibp_pulse", NIBP, NIBP + 5, 1000),
    Row("temp", T1, T1 + 2, 10),
    Row("temp2", T2, T2 + 2, 10),
    Row("spo2", SPO2, SPO2 + 2, 10),
    Row("pulse", SPO2, SPO2 + 3, 1000),
    Row("rr", CO2, BREATHS, 1000),
)
GASES = (("etco2", CO2 + 2), ("fico2", CO2 + 3))  # 1/100 %, of the ambient pressure
AMBIENT = CO2 + 5  # 1/10 mmHg

# --- alarms -------------------------------------------------------------------------------------------------------

ALARMS_HEAD, ALARM_SIZE, ALARMS, TEXT_SIZE = 10, 98, 5, 80
COLOURS = {0: "no colour", 1: "white", 2: "yellow", 3: "red"}
ALL_SILENCED = (4, 5, 6, 7)  # all, for 2 min, for 5 min, for 20 s; 1 to 3 silence single alarms
_COLOUR_AT = 82


def alarms_of(frame: bytes, at: int) -> tuple[AlarmCode, ...] | None:
    """The alarms that the monitor shows, each by its text; None where the sub-record is cut short."""
    if at + ALARMS_HEAD + ALARMS * ALARM_SIZE > len(frame) - 1:
        return None
    silenced = int.from_bytes(frame[at + 8 : at + 10], "little") in ALL_SILENCED
    first = at + ALARMS_HEAD
    places = range(first, first + ALARMS * ALARM_SIZE, ALARM_SIZE)
    shown = (_alarm(frame[place : place + ALARM_SIZE], silenced) for place in places)
    return tuple(dict.fromkeys(alarm for alarm in shown if alarm is not None))


def _alarm(entry: bytes, silenced: bool) -> AlarmCode | None:
    text = entry[:TEXT_SIZE].partition(b"\0")[0].decode("latin-1")
    text = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    if not text:
        return None
    colour = int.from_bytes(entry[_COLOUR_AT : _COLOUR_AT + 2], "little")
    told = f"{text} ({COLOURS.get(colour, f'colour {colour}')}{', silenced' if silenced else ''})"
    return AlarmCode("".join(sign for sign in text.upper() if not sign.isdigit()).strip(), told, colour in COLOURS)
