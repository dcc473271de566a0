"""Every refusal and every override of a course is in the report and the journal: who, why, which limit, whose."""

from __future__ import annotations

import sqlite3

import pytest

from pumpd.clinical.entries import CoursePlan, InfusionPlan
from pumpd.safety.events import Assessed, Charted, ProtocolOverride, RateRequested, ResumeRequested, SoftOverride
from tests.report.conftest import COURSE, Recorded, aside, record
from tests.report.played import DOCTOR, HOUR, MIN, NURSE, PlayedBed, open_course

TRIES = {
    "rate": "a rate above the hard ceiling",
    "override": "a soft override while nothing flows",
    "protocol_override": "a rule that may not be set aside",
    "resume": "a resume of a pump that was not stopped",
    "assessment": "a sedation score that does not exist",
    "chart": "a dose beyond every limit, and a second course",
}


def rushed(bed: PlayedBed) -> None:
    """Somebody tries everything; a physician sets two things aside."""
    bed.run(HOUR)
    open_course(bed)
    bed.do(SoftOverride(bed.pump, NURSE, "wants to go faster"))
    bed.do(ProtocolOverride("infusion_count", NURSE, "one more would help"))
    bed.do(ResumeRequested(bed.pump, NURSE, "next infusion"))
    bed.do(Assessed(NURSE, poss=7))
    bed.do(Charted("b1-x1", InfusionPlan(2_000, 100), NURSE))
    bed.do(Charted("b1-x2", CoursePlan(), NURSE))
    bed.do(ProtocolOverride("adjunct", DOCTOR, "declined by the patient"))
    bed.chart(InfusionPlan(500, 100), DOCTOR)
    bed.rate(100)
    bed.run(bed.now + MIN)
    bed.do(RateRequested("r1", bed.pump, 77_000, NURSE, "pain"))
    bed.do(SoftOverride(bed.pump, DOCTOR, "breakthrough pain"))
    bed.run(bed.now + 5 * MIN)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return record(tmp_path_factory.mktemp("rushed"), rushed)


@pytest.mark.req("REP-04")
def test_every_refusal_is_reported_with_who_why_and_all_reasons(course: Recorded) -> None:
    refusals = course.report.refusals
    assert [one.reasons for one in refusals] == course.bed.refused
    assert {one.act.replace(" ", "_") for one in refusals} == set(TRIES)
    assert {one.who for one in refusals} == {NURSE}
    assert {one.why for one in refusals if one.act not in ("chart", "assessment")} == {
        "wants to go faster",
        "one more would help",
        "next infusion",
        "pain",
    }
    assert all(one.ref.startswith("decision ") for one in refusals)


@pytest.mark.req("REP-04")
def test_a_refusal_names_each_limit_and_whose_it_is(course: Recorded) -> None:
    plan = next(one for one in course.report.refusals if "2 mg/kg" in one.subject)
    assert len(plan.reasons) >= 3, "all reasons, not the first"
    assert any("cap 0.5 mg/kg per infusion set by drug library" in reason for reason in plan.reasons)
    rate = next(one for one in course.report.refusals if one.act == "rate")
    assert any("hard ceiling 1 mg/kg/h" in reason and "set by drug library" in reason for reason in rate.reasons)


@pytest.mark.req("REP-04")
def test_every_override_is_reported_with_who_why_limit_and_source(course: Recorded) -> None:
    adjunct, soft = course.report.overrides
    assert (adjunct.who, adjunct.why) == (DOCTOR, "declined by the patient")
    assert "protocol ldk" in adjunct.source + adjunct.limit
    assert (soft.who, soft.why) == (DOCTOR, "breakthrough pain")
    assert "0.5 mg/kg/h" in soft.limit
    assert "drug library" in soft.source


@pytest.mark.req("REP-04")
def test_they_are_on_the_page_and_in_the_table(course: Recorded) -> None:
    from pumpd.report.tidy import table

    text = table(course.report).decode()
    for words in ("wants to go faster", "declined by the patient", "breakthrough pain", "one more would help"):
        assert words in course.html
        assert words in text


@pytest.mark.req("REP-04", "REP-06")
def test_none_of_them_can_be_removed_or_changed(course: Recorded) -> None:
    connection = sqlite3.connect(course.url.removeprefix("sqlite+aiosqlite:///"))
    kinds = "kind IN ('Refused', 'Permitted')"
    try:
        assert connection.execute(f"SELECT count(*) FROM decisions WHERE {kinds}").fetchone()[0] > 10
        for table, where in (("decisions", kinds), ("events", "kind IN ('SoftOverride', 'ProtocolOverride')")):
            for act in (f"DELETE FROM {table} WHERE {where}", f"UPDATE {table} SET body = '' WHERE {where}"):
                with pytest.raises(sqlite3.IntegrityError, match="the record is kept"):
                    connection.execute(act)
    finally:
        connection.close()


@pytest.mark.req("REP-03")
def test_a_course_that_runs_is_reported_as_of_now_and_says_so(course: Recorded) -> None:
    assert course.report.head.closed is None
    assert "The course still runs: everything here is as of 2026-01-12" in course.html
    (one,) = course.report.infusions
    assert (one.phase, one.ended) == ("running", None)


@pytest.mark.req("REP-03")
def test_the_same_journal_gives_the_same_report(course: Recorded) -> None:
    from pumpd.report.draw import made

    assert aside(made(course.url, COURSE)) == course.report
