"""Where two stories are laid side by side: what was found, how much was compared, and what each check needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import zip_longest

from pumpd.safety.alarms import Alarm, AlarmState, Phase
from tests.chaos.storm.run import Outcome
from tests.chaos.storm.spans import FOREVER, Spans, calm
from tests.chaos.storm.story import BedStory

DRIFT_MS = 120  # kernel time and boot time differ by a millisecond for each restart, and by rounding
UNASKED_MS = 6_000  # a report that nobody asked for is of this time at most
BUSY_MS = 3_000  # what a busy machine may add to any latency


@dataclass(frozen=True)
class Disagreement:
    """at_s: since the storm began. truly, pumpd: the two stories."""

    seed: int
    bed: str
    at_s: float
    what: str
    truly: str
    pumpd: str

    def __str__(self) -> str:
        head = f"seed {self.seed}, {self.bed}, {self.at_s:.2f} s: {self.what}"
        return f"{head}\n    truly: {self.truly}\n    pumpd: {self.pumpd}"


@dataclass
class AlarmLife:
    """One instance as the journal tells it, change by change."""

    id: str
    bed: str
    condition: str
    device: str | None
    rows: list[tuple[float, Alarm, Phase]] = field(default_factory=list)

    @property
    def begun_ms(self) -> float:
        return self.rows[0][0]

    @property
    def ended_ms(self) -> float | None:
        return next((at for at, alarm, _ in self.rows if alarm.state is AlarmState.ENDED), None)

    def lives(self, from_ms: float, until_ms: float) -> bool:
        """Is it there at any moment of that time?"""
        return self.begun_ms <= until_ms and (self.ended_ms is None or self.ended_ms >= from_ms)


class Court:
    """found: every disagreement. counts: how much was compared. latency_ms: of alarms, by condition."""

    def __init__(self, outcome: Outcome, stories: dict[str, BedStory]) -> None:
        self.outcome, self.ghost, self.stories = outcome, outcome.ghost, stories
        self.found: list[Disagreement] = []
        self.counts: Counter[str] = Counter()
        self.latency_ms: dict[str, list[float]] = defaultdict(list)
        self.lives: dict[str, AlarmLife] = {}

    def say(self, bed: str, at_ms: float, what: str, truly: str, pumpd: str) -> None:
        """They disagree."""
        at_s = (at_ms - self.ghost.begun_ms) / 1000
        self.found.append(Disagreement(self.outcome.seed, bed, at_s, what, truly, pumpd))

    def s(self, at_ms: float) -> str:
        """Seconds since the storm began."""
        return f"{(at_ms - self.ghost.begun_ms) / 1000:.1f}"

    def calm(self, line: Spans, begin: float, end: float, *more: Spans) -> list[tuple[float, float]]:
        """When line, daemon and machine (and what else is named) were all as they should be."""
        return calm((line, self.ghost.daemon, self.ghost.machine, *more), begin, end)

    def bound(self, bed: str) -> Spans:
        """When nobody whose weight is known was in the bed, or somebody had just come."""
        found, stays = Spans(), self.stories[bed].stays
        for stay, after in zip_longest(stays, stays[1:]):
            until_ms = stay.until_ms + BUSY_MS
            if stay.mrn is None:
                until_ms = FOREVER if after is None else after.until_ms + BUSY_MS
            found.add(stay.from_ms, until_ms, "nobody in the bed" if stay.mrn is None else "somebody new")
        return found

    def live(self, bed: str, condition: str, device: str, from_ms: float, until_ms: float) -> AlarmLife | None:
        """The first alarm whose condition begins like that and that is there at some moment of that time."""
        found = (life for life in self.lives.values() if (life.bed, life.device) == (bed, device))
        there = [life for life in found if life.condition.startswith(condition) and life.lives(from_ms, until_ms)]
        return min(there, key=lambda life: life.begun_ms, default=None)

    def expect(self, bed: str, condition: str, device: str, span: tuple[float, float, float], truly: str) -> None:
        """span: it can be known from when on, is due when, and lasts until when; alarmed by then, or they disagree."""
        from_ms, due_ms, until_ms = span
        known = self.live(bed, condition, device, from_ms, due_ms)
        if known is None:
            self.say(bed, from_ms, f"no {condition}", truly, self.shown(bed, from_ms, until_ms))
        elif known.begun_ms >= from_ms:
            self.latency_ms[condition].append(known.begun_ms - from_ms)

    def shown(self, bed: str, from_ms: float, until_ms: float) -> str:
        """The bed's alarms of that time."""
        near = [life for life in self.lives.values() if life.bed == bed and life.lives(from_ms - 2000, until_ms + 8000)]
        told = [f"{life.condition} since {self.s(life.begun_ms)} s ({life.rows[-1][1].state})" for life in near]
        return "alarms then: " + (", ".join(told) or "none")
