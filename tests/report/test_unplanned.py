"""Courses that nobody planned, that began before a patient was bound, or that go on after a restart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pumpd.clinical.entries import Adjunct, CourseEnd, CoursePlan, FollowUp, InfusionPlan, OpioidGiven, Route
from pumpd.report.draw import made
from pumpd.report.model import CourseReport
from pumpd.safety.events import PatientBound, PatientReleased, Restarted
from tests.report.conftest import aside, record
from tests.report.played import DOCTOR, HOUR, MIN, NURSE, PATIENT, PlayedBed, open_course


def reported(folder: Path, bed: PlayedBed, course: str) -> CourseReport:
    url = f"sqlite+aiosqlite:///{folder}/journal.db"
    aside(bed.journal(url, "real"))
    return aside(made(url, course))


@pytest.mark.req("REP-03")
def test_a_course_that_nobody_planned_says_so_and_is_counted(tmp_path: Path) -> None:
    def script(bed: PlayedBed) -> None:
        bed.run(MIN)
        bed.rate(100)
        bed.run(bed.now + 30 * MIN)
        bed.rate(0)
        bed.hours(2)

    found = record(tmp_path, script, "real")
    assert not found.report.head.planned
    assert "Nobody planned this course" in found.html
    assert "SIMULATED" not in found.html
    (one,) = found.report.infusions
    assert one.low.value is not None
    assert 3 < one.low.value < 4, "half an hour of 7 mg/h"


@pytest.mark.req("REP-02")
def test_a_course_that_began_before_its_patient_was_bound_is_this_patients(tmp_path: Path) -> None:
    bed = PlayedBed(tmp_path)
    bed.do(PatientReleased(NURSE, "transfer"))
    bed.run(bed.now + MIN)
    bed.rate(100)
    bed.run(bed.now + MIN)
    bed.do(PatientBound(PATIENT, NURSE))
    bed.run(bed.now + 5 * MIN)
    report = reported(tmp_path, bed, "b1-c1")
    assert report.head.patient.mrn == PATIENT.mrn
    (one,) = report.infusions
    assert one.low.value is not None
    assert one.high.value is not None
    assert one.low.value < one.high.value, "what flowed before may have gone into somebody else"
    assert report.flows


@pytest.mark.req("REP-01", "REP-02")
def test_the_baseline_of_a_later_course_is_not_that_of_an_earlier_one(tmp_path: Path) -> None:
    bed = PlayedBed(tmp_path)
    bed.chart(CoursePlan(458_800), DOCTOR)
    bed.hours(1)
    bed.chart(CourseEnd("first part is over"), DOCTOR)
    bed.chart(CoursePlan(300_000), DOCTOR)
    bed.run(bed.now + MIN)
    report = reported(tmp_path, bed, "b1-c1")
    (opioids,) = (one for one in report.outcomes if one.name.startswith("Opioids"))
    assert opioids.baseline is not None
    assert opioids.baseline.value == Decimal("458.8")


@pytest.mark.req("REP-02")
def test_a_plan_is_that_of_the_infusion_that_it_was_made_for_and_of_no_later_one(tmp_path: Path) -> None:
    bed = PlayedBed(tmp_path)
    open_course(bed)
    bed.chart(Adjunct("haloperidol", benzodiazepine=False, amount_ug=1_000))
    bed.run(bed.now + 2 * MIN)
    for planned in (True, False):
        bed.rate(100)
        bed.run(bed.now + 10 * MIN)
        if planned:
            bed.chart(InfusionPlan(300, 100), DOCTOR)
        bed.run(bed.now + 10 * MIN)
        bed.rate(0)
        bed.hours(2)
    first, second = reported(tmp_path, bed, "b1-c1").infusions
    assert first.plan is not None
    assert first.plan.value == Decimal("0.3")
    assert second.plan is None, "nobody planned it"


@pytest.mark.req("REP-01", "MME-04")
def test_what_an_opioid_that_nobody_knows_makes_is_not_known_and_never_nothing(tmp_path: Path) -> None:
    bed = PlayedBed(tmp_path)
    bed.chart(CoursePlan(), DOCTOR)
    bed.chart(OpioidGiven("heroin street", Route.ORAL, 10_000))
    bed.hours(1)
    report = reported(tmp_path, bed, "b1-c1")
    (one,) = (one for one in report.outcomes if one.name == "of it heroin street")
    assert one.end is not None
    assert (one.end.value, one.end.text) == (None, "not known")


@pytest.mark.req("REP-01")
def test_what_is_charted_in_a_later_stay_is_the_courses_follow_up(tmp_path: Path) -> None:
    bed = PlayedBed(tmp_path)
    bed.chart(CoursePlan(context="palliative"), DOCTOR)
    bed.hours(1)
    bed.chart(CourseEnd("no benefit expected"), DOCTOR)
    bed.do(PatientReleased(NURSE, "home"))
    bed.hours(1)
    bed.do(PatientBound(PATIENT, NURSE))
    bed.chart(FollowUp("back after months", nrs=4), NURSE)
    bed.run(bed.now + MIN)
    report = reported(tmp_path, bed, "b1-c1")
    assert report.head.why == "no benefit expected"
    assert [line.text for line in report.lines if line.section == "follow-up"] == ["back after months; NRS 4 (bed b1)"]


@pytest.mark.req("REP-03")
def test_time_without_the_daemon_is_said(tmp_path: Path) -> None:
    bed = PlayedBed(tmp_path)
    bed.chart(CoursePlan(), DOCTOR)
    bed.hours(0.5)
    bed.now += HOUR
    bed.do(Restarted(HOUR, gap_certain=True))
    bed.hours(0.5)
    report = reported(tmp_path, bed, "b1-c1")
    assert any("pumpd was away for 3,600 s" in text for text in report.missing)
