"""A course: opened, planned, judged at its starts, counted, over. What pumps report counts, not what was typed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.clinical.entries import (
    Adjunct,
    Assessment,
    Checklist,
    CourseEnd,
    CoursePlan,
    InfusionPlan,
)
from pumpd.safety import kernel
from pumpd.safety.decisions import CourseChanged, InfusionPhase, InterlockState, Permitted, Refused, StopPump
from pumpd.safety.events import (
    Heard,
    InterlockReset,
    PatientBound,
    PatientReleased,
    PolicyReplaced,
    Restarted,
    ResumeRequested,
    Tick,
)
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.policy import Enforcement
from pumpd.safety.protocol_policy import ProtocolRule, VitalRange
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import HIGH, MEDIUM, PUMP, bed_policy, patient, status
from tests.safety.course import HOUR, LDK, MIN, STEADY, CourseBed, course_policy

ALL = tuple(ProtocolRule)
MIDAZOLAM = Adjunct("midazolam", benzodiazepine=True, amount_ug=2_000)


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


# --- a course


@pytest.mark.req("CRS-01")
def test_a_course_is_opened_by_a_named_person_and_said_so() -> None:
    bed = CourseBed()
    bed.chart(CoursePlan(458_800, "palliative"), by="Dr A")
    assert bed.courses() == [CourseChanged("b1-c1", True, "M1", "Dr A")]
    assert (bed.course().id, bed.course().day) == ("b1-c1", 1)


@pytest.mark.req("CRS-01")
def test_a_second_course_is_refused_while_one_is_open() -> None:
    bed = CourseBed()
    bed.chart(CoursePlan())
    assert bed.chart(CoursePlan()) == (f"course b1-c1 is open, 3 of 3 infusions are left ({LDK})",)


@pytest.mark.req("CRS-01")
def test_no_course_is_kept_at_a_bed_without_a_protocol() -> None:
    bed = CourseBed(bed_policy())
    assert bed.chart(CoursePlan()) == ("this bed has no protocol",)
    assert bed.chart(InfusionPlan(500, 100)) == ("this bed has no protocol",)
    assert bed.set_aside("plan") == ("this bed has no protocol",)
    assert bed.view().course is None


@pytest.mark.req("CRS-01")
def test_a_pump_that_runs_without_a_course_opens_one_that_a_person_can_plan_afterwards() -> None:
    bed = CourseBed()
    bed.flow(100)
    assert bed.courses()[-1].by == "pumpd"
    assert "no plan for it" in bed.course().missing
    assert bed.chart(CoursePlan(458_800), by="Dr A") == ()
    assert bed.courses()[-1] == CourseChanged("b1-c1", True, "M1", "Dr A", "planned after it had begun")
    assert bed.chart(CoursePlan()) == ("course b1-c1 is open, and its infusion 1 is not over",)


@pytest.mark.req("CRS-01")
def test_a_named_person_ends_a_course_with_a_reason_once_the_pump_stands_still() -> None:
    bed = ready()
    assert bed.chart(CourseEnd(" ")) == ("a reason is required",)
    bed.plan()
    bed.flow(100)
    assert bed.chart(CourseEnd("no effect")) == ("infusion 1 is running: stop the pump first",)
    bed.flow(0, after=1_000)
    assert bed.chart(CourseEnd("no effect"), by="Dr A") == ()
    assert bed.courses()[-1] == CourseChanged("b1-c1", False, "M1", "Dr A", "no effect")
    assert bed.chart(CourseEnd("again")) == ("no course is open",)


@pytest.mark.req("CRS-01")
def test_a_course_is_over_with_its_time_after_the_first_start() -> None:
    bed = ready()
    bed.run(10 * HOUR)
    bed.flow(0)
    bed.plan()
    bed.infuse()
    started_ms = bed.course().infusions[0].started_ms or 0
    bed.run(started_ms + 120 * HOUR - 1 - bed.now)
    assert bed.course().id == "b1-c1"
    bed.run(1)
    assert bed.courses()[-1] == CourseChanged("b1-c1", False, "M1", "pumpd", f"120 h are over, set by {LDK}")
    assert bed.course().id is None


@pytest.mark.req("CRS-01")
def test_a_course_in_which_nothing_started_is_over_with_the_same_time() -> None:
    bed = CourseBed()
    bed.chart(CoursePlan())
    bed.run(120 * HOUR)
    assert bed.courses()[-1].open is False


@pytest.mark.req("CRS-01", "QUA-06")
def test_the_course_ends_when_the_patient_leaves_and_the_next_one_begins_with_nothing() -> None:
    bed = ready()
    bed.plan()
    bed.flow(100)
    bed.flow(0, after=1_000)
    out = bed.do(PatientReleased("RN", "home"), 10)
    assert CourseChanged("b1-c1", False, "M1", "pumpd", "the patient left") in out
    bed.do(PatientBound(patient("M2"), "ADT"), 10)
    assert bed.state.course.starts_ms == ()
    assert bed.state.course.plan is None
    bed.chart(CoursePlan())
    assert bed.course().id not in (None, "b1-c1")


@pytest.mark.req("CRS-01")
def test_a_course_whose_infusions_are_used_up_gives_way_to_another_and_the_count_goes_on() -> None:
    bed = used_up()
    assert bed.chart(CoursePlan()) == ()
    assert [change.open for change in bed.courses()] == [True, False, True]
    (reason,) = bed.plan()
    assert reason.startswith("3 of 3 infusions given in the last 36 min")


# --- the plan of an infusion


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


# --- judged at the pump


@pytest.mark.req("CRS-04")
def test_a_planned_start_with_everything_raises_nothing() -> None:
    bed = ready()
    bed.plan()
    bed.flow(100)
    assert bed.alarm("started_without") is None
    assert bed.course().missing == ()


@pytest.mark.req("CRS-04")
def test_a_start_without_anything_lists_all_of_it_in_one_medium_alarm() -> None:
    bed = CourseBed()
    bed.run(10_000)
    bed.pump(20_000)
    alarm = bed.the("started_without")
    assert alarm.priority is MEDIUM
    for words in (
        "Infusion 1 started without: no plan for it",
        "no adjunct is recorded",
        "contra-indications not asked: pregnancy, active psychosis",
        "RR is missing or not live (10 to 30 /min)",
        "start rate 0.286 mg/kg/h is above 0.1 mg/kg/h",
    ):
        assert words in alarm.text
    assert len(bed.course().missing) == 5


@pytest.mark.req("CRS-04")
def test_the_alarm_stands_until_each_is_supplied() -> None:
    bed = CourseBed()
    bed.run(10_000)
    bed.pump(20_000)
    bed.chart(Checklist((("pregnancy", False), ("active psychosis", False))))
    bed.chart(MIDAZOLAM)
    assert "contra" not in bed.the("started_without").text
    assert "adjunct" not in bed.the("started_without").text
    bed.vitals(**STEADY)
    bed.pump(20_000, after=1_000)
    assert "RR" not in bed.the("started_without").text
    bed.flow(100, after=1_000)
    assert bed.the("started_without").text == "Infusion 1 started without: no plan for it"
    assert bed.plan() == ()
    assert bed.alarm("started_without") is None
    assert bed.course().infusions[0].number == 1
    assert len(bed.course().infusions) == 1


@pytest.mark.req("CRS-04", "CRS-08")
def test_the_alarm_ends_with_what_a_named_person_sets_aside_and_that_stays_visible() -> None:
    bed = CourseBed(course_policy(overridable=ALL))
    bed.flow(200)
    for rule in ("plan", "adjunct", "checklist", "start_rate"):
        assert bed.alarm("started_without") is not None
        assert bed.set_aside(rule) == ()
    assert bed.alarm("started_without") is None
    assert bed.course().set_aside[0] == ("plan", "Dr A")


@pytest.mark.req("CRS-04")
def test_a_plan_that_is_made_while_it_runs_asks_nothing_of_its_start() -> None:
    bed = CourseBed()
    bed.ready()
    bed.flow(100)
    bed.run(31 * MIN)
    bed.flow(200)
    assert bed.the("started_without").text == "Infusion 1 started without: no plan for it"
    assert bed.plan(400, 100) == ()
    assert bed.alarm("started_without") is None


@pytest.mark.req("CRS-04")
def test_the_alarm_ends_with_the_infusion() -> None:
    bed = CourseBed()
    bed.infuse(ug_kg_h=100)
    assert bed.alarm("started_without") is None


@pytest.mark.req("CRS-04")
@pytest.mark.parametrize(("rate", "told"), [(100, False), (90, False), (89, True), (50, True)])
def test_a_start_that_is_not_the_planned_one_is_told(rate: int, told: bool) -> None:
    bed = ready()
    bed.plan(100, 100)
    bed.flow(rate)
    assert bed.is_active("started_without") is told
    if told:
        assert "planned 0.1 mg/kg/h by RN" in bed.the("started_without").text
        bed.flow(100, after=31 * MIN)
        assert bed.alarm("started_without") is None


@pytest.mark.req("CRS-04")
def test_a_first_rate_that_becomes_known_later_is_judged_then() -> None:
    bed = ready()
    bed.plan()
    bed.pump(None)
    assert bed.alarm("started_without") is None
    bed.pump(20_000, after=1_000)
    assert "start rate" in bed.the("started_without").text


@pytest.mark.req("CRS-04")
def test_a_first_rate_is_judged_when_the_weight_is_known() -> None:
    bed = CourseBed(weight_g=None)
    bed.flow(300)
    assert "start rate" not in bed.the("started_without").text
    bed.do(PatientBound(patient(), "RN"), 1_000)
    assert "start rate 0.3 mg/kg/h is above 0.1 mg/kg/h" in bed.the("started_without").text


@pytest.mark.req("CRS-04")
def test_a_pause_and_another_pump_do_not_make_another_start() -> None:
    bed = ready()
    bed.plan()
    bed.flow(100)
    bed.keep(9 * MIN, 0, 4_000)
    bed.flow(100)
    assert len(bed.course().infusions) == 1
    assert bed.alarm("started_without") is None
    assert bed.alarm("titration") is None


# --- one too many


@pytest.mark.req("CRS-03")
def test_a_fourth_infusion_is_refused_high_and_stopped() -> None:
    bed = used_up()
    (reason,) = bed.plan()
    assert reason.startswith("3 of 3 infusions given in the last 36 min")
    assert reason.endswith(f"limit of 120 h from the first, set by {LDK}")
    bed.flow(100)
    alarm = bed.the("extra_infusion")
    assert alarm.priority is HIGH
    assert "3 of 3 infusions given" in alarm.text
    (stop,) = [decision for decision in bed.out if isinstance(decision, StopPump)]
    assert "3 of 3 infusions given" in stop.cause


@pytest.mark.req("CRS-03")
def test_a_fourth_infusion_is_only_told_of_where_the_protocol_says_so() -> None:
    bed = used_up(extra_stop=False)
    bed.flow(100)
    assert bed.is_active("extra_infusion")
    assert bed.lock() is InterlockState.ARMED


@pytest.mark.req("CRS-03")
def test_a_fourth_infusion_at_a_pump_that_cannot_be_stopped_says_to_stop_it_by_hand() -> None:
    bed = CourseBed(course_policy({"enforcement": Enforcement.ALARM}, max_infusions=0))
    bed.flow(100)
    assert bed.the("extra_infusion").text.endswith("ALARM ONLY (the ward's setting is alarm only): stop b1-p1 by hand")
    bed.flow(0, after=1_000)
    assert "by hand" not in bed.the("extra_infusion").text


@pytest.mark.req("CRS-03", "INT-03")
def test_a_resume_of_the_fourth_infusion_is_refused_and_a_start_stopped_again() -> None:
    bed = used_up()
    bed.flow(100)
    bed.outcome(bed.stops()[-1].order_id, after=50)
    bed.pump(0, False, after=50, requested_ms=bed.now + 20)
    bed.do(InterlockReset(PUMP, "RN", "checked"), 10)
    assert bed.lock() is InterlockState.ARMED
    bed.breathe(61, **STEADY)
    bed.pump(0, False)
    out = bed.do(ResumeRequested(PUMP, "RN", "pain"), 10)
    assert any("3 of 3 infusions given" in reason for reason in out[0].reasons)  # type: ignore[union-attr]
    bed.flow(100, after=1_000)
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("CRS-03", "CRS-08")
def test_a_fourth_infusion_is_one_that_a_named_person_may_allow_where_the_protocol_lets_him() -> None:
    bed = used_up(overridable=ALL)
    assert bed.set_aside("infusion_count", "Dr A", "pain crisis") == ()
    assert bed.plan() == ()
    assert "set aside by Dr A: infusion_count (pain crisis)" in bed.note()
    bed.flow(100)
    assert bed.alarm("extra_infusion") is None
    bed.rest()
    assert bed.plan()[0].startswith("4 of 3 infusions given")


@pytest.mark.req("CRS-03")
def test_ending_the_course_does_not_begin_the_count_anew() -> None:
    bed = used_up()
    bed.chart(CourseEnd("again"))
    bed.flow(100)
    assert bed.is_active("extra_infusion")
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("CRS-03")
def test_the_count_begins_anew_when_the_time_since_the_first_start_is_over() -> None:
    bed = used_up()
    bed.run(121 * HOUR - bed.now)
    bed.ready()
    assert bed.plan() == ()
    bed.flow(100)
    assert bed.alarm("extra_infusion") is None
    assert len(bed.state.course.starts_ms) == 1


@pytest.mark.req("CRS-03")
def test_an_infusion_that_runs_beyond_the_courses_time_is_high_and_stopped() -> None:
    bed = ready(course_ms=2 * HOUR)
    bed.plan()
    bed.keep(2 * HOUR - 4_000, 100, 4_000)
    assert bed.alarm("extra_infusion") is None
    bed.keep(8_000, 100)
    assert "the course's time is over" in bed.the("extra_infusion").text
    assert bed.lock() is not InterlockState.ARMED
    assert bed.course().id == "b1-c1"
    bed.rest()
    assert bed.course().id is None


@pytest.mark.req("CRS-03")
def test_a_paused_infusion_is_not_one_too_many_when_the_time_is_over_until_it_goes_on() -> None:
    bed = ready(course_ms=HOUR)
    bed.run(50 * MIN)
    bed.flow(0)
    bed.plan()
    bed.flow(100)
    started_ms = bed.course().infusions[0].started_ms or 0
    bed.keep(started_ms + HOUR - 2 * MIN - bed.now, 100, 4_000)
    bed.keep(4 * MIN, 0, 4_000)
    assert bed.alarm("extra_infusion") is None
    assert bed.course().id == "b1-c1"
    bed.flow(100, after=1_000)
    assert "the course's time is over" in bed.the("extra_infusion").text
    assert bed.lock() is InterlockState.TRIPPED


# --- setting rules aside


@pytest.mark.req("CRS-08")
@pytest.mark.parametrize("rule", ["plan", "checklist", "infusion_count", "course_window", "nonsense", ""])
def test_a_rule_that_the_protocol_does_not_name_cannot_be_set_aside(rule: str) -> None:
    bed = ready()
    (reason,) = bed.set_aside(rule)
    assert ("may not be set aside" in reason and LDK in reason) or reason.startswith("there is no rule")
    assert bed.course().set_aside == ()


@pytest.mark.req("CRS-08")
def test_setting_aside_needs_a_name_and_a_reason_and_a_patient() -> None:
    bed = CourseBed(bound=False)
    reasons = bed.set_aside("adjunct", " ", "")
    assert reasons == ("a named user is required", "a reason is required", "no patient is bound")


@pytest.mark.req("CRS-08")
@pytest.mark.parametrize("rule", ProtocolRule)
def test_the_answer_names_the_limit_its_source_and_the_reason(rule: ProtocolRule) -> None:
    bed = CourseBed(course_policy(overridable=ALL))
    bed.set_aside(rule.value, "Dr A", "pain crisis")
    (permitted,) = bed.out
    assert isinstance(permitted, Permitted)
    assert permitted.by == "Dr A"
    assert permitted.note.startswith("set aside for infusion 1: ")
    assert LDK in permitted.note
    assert permitted.note.endswith("because: pain crisis")


@pytest.mark.req("CRS-08")
def test_what_is_set_aside_holds_for_one_infusion() -> None:
    bed = ready()
    bed.set_aside("start_rate")
    assert bed.plan(100, 200) == ()
    bed.flow(200)
    assert bed.alarm("started_without") is None
    assert bed.course().set_aside == (("start_rate", "Dr A"),)
    bed.rest()
    assert bed.course().set_aside == ()
    assert bed.plan(100, 200) == (f"start rate 0.2 mg/kg/h is above 0.1 mg/kg/h set by {LDK}",)


@pytest.mark.req("CRS-08")
def test_a_rule_is_set_aside_once_by_the_last_person() -> None:
    bed = ready()
    bed.set_aside("adjunct", "Dr A")
    bed.set_aside("adjunct", "Dr B")
    assert bed.course().set_aside == (("adjunct", "Dr B"),)


@pytest.mark.req("CRS-08", "CEI-09")
def test_setting_everything_aside_touches_neither_caps_nor_ceilings() -> None:
    bed = ready(overridable=ALL)
    for rule in ProtocolRule:
        bed.set_aside(rule.value)
    assert len(bed.plan(600, 1_200)) == 2
    bed.flow(1_200)
    assert bed.lock() is InterlockState.TRIPPED


# --- restarts, other policies


@pytest.mark.req("CRS-01", "CRS-04")
def test_a_restart_from_a_checkpoint_goes_on_with_the_same_course_and_the_same_alarms() -> None:
    bed = CourseBed()
    bed.flow(300)
    before = bed.the("started_without")
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(Restarted(30_000, True), 30_000)
    bed.flow(300, after=1_000)
    assert bed.the("started_without").id == before.id
    assert len(bed.course().infusions) == 1
    assert len(bed.state.course.starts_ms) == 1


@pytest.mark.req("CRS-03")
def test_a_restart_does_not_make_the_count_forget() -> None:
    bed = used_up()
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(Restarted(30_000, True), 30_000)
    bed.pump(0, False)
    bed.flow(100, after=1_000)
    assert bed.is_active("extra_infusion")


@pytest.mark.req("CRS-01")
def test_a_bed_that_loses_its_protocol_has_no_course_and_none_of_its_alarms() -> None:
    bed = CourseBed()
    bed.flow(300)
    assert bed.is_active("started_without")
    bed.policy = bed_policy()
    bed.do(PolicyReplaced(bed.policy, "pharmacist"), 1_000)
    bed.flow(300, after=1_000)
    assert bed.alarm("started_without") is None
    assert kernel.next_deadline(bed.state, bed.policy) is not None


@pytest.mark.req("CRS-05", "CRS-02")
def test_another_protocol_is_judged_by_from_now_on() -> None:
    bed = ready()
    bed.policy = course_policy(max_infusions=1)
    bed.do(PolicyReplaced(bed.policy, "pharmacist"), 1_000)
    bed.plan()
    bed.infuse()
    assert bed.plan()[0].startswith("1 of 1 infusions given")


@pytest.mark.req("CRS-01")
def test_a_quiet_day_of_an_open_course_wakes_only_when_something_is_due() -> None:
    bed = ready()
    bed.run(20_000)
    ticks = 0
    while (due := kernel.next_deadline(bed.state, bed.policy)) is not None and due < bed.now + 24 * HOUR and ticks < 99:
        bed.now = due
        bed.do(Tick())
        ticks += 1
    assert ticks < 99
    assert isinstance(bed.the("nrs_overdue").text, str)
    assert bed.chart(Assessment(nrs=4)) == ()
    assert bed.alarm("nrs_overdue") is None


@pytest.mark.req("CRS-08")
def test_what_is_set_aside_for_an_infusion_that_does_not_begin_lapses_after_a_while() -> None:
    policy = course_policy()
    bed = CourseBed(replace(policy, times=replace(policy.times, soft_override_max_ms=HOUR)))
    bed.ready()
    assert bed.set_aside("adjunct") == ()
    bed.run(HOUR - 1)
    assert bed.course().set_aside == (("adjunct", "Dr A"),)
    bed.run(1)
    assert bed.course().set_aside == ()
    assert bed.set_aside("adjunct") == ()
    bed.flow(100)
    bed.keep(61 * MIN, 5, 4_900)
    assert bed.course().set_aside == (("adjunct", "Dr A"),)


@pytest.mark.req("CRS-01", "CEI-09")
def test_a_course_is_not_ended_while_a_pump_runs_on_beyond_its_cap() -> None:
    """Else the pump would begin another course, and its cap anew."""
    bed = CourseBed(course_policy({"enforcement": Enforcement.ALARM}, DoseCaps(Cap(50, LDK))))
    bed.ready()
    assert bed.plan(50) == ()
    bed.keep(31 * MIN, 100, 10_000)
    assert bed.is_active("cap_reached")
    assert bed.chart(CourseEnd("enough")) == ("infusion 1 is running: stop the pump first",)
    assert bed.is_active("cap_reached")


@pytest.mark.req("CRS-01", "CEI-09")
def test_ending_the_course_does_not_lift_a_cap_another_infusion_must_be_planned() -> None:
    policy = course_policy(None, DoseCaps(Cap(50, LDK)))
    two = replace(policy.pumps[0], device="b1-p2")
    bed = CourseBed(replace(policy, pumps=(*policy.pumps, two)))
    bed.do(Heard("b1-p2", status(0, False)), 10)
    bed.ready()
    assert bed.plan(50) == ()
    bed.keep(31 * MIN, 100, 4_000)
    stop = [decision for _, decision in bed.log if isinstance(decision, StopPump)][-1]
    bed.outcome(stop.order_id, after=50)
    bed.pump(0, False, after=300, requested_ms=bed.now + 200)
    assert bed.chart(CourseEnd("enough")) == ()
    bed.do(InterlockReset(PUMP, "RN", "seen"), 100)
    (refused,) = bed.do(ResumeRequested(PUMP, "RN", "pain"), 100)
    assert isinstance(refused, Refused)
    assert any("another infusion must be planned first" in reason for reason in refused.reasons)
    bed.do(Heard("b1-p2", status(3_500)), 1_000)
    assert [stopped.pump for stopped in bed.stops()] == ["b1-p2"]
    bed.do(Heard("b1-p2", status(0, False)), 1_000)
    bed.ready()
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    assert bed.plan(50) == ()
    bed.flow(100)
    assert bed.state.given.infusions[-1].phase is InfusionPhase.RUNNING
