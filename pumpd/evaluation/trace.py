"""What the recorded signals looked like, kept for a picture: values, and the times at which there was none. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from pumpd.device import Vitals
from pumpd.units import Ms

NO_VALUE = -1  # in thousandths; every signal's range begins at 0 or above
SHOWN = ("rr", "spo2", "etco2", "no_breath_s")


class Trace:
    """Every sample of the shown signals: 8 bytes a row and 4 a value, so a day at 1 Hz takes 2 MB.

    Its `add` is a watcher of the evaluation.
    """

    def __init__(self, signals: Iterable[str], live_ms: int) -> None:
        """live_ms: how long a value counts when nothing follows it."""
        self._live_ms = live_ms
        self._times = array("q")
        self._values = {name: array("i") for name in SHOWN if name in set(signals)}

    @property
    def signals(self) -> tuple[str, ...]:
        """The shown signals of the recording, in the order in which they are drawn."""
        return tuple(self._values)

    def add(self, now: Ms, vitals: Vitals) -> None:
        self._times.append(now)
        for reading in vitals.readings:
            values = self._values.get(reading.signal)
            if values is not None:
                values.append(NO_VALUE if reading.value_milli is None else reading.value_milli)

    def extent(self, signal: str, start_ms: int, end_ms: int) -> tuple[int, int] | None:
        """Lowest and highest value in a window, None when there is none."""
        low, high = self._window(start_ms, end_ms)
        values = [value for value in self._values[signal][low:high] if value != NO_VALUE]
        return (min(values), max(values)) if values else None

    def runs(self, signal: str, start_ms: int, end_ms: int, step_ms: float) -> Iterator[list[tuple[int, int]]]:
        """(time, value) of each stretch without a gap; of values within one step only those that shape the line."""
        low, high = self._window(start_ms, end_ms)
        times, values = self._times, self._values[signal]
        run: list[tuple[int, int]] = []
        for at in range(low, high):
            if run and (values[at] == NO_VALUE or times[at] - times[at - 1] > self._live_ms):
                yield thinned(run, step_ms)
                run = []
            if values[at] != NO_VALUE:
                run.append((times[at], values[at]))
        if run:
            yield thinned(run, step_ms)

    def gaps(self, signal: str, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
        """Spans of the window in which no value counts: a cell without one, or no row for longer than live_ms."""
        low, high = self._window(start_ms, end_ms)
        first = max(0, low - 1)  # what was before the window says what it begins with
        last: int | None = None
        since = start_ms if first == high or self._times[first] > start_ms else None
        for at in range(first, high):
            now, missing = self._times[at], self._values[signal][at] == NO_VALUE
            if since is None and last is not None and now - last > self._live_ms:
                since = last + self._live_ms
            if missing and since is None:
                since = now
            elif not missing and since is not None:
                if now > start_ms:
                    yield max(since, start_ms), now
                since = None
            last = now
        if since is None and last is not None and end_ms - last > self._live_ms:
            since = last + self._live_ms
        if since is not None and since < end_ms:
            yield max(since, start_ms), end_ms

    def _window(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        return bisect_left(self._times, start_ms), bisect_right(self._times, end_ms)


def thinned(run: list[tuple[int, int]], step_ms: float) -> list[tuple[int, int]]:
    """First, lowest, highest and last of each step in order of time: what a pen of that width would draw."""
    if step_ms <= 0 or len(run) < 3:
        return run
    kept: list[tuple[int, int]] = []
    column: list[tuple[int, int]] = []
    for point in run:
        if column and point[0] // step_ms != column[0][0] // step_ms:
            kept += _corners(column)
            column = []
        column.append(point)
    return kept + _corners(column)


def _corners(column: list[tuple[int, int]]) -> list[tuple[int, int]]:
    lowest, highest = min(column, key=_value), max(column, key=_value)
    return sorted({column[0], lowest, highest, column[-1]})


def _value(point: tuple[int, int]) -> int:
    return point[1]
