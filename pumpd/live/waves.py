"""Curves on their way to the screens that asked for them. No I/O, no tasks.

Theory of operation. The last seconds of a bed's curve are kept once, in runs of samples without a hole, each sample
with its number. A screen is one number for each curve: the next sample that it has not got. So nothing is queued for
anybody, a slow screen gets fewer and is told of the gap, and alarms and values always go first.

A sample's time is that of the sample before it and one period more, drawn slowly towards when it was heard; where that
is too far off, samples were lost, and a new run begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pumpd.device.facts import Waveform
from pumpd.device.signals import SIGNALS
from pumpd.live.amounts import number
from pumpd.live.messages import Wave, encode
from pumpd.live.stamp import Stamp

SHOWN = frozenset({"co2_wave"})
KEPT_MS = 2_000  # of a curve; who is further behind is told of a gap
APART_MS = 500  # heard so much later or earlier than its number says: not the next sample
SLEW = 20  # the part of the difference by which a sample's time follows the line's


@dataclass(slots=True)
class _Run:
    """Samples without a hole. first: the number of the oldest that is kept; first_ms: its time."""

    first: int
    first_ms: float
    period_ms: int
    samples: deque[int | None] = field(default_factory=deque)

    @property
    def end(self) -> int:
        return self.first + len(self.samples)

    @property
    def end_ms(self) -> float:
        """When the sample after the last is due."""
        return self.first_ms + len(self.samples) * self.period_ms


class _Curve:
    """One curve of one device."""

    def __init__(self) -> None:
        self.runs: deque[_Run] = deque()
        self.next = 0

    def take(self, fact: Waveform, now_ms: int) -> None:
        count, run = len(fact.samples_milli), self.runs[-1] if self.runs else None
        began_ms = now_ms - (count - 1) * fact.period_ms
        off_ms = 0.0 if run is None else began_ms - run.end_ms
        if run is None or run.period_ms != fact.period_ms or abs(off_ms) > APART_MS:
            if run is not None:
                self.next += 1  # a number that nobody gets: that is the gap
            run = _Run(self.next, began_ms, fact.period_ms)
            self.runs.append(run)
        else:
            run.first_ms += off_ms / SLEW
        run.samples.extend(fact.samples_milli)
        self.next = run.end
        self._forget(now_ms)

    def _forget(self, now_ms: int) -> None:
        while self.runs and self.runs[0].end_ms < now_ms - KEPT_MS:
            self.runs.popleft()
        if not self.runs:
            return
        old = self.runs[0]
        while old.samples and old.first_ms < now_ms - KEPT_MS:
            old.samples.popleft()
            old.first, old.first_ms = old.first + 1, old.first_ms + old.period_ms

    def after(self, got: int | None) -> tuple[_Run, int] | None:
        """The run with the first sample that comes after number `got`, and that sample's number."""
        for run in self.runs:
            if run.samples and (got is None or run.end > got):
                return run, run.first if got is None else max(run.first, got)
        return None


Place = tuple[str, str, str]  # bed, device, signal


class Waves:
    """heard() what comes, pending() and frame() for each screen."""

    def __init__(self) -> None:
        self._curves: dict[Place, _Curve] = {}

    def heard(self, bed: str, device: str, fact: Waveform, now_ms: int) -> None:
        """A piece of a curve; other curves than SHOWN are passed over."""
        if fact.signal in SHOWN and fact.samples_milli and fact.period_ms > 0:
            curve = self._curves.get((bed, device, fact.signal))
            if curve is None:
                curve = self._curves[bed, device, fact.signal] = _Curve()
            curve.take(fact, now_ms)

    def pending(self, beds: Iterable[str], got: dict[Place, int]) -> bool:
        """Is there anything that this screen has not got?"""
        return next(self._new(beds, got), None) is not None

    def _new(self, beds: Iterable[str], got: dict[Place, int]) -> Iterator[tuple[Place, _Run, int]]:
        for place, curve in self._curves.items():
            found = curve.after(got.get(place)) if place[0] in beds else None
            if found is not None:
                yield place, *found

    def frame(self, beds: Iterable[str], got: dict[Place, int], stamp: Stamp) -> str | None:
        """The next piece as a message, or None; `got` is brought forward. A run's end ends the piece."""
        found = next(self._new(beds, got), None)
        if found is None:
            return None
        place, run, at = found
        bed, device, signal = place
        skipped = at - run.first
        samples = [None if one is None else number(one, 1000) for one in list(run.samples)[skipped:]]
        start = stamp.text(round(run.first_ms) + skipped * run.period_ms)
        gap = got.get(place) != at
        got[place] = run.end
        unit = SIGNALS[signal].unit
        now = stamp.text(stamp.now_ms)
        return encode(Wave(now, bed, device, signal, unit, start, run.period_ms, samples, gap)).decode()
