"""Vital signs of a span in buckets: lowest, mean and highest, as the bed's screen would have shown them. Pure.

Days of readings are millions of numbers, so no event is made of a frame (see pumpd.journal.scan). The bed's rules count
all the same: the first monitor in the bed's order that had a value speaks, a value that it held is none and nobody
speaks for it, and a value counts for its monitor's live time, no longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pumpd.device.facts import Quality
from pumpd.device.signals import SIGNALS
from pumpd.journal.packing import QUALITIES
from pumpd.journal.scan import Form, FrameReader
from pumpd.journal.shapes import Shapes
from pumpd.safety.freshness import live_ms
from pumpd.safety.policy import BedPolicy
from pumpd.units import MS_PER_MIN

HOLDABLE = frozenset({"rr", "etco2"})
BREATH = ("no_breath", "no_breath_s", "rr")
NICE_MS = tuple(1000 * s for s in (5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400))
BELIEVED = frozenset(QUALITIES.index(quality) for quality in (Quality.OK, Quality.QUESTIONABLE))


def step_of(span_ms: int, points: int) -> int:
    """The shortest usual length of a bucket with which the span has no more than so many points."""
    return next((step for step in NICE_MS if span_ms <= step * points), -(-span_ms // max(1, points)))


@dataclass(slots=True)
class Line:
    """One signal of one monitor: (low, total, high, count, time and value of the last) by bucket; where it was held."""

    buckets: dict[int, tuple[int, int, int, int, int, int]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)


class VitalsReader(FrameReader):
    """Reads frames of a span that is a whole number of buckets."""

    qualities = BELIEVED

    def __init__(
        self,
        shapes: Shapes,
        policy: BedPolicy,
        signals: tuple[str, ...],
        from_ms: int,
        until_ms: int,
        parts: int,
    ) -> None:
        super().__init__(shapes, frozenset({*signals, *BREATH}), from_ms, until_ms, parts)
        self._wanted = frozenset(signals)
        self._held_after_ms = policy.breathing.held_after_ms
        self._monitors = {one.device: one for one in policy.monitors}
        self._live_ms = {one.device: live_ms(policy.times, one) for one in policy.monitors}
        self._order = tuple(one.device for one in policy.monitors)
        self._silent: dict[str, list[tuple[int, int]]] = {}
        self._watched: dict[int, tuple[int | None, int | None, int]] = {}
        self.lines: dict[tuple[str, str], Line] = {}

    # what the monitor says of breath

    def heard(self, form: Form, numbers: tuple[int, ...], now_ms: int) -> None:
        """Keep when a monitor said that there is no breath: what it displays then is held."""
        flag, count, limit = self._watched.get(id(form)) or self._watch(form)
        if flag is None and count is None:
            return
        spans = self._silent[form.device]
        calm = (flag is None or numbers[flag] == 0) and (count is None or 0 <= numbers[count] < limit)
        if calm and not (spans and spans[-1][1] > now_ms):
            return  # nearly every frame of a day
        said = self._breathless(form, numbers)
        if said:
            until_ms = now_ms + self._live_ms.get(form.device, 0)
            if spans and spans[-1][1] >= now_ms:
                spans[-1] = (spans[-1][0], until_ms)
            else:
                spans.append((now_ms, until_ms))
        elif said is False and spans and spans[-1][1] > now_ms:
            spans[-1] = (spans[-1][0], now_ms)

    def _watch(self, form: Form) -> tuple[int | None, int | None, int]:
        """Where such a frame tells of missing breath, and from which count on that matters."""
        self._silent.setdefault(form.device, [])
        found = form.places.get("no_breath"), form.places.get("no_breath_s"), self._held_after_ms // form.unit
        self._watched[id(form)] = found
        return found

    def _breathless(self, form: Form, numbers: tuple[int, ...]) -> bool | None:
        """As pumpd.safety.samples.breathless, of one frame; None: it says nothing of it."""
        flag, count, rate = (self._number(form, numbers, name) for name in BREATH)
        if flag:
            return True
        monitor = self._monitors.get(form.device)
        if count is not None and count >= self._held_after_ms and monitor is not None:
            own_ms = monitor.no_breath_ms
            return not rate or count * rate > MS_PER_MIN * 1000 or (own_ms is not None and count >= own_ms)
        return None if flag is None and count is None else False

    def _number(self, form: Form, numbers: tuple[int, ...], name: str) -> int | None:
        place = form.places.get(name)
        if place is None or numbers[place] == form.nothing:
            return None
        return numbers[place] * form.unit

    # columns

    def looked(self, form: Form, columns: tuple[tuple[int, ...], ...], part: int) -> None:
        if form.device not in self._monitors:
            return
        for name, place in form.places.items():
            if name in self._wanted:
                self._note(form, name, columns[place], part)

    def _note(self, form: Form, name: str, column: tuple[int, ...], part: int) -> None:
        line = self.lines.setdefault((form.device, name), Line())
        known, last_ms = self._known(form, name, column, line, part)
        if not known:
            return
        low, high, total, count = min(known), max(known), sum(known), len(known)
        old = line.buckets.get(part)
        if old is not None:
            low, high = min(low, old[0]), max(high, old[2])
            total, count = total + old[1], count + old[3]
        line.buckets[part] = (low, total, high, count, last_ms, known[-1])

    def _known(self, form: Form, name: str, column: tuple[int, ...], line: Line, part: int) -> tuple[list[int], int]:
        """The column's believable values in thousandths, and when the last of them came."""
        signal, unit, nothing = SIGNALS[name], form.unit, form.nothing
        low, high = signal.min_milli // unit, signal.max_milli // unit
        silent = self._silent_in(form, part) if name in HOLDABLE else ()
        if not silent and nothing not in column and low <= min(column) and max(column) <= high:
            return ([n * unit for n in column] if unit != 1 else list(column)), form.times[-1]
        found, last_ms = [], 0
        for n, at_ms in zip(column, form.times, strict=True):
            if n == nothing or not low <= n <= high:
                continue
            if n and any(began <= at_ms < ended for began, ended in silent):
                line.held.add(part)  # 0 is no held value: it says itself that there is no breath
                continue
            found.append(n * unit)
            last_ms = at_ms
        return found, last_ms

    def _silent_in(self, form: Form, part: int) -> tuple[tuple[int, int], ...]:
        first, last = form.times[0], form.times[-1]
        return tuple(span for span in self._silent.get(form.device, ()) if span[0] <= last and span[1] > first)

    # what is shown

    def result(self, signal: str) -> Iterator[tuple[int, int, int] | None]:
        """(low, mean, high) in thousandths for each bucket, None where nothing was measured."""
        lines = [(self._live_ms[one], self.lines[one, signal]) for one in self._order if (one, signal) in self.lines]
        last: list[tuple[int, int] | None] = [None] * len(lines)
        step_ms = (self.until_ms - self.from_ms) // self.parts
        for part in range(self.parts):
            middle_ms = self.from_ms + part * step_ms + step_ms // 2
            yield _bucket(lines, last, part, middle_ms)


def _bucket(
    lines: list[tuple[int, Line]], last: list[tuple[int, int] | None], part: int, middle_ms: int
) -> tuple[int, int, int] | None:
    """The first monitor that has a word. last: of each line the newest (time, value), renewed here."""
    found: tuple[int, int, int] | None = None
    spoken = False
    for place, (lives_ms, line) in enumerate(lines):
        bucket, before = line.buckets.get(part), last[place]
        if bucket is not None:
            low, total, high, count, at_ms, value = bucket
            last[place] = (at_ms, value)
            if not spoken:
                found, spoken = (low, round(total / count), high), True
        elif part in line.held:
            last[place], spoken = None, True
        elif before is not None and not spoken and middle_ms < before[0] + lives_ms:
            found, spoken = (before[1], before[1], before[1]), True
    return found
