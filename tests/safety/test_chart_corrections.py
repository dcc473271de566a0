"""A correction takes back its entry, and all that came of it."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import Assessment, CourseEnd, CoursePlan, KetamineGiven, Route, TakenBack
from pumpd.safety.events import PatientBound
from tests.safety.build import patient
from tests.safety.course import HOUR, CourseBed


@pytest.mark.req("CRS-07")
def test_a_correction_needs_a_reason_and_a_known_entry_of_this_patient() -> None:
    bed = CourseBed()
    bed.chart(Assessment(nrs=9), id="e1")
    assert bed.chart(Assessment(nrs=5), corrects="e1") == ("a reason is required",)
    assert bed.chart(Assessment(nrs=5), corrects="e1", reason="wrong key") == ()
    bed.do(PatientBound(patient("M2"), "ADT"), 10)
    gone = "there is no entry e1 of this patient that could be corrected here"
    assert bed.chart(Assessment(nrs=5), corrects="e1", reason="wrong key") == (gone,)


@pytest.mark.req("CRS-07")
def test_a_corrected_score_happened_when_the_first_one_did() -> None:
    bed = CourseBed()
    bed.chart(Assessment(nrs=9), id="e1")
    at_ms = bed.now
    bed.run(HOUR)
    bed.chart(Assessment(nrs=5), corrects="e1", reason="wrong key")
    assert bed.state.course.nrs_ms == at_ms


@pytest.mark.req("CRS-07")
def test_a_score_that_is_taken_back_leaves_the_one_before_it() -> None:
    bed = CourseBed()
    bed.chart(Assessment(nrs=9))
    first_ms = bed.now
    bed.run(HOUR)
    bed.chart(Assessment(nrs=2), id="wrong")
    bed.chart(Assessment(note="was another patient"), corrects="wrong", reason="other bed")
    assert bed.state.course.nrs_ms == first_ms


@pytest.mark.req("CRS-07", "CRS-06")
def test_a_corrected_dose_by_hand_counts_as_corrected_and_one_that_was_never_given_not_at_all() -> None:
    bed = CourseBed()
    bed.chart(KetamineGiven(Route.INTRAMUSCULAR, 35_000), id="k1")
    assert [dose.ng for dose in bed.state.given.manual] == [35_000_000]
    bed.chart(KetamineGiven(Route.INTRAMUSCULAR, 25_000), id="k2", corrects="k1", reason="25 mg")
    assert [(dose.entry, dose.ng) for dose in bed.state.given.manual] == [("k2", 25_000_000)]
    bed.chart(Assessment(note="not given"), corrects="k2", reason="refused by the patient")
    assert bed.state.given.manual == ()
    assert bed.state.course.route is None


@pytest.mark.req("CRS-07")
def test_a_corrected_adjunct_or_checklist_is_asked_for_again() -> None:
    bed = CourseBed()
    bed.ready()
    checklist, adjunct = list(bed.state.course.entries)[-2:]
    bed.chart(Assessment(note="not asked"), corrects=checklist, reason="other bed")
    bed.chart(Assessment(note="not given"), corrects=adjunct, reason="other bed")
    reasons = bed.plan()
    assert len(reasons) == 2
    assert "pregnancy, active psychosis" in " ".join(reasons)
    assert "no adjunct is recorded" in " ".join(reasons)


@pytest.mark.req("CRS-07")
def test_a_plan_that_is_taken_back_is_no_plan() -> None:
    bed = CourseBed()
    bed.ready()
    bed.plan()
    bed.chart(Assessment(note="changed"), corrects=bed.entry, reason="not today")
    assert bed.state.course.plan is None


@pytest.mark.req("CRS-01")
def test_a_course_is_neither_opened_nor_ended_by_a_correction() -> None:
    bed = CourseBed()
    bed.chart(CoursePlan(458_800), id="c1")
    words = ("a course is opened and ended by entries of their own, not by a correction",)
    assert bed.chart(Assessment(nrs=3), corrects="c1", reason="oops") == words
    assert bed.chart(CoursePlan(450_000), id="c2", corrects="c1", reason="baseline") == ()
    assert len(bed.courses()) == 1
    bed.chart(CourseEnd("done"), id="end")
    assert bed.chart(CourseEnd("why"), corrects="end", reason="oops")[0].startswith("the end of a course cannot")


def test_an_entry_that_was_charted_in_error_is_taken_back_with_a_reason_and_no_other_way() -> None:
    bed = CourseBed()
    assert bed.chart(KetamineGiven(Route.ORAL, 35_000), at_ms=bed.now) == ()
    entry, given = bed.entry, bed.state.given.manual
    assert given
    assert bed.chart(TakenBack()) == ("nothing is taken back: name the entry that was charted in error",)
    assert bed.chart(TakenBack(), corrects=entry) != ()
    assert bed.chart(TakenBack(), corrects=entry, reason="another patient's") == ()
    assert bed.state.given.manual == ()
