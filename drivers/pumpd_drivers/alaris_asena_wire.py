"""Alaris Asena GH, CC, TIVA and PK syringe pumps on their RS232 port: frames, tables and replies. Pure.

Frame: `!` MSG `|` CRC4 CR; the CRC is CRC-16/CCITT-FALSE over MSG only, four upper-case hex digits. The host
asks, the pump answers with a message of the same first field. ESC from the pump: the transmission was cut short.
Remote control needs a key (the CRC of the serial number) and is a lease that must be refreshed; software later
than 2.3.6 refuses it but still reports. No message that starts the pump exists in this file.

Facts are from the BSD-2-Clause mdpnp project (Asena.java, SingleSimAlaris.java), infupy (ISC) and a public
EBME forum thread on the Asena's serial port; drivers/captures/alaris_asena holds the frames.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from functools import lru_cache

from pumpd.device import (
    AlarmCode,
    DeviceAlarms,
    DriverInfo,
    Garbled,
    Integrity,
    Kind,
    Line,
    PumpCapabilities,
    PumpStatus,
)
from pumpd.device.checksums import crc16_ccitt_false
from pumpd.device.framing import garbled
from pumpd.units import Ms, exact, parse_decimal, scaled

INFO = DriverInfo(
    name="alaris_asena",
    vendor="Alaris / CareFusion",
    model="Asena GH/CC/TIVA/PK",
    kind=Kind.PUMP,
    line=Line(bauds=(38400,)),
    integrity=Integrity.CRC16,
    poll_ms=500,
    quiet_ms=1000,
    pump=PumpCapabilities(
        can_stop=True,
        can_set_rate=True,
        can_read_back=True,
        lease=True,
        rate_step_ul_h=10,
        rate_min_ul_h=100,
        rate_max_ul_h=1_200_000,
    ),
    sources=("mdpnp Asena.java, SingleSimAlaris.java", "infupy alaris.py", "EBME forum thread 64957"),
    needs_asking=True,
    probe_bytes=(
        b"!INST_SERIALNO|457D\r",
        b"!INF|4961\r",
        b"!ALARM|50B2\r",
        b"!COMMS_PROTOCOL|E8DA\r",
        b"!COMMS_RESPONSE_MAX|7E29\r",
    ),
)

END = 0x0D  # CR as a number: it is found in a fifth of the time that b"\r" takes
# what is asked and ordered, by the name that the reply carries
SERIAL, CONTROL, STATUS, ALARM = "INST_SERIALNO", "REMOTE_CTRL", "INF", "ALARM"
PROTOCOL, LEASE, EVENTS_OFF = "COMMS_PROTOCOL", "COMMS_RESPONSE_MAX", "REMQUERY"
STOP, RATE = "INF_STOP", "INF_RATE"
ENABLE, DISABLE, STREAM_OFF = "REMOTE_CTRL^ENABLED", "REMOTE_CTRL^DISABLED", "REMQUERY^DEACT"

# The code list is captured; the meanings are INFERRED from the mnemonics, empty where even that is not safe.
ALARMS = {
    "AL_OCCLU": "occlusion",
    "AL_NEOIN": "near end of infusion",
    "AL_EOIKV": "end of infusion, keeping vein open",
    "AL_EOIST": "end of infusion, stopped",
    "AL_LWBAT": "low battery",
    "AL_EMBAT": "battery empty",
    "AL_ACDIS": "mains disconnected",
    "AL_DRDIS": "drive disengaged",
    "AL_SYRCO": "check syringe",
    "AL_COMTO": "communication time-out",
    "AL_RHIGH": "rate high",
    "AL_CALLB": "call back",
    "AL_FAULT": "pump fault",
    "AL_VTBIC": "volume to be infused complete",
    "AL_VTBIK": "volume to be infused complete, keeping vein open",
    "AL_VTBIS": "volume to be infused complete, stopped",
    "AL_LDSCN": "",
    "AL_PRDSC": "",
    "AL_LBTAC": "",
    "AL_TCITG": "",
    "AL_TITCA": "",
    "AL_TITNC": "",
}
NO_ALARM = "AL_NOALM"
_CRC16 = Integrity.CRC16
_MICRO = (1000, 100, 10, 1)  # microlitres of the last digit, by the number of decimals
INFUSING = {"SET": True, "HLD": False}

# INF reply, field by field; what does not fit was shifted or cut and is no status
INF_FIELDS = (
    ("name", re.compile(r"INF")),
    ("serial", re.compile(r"[0-9A-Za-z-]{1,32}")),
    ("alarm flag", re.compile(r"[-A]")),
    ("mode", re.compile(r"[A-Z][A-Z0-9_]{0,11}")),
    ("rate", re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,6})?")),
    ("rate unit", re.compile(r"ml/h")),
    ("drug", re.compile(r"[^^]{0,40}")),
    ("volume", re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,6})?")),
    ("volume unit", re.compile(r"ml")),
    ("pressure", re.compile(r"-?[0-9]{1,5}(?:\.[0-9]{1,3})?")),
    ("pressure unit", re.compile(r"mmHg|kPa|psi|bar")),
    ("time left", re.compile(r"[0-9:+ -]{0,12}")),
    ("log type", re.compile(r"[A-Z_]{0,16}")),
    ("log id", re.compile(r"[0-9]{0,12}")),
)
_TAKEN = ("serial", "alarm flag", "mode", "rate", "drug", "volume", "pressure", "pressure unit", "time left")


def _once(pattern: str) -> str:
    """Repeats made possessive: no field's characters include the mark that ends it, so nothing is to be tried again."""
    return pattern.replace("}", "}+").replace(")?", ")?+")


