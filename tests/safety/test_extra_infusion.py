"""One infusion too many, or one beyond the time of its course: told, stopped and refused."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import CourseEnd
from pumpd.safety.decisions import InterlockState, StopPump
from pumpd.safety.events import InterlockReset, ResumeRequested
from pumpd.safety.policy import Enforcement
from tests.safety.build import HIGH, PUMP
from tests.safety.course import ALL, HOUR, LDK, MIN, STEADY, CourseBed, course_policy, ready, used_up


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
