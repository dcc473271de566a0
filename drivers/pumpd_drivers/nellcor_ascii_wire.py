"""Nellcor's data port: columns of a line, status codes and what they leave of the values, headers. Pure.

Sources: operator's manuals of NPB-290, NPB-295 and N-395 (headers, an example line); mdpnp's nellcor-n595.spec (codes,
headers of the N-595); lines captured from an N-560 (konz/cosmopusher), which show the columns, that 0 is printed while
it searches for a pulse, and that old values can be.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pumpd.device import AlarmCode, Quality, Reading

_TIME = re.compile(rb"[0-3]\d-[A-Z][A-Za-z]{2}-\d\d [0-2]\d:[0-5]\d:[0-5]\d")
_TIME_LENGTH = 18
_NUMBER = rb"(?:---|  \d| [1-9]\d|[1-9]\d\d)"  # three columns
_PLACES = (  # where each number stands, with the blanks before it and a place for a star behind it
    (18, 25, re.compile(rb"   (" + _NUMBER + rb")([* ])")),
    (25, 33, re.compile(rb"    (" + _NUMBER + rb")([* ])")),
    (33, 41, re.compile(rb"    (" + _NUMBER + rb")([* ]?)")),
)
_CODES_AT = 41
_SLOTS = re.compile(rb"(?:   (?:   |[A-Z]{2} )*[A-Z]{2})?")  # a code in a place of its own, three columns each
_LEFT = rb"(---|\d|[1-9]\d|[1-9]\d\d)(\*?)"
_BLANKS = re.compile(rb" " + rb" ".join([_LEFT] * 3) + rb"((?: [A-Z]{2})*)")
_CODE = re.compile(r"[A-Z]{2}")
_HEADER = re.compile(
    r"((?:N|NPB)-\d{2,4}[A-Z]?) +VERSION ([0-9.]{1,15}) +CRC: ?[0-9A-Fa-fX]{4} +"
    r"SpO2 Limit: ?(\d{2,3})- ?(\d{2,3})% +PR Limit: ?(\d{2,3})- ?(\d{2,3})BPM"
)
_HEADINGS = re.compile(r"TIME +%S[pP]O2 +BPM +PA +Status| +[A-Z]+ +\d+SAT-S(?: +SPO2 RESP MODE: [A-Z]+)?")
_MOST_SPO2 = 100
_LEAST_PULSE, _MOST_PULSE = 20, 250  # what it can measure: less is no value, with more the line is not believed
_DASHES = b"---"
NO_LIMITS = ("", "")

_OFF, _INVALID, _DOUBT, _OK = Quality.OFF, Quality.INVALID, Quality.QUESTIONABLE, Quality.OK
_WORST_FIRST = (_OFF, _INVALID, _DOUBT)
# code, text, what is left of the values, which limit it names (SpO2 or pulse rate)
_CODES: dict[str, tuple[str, Quality, int | None]] = {
    "AO": ("its audible alarm is switched off", _OK, None),
    "LB": ("battery low", _OK, None),
    "LM": ("loss of pulse with interference", _INVALID, None),
    "LP": ("loss of pulse", _INVALID, None),
    "MO": ("interference", _DOUBT, None),
    "PH": ("pulse rate above its limit", _OK, 1),
    "PL": ("pulse rate below its limit", _OK, 1),
    "PS": ("searching for a pulse", _INVALID, None),
    "SH": ("SpO2 above its limit", _OK, 0),
    "SL": ("SpO2 below its limit", _OK, 0),
    "SD": ("sensor disconnected", _OFF, None),
    "SO": ("sensor off the patient", _OFF, None),
}
# States, no alarms: interference comes and goes with every movement and marks the value; somebody has silenced it.
_STATES = frozenset({"MO", "AS"})
KNOWN = frozenset(_CODES) | _STATES
_STARRED = (
    ("SH", "SL", "SPO2_LIMIT", "SpO2 outside its limits"),
    ("PH", "PL", "PULSE_LIMIT", "pulse rate outside its limits"),
)
_UNITS = ("%", "/min")


class Field(NamedTuple):
    """One number; shown: there are no dashes."""

    number: int | None
    shown: bool
    star: bool


class Values(NamedTuple):
    """One line: %SpO2 and pulse rate (None: no value), pulse amplitude as text, which of the two carries a star."""

    time: str
    spo2: int | None
    pulse: int | None
    amplitude: str
    codes: tuple[str, ...]
    stars: tuple[bool, bool]


class Header(NamedTuple):
    """Limits of SpO2 and of the pulse rate as printed, such as 90-100."""

    model: str
    version: str
    limits: tuple[str, str]


def values_of(line: bytes) -> Values | None:
    """One line of values without blanks at its end; None for any other."""
    if not _TIME.fullmatch(line, 0, _TIME_LENGTH):
        return None
    fields = [_field(place, line[start:end]) for place, (start, end, _) in enumerate(_PLACES)]
    codes = _codes(line[_CODES_AT:])
    if None in fields or codes is None:
        return _spaced(line)
    spo2, pulse, amplitude = (field for field in fields if field is not None)
    return _values(line, spo2, pulse, amplitude, codes)


@lru_cache(maxsize=4096)
def _field(place: int, piece: bytes) -> Field | None:
    match = _PLACES[place][2].fullmatch(piece)
    return None if match is None else Field(_number(match[1]), match[1] != _DASHES, match[2] == b"*")


@lru_cache(maxsize=256)
def _codes(piece: bytes) -> tuple[str, ...] | None:
    return tuple(_CODE.findall(piece.decode("ascii"))) if _SLOTS.fullmatch(piece) else None


def _spaced(line: bytes) -> Values | None:
    """The same with single blanks, as the manuals print it."""
    match = _BLANKS.fullmatch(line, _TIME_LENGTH)
    if match is None:
        return None
    spo2, pulse, amplitude = (Field(_number(match[n]), match[n] != _DASHES, match[n + 1] == b"*") for n in (1, 3, 5))
    return _values(line, spo2, pulse, amplitude, tuple(match[7].decode("ascii").split()))


def _values(line: bytes, spo2: Field, pulse: Field, amplitude: Field, codes: tuple[str, ...]) -> Values | None:
    if (spo2.number or 0) > _MOST_SPO2 or (pulse.number or 0) > _MOST_PULSE:
        return None
    rate = pulse.number if (pulse.number or 0) >= _LEAST_PULSE else None
    shown = str(amplitude.number or 0) if amplitude.shown else ""
    time = line[:_TIME_LENGTH].decode("ascii")
    return Values(time, spo2.number, rate, shown, codes, (spo2.star, pulse.star))


def _number(text: bytes) -> int | None:
    """0 is printed while it searches: no value."""
    return None if text == _DASHES else int(text) or None


def header_of(line: bytes) -> Header | None:
    """Model, version and limits; None for any other line."""
    match = _HEADER.fullmatch(line.decode("ascii"))
    if match is None:
        return None
    model, version, *limits = match.groups()
    return Header(model, version, (f"{limits[0]}-{limits[1]}", f"{limits[2]}-{limits[3]}"))


def is_heading(line: bytes) -> bool:
    """The names of the columns, and the line of settings above them."""
    return _HEADINGS.fullmatch(line.decode("ascii")) is not None


def readings_of(values: Values) -> tuple[Reading, Reading]:
    """Both values, as far as the codes let them count. What stands there without a pulse is old: a saturation without
    a rate or an amplitude, or a rate without a saturation, is none."""
    quality = quality_of(values.codes)
    if (values.spo2 is None or values.pulse is None or not values.amplitude) and quality is not _OFF:
        quality = _INVALID
    return _reading("spo2", values.spo2, quality), _reading("pulse", values.pulse, quality)


@lru_cache(maxsize=4096)
def _reading(signal: str, value: int | None, quality: Quality) -> Reading:
    if value is None or quality in (_OFF, _INVALID):
        return Reading(signal, None, _OFF if quality is _OFF else _INVALID)
    return Reading(signal, value * 1000, quality)


@lru_cache(maxsize=256)
def quality_of(codes: tuple[str, ...]) -> Quality:
    """The worst that any code says; one that the table lacks says nothing of the values."""
    said = {_CODES[code][1] for code in codes if code in _CODES}
    return next((quality for quality in _WORST_FIRST if quality in said), _OK)


@lru_cache(maxsize=256)
def alarms_of(codes: tuple[str, ...], stars: tuple[bool, bool], limits: tuple[str, str]) -> tuple[AlarmCode, ...]:
    """Every code that is no state; a star that no code explains; a code that the table lacks is passed on."""
    found = []
    for code in codes:
        if code in _STATES:
            continue
        if code in _CODES:
            text, _, limit = _CODES[code]
            shown = f" ({limits[limit]} {_UNITS[limit]})" if limit is not None and limits[limit] else ""
            found.append(AlarmCode(code, text + shown))
        else:
            found.append(AlarmCode(code, f"status {code}", known=False))
    for star, (high, low, name, text) in zip(stars, _STARRED, strict=True):
        if star and high not in codes and low not in codes:
            found.append(AlarmCode(name, text))
    return tuple(found)
