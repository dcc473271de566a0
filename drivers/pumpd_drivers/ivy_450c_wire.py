"""ANSAR-B messages of the Ivy 450C: the rows of its lines, its curves, and when the cuff has measured anew. Pure.

Source: mdpnp's AnsarB.java and DemoIvy450C.java, and the lines of its captured test resource (27 messages of 562 bytes
each). A line is `NAME=n;v1;..;vn;label;alarm`, an empty value is none. Units are not in the message: whole numbers are
taken for mmHg (kPa and % would need a decimal, which is not understood), temperatures for °C where a body can have
them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from pumpd.device import AlarmCode, Quality, Reading

START, END = b"\xff", b"\xfe"
HEAD = b"\xffANSAR-B "
_ECG_AT, _RESP_AT, _PLETH_AT = (len(HEAD) + n for n in (0, 200, 250))  # P1 and P2, of unknown scale, follow
_TEXT_AT = len(HEAD) + 400
_TEXT = re.compile(rb"(?:[ -~]+\r)+")
_ECG = tuple((value - 100) * 20 for value in range(256))  # 0.02 mV a step, 100 is zero
_RAW = tuple(value * 1000 for value in range(256))


class Row(NamedTuple):
    """Signals of a line's values in order; pattern of each; what there can be, in thousandths.

    zero: 0 is a value. label: texts that say nothing of the value; others are listed, and make it questionable where
    it is judged.
    """

    signals: tuple[str, ...]
    pattern: str
    least: int
    most: int
    zero: bool = False
    label: str = ""
    judged: bool = False


_WHOLE, _TENTHS, _SIGNED = r"[0-9]{1,3}", r"[0-9]{2,3}\.[0-9]", r"-?[0-9]{1,3}"
CUFF, OXIMETER = "NIBP", "SPO2"
_PRESSURE = "NO TRANSDUCER"
ROWS: dict[str, Row] = {
    "HR": Row(("hr",), _WHOLE, 0, 350_000, zero=True, label=r"ECG-.*", judged=True),
    "RR": Row(("rr",), _WHOLE, 0, 150_000, zero=True, label=r"APNEA: [0-9]+ SEC", judged=True),  # the alarm's delay
    "ETCO2": Row(("etco2",), _WHOLE, 0, 150_000, zero=True, judged=True),
    OXIMETER: Row(("spo2",), _WHOLE, 0, 100_000, label=r"PR=[0-9]{0,3} *", judged=True),
    CUFF: Row(("nibp_sys", "nibp_dia", "nibp_mean", "nibp_pulse"), _WHOLE, 0, 300_000),
    "P1": Row(("ibp1_sys", "ibp1_dia", "ibp1_mean"), _SIGNED, -50_000, 400_000, zero=True, label=_PRESSURE),
    "P2": Row(("ibp2_sys", "ibp2_dia", "ibp2_mean"), _SIGNED, -50_000, 400_000, zero=True, label=_PRESSURE),
    "T1": Row(("temp",), _TENTHS, 10_000, 150_000),
    "T2": Row(("temp2",), _TENTHS, 10_000, 150_000),
}
REQUIRED = frozenset({"HR", "RR", OXIMETER, CUFF})
HOTTEST = 50_000  # above that it is no °C
SIGNAL_NAMES = (*(name for row in ROWS.values() for name in row.signals), "pulse")
_VALUES = {name: re.compile(row.pattern) for name, row in ROWS.items()}
_LABELS = {name: re.compile(row.label) for name, row in ROWS.items()}
_STRANGE = re.compile(r"[A-Z][A-Z0-9]{0,7}=[!-~ ]*")
_PULSE = re.compile(r"PR=([0-9]{1,3}) *")
_LEAST_PULSE, _MOST_PULSE = 25_000, 350_000  # ours: a lost digit makes a smaller number


class Parsed(NamedTuple):
    """One line; unmapped: tag and text of what has no row or no meaning here."""

    name: str
    readings: tuple[Reading, ...] = ()
    alarms: tuple[AlarmCode, ...] = ()
    unmapped: tuple[str, str] | None = None


def is_message(frame: bytes) -> bool:
    """From FF to FE: its head, all of the curves, and lines of text that each end."""
    return frame.startswith(HEAD) and _TEXT.fullmatch(frame, _TEXT_AT, len(frame) - 1) is not None


def lines_of(frame: bytes) -> list[bytes]:
    return frame[_TEXT_AT:-2].split(b"\r")


def waves_of(frame: bytes) -> tuple[tuple[str, int, tuple[int | None, ...]], ...]:
    """Name, ms between samples, samples in thousandths; looked up all at once, in less than half of a loop's time."""
    ecg, resp, pleth = frame[_ECG_AT:_RESP_AT], frame[_RESP_AT:_PLETH_AT], frame[_PLETH_AT : _PLETH_AT + 50]
    return (
        ("ecg_wave", 5, itemgetter(*ecg)(_ECG)),
        ("resp_wave", 20, itemgetter(*resp)(_RAW)),
        ("pleth_wave", 20, itemgetter(*pleth)(_RAW)),
    )


