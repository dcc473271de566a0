"""A course: opened, ended, over with its time; what a restart, another protocol and another course leave of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.clinical.entries import Assessment, CourseEnd, CoursePlan, InfusionPlan
from pumpd.safety import kernel
from pumpd.safety.decisions import CourseChanged, InfusionPhase, Refused, StopPump
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
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import PUMP, bed_policy, patient, status
from tests.safety.course import HOUR, LDK, MIN, CourseBed, course_policy, ready, used_up


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
