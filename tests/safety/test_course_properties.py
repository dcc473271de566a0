"""Whatever people and pumps do: no infusion beyond the protocol's number goes unnoticed, and no reason is kept back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.clinical.entries import (
    Adjunct,
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
from pumpd.safety.decisions import Decision, InfusionChanged, InfusionPhase, PatientClosed, Permitted, Refused
from pumpd.safety.events import Charted, PatientBound, Restarted
from pumpd.safety.wire import (
    decision_from_wire,
    decision_to_wire,
    event_from_wire,
    event_to_wire,
    state_from_bytes,
    state_to_bytes,
)
from tests.safety.build import HIGH, patient
from tests.safety.course import MIN, CourseBed, course_policy

WINDOW_MS = 60 * MIN
ASKED = Checklist((("pregnancy", False), ("active psychosis", False)))


class Counted(CourseBed):
    """A bed with an observer who counts the infusions that were told of."""

    def __init__(self, **protocol: Any) -> None:
        self.starts: list[int] = []
        self.known: set[tuple[str, int]] = set()
        times = {"course_ms": WINDOW_MS, "pause_ends_ms": MIN}
        super().__init__(course_policy(None, None, **{**times, **protocol}))

    def do(self, event: Any, after: int = 0) -> tuple[Decision, ...]:
        out = super().do(event, after)
        for decision in out:
            self.see(decision)
        assert all(decision_from_wire(decision_to_wire(decision)) == decision for decision in out)
        if len(self.starts) > 3 and self.is_running():
            alarm = self.alarm("extra_infusion")
            assert alarm is not None, "an infusion too many, and nobody is told"
            assert (alarm.priority, alarm.present) == (HIGH, True)
        return out

    def see(self, decision: Decision) -> None:
        if isinstance(decision, PatientClosed):
            self.starts.clear()
        if isinstance(decision, InfusionChanged) and decision.phase is InfusionPhase.RUNNING:
            self.begun(decision.course, decision.number)
        if isinstance(decision, Refused):
            assert decision.reasons
            assert all(decision.reasons)

    def begun(self, course: str, number: int) -> None:
        if (course, number) not in self.known:
            self.known.add((course, number))
            over = bool(self.starts) and self.now - self.starts[0] >= WINDOW_MS
            self.starts = [self.now] if over else [*self.starts, self.now]

    def is_running(self) -> bool:
        course = self.view().course
        return course is not None and bool(course.infusions) and course.infusions[-1].phase is InfusionPhase.RUNNING


def start(bed: Counted) -> None:
    bed.flow(100, after=1_000)


def stop(bed: Counted) -> None:
    bed.flow(0, after=1_000)


def wait(bed: Counted) -> None:
    for _ in range(3):
        bed.run(25_000)
        bed.flow(0)


def wait_long(bed: Counted) -> None:
    bed.run(20 * MIN)
    bed.flow(0)


def whole(bed: Counted) -> None:
    """A short infusion from its start to its end."""
    start(bed)
    stop(bed)
    wait(bed)


def restart(bed: Counted) -> None:
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(Restarted(5_000, True), 5_000)


def next_patient(bed: Counted) -> None:
    number = 1 + int(bed.state.patient.mrn[1:]) if bed.state.patient is not None else 1
    bed.flow(0, after=1_000)
    bed.do(PatientBound(patient(f"M{number}"), "ADT"), 10)


def last(bed: Counted) -> str:
    return next(reversed(list(bed.state.course.entries)), "none")


ACTS = (
    *(start, stop, wait, whole, whole, whole, wait_long, restart, next_patient),
    lambda bed: bed.chart(CoursePlan()),
    lambda bed: bed.chart(CourseEnd("over")),
    lambda bed: (bed.chart(ASKED), bed.chart(Adjunct("none", False, None, "frail"))),
    lambda bed: bed.plan(),
    lambda bed: bed.plan(500, 700),
    lambda bed: bed.set_aside("infusion_count"),
    lambda bed: bed.set_aside("adjunct"),
    lambda bed: bed.chart(Assessment(note="never mind"), corrects=last(bed), reason="mistake"),
)


@pytest.mark.req("CRS-03", "CRS-08")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ACTS), max_size=40), st.booleans())
def test_no_infusion_beyond_the_number_runs_without_a_high_alarm(acts: list[Any], stops: bool) -> None:
    bed = Counted(extra_stop=stops)
    for act in (*acts, start):
        act(bed)


DEFECTS = {
    "course": "no course is open",
    "checklist": "contra-indications not asked: pregnancy, active psychosis",
    "adjunct": "no adjunct is recorded",
    "rr": "RR 40 is out of range (10 to 30 /min)",
    "spo2": "SpO2 is missing or not live",
    "dose": "the dose 0.7 mg/kg is above the cap 0.5 mg/kg per infusion",
    "rate": "start rate 0.3 mg/kg/h is above 0.1 mg/kg/h",
    "band": "the dose 0.95 mg/kg is above the sub-anaesthetic",
    "weight": "the patient's weight is missing",
}


@pytest.mark.req("CRS-02")
@settings(max_examples=120, deadline=None)
@given(st.sets(st.sampled_from(sorted(DEFECTS))))
def test_a_refusal_names_every_defect_and_no_other(defects: set[str]) -> None:
    bed = CourseBed(weight_g=None if "weight" in defects else 70_000)
    if "course" not in defects:
        bed.chart(CoursePlan())
    if "checklist" not in defects:
        bed.chart(ASKED)
    if "adjunct" not in defects:
        bed.chart(Adjunct("haloperidol", False))
    bed.run(6_000)
    bed.vitals(rr=40 if "rr" in defects else 14, spo2=None if "spo2" in defects else 97, pulse=72)
    dose = 950 if "band" in defects else 700 if "dose" in defects else 500
    reasons = bed.chart(InfusionPlan(dose, 300 if "rate" in defects else 100))
    text = " | ".join(reasons)
    told = {name for name, words in DEFECTS.items() if words in text}
    over_cap = {"dose"} if dose > 500 else set()
    assert told - {"dose"} == defects - {"dose"}
    assert ("above the cap" in text) is bool(over_cap)
    assert bool(reasons) is bool(defects)


WHOLE = st.one_of(st.integers(0, 12), st.integers(-(10**30), 10**30), st.integers(0, 10**6))
WORDS = st.sampled_from(["", " ", "none", "midazolam", "ketamine", "pregnancy", "p1"])
PAIRS = st.lists(st.tuples(WORDS, st.booleans()), max_size=3).map(tuple)
EFFECTS = st.lists(st.builds(SideEffect, WORDS, WHOLE), max_size=2).map(tuple)
ENTRY = st.one_of(
    st.builds(Assessment, nrs=st.none() | WHOLE, side_effects=EFFECTS, satisfaction=st.none() | WHOLE, note=WORDS),
    st.builds(OpioidGiven, WORDS, st.sampled_from(Route), WHOLE),
    st.builds(PatchOn, WORDS, WHOLE),
    st.builds(PatchOff, WORDS),
    st.builds(KetamineGiven, st.sampled_from(Route), WHOLE),
    st.builds(Adjunct, WORDS, st.booleans(), st.none() | WHOLE, WORDS),
    st.builds(Comedication, WORDS, st.booleans()),
    st.builds(Checklist, PAIRS),
    st.builds(CoursePlan, st.none() | WHOLE),
    st.builds(InfusionPlan, WHOLE, WHOLE),
    st.builds(CourseEnd, WORDS),
    st.builds(FollowUp, WORDS, st.none() | WHOLE, st.none() | WHOLE),
)
NAMES = st.sampled_from(["", "p1", "e1", "e2", "e3"])
CHARTED = st.builds(
    Charted,
    NAMES,
    ENTRY,
    st.sampled_from(["RN", ""]),
    st.none() | WHOLE,
    st.none() | NAMES,
    st.sampled_from(["", "why"]),
)


@pytest.mark.req("CRS-07", "CRS-08")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(CHARTED, st.sampled_from([100, 0, 300])), max_size=25), st.sampled_from([70_000, None, 1]))
def test_whatever_is_written_is_taken_or_refused_and_can_be_stored(said: list[Any], weight_g: int | None) -> None:
    bed = CourseBed(weight_g=weight_g)
    for one in said:
        if isinstance(one, int):
            bed.flow(one, after=1_000)
            continue
        answers = [d for d in bed.do(one, 10) if isinstance(d, Permitted | Refused) and d.act == "chart"]
        assert len(answers) == 1
        assert answers[0].by == one.by
        assert state_from_bytes(state_to_bytes(bed.state)) == bed.state
        assert event_from_wire(event_to_wire(one)) == one
