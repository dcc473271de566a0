"""The ghost observer: what truly happened, told by the simulators alone. It knows nothing of pumpd.

Times are milliseconds of the machine's boot time, which pumpd's kernel time follows too (see tests.chaos.storm.story).
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from pumpd.registry import drivers
from pumpd.sim.bed import CONC_MG_ML, SimBed
from pumpd.sim.syringe import OCCLUSION, UNITS_PER_UL
from tests.chaos.storm.spans import Spans
from tests.chaos.storm.ward import StormWard, Tap

NL_PER_UL = 1000
HEARD_MS = 8_000  # in so long a calm every pump has been asked at least once
LATE_MS = 700  # our own loop so late: the machine is busy, and nobody's time is judged
SAMPLE_S = 0.1
TOLD_RATE = "was told a rate"
BREATH = ("capnostream20", "philips_intellivue", "draeger_medibus", "ge_dri")
"""Monitors that tell of no breath by CO2."""


def boot_ms() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) * 1000


@dataclass(frozen=True)
class Row:
    """At this time: what had left the syringe in all, is it infusing, and at which rate."""

    at_ms: float
    pushed_nl: int
    infusing: bool
    rate_ul_h: int
    occluded: bool


@dataclass(frozen=True)
class Happened:
    """Something that happened at a pump: stopped, started, keyed ..., and by whom."""

    at_ms: float
    what: str
    by: str


@dataclass
class PumpTruth:
    """One pump's. line: what was wrong with it or with its line. reset_ms: when its counter last fell."""

    id: str
    bed: str
    driver: str
    weight_g: int
    can_stop: bool
    poll_ms: int
    rows: list[Row] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    line: Spans = field(default_factory=Spans)
    reset_ms: float = 0.0
    moved_ms: float = 0.0
    asked: dict[str, int] = field(default_factory=dict)
    step_nl: int = 1000

    def note(self, row: Row) -> None:
        last = self.rows[-1] if self.rows else None
        if last is not None and (last.infusing, last.rate_ul_h) != (row.infusing, row.rate_ul_h):
            self._keep(Row(row.at_ms, row.pushed_nl, last.infusing, last.rate_ul_h, last.occluded))
        self._keep(row)

    def _keep(self, row: Row) -> None:
        self.rows.append(row)
        self.times.append(row.at_ms)

    def pushed_at_least(self, at_ms: float) -> int:
        """Certainly so much by then, in nanolitres."""
        at = bisect_right(self.times, at_ms) - 1
        return self.rows[at].pushed_nl if at >= 0 else 0

    def pushed_at_most(self, at_ms: float) -> int:
        """Certainly no more until then."""
        at = bisect_left(self.times, at_ms)
        return self.rows[min(at, len(self.rows) - 1)].pushed_nl

    def between(self, from_ms: float, until_ms: float) -> list[Row]:
        """Every row of that time, and the one before it."""
        first = max(0, bisect_right(self.times, from_ms) - 1)
        return self.rows[first : bisect_right(self.times, until_ms)]

    def stood(self, from_ms: float, until_ms: float) -> bool:
        """Did it stand still at any moment of that time?"""
        return any(not row.infusing for row in self.between(from_ms, until_ms))

    def over(self, row: Row, limit_ug_kg_h: int = 1000) -> bool:
        return row.infusing and row.rate_ul_h * CONC_MG_ML * 1000 > limit_ug_kg_h * self.weight_g

    def episodes(self) -> list[tuple[float, float]]:
        """From when until when it infused above the hard ceiling."""
        return _runs([(row.at_ms, self.over(row)) for row in self.rows])

    def blocked(self) -> list[tuple[float, float]]:
        """From when until when it alarmed of an occlusion."""
        return _runs([(row.at_ms, row.occluded) for row in self.rows])