# all fields at once, one call a status instead of fourteen; of those in _TAKEN the text is kept
_INF = re.compile(
    r"\^".join(f"({_once(p.pattern)})" if name in _TAKEN else f"(?:{_once(p.pattern)})" for name, p in INF_FIELDS)
)
# the same as a whole frame; a drug's name that is no plain text and more decimals than count are for status_of to judge
_begins_with_status = re.compile(
    "!" + _INF.pattern.replace("{1,6}", "{1,3}").replace("[^^]", r'[ "-\]_-~]') + r"\|[0-9A-F]{4}\r",
).match
_SERIAL, _RATE = INF_FIELDS[1][1], INF_FIELDS[4][1]
_LEASE_MS = re.compile(r"[0-9]{3,5}")
_CLOCK = re.compile(r"([0-9]{2}):([0-5][0-9]):([0-5][0-9])")


def frame(message: str) -> bytes:
    """The message as it goes over the wire."""
    data = message.encode("ascii")
    return b"!%b|%04X\r" % (data, crc16_ccitt_false(data))


def control_key(serial: str) -> str:
    """The key that unlocks remote control (obfuscation, not security)."""
    return f"{crc16_ccitt_false(serial.encode('ascii')):04X}"


def question(name: str, serial: str) -> str:
    """The message that asks this; control needs the key of the serial number."""
    if name == CONTROL:
        return f"{ENABLE}^{control_key(serial)}"
    return STREAM_OFF if name == EVENTS_OFF else name


def rate_message(rate_ul_h: int) -> str:
    """INF_RATE^3.50^ml/h; the rate must be on the step of 10 uL/h."""
    return f"{RATE}^{exact(rate_ul_h, 1000):.2f}^ml/h"


def message_of(inside: bytes) -> str | Garbled:
    """The text of a frame whose CRC is right."""
    data = inside[:-5]
    if b"|%04X" % crc_hqx(data, 0xFFFF) != inside[-5:]:
        return garbled("checksum wrong", inside)
    text = data.decode("latin-1")
    return text if text.isascii() and text.isprintable() else garbled("not text", inside)


