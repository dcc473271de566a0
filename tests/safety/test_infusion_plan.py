"""The plan of an infusion: refused with every reason, accepted at every limit."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import Adjunct, Checklist, CoursePlan, InfusionPlan
from pumpd.safety.decisions import InfusionPhase, InterlockState
from pumpd.safety.events import PatientBound
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.protocol_policy import VitalRange
from tests.safety.build import patient
from tests.safety.course import HOUR, LDK, MIDAZOLAM, MIN, STEADY, CourseBed, course_policy, ready


@pytest.mark.req("CRS-02")
def test_a_plan_is_refused_with_every_reason() -> None:
    bed = CourseBed()
    bed.vitals(rr=8, spo2=None, pulse=72)
    bed.run(10_000)
    reasons = " | ".join(bed.chart(InfusionPlan(2_000, 1_200)))
    for words in (
        "no course is open",
        f"start rate 1.2 mg/kg/h is above 0.1 mg/kg/h set by {LDK}",
        "the dose 2 mg/kg is above the sub-anaesthetic 0.1 to 0.9 mg/kg (10 to 20 % of the label's induction dose)",
        "an hour of the start rate, 1.2 mg/kg is above",
        f"no adjunct is recorded (midazolam, lorazepam, haloperidol, or none and why), set by {LDK}",
        f"contra-indications not asked: pregnancy, active psychosis, set by {LDK}",
        "RR is missing or not live (10 to 30 /min)",
        "SpO2 is missing or not live",
        "HR is missing or not live (50 to 150 /min)",
        f"the dose 2 mg/kg is above the cap 0.5 mg/kg per infusion set by {LDK}",
        f"the dose needs 140 mg, and 70 mg are left of the cap 1 mg/kg (70 mg) in 24 h set by {LDK}",
        "start rate 1.2 mg/kg/h is above the hard ceiling 1 mg/kg/h set by library",
    ):
        assert words in reasons


@pytest.mark.req("CRS-02")
def test_a_plan_at_every_limit_is_accepted() -> None:
    bed = ready()
    assert bed.plan(500, 100) == ()
    assert bed.course().infusions[-1].phase is InfusionPhase.PLANNED


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(
    ("vitals", "words"),
    [
        ({**STEADY, "rr": 9}, "RR 9 is out of range (10 to 30 /min)"),
        ({**STEADY, "rr": 31}, "RR 31 is out of range (10 to 30 /min)"),
        ({**STEADY, "pulse": 49}, "PR 49 is out of range (50 to 150 /min)"),
        ({**STEADY, "spo2": None}, "SpO2 is missing or not live"),
    ],
)
def test_a_vital_sign_that_is_missing_or_out_of_range_is_named_with_value_and_range(
    vitals: dict[str, float], words: str
) -> None:
    bed = ready()
    bed.vitals(**vitals, after=1_000)
    assert bed.chart(InfusionPlan(100, 100)) == (f"{words}, set by {LDK}",)


@pytest.mark.req("CRS-02")
def test_a_vital_sign_that_is_stale_is_missing() -> None:
    bed = ready()
    bed.run(5_000)
    (reason,) = bed.chart(InfusionPlan(100, 100))
    assert reason.count("is missing or not live") == 3


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(("minutes", "old"), [(15, False), (16, True)])
def test_a_blood_pressure_is_good_for_one_observation_interval(minutes: int, old: bool) -> None:
    bed = ready(start_vitals=(VitalRange("nibp_sys", 90_000, 180_000),))
    bed.vitals(nibp_sys=120)
    bed.run(minutes * MIN - 10)
    reasons = bed.chart(InfusionPlan(100, 100))
    assert reasons == ((f"NIBP sys 120 is 16 min old (90 to 180 mmHg), set by {LDK}",) if old else ())


@pytest.mark.req("CRS-02")
def test_a_present_contra_indication_is_named_and_a_later_answer_counts() -> None:
    bed = ready()
    bed.chart(Checklist((("pregnancy", True),)))
    assert bed.plan() == (f"contra-indication present: pregnancy, set by {LDK}",)
    bed.chart(Checklist((("pregnancy", False),)))
    assert bed.plan() == ()


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(
    ("adjunct", "enough"),
    [
        (Adjunct("haloperidol", False, 500), True),
        (Adjunct("Haloperidol", False, 500), True),
        (Adjunct("none", False, None, "frail"), True),
        (Adjunct("paracetamol", False, 500_000), False),
    ],
)
def test_an_adjunct_is_one_that_the_protocol_names_or_the_decision_to_give_none(adjunct: Adjunct, enough: bool) -> None:
    bed = CourseBed()
    bed.chart(CoursePlan())
    bed.chart(Checklist((("pregnancy", False), ("active psychosis", False))))
    assert bed.chart(adjunct) == ()
    assert (bed.plan() == ()) is enough


@pytest.mark.req("CRS-02")
def test_what_was_asked_for_another_course_is_asked_again() -> None:
    bed = ready(course_ms=48 * HOUR)
    assert bed.plan() == ()
    bed.run(49 * HOUR)
    bed.flow(0)
    assert bed.chart(CoursePlan()) == ()
    reasons = bed.plan()
    assert len(reasons) == 2
    assert "no adjunct is recorded" in reasons[0]
    assert "contra-indications not asked" in reasons[1]


@pytest.mark.req("CRS-02", "CEI-09")
def test_after_a_cap_the_next_infusion_needs_another_plan_once_the_pump_stands_still() -> None:
    bed = CourseBed(course_policy(caps=DoseCaps(Cap(5, LDK))))
    bed.ready()
    bed.plan(5, 100)
    bed.flow(100)
    bed.keep(4 * MIN, 100)
    assert bed.lock() is not InterlockState.ARMED
    assert bed.plan(5, 100) == ("infusion 1 is not over: stopped by cap",)
    bed.flow(0, after=1_000)
    assert bed.course().infusions[0].phase is InfusionPhase.STOPPED_BY_CAP
    assert bed.plan(5, 100) == ()


@pytest.mark.req("CRS-02")
def test_a_plan_needs_a_weight() -> None:
    bed = ready()
    bed.do(PatientBound(patient(weight_g=None), "ADT"), 10)
    assert bed.plan() == ("the patient's weight is missing",)


@pytest.mark.req("CRS-02")
def test_another_infusion_that_is_not_over_has_its_plan() -> None:
    bed = ready()
    bed.plan()
    bed.flow(100)
    assert bed.plan() == ("infusion 1 is not over: running",)
    bed.flow(0, after=1_000)
    assert bed.plan() == ("infusion 1 is not over: paused",)
    bed.rest()
    assert bed.plan() == ()


@pytest.mark.req("CRS-02", "CRS-06")
def test_a_low_dose_is_planned_with_a_note() -> None:
    bed = ready()
    bed.plan(50, 50)
    assert bed.note().startswith("the dose 0.05 mg/kg is below the sub-anaesthetic 0.1 to 0.9 mg/kg")


@pytest.mark.req("CRS-10")
def test_a_benzodiazepine_is_said_at_the_plan_and_stands_while_ketamine_runs() -> None:
    bed = ready()
    bed.chart(MIDAZOLAM)
    bed.plan()
    assert "benzodiazepine given: watch breathing closely" in bed.note()
    assert bed.alarm("benzodiazepine") is None
    bed.flow(100)
    assert bed.is_active("benzodiazepine")
    bed.flow(0, after=1_000)
    assert bed.alarm("benzodiazepine") is None


@pytest.mark.req("CRS-10")
def test_after_a_benzodiazepine_breathing_must_be_measured_whatever_the_protocol_lists() -> None:
    bed = ready(start_vitals=())
    bed.run(20_000)
    assert bed.chart(InfusionPlan(100, 100)) == ()
    bed.chart(MIDAZOLAM)
    assert bed.chart(InfusionPlan(100, 100)) == (
        f"RR is missing or not live; SpO2 is missing or not live, set by {LDK}",
    )
    bed.run(24 * HOUR)
    assert bed.chart(InfusionPlan(100, 100)) == ()