def _runs(marks: list[tuple[float, bool]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    begun: float | None = None
    for at_ms, on in marks:
        if on and begun is None:
            begun = at_ms
        elif not on and begun is not None:
            found.append((begun, at_ms))
            begun = None
    return found if begun is None else [*found, (begun, marks[-1][0])]


@dataclass
class MonitorTruth:
    """One monitor's line, and when its patient did not breathe."""

    id: str
    bed: str
    driver: str
    poll_ms: int
    line: Spans = field(default_factory=Spans)
    still: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def hears_breath(self) -> bool:
        return self.driver in BREATH

    def apnoeas(self) -> list[tuple[float, float]]:
        return _runs(self.still)


@dataclass
class Truth:
    """Of the whole ward. daemon: when it was down or hung; machine: when this very process was late; disk: when the
    journal's was full, or its server not well; dark: when nothing of the ward could come to the hub.
    """

    begun_ms: float
    pumps: list[PumpTruth]
    monitors: list[MonitorTruth]
    daemon: Spans = field(default_factory=Spans)
    machine: Spans = field(default_factory=Spans)
    disk: Spans = field(default_factory=Spans)
    dark: Spans = field(default_factory=Spans)


class Ghost(Truth):
    """Watches a ward."""

    def __init__(self, ward: StormWard) -> None:
        self._ward = ward
        self._shift_ms = boot_ms() - ward.beds[0].now_ms()
        super().__init__(boot_ms(), [self._pump(bed) for bed in ward.beds], [self._monitor(bed) for bed in ward.beds])
        self._last_ms = boot_ms()
        for number, tap in enumerate(ward.pumps):
            self._watch(number, tap)

    def _pump(self, bed: SimBed) -> PumpTruth:
        info = drivers()[bed.pump.model].info
        can_stop = info.pump.can_stop and info.pump.can_read_back
        weight_g = int(bed.patient.weight_kg * 1000)
        return PumpTruth(
            f"{bed.id}-p1", bed.id, bed.pump.model, weight_g, can_stop, info.poll_ms, step_nl=info.pump.counter_step_nl
        )

    def _monitor(self, bed: SimBed) -> MonitorTruth:
        return MonitorTruth(f"{bed.id}-m1", bed.id, bed.monitor.model, drivers()[bed.monitor.model].info.poll_ms)

    def _watch(self, number: int, tap: Tap) -> None:
        def before(now_ms: int) -> None:
            self._look(number, now_ms, "itself")

        def after(now_ms: int, commanded: bool) -> None:
            self._look(number, now_ms, "host" if commanded else "itself")
            self._hear(number, now_ms)

        tap.before, tap.after = before, after

    def look(self, number: int, by: str) -> None:
        """Now; what has changed is put down to `by`."""
        self._look(number, self._ward.beds[number].now_ms(), by)

    def _hear(self, number: int, now_ms: int) -> None:
        """Whether the host's bytes told the pump a rate."""
        truth, asked = self.pumps[number], self._ward.beds[number].pump.asked["rate"]
        if asked != truth.asked.get("rate", 0):
            truth.asked["rate"] = asked
            truth.events.append(Happened(now_ms + self._shift_ms, TOLD_RATE, "host"))

    def _look(self, number: int, now_ms: int, by: str) -> None:
        bed, truth = self._ward.beds[number], self.pumps[number]
        bed.pump.advance(now_ms)
        pump, last = bed.pump.pump, truth.rows[-1] if truth.rows else None
        at_ms = now_ms + self._shift_ms
        row = Row(
            at_ms,
            pump.pushed_units * NL_PER_UL // UNITS_PER_UL,
            pump.infusing,
            pump.rate_ul_h,
            OCCLUSION in pump.alarms,
        )
        if last is not None and last.infusing != row.infusing:
            truth.events.append(Happened(at_ms, "started" if row.infusing else "stopped", by))
        elif last is not None and by == "host" and last.rate_ul_h != row.rate_ul_h:
            truth.events.append(Happened(at_ms, f"rate {row.rate_ul_h}", by))
        truth.note(row)

    def truth(self) -> Truth:
        """What it saw, without what it watched."""
        return Truth(self.begun_ms, self.pumps, self.monitors, self.daemon, self.machine, self.disk, self.dark)

    def sample(self) -> None:
        """Every pump and every patient, now; and how late this was."""
        now = boot_ms()
        if now - self._last_ms > SAMPLE_S * 1000 + LATE_MS:
            self.machine.add(self._last_ms, now + 1000, "observer late")
        self._last_ms = now
        for number, bed in enumerate(self._ward.beds):
            self.look(number, "itself")
            self.monitors[number].still.append((now, bed.patient.rr <= 0))

    def happened(self, number: int, what: str, by: str) -> None:
        self.pumps[number].events.append(Happened(boot_ms(), what, by))

    def is_heard_since(self, number: int, at_ms: float) -> bool:
        """Has pumpd had the time to hear this pump since then, and is it whole now?"""
        now, all_of = boot_ms(), (self.pumps[number].line, self.daemon, self.machine)
        if any(spans.are_open() for spans in all_of):
            return False
        return any(
            spans_clear(all_of, begin, now) for begin in (max(at_ms, now - HEARD_MS),) if now - begin >= HEARD_MS
        )


def spans_clear(all_of: tuple[Spans, ...], from_ms: float, until_ms: float) -> bool:
    return all(spans.clear(from_ms, until_ms) for spans in all_of)
