"""A course of five days played through the real kernel in virtual time, with the shipped limits, into a real journal.

The pump is true (it gives what it is told to, and counts); people act by a script. Frames come every half minute while
nothing flows and every five seconds while it does, and the bed's times are as coarse: a test must be quick.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from pumpd.clinical.entries import (
    Adjunct,
    AnyEntry,
    Assessment,
    Checklist,
    Comedication,
    CourseEnd,
    CoursePlan,
    FollowUp,
    InfusionPlan,
    OpioidGiven,
    PatchOff,
    PatchOn,
    Route,
    SideEffect,
)
from pumpd.device.facts import CommandOutcome, Control, ControlState, Identity, Outcome
from pumpd.journal import BootInfo, Journal, Origins, StepRecord
from pumpd.safety import decisions as de
from pumpd.safety.alarms import AlarmState
from pumpd.safety.events import (
    Acknowledged,
    AckReason,
    AlarmReset,
    Assessed,
    Charted,
    Event,
    Heard,
    InterlockReset,
    LinkChanged,
    LinkState,
    Patient,
    PatientBound,
    ProtocolOverride,
    RateRequested,
    Sex,
    SoftOverride,
    Tick,
)
from pumpd.safety.kernel import initial_state, next_deadline, step
from pumpd.safety.policy import BedPolicy
from pumpd.units import Ms
from tests.day.shipped import CONFIG, shipped_beds
from tests.safety.build import status, vitals
from tests.safety.dosed import TruePump

ZERO = datetime(2026, 1, 12, 6, 0, tzinfo=UTC)
MIN, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NURSE, DOCTOR = "R. Keller", "Dr A. Brandt"
IDLE_MS, BUSY_MS = 30_000, 5_000
AT_ONCE = 2_000  # records
STEADY = {"rr": 14, "spo2": 96, "etco2": 38, "pulse": 76}
PATIENT = Patient("SYN-0055", "Example", "Erik", "1970-05-04", Sex.MALE, 70_000)  # synthetic
CONTRAINDICATIONS = (
    "pregnancy",
    "active psychosis",
    "poorly controlled cardiovascular disease",
    "severe hepatic impairment",
    "raised intracranial or intraocular pressure",
    "hypersensitivity to ketamine",
)


def coarse(policy: BedPolicy) -> BedPolicy:
    """The shipped bed, whose readings count for as long as this test's frames are apart."""
    times = replace(
        policy.times,
        vitals_live_ms=3 * IDLE_MS,
        vitals_withdraw_ms=6 * IDLE_MS,
        pump_stale_min_ms=3 * IDLE_MS,
        monitoring_lost_ms=10 * IDLE_MS,
    )
    return replace(policy, times=times)