def quick_status(data: bytes) -> re.Match[str] | None:
    """The frame at the beginning of data if it is plainly a status; None: it wants a closer look."""
    found = _begins_with_status(data.decode("latin-1"))
    if found is None:
        return None
    end = found.end()
    return found if crc_hqx(data[1 : end - 6], 0xFFFF) == int(data[end - 5 : end - 1], 16) else None


def status_of(message: str, requested_ms: Ms | None) -> PumpStatus | Garbled:
    """A status from an INF reply of which every field fits."""
    found = _INF.fullmatch(message)
    return _no_status(message) if found is None else taken_status(found, requested_ms)


def taken_status(found: re.Match[str], requested_ms: Ms | None) -> PumpStatus | Garbled:
    """The status that these fields say."""
    serial, flag, mode, rate, drug, volume, pressure, unit, left = found.groups()
    rate_ul_h, volume_ul = _rate_ul_h(rate), _micro(volume)
    if rate_ul_h is None or volume_ul is None:
        return garbled("status: more digits than the pump can have", found[0].encode())
    # in the order of the fields: names cost a quarter more, on the way to a stop
    return PumpStatus(
        INFUSING.get(mode),
        rate_ul_h,
        volume_ul,
        requested_ms,
        _CRC16,
        serial,
        flag == "A",
        drug.strip() or None if drug else None,
        pressure if unit == "mmHg" else None,
        _seconds(left) if ":" in left else None,
        mode,
    )


def _no_status(message: str) -> Garbled:
    """Says the first thing that does not fit."""
    fields = message.split("^")
    if len(fields) != len(INF_FIELDS):
        return garbled(f"status of {len(fields)} fields instead of {len(INF_FIELDS)}", message.encode())
    wrong = (name for (name, pattern), text in zip(INF_FIELDS, fields, strict=True) if not pattern.fullmatch(text))
    return garbled(f"status: {next(wrong)} is not believable", message.encode())


def _micro(text: str) -> int | None:
    """Exact microlitres from millilitres (of INF_FIELDS' form), None where that would lose digits."""
    whole, _, part = text.partition(".")
    decimals = len(part)
    if decimals <= 3:
        return int(whole + part) * _MICRO[decimals]
    value = parse_decimal(text)
    return None if value is None else scaled(value, 1000)


_rate_ul_h = lru_cache(maxsize=256)(_micro)  # a rate stays for hours, a volume does not


def _seconds(text: str) -> int | None:
    """Seconds from HH:MM:SS; None for 24+ and whatever else the pump shows."""
    clock = _CLOCK.fullmatch(text)
    return None if clock is None else int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])


def alarms_of(message: str) -> DeviceAlarms | Garbled:
    """The pump's alarms; a code that the table does not hold is an alarm like any other."""
    codes = [text for text in (field.strip() for field in message.split("^")[1:]) if text]
    if not codes:
        return garbled("alarm reply without a code", message.encode())
    named = [code for code in codes if code.startswith("AL_")] or codes[:1]
    return DeviceAlarms(tuple(_alarm(code) for code in named if code != NO_ALARM))


def _alarm(code: str) -> AlarmCode:
    return AlarmCode(code, ALARMS.get(code) or code, known=bool(ALARMS.get(code)))


def serial_of(fields: list[str]) -> str | None:
    """The serial number from INST_SERIALNO's fields, None where it is not believable."""
    return fields[0] if len(fields) == 1 and _SERIAL.fullmatch(fields[0]) else None


def lease_ms_of(fields: list[str]) -> int | None:
    """The longest silence that the pump accepts, from COMMS_RESPONSE_MAX's fields."""
    believable = len(fields) == 2 and fields[1] == "ms" and _LEASE_MS.fullmatch(fields[0])
    return int(fields[0]) if believable else None


def rate_ul_h_of(fields: list[str]) -> int | None:
    """The rate that the pump echoes, from INF_RATE's fields."""
    believable = len(fields) == 2 and fields[1] == "ml/h" and _RATE.fullmatch(fields[0])
    return _micro(fields[0]) if believable else None
