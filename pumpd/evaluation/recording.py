"""Reads a CSV of recorded vitals. Columns are found by name; an empty cell is a missing value, never 0."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN
from pathlib import Path

from pumpd.config.problems import did_you_mean
from pumpd.device import SIGNALS, Quality, Reading, Vitals
from pumpd.units import Ms, exact, parse_decimal

TIME = "t_s"
TIME_LIMIT_S = 10**12  # epoch seconds fit, nonsense does not
OFF = "sensor_off"
SIGNAL_COLUMNS = ("rr", "spo2", "etco2", "pulse", "no_breath_s", "fico2", "no_breath", "hr", "poss")
MISSING = frozenset({"", "-", "--", "---", "nan", "na", "null", "none"})
NOT_OFF = frozenset({"", "0", "false", "no"})
ALL_OFF = frozenset({"1", "true", "yes"})


class RecordingError(ValueError):
    """The file is no recording; the message names file, line and what was expected."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The columns found, and one Vitals per row at its time. Rows are read once, while they are needed."""

    signals: tuple[str, ...]
    rows: Iterator[tuple[Ms, Vitals]]


def read_recording(path: Path) -> Recording:
    """Open a CSV file. Raises OSError, or RecordingError here (header) and while iterating `rows`."""
    return parse_recording(str(path), _text_lines(path))


def _text_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        yield from file


def parse_recording(name: str, lines: Iterable[str]) -> Recording:
    """As read_recording, from lines of text."""
    reader = csv.reader(lines)
    header = [cell.strip().lower() for cell in next(reader, [])]
    _check_header(name, header)
    signals = tuple(column for column in header if column in SIGNAL_COLUMNS)
    return Recording(signals, _Rows(name, header, signals).read(reader))


def _check_header(name: str, header: list[str]) -> None:
    known = (TIME, OFF, *SIGNAL_COLUMNS)
    for column in header:
        if column not in known:
            raise RecordingError(f'{name}:1: unknown column "{column}"{did_you_mean(column, known)}')
        if header.count(column) > 1:
            raise RecordingError(f'{name}:1: column "{column}" is there twice')
    if TIME not in header:
        raise RecordingError(f'{name}:1: there is no column "{TIME}" (seconds)')
    if not any(column in SIGNAL_COLUMNS for column in header):
        raise RecordingError(f"{name}:1: there is no column with a vital sign: {', '.join(SIGNAL_COLUMNS)}")


class _Rows:
    """Turns rows into Vitals. Readings of equal text are shared: a recording repeats few values very often."""

    def __init__(self, name: str, header: list[str], signals: tuple[str, ...]) -> None:
        self._name = name
        self._width = len(header)
        self._time_at = header.index(TIME)
        self._off_at = header.index(OFF) if OFF in header else None
        self._columns = [(signal, header.index(signal)) for signal in signals]
        self._signals = signals
        self._cache: dict[tuple[str, str], Reading] = {}
        self._line = 1

    def read(self, reader: Iterator[list[str]]) -> Iterator[tuple[Ms, Vitals]]:
        last: int | None = None
        for self._line, row in enumerate(reader, 2):
            if not any(row):
                continue
            if len(row) != self._width:
                raise self._error(f"{len(row)} cells, expected {self._width}")
            now = self._time(row[self._time_at])
            if last is not None and now <= last:
                raise self._error(f"{TIME} {row[self._time_at].strip()} is not later than the row before")
            last = now
            off = self._off(row[self._off_at]) if self._off_at is not None else frozenset()
            yield Ms(now), Vitals(tuple(self._reading(name, row[at], name in off) for name, at in self._columns))

    def _error(self, message: str) -> RecordingError:
        return RecordingError(f"{self._name}:{self._line}: {message}")

    def _time(self, text: str) -> int:
        seconds = parse_decimal(text)
        if seconds is None or not 0 <= seconds < TIME_LIMIT_S:
            raise self._error(f'{TIME} "{text.strip()}" is no number of seconds')
        return int(seconds * 1000)

    def _off(self, text: str) -> frozenset[str]:
        """Signals whose sensor is off: all of them for 1 (the row does not say which), or those named."""
        word = text.strip().lower()
        if word in NOT_OFF:
            return frozenset()
        if word in ALL_OFF:
            return frozenset(self._signals)
        named = frozenset(word.split())
        if not named <= set(self._signals):
            raise self._error(f'{OFF} "{text.strip()}": expected 0, 1 or names of columns')
        return named

    def _reading(self, signal: str, text: str, off: bool) -> Reading:
        if off:
            text = OFF
        reading = self._cache.get((signal, text))
        if reading is None:
            reading = self._cache[signal, text] = self._new_reading(signal, text)
        return reading

    def _new_reading(self, signal: str, text: str) -> Reading:
        if text == OFF:
            return Reading(signal, None, Quality.OFF)
        word = text.strip()
        if word.lower() in MISSING:
            return Reading(signal, None, Quality.INVALID)
        value = parse_decimal(word)
        if value is None:
            raise self._error(f'{signal} "{word}" is neither a number nor empty')
        # out of the sensor's range: not believed (QUA-01); compared before it becomes an integer of any size
        row = SIGNALS[signal]
        if not exact(row.min_milli, 1000) <= value <= exact(row.max_milli, 1000):
            return Reading(signal, None, Quality.INVALID)
        return Reading(signal, int((value * 1000).to_integral_value(ROUND_HALF_EVEN)))