class PlayedBed:
    """One bed in virtual time. steps: everything that was recorded; refused: reasons of what the kernel refused."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.policy = replace(coarse(shipped_beds(folder)[0].policy), **changes)
        self.state, self.now, self.seq = initial_state(self.policy), 0, 0
        self.pump, self.monitor = self.policy.pumps[0].device, self.policy.monitors[0].device
        self.true = TruePump(self.pump)
        self.steps: list[StepRecord] = []
        self.refused: list[tuple[str, ...]] = []
        self.shown: dict[str, float] = dict(STEADY)
        self._ids = count(1)
        for device in (self.pump, self.monitor):
            self.do(LinkChanged(device, LinkState.UP))
        self.do(Heard(self.pump, Identity("Asena", "8002-50001")))
        self.do(Heard(self.pump, Control(ControlState.GRANTED)))
        self.do(PatientBound(PATIENT, NURSE))

    # acts

    def do(self, event: Event) -> tuple[de.Decision, ...]:
        self.state, out = step(self.state, event, Ms(self.now), self.policy)
        self.seq += 1
        wall_ns = int(ZERO.timestamp()) * 1_000_000_000 + self.now * 1_000_000
        self.steps.append(StepRecord(self.policy.bed, self.seq, Ms(self.now), wall_ns, event, out))
        self.refused += [one.reasons for one in out if isinstance(one, de.Refused)]
        for one in out:
            if isinstance(one, de.StopPump):
                self.true.infusing = False
                self.do(Heard(self.pump, CommandOutcome(one.order_id, Outcome.DONE)))
            elif isinstance(one, de.ReadStatus):
                self.poll()
        return out

    def chart(self, entry: AnyEntry, by: str = NURSE, **more: Any) -> str:
        """Write an entry; its id."""
        name = f"{self.policy.bed}-e{next(self._ids)}"
        self.do(Charted(name, entry, by, **more))
        return name

    # time

    def poll(self) -> None:
        said = {"volume_ul": self.true.counter_ul(), "requested_ms": Ms(self.now)}
        self.do(Heard(self.pump, status(self.true.rate_ul_h, self.true.infusing, **said)))

    def run(self, until_ms: int) -> None:
        """Time passes for the pump, the monitor and the kernel."""
        while self.now < until_ms:
            frame = min(until_ms, self.now + (BUSY_MS if self.true.infusing else IDLE_MS))
            due = next_deadline(self.state, self.policy)
            tick = due is not None and self.now < due < frame
            later = due if tick and due is not None else frame
            self.true.run(later - self.now)
            self.now = later
            if tick:
                self.do(Tick())
            else:
                self.do(Heard(self.monitor, vitals(**self.shown)))
                self.poll()

    def hours(self, hours: float) -> None:
        self.run(self.now + round(hours * HOUR))

    # what a nurse does at the pump

    def rate(self, ug_kg_h: int) -> None:
        """Keyed in at the pump's panel, for 70 kg at 1 mg/mL; 0: stopped there."""
        self.true.infusing = ug_kg_h > 0
        if ug_kg_h:
            self.true.rate_ul_h = ug_kg_h * 70
        self.poll()

    def score(self, nrs: int, **more: Any) -> None:
        self.chart(Assessment(nrs=nrs, pain=("nociceptive",), **more))

    def settle(self) -> None:
        """A nurse acknowledges what alarms, and resets what is over."""
        for alarm in list(self.state.alarms.values()):
            if alarm.state is not AlarmState.ACKNOWLEDGED:
                self.do(Acknowledged(alarm.id, NURSE, AckReason.CARE_IN_PROGRESS))
        for alarm in list(self.state.alarms.values()):
            if alarm.state is AlarmState.LATCHED:
                self.do(AlarmReset(alarm.id, NURSE, "seen"))

    # the record

    async def journal(self, url: str, generation: str = "demo") -> None:
        """All of it into a journal."""
        origins = Origins("day", "Europe/Berlin", generation, "drug library 2026.1", {})
        boot = BootInfo("boot-1", 1_000, ZERO, "0" * 64, origins)
        journal = await Journal.open(url, boot)
        token = journal.policy(self.policy.bed, 1, Ms(0), self.policy)
        for place, record in enumerate(self.steps):
            token = journal.append(record)
            if place % AT_ONCE == 0:  # days of readings in a second are more than it would keep waiting
                await journal.durable(token)
        await journal.durable(token)
        await journal.close()


