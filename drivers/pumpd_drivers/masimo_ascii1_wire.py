"""Masimo ASCII 1: the fields of a line, the bits of ALARM and EXC and what they mean for the values. Pure.

Sources: lines captured from a Rad-8 (yahnatan/pulseox), a Rad-8 without sensor and a Radical-7 (masimo-datacapture,
which also quotes a line of the Radical-7 service manual) and a Rad-5; exceptions from the operator's manual of the
Rad-8, whose sample trend shows SpO2 000, PR 000 and PI 00.00 where nothing is measured; alarm bits from
masimo-datacapture's experiments, since the vendor does not publish them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pumpd.device import AlarmCode, Quality, Reading


class Row(NamedTuple):
    """How a field is written, exactly, and what it is.

    signal "": its value has no signal. least and most: what the device can measure, in thousandths; less is no value,
    with more the line is not believed.
    """

    pattern: str
    signal: str = ""
    least: int = 0
    most: int = 1_000_000


ROWS: dict[str, Row] = {
    "SN": Row(r"[0-9]{10}|-{10}"),
    "SPO2": Row(r"([0-9]{3}|---)%", "spo2", most=100_000),
    "BPM": Row(r"([0-9]{3}|---)%?", "pulse", 25_000, 240_000),  # one model writes ---% (captured); range: Masimo SET
    "PI": Row(r"([0-9]{2}\.[0-9]{1,2}|--\.-{1,2})%?", "pi", most=20_000),
    "SPCO": Row(r"([0-9]{2}(?:\.[0-9])?|--(?:\.-)?)%", "spco", most=99_900),
    "SPMET": Row(r"([0-9]{2}\.[0-9]|--\.-)%", "spmet", most=99_900),
    "PVI": Row(r"([0-9]{3}|---)%?", "pvi", most=100_000),
    "SPHB": Row(r"[0-9]{2}\.[0-9]|--\.-"),  # g/dL or mmol/L, as the monitor is set: the line does not say
    "SPOC": Row(r"[0-9]{2}|--"),
    "RESVD": Row(r"[0-9]{3}|---"),
    "DESAT": Row(r"[0-9]{2}|--"),
    "PIDELTA": Row(r"[+-](?:[0-9]{2}|--)"),
    "ALARM": Row(r"[0-9A-F]{2}|[0-9A-F]{4}|[0-9A-F]{6}"),
    "EXC": Row(r"[0-9A-F]{3}|[0-9A-F]{6}|[0-9A-F]{7}"),
    "EXC1": Row(r"[0-9A-F]{8}"),
}
_BITS = frozenset({"ALARM", "EXC", "EXC1"})
_EXC_WIDTH = {2: 3, 4: 6, 6: 7}  # digits of ALARM: digits of EXC of that model
_NO_ZERO = frozenset({"spo2", "pulse", "pi"})  # 000 and 00.00 are written where nothing is measured
_PATTERNS = {key: re.compile(row.pattern) for key, row in ROWS.items()}
_STRANGE = re.compile(r"[A-Z][A-Z0-9]{0,11}=[!-<>-~]{0,24}")  # a field without a row


class Field(NamedTuple):
    """One field: its reading as if there were no exception, or its bits, and their digits as text; text of what has no
    signal, "" for dashes."""

    key: str
    reading: Reading | None = None
    bits: int = 0
    text: str = ""
    unmapped: bool = False


Fields = dict[str, Field]
NO_FIELD = Field("")

# ALARM bit, code, text
ALARM_BITS: tuple[tuple[int, str, str], ...] = (
    (0x01, "SPO2_HIGH", "SpO2 above its limit"),
    (0x02, "SPO2_LOW", "SpO2 below its limit"),
    (0x04, "PULSE_HIGH", "pulse rate above its limit"),
    (0x08, "PULSE_LOW", "pulse rate below its limit"),
    (0x40, "BATTERY", "battery low"),
    (0x100, "SPCO_HIGH", "SpCO above its limit"),
    (0x200, "SPCO_LOW", "SpCO below its limit"),
    (0x400, "SPMET_HIGH", "SpMet above its limit"),
    (0x800, "SPMET_LOW", "SpMet below its limit"),
    (0x1000, "DESAT", "desaturation index above its limit"),
    (0x2000, "PI_DELTA", "perfusion index has changed"),
)
ACTIVE, SILENCED = 0x10, 0x20  # an alarm sounds; somebody has silenced it: a state, no alarm
_OFF, _INVALID, _DOUBT = Quality.OFF, Quality.INVALID, Quality.QUESTIONABLE
# EXC bit, code, text, what is left of the values
EXC_BITS: tuple[tuple[int, str, str, Quality], ...] = (
    (0x01, "NO_SENSOR", "no sensor", _OFF),
    (0x02, "SENSOR_DEFECTIVE", "sensor defective", _INVALID),
    (0x04, "LOW_PERFUSION", "low perfusion", _DOUBT),
    (0x08, "PULSE_SEARCH", "searching for a pulse", _INVALID),
    (0x10, "INTERFERENCE", "interference", _DOUBT),
    (0x20, "SENSOR_OFF", "sensor off the patient", _OFF),
    (0x40, "AMBIENT_LIGHT", "too much ambient light", _DOUBT),
    (0x80, "SENSOR_UNRECOGNISED", "sensor not recognised", _INVALID),
    (0x100, "SENSOR_INCOMPATIBLE", "sensor incompatible", _INVALID),
    (0x400, "LOW_SIGNAL_IQ", "low signal quality", _DOUBT),
    (0x1000, "NO_CABLE", "no cable", _OFF),
    (0x20000, "CALIBRATING", "sensor being calibrated", _INVALID),
)
MASIMO_SET = 0x800  # the algorithm runs in full SET mode: normal
_ALARM_KNOWN = ACTIVE | SILENCED | sum(row[0] for row in ALARM_BITS)
_EXC_KNOWN = MASIMO_SET | sum(row[0] for row in EXC_BITS)
_BELIEVED = (Quality.OK, Quality.QUESTIONABLE)
_WORST_FIRST = (_OFF, _INVALID, _DOUBT)


def fields_of(text: bytes) -> Fields | bytes:
    """The fields by key; the first piece that is none, or that stands there twice."""
    found: Fields = {}
    for piece in text.split(b" "):
        field = _field(piece)
        if field is None or field.key in found:
            return piece
        found[field.key] = field
    return found


def is_cut(found: Fields) -> bool:
    """Are there fewer digits of EXC than the model writes? (They are the line's last, and say that no value counts.)"""
    return len(found["EXC"].text) != _EXC_WIDTH[len(found["ALARM"].text)]


@lru_cache(maxsize=4096)  # most fields of a line are those of the line before
def _field(piece: bytes) -> Field | None:
    text = piece.decode("ascii")
    key, _, value = text.partition("=")
    row = ROWS.get(key)
    if row is None:
        return Field(key, text=value, unmapped=True) if _STRANGE.fullmatch(text) else None
    match = _PATTERNS[key].fullmatch(value)
    if match is None:
        return None
    if key in _BITS:
        return Field(key, bits=int(value, 16), text=value)
    if row.signal:
        return _measured(key, row, match[1])
    said = "" if value.strip("+-.") == "" else value
    return Field(key, text=said, unmapped=key != "SN" and said != "")


def _measured(key: str, row: Row, number: str) -> Field | None:
    """A field with a signal; None for more than the device can measure."""
    nothing = Field(key, Reading(row.signal, None, Quality.INVALID))
    if "-" in number:
        return nothing
    whole, _, decimals = number.partition(".")
    milli = int(whole) * 1000 + int(decimals.ljust(3, "0"))
    if milli > row.most:
        return None
    missing = milli < row.least or (milli == 0 and row.signal in _NO_ZERO)
    return nothing if missing else Field(key, Reading(row.signal, milli))


def readings_of(found: Fields, exc: int) -> tuple[Reading, ...]:
    """Every value of the line that has a signal, as far as the exceptions let it count.

    All come from the pulse at the sensor: where saturation or pulse rate is missing, no value is one. (So one flipped
    bit cannot make a reading of a line that has none.)
    """
    readings = [field.reading for field in found.values() if field.reading is not None]
    quality = quality_of(exc)
    if quality in _BELIEVED and _is_missing(found["SPO2"]) | _is_missing(found["BPM"]):
        quality = Quality.INVALID
    return tuple(readings if quality is Quality.OK else [_less(reading, quality) for reading in readings])


def _is_missing(field: Field) -> bool:
    return field.reading is None or field.reading.value_milli is None


def _less(reading: Reading, quality: Quality) -> Reading:
    if quality is not Quality.QUESTIONABLE:
        return Reading(reading.signal, None, quality)
    return reading if reading.value_milli is None else Reading(reading.signal, reading.value_milli, quality)


@lru_cache(maxsize=256)
def quality_of(exc: int) -> Quality:
    """The worst that any exception says; bits without a meaning here say nothing of the values."""
    said = {quality for bit, _, _, quality in EXC_BITS if exc & bit}
    return next((quality for quality in _WORST_FIRST if quality in said), Quality.OK)


@lru_cache(maxsize=256)
def alarms_of(alarm: int, exc: int, exc1: int) -> tuple[AlarmCode, ...]:
    """All alarms and exceptions; a bit that the tables lack is passed on."""
    found = [AlarmCode(code, text) for bit, code, text in ALARM_BITS if alarm & bit]
    found += [AlarmCode(code, text) for bit, code, text, _ in EXC_BITS if exc & bit]
    for name, bits in (("ALARM", alarm & ~_ALARM_KNOWN), ("EXC", exc & ~_EXC_KNOWN), ("EXC1", exc1)):
        ones = (1 << n for n in range(bits.bit_length()) if bits >> n & 1)
        found += [AlarmCode(f"{name}_{bit:X}", f"{name} bit {bit:X}", known=False) for bit in ones]
    if alarm & ACTIVE and not found:
        found.append(AlarmCode("ALARM", "an alarm whose cause it does not tell"))
    return tuple(found)
