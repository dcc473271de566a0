"""The columns of a recording and the meaning of a cell, the same for every file format. Pure.

A cell is text (CSV) or a value (Parquet). An empty one is a missing value, never 0. What people assess (poss, rass,
on_oxygen) and what is measured now and then (nibp, temp) stays valid until the next: there an empty cell says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN

from pumpd.config.problems import did_you_mean
from pumpd.device import SIGNALS, Quality, Reading, Vitals
from pumpd.safety.assessments import POSS, RASS
from pumpd.safety.events import Assessed
from pumpd.units import Ms, exact, parse_decimal

TIME = "t_s"
TIME_LIMIT_S = 10**12  # epoch seconds fit, nonsense does not
OFF = "sensor_off"
OXYGEN = "on_oxygen"
ASSESSED = ("poss", "rass", OXYGEN)  # said by a person at the bedside, not by the monitor
SIGNAL_COLUMNS = tuple(name for name, signal in SIGNALS.items() if not signal.wave and name not in ASSESSED)
EPISODIC = frozenset(name for name, signal in SIGNALS.items() if signal.episodic)
MISSING = frozenset({"", "-", "--", "---", "nan", "na", "null", "none"})
NO = frozenset({"0", "false", "no"})
YES = frozenset({"1", "true", "yes"})
BY = "recording"
ASLEEP = "s"
FLAGS = {"true": "1", "false": "0"}  # how the formats write the value of a flag such as no_breath
CACHE_LIMIT = 50_000  # distinct cells remembered; a recording repeats few values very often

Cell = object
Row = tuple[Ms, Vitals | Assessed]


class RecordingError(ValueError):
    """The file is no recording that can be judged; the message names file, place and what was expected."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The monitor's signals, and one Vitals per row at its time, after what a person assessed at that time.

    Rows are read once, while they are needed.

    fraction says how much of the file has been read (0 to 1), None where that cannot be known.
    """

    name: str
    signals: tuple[str, ...]
    rows: Iterator[Row]
    fraction: Callable[[], float] | None = None


class Place:
    """Where in a file we are: "x.csv:12: …" for a text file, "x.parquet: row 12: …" for one without lines."""

    def __init__(self, name: str, *, lines: bool) -> None:
        self.name = name
        self.at = 1
        self._lines = lines

    def error(self, message: str) -> RecordingError:
        place = f"{self.name}:{self.at}" if self._lines else f"{self.name}: row {self.at}"
        return RecordingError(f"{place}: {message}")


def check_header(where: str, header: list[str]) -> None:
    """Raises RecordingError, beginning with `where`, for unknown, repeated or missing columns."""
    known = (TIME, *SIGNAL_COLUMNS, OFF, *ASSESSED)
    for column in header:
        if column not in known:
            raise RecordingError(f'{where}: unknown column "{column}"{did_you_mean(column, known)}')
        if header.count(column) > 1:
            raise RecordingError(f'{where}: column "{column}" is there twice')
    if TIME not in header:
        raise RecordingError(f'{where}: there is no column "{TIME}" (seconds)')
    if not signals_of(header):
        raise RecordingError(f"{where}: there is no column with a vital sign: {', '.join(SIGNAL_COLUMNS)}")


def signals_of(header: Iterable[str]) -> tuple[str, ...]:
    return tuple(column for column in header if column in SIGNAL_COLUMNS)


class RowReader:
    """Turns rows of cells into Vitals. Readings of equal cells are shared."""

    def __init__(self, place: Place, header: list[str]) -> None:
        self._place = place
        self._width = len(header)
        self._time_at = header.index(TIME)
        self._off_at = header.index(OFF) if OFF in header else None
        self._signals = signals_of(header)
        self._columns = [(signal, header.index(signal)) for signal in self._signals]
        self._episodic = not EPISODIC.isdisjoint(self._signals)
        self._assessed = Assessments(place, header)
        self._cache: dict[tuple[str, Cell], Reading] = {}

    def read(self, rows: Iterable[Sequence[Cell]]) -> Iterator[Row]:
        """One Vitals per row at its time; `rows` keeps the place up to date. Raises RecordingError."""
        last: int | None = None
        for row in rows:
            if len(row) != self._width:
                raise self._place.error(f"{len(row)} cells, expected {self._width}")
            now = self._time(row[self._time_at])
            if last is not None and now <= last:
                raise self._place.error(f"{TIME} {str(row[self._time_at]).strip()} is not later than the row before")
            last = now
            if self._assessed and (assessed := self._assessed.read(row)) is not None:
                yield Ms(now), assessed
            yield Ms(now), Vitals(self._readings(row))

    def _readings(self, row: Sequence[Cell]) -> tuple[Reading, ...]:
        off = self._off(row[self._off_at]) if self._off_at is not None else frozenset()
        readings = tuple(self._reading(name, row[at], name in off) for name, at in self._columns)
        if not self._episodic:
            return readings
        return tuple(one for one in readings if one.value_milli is not None or one.signal not in EPISODIC)

    def _time(self, cell: Cell) -> int:
        seconds = parse_decimal(str(cell))
        if seconds is None or not 0 <= seconds < TIME_LIMIT_S:
            raise self._place.error(f'{TIME} "{words(cell)}" is no number of seconds')
        return int(seconds * 1000)

    def _off(self, cell: Cell) -> frozenset[str]:
        """Signals whose sensor is off: all of them for 1 (the row does not say which), or those named."""
        word = words(cell).lower()
        if not word or word in NO:
            return frozenset()
        if word in YES:
            return frozenset(self._signals)
        named = frozenset(word.split())
        if not named <= set(self._signals):
            raise self._place.error(f'{OFF} "{words(cell)}": expected 0, 1 or names of columns')
        return named

    def _reading(self, signal: str, cell: Cell, off: bool) -> Reading:
        if off:
            cell = OFF
        reading = self._cache.get((signal, cell))
        if reading is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            reading = self._cache[signal, cell] = self._new_reading(signal, cell)
        return reading

    def _new_reading(self, signal: str, cell: Cell) -> Reading:
        if cell is OFF:
            return Reading(signal, None, Quality.OFF)
        word = words(cell)
        if word.lower() in MISSING:
            return Reading(signal, None, Quality.INVALID)
        row = SIGNALS[signal]
        value = parse_decimal(FLAGS.get(word.lower(), word) if row.flag else word)
        if value is None:
            raise self._place.error(f'{signal} "{word}" is neither a number nor empty')
        if signal == "spo2" and 0 < value < 1:
            raise self._place.error(f'{signal} "{word}" looks like a fraction, expected % (97, not 0.97)')
        # out of the sensor's range: not believed (QUA-01); compared before it becomes an integer of any size
        if not exact(row.min_milli, 1000) <= value <= exact(row.max_milli, 1000):
            return Reading(signal, None, Quality.INVALID)
        return Reading(signal, int((value * 1000).to_integral_value(ROUND_HALF_EVEN)))


class Assessments:
    """What people assess. A cell that repeats the one before is no new assessment. False where no column has any."""

    def __init__(self, place: Place, header: list[str]) -> None:
        self._place = place
        self._columns = [(name, header.index(name)) for name in ASSESSED if name in header]
        self._last: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._columns)

    def read(self, row: Sequence[Cell]) -> Assessed | None:
        """What this row says anew, None when nothing. Raises RecordingError."""
        new: dict[str, str] = {}
        for name, at in self._columns:
            word = words(row[at]).lower().removesuffix(".0")  # a column with gaps is often one of floats
            if word not in MISSING and word != self._last.get(name):
                new[name] = word
        if not new:
            return None
        self._last |= new
        return Assessed(
            BY,
            poss=self._whole("poss", new, POSS),
            asleep=new.get("poss") == ASLEEP,
            rass=self._whole("rass", new, RASS),
            oxygen=self._oxygen(new),
        )

    def _whole(self, name: str, new: dict[str, str], allowed: range) -> int | None:
        word = new.get(name)
        if word is None or (name == "poss" and word == ASLEEP):
            return None
        value = parse_decimal(word)
        if value is None or value not in allowed:
            asleep = "S or " if name == "poss" else ""
            raise self._place.error(f'{name} "{word}": expected {asleep}{allowed[0]} to {allowed[-1]}')
        return int(value)

    def _oxygen(self, new: dict[str, str]) -> bool | None:
        word = new.get(OXYGEN)
        if word is None:
            return None
        if word not in YES | NO:
            raise self._place.error(f'{OXYGEN} "{word}": expected 0 or 1')
        return word in YES


def words(cell: Cell) -> str:
    """A cell as a person would have typed it; nothing for none."""
    return "" if cell is None else str(cell).strip()