@lru_cache(maxsize=4096)  # most lines are those of the message before
def parsed(text: bytes) -> Parsed | None:
    """One line; None where it is not exactly as its row says."""
    head, *rest = text.decode("ascii").split(";")
    name, _, count = head.partition("=")
    row = ROWS.get(name)
    if row is None:
        plain = text.decode("ascii")
        return Parsed(name, unmapped=(name, plain.partition("=")[2])) if _STRANGE.fullmatch(plain) else None
    size = len(row.signals)
    if count != str(size) or len(rest) != size + 2:
        return None
    return _line(name, row, rest[:size], rest[-2], rest[-1])


def _line(name: str, row: Row, values: list[str], label: str, alarm: str) -> Parsed | None:
    known = label == "" or _LABELS[name].fullmatch(label) is not None
    doubt = row.judged and not known
    readings = [_reading(name, row, s, v, label, doubt) for s, v in zip(row.signals, values, strict=True)]
    if name == OXIMETER:
        readings.append(_pulse(label, doubt))
    if None in readings:
        return None
    alarms = (_alarm(name, alarm.strip()),) if alarm.strip() else ()
    unmapped = None if known else (f"{name} label", label)
    return Parsed(name, tuple(r for r in readings if r is not None), alarms, unmapped)


def _reading(name: str, row: Row, signal: str, value: str, label: str, doubt: bool) -> Reading | None:
    """None for a value that there cannot be."""
    if not value:
        return Reading(signal, None, Quality.OFF if label == _PRESSURE else Quality.INVALID)
    if not _VALUES[name].fullmatch(value):
        return None
    whole, _, tenths = value.partition(".")
    milli = int(whole) * 1000 + int(tenths or 0) * 100
    if not row.least <= milli <= row.most:
        return None
    if (milli == 0 and not row.zero) or (row.pattern == _TENTHS and milli > HOTTEST):
        return Reading(signal, None, Quality.INVALID)
    return Reading(signal, milli, Quality.QUESTIONABLE if doubt else Quality.OK)


def _pulse(label: str, doubt: bool) -> Reading | None:
    """The pulse rate stands in the oximeter's label."""
    found = _PULSE.fullmatch(label)
    value = int(found[1]) * 1000 if found and not doubt else 0
    if value < _LEAST_PULSE:
        return Reading("pulse", None, Quality.INVALID)
    return Reading("pulse", value) if value <= _MOST_PULSE else None


def _alarm(name: str, text: str) -> AlarmCode:
    """An alarm in the monitor's own words. The capture shows none; APNEA is the word of the delay's label."""
    if "APNEA" in text.upper():
        return AlarmCode("APNEA", f"{name}: {text}")
    return AlarmCode(f"{name}:{text}"[:40], f"{name}: {text}", known=False)


class Cuff:
    """Which of the cuff's values are a new measurement."""

    def __init__(self) -> None:
        self._before: tuple[Reading, ...] | None = None  # of the last message
        self._settled: tuple[Reading, ...] | None = None  # what last stood in two messages running
        self._measured: tuple[Reading, ...] | None = None  # the last settled ones that were not blank

    def readings(self, line: Parsed) -> tuple[Reading, ...]:
        """What a message says of the cuff: nothing while it repeats itself, no number where the age is unknown."""
        now = line.readings
        stands, self._before = now == self._before, now
        if stands and now == self._measured == self._settled:
            return ()  # by far the most usual
        blank, first = all(r.value_milli is None for r in now), self._settled is None
        if not stands or now == self._settled:
            return now if blank else tuple(Reading(r.signal, None, Quality.STALE) for r in now) if first else ()
        self._settled = now
        known, self._measured = self._measured, self._measured if blank else now
        if blank:
            return now
        if first:
            return tuple(Reading(r.signal, None, Quality.STALE) for r in now)
        return () if now == known else now