def case_report(bed: PlayedBed) -> None:
    """As source B tells it: 458.8 MME/day and NRS 9 at first, infusions on days 1, 3 and 5, 310.0 and 5 at the end."""
    day0_opioids(bed)
    open_course(bed)
    fentanyl = bed.patch
    for day, (nrs, tired) in enumerate(((8, 1), (7, 0), (6, 1), (6, 0), (5, 0))):
        start = (day + 1) * DAY
        bed.run(start + 2 * HOUR)
        if day % 2 == 0:
            infusion(bed, day // 2)
        if day == 2:
            bed.chart(PatchOff(fentanyl))
        opioids_of_day(bed, start, nrs, tired, fentanyl_off=day >= 2)
    bed.run(6 * DAY - HOUR)
    bed.chart(Assessment(nrs=5, satisfaction=9, mood="in great spirits", tolerance="good"))
    bed.chart(CourseEnd("three infusions were given"), DOCTOR)
    bed.hours(12)
    bed.chart(FollowUp("weeks later, by telephone: pain bearable", nrs=5, mme_milli=310_000), DOCTOR)
    bed.run(bed.now + MIN)


def day0_opioids(bed: PlayedBed) -> None:
    """458.8 MME in 24 h by the CDC's 2022 factors: 240 + 180 + 38.8."""
    bed.patch = bed.chart(PatchOn("fentanyl", 100_000))  # type: ignore[attr-defined]
    for hour in (2, 10, 18):
        bed.run(hour * HOUR)
        bed.chart(OpioidGiven("oxycodone", Route.ORAL, 40_000))
        bed.score(9)
    bed.run(20 * HOUR)
    bed.chart(OpioidGiven("hydrocodone", Route.ORAL, 38_800))
    bed.run(DAY)


def open_course(bed: PlayedBed) -> None:
    bed.chart(CoursePlan(baseline_mme_milli=458_800, context="palliative"), DOCTOR)
    bed.chart(Checklist(tuple((name, False) for name in CONTRAINDICATIONS)), DOCTOR)
    bed.chart(Comedication("gabapentin", sedating=True))
    bed.chart(Comedication("metoprolol", sedating=False, note="blunts tachycardia"))
    bed.score(9, satisfaction=2)


def infusion(bed: PlayedBed, number: int) -> None:
    """0.5 mg/kg, begun with 0.1 mg/kg/h and raised twice; the last one until its cap stops it."""
    bed.chart(Adjunct("haloperidol", benzodiazepine=False, amount_ug=500))
    bed.chart(InfusionPlan(dose_ug_kg=500, start_ug_kg_h=100), DOCTOR)
    if number == 1:
        refused_and_overridden(bed)
    for rate, minutes in ((100, 35), (200, 35), (300, 64)):
        bed.rate(rate)
        bed.run(bed.now + MIN)
        bed.settle()
        for _ in range(minutes // 12):
            bed.run(bed.now + 11 * MIN)
            bed.do(Assessed(NURSE, poss=2 if rate == 300 else 1))
            if rate == 300 and number == 0 and bed.now % HOUR > 50 * MIN:
                bed.chart(Assessment(side_effects=(SideEffect("dissociation", 1), SideEffect("nausea", 0))))
        bed.run(bed.now + (minutes - 1 - minutes // 12 * 11) * MIN)
    if number < 2:
        bed.rate(0)
    else:
        while bed.true.infusing:
            bed.run(bed.now + BUSY_MS)
        bed.run(bed.now + 2 * MIN)
        bed.settle()
        bed.do(InterlockReset(bed.pump, NURSE, "infusion is over"))
    bed.settle()
    bed.hours(1.2)


def refused_and_overridden(bed: PlayedBed) -> None:
    """What a rushed colleague tries, and what a physician may decide."""
    bed.do(RateRequested("r1", bed.pump, 140_000, NURSE, "pain"))
    bed.do(SoftOverride(bed.pump, NURSE, "wants to go faster"))
    bed.do(ProtocolOverride("infusion_count", NURSE, "one more would help"))
    bed.do(ProtocolOverride("step_interval", DOCTOR, "palliative, breakthrough pain"))
    bed.chart(InfusionPlan(dose_ug_kg=2_000, start_ug_kg_h=100), NURSE)


def opioids_of_day(bed: PlayedBed, start: int, nrs: int, tired: int, *, fentanyl_off: bool) -> None:
    """310.0 MME in 24 h without fentanyl: 180 + 130."""
    for hour in (6, 10, 14, 18, 22):
        bed.run(max(bed.now, start + hour * HOUR))
        effects = (SideEffect("drowsiness", tired),) if hour == 6 else ()
        bed.score(nrs if hour < 18 else max(5, nrs - 1), side_effects=effects)
        if hour in (6, 14, 22):
            bed.chart(OpioidGiven("oxycodone", Route.ORAL, 40_000))
        if fentanyl_off and hour in (10, 18):
            bed.chart(OpioidGiven("morphine", Route.ORAL, 65_000))


__all__ = ["CONFIG", "PlayedBed", "case_report"]
