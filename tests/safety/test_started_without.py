"""A start is judged by what pumps report, not by what was typed: what was missing is one alarm until it is there."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import Checklist
from pumpd.safety.events import PatientBound
from tests.safety.build import MEDIUM, patient
from tests.safety.course import ALL, MIDAZOLAM, MIN, STEADY, CourseBed, course_policy, ready


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
