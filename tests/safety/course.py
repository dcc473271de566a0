"""Builders for tests of courses: a protocol with plain numbers, a bed that keeps one, and people who write a chart."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
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
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
    Route,
    SideEffect,
)
from pumpd.safety.decisions import CourseChanged, Permitted, Refused
from pumpd.safety.events import Charted, ProtocolOverride
from pumpd.safety.limits import Cap, DoseCaps, Limit
from pumpd.safety.policy import BedPolicy
from pumpd.safety.protocol_policy import Observation, ProtocolPolicy, ProtocolRule, RoutePolicy, VitalRange
from pumpd.safety.view import CourseView
from tests.safety.build import KETAMINE, Bed, bed_policy

MIN, HOUR = 60_000, 3_600_000
DAY = 24 * HOUR
LDK = "protocol ldk 2"
PROTOCOL = ProtocolPolicy(
    id="ldk",
    version="2",
    approved_by="Dr A",
    set_by=LDK,
    max_infusions=3,
    course_ms=120 * HOUR,
    pause_ends_ms=10 * MIN,
    extra_stop=True,
    start=Limit(100, LDK),
    step=Limit(100, LDK),
    step_interval_ms=30 * MIN,
    start_vitals=(VitalRange("rr", 10_000, 30_000), VitalRange("spo2", None, None), VitalRange("hr", 50_000, 150_000)),
    observations=(Observation(HOUR, 15 * MIN), Observation(3 * HOUR, 30 * MIN), Observation(None, HOUR)),
    observation_grace_ms=10 * MIN,
    nrs_every_ms=4 * HOUR,
    nrs_grace_ms=30 * MIN,
    adjunct_required=True,
    adjuncts=("midazolam", "lorazepam", "haloperidol"),
    contraindications=("pregnancy", "active psychosis"),
    overridable=(
        ProtocolRule.START_RATE,
        ProtocolRule.STEP_SIZE,
        ProtocolRule.STEP_INTERVAL,
        ProtocolRule.START_VITALS,
        ProtocolRule.ADJUNCT,
        ProtocolRule.SUB_ANAESTHETIC,
    ),
    sub_anaesthetic_low_ug_kg=100,
    sub_anaesthetic_high_ug_kg=900,
    sub_anaesthetic_source="10 to 20 % of the label's induction dose",
    routes=(
        RoutePolicy("oral", 170_000, 3_000, 500_000, "source A", "oral is 30 to 40 % more potent than subcutaneous"),
        RoutePolicy("im", 930_000, 3_000, 1_000_000, "source A"),
    ),
    predicted_pg_ml=200_000,
)
CAPS = DoseCaps(Cap(500, LDK), Cap(1_500, LDK), Cap(1_000, LDK))
STEADY = {"rr": 14, "spo2": 97, "pulse": 72}
ALL = tuple(ProtocolRule)
MIDAZOLAM = Adjunct("midazolam", benzodiazepine=True, amount_ug=2_000)


def course_policy(pump: dict[str, Any] | None = None, caps: DoseCaps | None = CAPS, **protocol: Any) -> BedPolicy:
    """A bed that keeps courses; keywords are fields of the protocol."""
    drug = replace(KETAMINE, caps=caps)
    return bed_policy({"drug": drug, **(pump or {})}, protocol=replace(PROTOCOL, **protocol))


class CourseBed(Bed):
    """A bed whose patient breathes well and whose pump stands still."""

    def __init__(self, policy: BedPolicy | None = None, **more: Any) -> None:
        super().__init__(policy or course_policy(), **more)
        self._ids = count(1)
        self.pump(0, False)
        self.vitals(**STEADY)

    def chart(self, entry: AnyEntry, by: str = "RN", **more: Any) -> tuple[str, ...]:
        """Write an entry; the reasons of the refusal, () where it was accepted."""
        self.entry = more.pop("id", f"e{next(self._ids)}")
        out = self.do(Charted(self.entry, entry, by, **more), 10)
        refused = [decision for decision in out if isinstance(decision, Refused)]
        assert len(refused) + len([d for d in out if isinstance(d, Permitted)]) == 1
        return refused[0].reasons if refused else ()

    def note(self) -> str:
        """What the newest answer said beside yes."""
        return next(decision.note for decision in self.out if isinstance(decision, Permitted))

    def set_aside(self, rule: str, by: str = "Dr A", reason: str = "palliative") -> tuple[str, ...]:
        out = self.do(ProtocolOverride(rule, by, reason), 10)
        return next((decision.reasons for decision in out if isinstance(decision, Refused)), ())

    def ready(self) -> None:
        """Everything that an infusion needs, beside its plan."""
        assert self.chart(CoursePlan()) == ()
        assert self.chart(Assessment(nrs=7)) == ()
        assert self.chart(Checklist((("pregnancy", False), ("active psychosis", False)))) == ()
        assert self.chart(Adjunct("haloperidol", benzodiazepine=False, amount_ug=500)) == ()

    def plan(self, dose: int = 100, start: int = 100) -> tuple[str, ...]:
        """Plan an infusion, in mcg/kg and mcg/kg/h; the reasons of a refusal."""
        self.vitals(**STEADY)
        return self.chart(InfusionPlan(dose, start))

    def flow(self, ug_kg_h: int, after: int = 0, **more: Any) -> None:
        """The pump reports this dose rate for 70 kg at 1 mg/mL; 0: it stands still."""
        self.vitals(after, **STEADY)
        self.pump(ug_kg_h * 70, ug_kg_h > 0, after=10, **more)

    def keep(self, ms: int, ug_kg_h: int = 0, every: int = 2_000) -> None:
        """Frames of pump and monitor go on for that long."""
        for _ in range(ms // every):
            self.run(every - 10)
            self.flow(ug_kg_h)

    def infuse(self, ms: int = 10_000, ug_kg_h: int = 100) -> None:
        """One whole infusion: it runs for so long, and is over after the pause that ends it."""
        self.keep(ms, ug_kg_h)
        self.rest()

    def rest(self) -> None:
        """The pump stands still until its infusion is over."""
        self.keep(12 * MIN, 0, 4_900)

    def course(self) -> CourseView:
        found = self.view().course
        assert found is not None
        return found

    def courses(self) -> list[CourseChanged]:
        return [decision for _, decision in self.log if isinstance(decision, CourseChanged)]


def ready(**protocol: object) -> CourseBed:
    bed = CourseBed(course_policy(**protocol))
    bed.ready()
    return bed


def used_up(**protocol: object) -> CourseBed:
    """Three planned infusions were given, and are over."""
    bed = ready(**protocol)
    for _ in range(3):
        assert bed.plan() == ()
        bed.infuse()
    return bed


ENTRIES: tuple[AnyEntry, ...] = (
    Assessment(nrs=9, pain=("neuropathic",), side_effects=(SideEffect("nausea", 2),), satisfaction=3, mood="low"),
    OpioidGiven("oxycodone", Route.ORAL, 10_000),
    PatchOn("fentanyl", 25_000),
    PatchOff("x2"),
    KetamineGiven(Route.ORAL, 35_000),
    Adjunct("midazolam", True, 1_000, "at night"),
    Comedication("gabapentin", True),
    Checklist((("pregnancy", False),)),
    CoursePlan(458_800, "palliative"),
    InfusionPlan(500, 100),
    CourseEnd("goal reached"),
    FollowUp("well", 3, 310_000),
)
