"""What is due by the clock: pain scores while a course is open, observations after a start."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import Assessment, CourseEnd, CoursePlan
from pumpd.safety import kernel
from pumpd.safety.events import Assessed, Restarted
from tests.safety.build import LOW
from tests.safety.course import HOUR, LDK, MIN, CourseBed, course_policy


def open_bed(**protocol: object) -> CourseBed:
    bed = CourseBed(course_policy(**protocol))
    bed.chart(CoursePlan())
    return bed


def started() -> CourseBed:
    bed = CourseBed()
    bed.ready()
    bed.plan()
    bed.flow(100)
    return bed


def start_ms(bed: CourseBed) -> int:
    return bed.course().infusions[-1].started_ms or 0


def observe(bed: CourseBed) -> None:
    bed.do(Assessed("RN", poss=2))


@pytest.mark.req("CRS-09")
def test_a_pain_score_is_due_at_once_when_a_course_is_opened_without_one() -> None:
    bed = open_bed()
    assert bed.course().nrs_due_ms == bed.now


@pytest.mark.req("CRS-09")
def test_a_pain_score_is_due_every_four_hours_and_overdue_after_the_grace() -> None:
    bed = open_bed()
    bed.chart(Assessment(nrs=7))
    scored_ms = bed.now
    assert bed.course().nrs_due_ms == scored_ms + 4 * HOUR
    bed.run(4 * HOUR + 30 * MIN - 1)
    assert bed.alarm("nrs_overdue") is None
    bed.run(1)
    alarm = bed.the("nrs_overdue")
    assert (alarm.priority, alarm.onset_ms) == (LOW, scored_ms + 4 * HOUR + 30 * MIN)
    assert alarm.text == f"NRS overdue: asked every 4 h, overdue after 30 min more ({LDK})"
    bed.chart(Assessment(nrs=5))
    assert bed.alarm("nrs_overdue") is None
    assert bed.course().nrs_due_ms == bed.now + 4 * HOUR


@pytest.mark.req("CRS-09")
def test_a_score_of_an_earlier_course_makes_none_overdue_when_the_next_one_is_opened() -> None:
    bed = open_bed()
    bed.chart(Assessment(nrs=7))
    bed.chart(CourseEnd("enough"))
    bed.run(30 * HOUR)
    bed.chart(CoursePlan())
    assert bed.course().nrs_due_ms == bed.now
    bed.run(30 * MIN - 1)
    assert bed.alarm("nrs_overdue") is None
    bed.run(1)
    assert bed.is_active("nrs_overdue")


@pytest.mark.req("CRS-09")
def test_an_assessment_without_a_score_does_not_answer_for_one() -> None:
    bed = open_bed()
    bed.run(31 * MIN)
    bed.chart(Assessment(note="asleep"))
    assert bed.is_active("nrs_overdue")


@pytest.mark.req("CRS-09")
def test_a_score_charted_late_counts_from_its_own_time() -> None:
    bed = open_bed()
    bed.run(2 * HOUR)
    bed.chart(Assessment(nrs=6), at_ms=bed.now - HOUR)
    assert bed.course().nrs_due_ms == bed.state.course.nrs_ms + 4 * HOUR  # type: ignore[operator]
    assert bed.state.course.nrs_ms == bed.now - 10 - HOUR


@pytest.mark.req("CRS-09")
def test_nothing_is_due_without_a_course_and_a_reminder_ends_with_it() -> None:
    bed = CourseBed()
    assert bed.course().nrs_due_ms is None
    bed.run(5 * HOUR)
    assert bed.alarm("nrs_overdue") is None
    bed.chart(CoursePlan())
    bed.run(31 * MIN)
    bed.chart(CourseEnd("done"))
    assert bed.alarm("nrs_overdue") is None
    assert bed.course().nrs_due_ms is None


@pytest.mark.req("CRS-09")
def test_observations_are_due_by_the_stage_of_the_schedule() -> None:
    bed = started()
    start = start_ms(bed)
    for due_min in (15, 30, 45, 60, 90, 120, 150, 180, 240, 300):
        assert bed.course().observe_due_ms == start + due_min * MIN
        bed.keep(start + due_min * MIN - bed.now, 100 if due_min < 290 else 0, MIN)
        bed.run(start + due_min * MIN - bed.now)
        observe(bed)


@pytest.mark.req("CRS-09")
def test_an_observation_is_overdue_after_its_grace_until_it_is_done() -> None:
    bed = started()
    start = start_ms(bed)
    bed.run(start + 25 * MIN - 1 - bed.now)
    assert bed.alarm("observation_overdue") is None
    bed.run(1)
    alarm = bed.the("observation_overdue")
    assert alarm.priority is LOW
    assert alarm.text == f"Observation overdue, due 15 min after the start, overdue after 10 min more ({LDK})"
    observe(bed)
    assert bed.alarm("observation_overdue") is None


@pytest.mark.req("CRS-09")
def test_any_assessment_is_an_observation() -> None:
    for act in (Assessed("RN", oxygen=True), Assessed("RN", rass=-1), Assessed("RN", asleep=True)):
        bed = started()
        bed.run(26 * MIN)
        bed.do(act)
        assert bed.alarm("observation_overdue") is None
    bed = started()
    bed.run(26 * MIN)
    bed.chart(Assessment(note="well"))
    assert bed.alarm("observation_overdue") is None


@pytest.mark.req("CRS-09")
def test_what_was_seen_before_the_start_is_no_observation_after_it() -> None:
    bed = started()
    assert bed.course().observe_due_ms == start_ms(bed) + 15 * MIN


@pytest.mark.req("CRS-09")
def test_stages_that_end_go_on_after_the_infusion_and_the_hourly_one_ends_with_it() -> None:
    bed = started()
    start = start_ms(bed)
    bed.rest()
    observe(bed)
    assert bed.course().infusions[0].ended_ms is not None
    assert bed.course().observe_due_ms == bed.now + 15 * MIN
    bed.run(start + 170 * MIN - bed.now)
    observe(bed)
    assert bed.course().observe_due_ms == bed.now + 30 * MIN
    bed.run(30 * MIN)
    observe(bed)
    assert bed.course().observe_due_ms is None


@pytest.mark.req("CRS-09")
def test_a_protocol_without_observations_has_none_due() -> None:
    bed = CourseBed(course_policy(observations=()))
    bed.flow(100)
    assert bed.course().observe_due_ms is None


@pytest.mark.req("CRS-09", "QUA-06")
def test_nobody_is_asked_to_score_or_observe_a_patient_who_is_not_there() -> None:
    bed = CourseBed(bound=False)
    bed.flow(100)
    assert bed.is_active("started_without")
    assert (bed.course().nrs_due_ms, bed.course().observe_due_ms) == (None, None)
    bed.run(5 * HOUR)
    assert bed.alarm("nrs_overdue") is None
    assert bed.alarm("observation_overdue") is None


@pytest.mark.req("CRS-09")
def test_reminders_wake_the_kernel_at_their_own_time() -> None:
    bed = open_bed()
    opened_ms = bed.state.course.opened_ms or 0
    bed.run(MIN)
    assert kernel.next_deadline(bed.state, bed.policy) == opened_ms + 30 * MIN


@pytest.mark.req("CRS-09")
def test_a_restart_forgets_nothing_that_is_due() -> None:
    bed = open_bed()
    bed.chart(Assessment(nrs=7))
    bed.do(Restarted(5 * HOUR, True), 5 * HOUR)
    assert bed.is_active("nrs_overdue")
