"""A course in which things go wrong: slow breathing, a dose by mouth, a number that was written down wrongly."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pumpd.clinical.entries import Adjunct, Assessment, InfusionPlan, KetamineGiven, Route
from pumpd.safety.events import Acknowledged, AckReason, Assessed
from tests.report.conftest import Recorded, record
from tests.report.played import DOCTOR, HOUR, MIN, NURSE, STEADY, PlayedBed, open_course


def rough(bed: PlayedBed) -> None:
    bed.run(HOUR)
    open_course(bed)
    wrong = bed.chart(Assessment(nrs=3))
    bed.run(bed.now + 5 * MIN)
    bed.chart(Assessment(nrs=8), corrects=wrong, reason="another patient's score")
    bed.chart(KetamineGiven(Route.ORAL, 10_000))
    bed.chart(Adjunct("midazolam", benzodiazepine=True, amount_ug=2_000))
    bed.chart(InfusionPlan(300, 100), DOCTOR)
    bed.rate(100)
    bed.run(bed.now + 20 * MIN)
    not_breathing(bed)
    bed.settle()
    bed.hours(1)


def not_breathing(bed: PlayedBed) -> None:
    """Four minutes with four breaths a minute; the pump is stopped, a nurse comes after half a minute."""
    bed.do(Assessed(NURSE, poss=3))
    bed.shown = {**STEADY, "rr": 4, "spo2": 84}
    bed.run(bed.now + 2 * MIN)
    for alarm in list(bed.state.alarms.values()):
        if alarm.priority == "high" and alarm.acknowledged is None:
            bed.do(Acknowledged(alarm.id, NURSE, AckReason.SEEN_ESCALATED))
    bed.run(bed.now + 2 * MIN)
    bed.shown = dict(STEADY)
    bed.run(bed.now + 5 * MIN)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return record(tmp_path_factory.mktemp("rough"), rough)


@pytest.mark.req("REP-01", "RSP-09")
def test_an_episode_of_respiratory_depression_is_reported_with_the_dose_rate_then(course: Recorded) -> None:
    (one,) = course.report.episodes
    assert one.number == 1
    assert one.ended is not None
    assert (one.ended - one.began).total_seconds() > 0
    assert any("rr" in sign or "spo2" in sign for sign in one.signs)
    assert one.dose is not None, "the pump was stopped by then, or ran: it is known which"


@pytest.mark.req("REP-01", "REP-02")
def test_the_extremes_are_those_of_the_monitor_with_their_time(course: Recorded) -> None:
    vitals = {one.signal: one for one in course.report.vitals}
    assert vitals["rr"].lowest.value == 4
    assert vitals["spo2"].lowest.value == 84
    assert vitals["spo2"].highest.value == 96
    assert vitals["rr"].lowest.refs == ("readings b1-m1",)
    assert vitals["rr"].lowest_at > vitals["rr"].highest_at


@pytest.mark.req("REP-01")
def test_the_stop_for_want_of_breath_is_an_alarm_with_a_response(course: Recorded) -> None:
    high = [one for one in course.report.alarms if one.priority == "high"]
    assert any(one.by == NURSE and one.reason.startswith("seen escalated") for one in high)
    assert all(one.response is not None for one in high if one.acknowledged)
    assert "Every HIGH alarm" in course.html


@pytest.mark.req("REP-02")
def test_a_corrected_score_counts_no_more_but_both_stand_in_the_report(course: Recorded) -> None:
    assert 3 not in [point.figure.value for point in course.report.nrs]
    assert 8 in [point.figure.value for point in course.report.nrs]
    wrong = next(line for line in course.report.lines if line.text == "NRS 3")
    right = next(line for line in course.report.lines if line.text == "NRS 8")
    assert wrong.replaced == right.ref.removeprefix("entry ")
    assert (right.corrects, right.why) == (wrong.ref.removeprefix("entry "), "another patient's score")
    assert "<del>NRS 3</del>" in course.html


@pytest.mark.req("REP-01")
def test_a_dose_by_mouth_counts_in_what_was_given_and_in_the_band(course: Recorded) -> None:
    first = next(dose for dose in course.report.doses if dose.high > 0)
    assert first.low == first.high == Decimal(10), "counted in full before the pump gave anything"
    found = course.report.prediction
    assert found is not None
    began = course.report.infusions[0].started
    assert began is not None
    assert max(point.high for point in found.points) > 0
    assert ("ketamine by hand", "ketamine oral 10 mg") in {(line.section, line.text) for line in course.report.lines}
