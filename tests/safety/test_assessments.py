"""POSS and RASS of a named person are values like any other, and rules see them (RSP-02)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.device.facts import Quality
from pumpd.safety.decisions import Permitted, Refused
from pumpd.safety.events import Assessed, PatientBound, PatientReleased, Restarted
from pumpd.safety.view import ValueView
from pumpd.safety.wire import event_from_wire, event_to_wire, state_from_bytes, state_to_bytes
from tests.safety.breath import WELL, breath_bed
from tests.safety.build import HIGH, PROFILE, only_rules, patient, rule, term

SOMNOLENT = replace(PROFILE, rules=(rule("oversedation", HIGH, [term("poss", ">=", 4)], 0, interlock=True),))


@pytest.mark.req("RSP-02")
def test_an_assessment_is_shown_with_its_person_and_its_time_until_the_next_one() -> None:
    bed = breath_bed()
    (permitted,) = bed.do(Assessed("RN-KL", poss=2, rass=-3), 100)
    at_ms = bed.now
    assert permitted == Permitted("assessment", "b1", "RN-KL")
    bed.run(8 * 3_600_000)
    values = bed.view().values
    assert values["poss"] == ValueView(2_000, "", Quality.OK, at_ms, "RN-KL")
    assert values["rass"] == ValueView(-3_000, "", Quality.OK, at_ms, "RN-KL")
    bed.do(Assessed("Dr A", poss=1), 100)
    assert (bed.view().values["poss"].source, bed.view().values["rass"].source) == ("Dr A", "RN-KL")


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize(("poss", "alarms"), [(1, False), (2, False), (3, True), (4, True)])
def test_slow_breathing_with_poss_from_3_on_is_high(poss: int, alarms: bool) -> None:
    bed = breath_bed()
    bed.do(Assessed("RN", poss=poss))
    bed.breathe(16, **{**WELL, "rr": 7})
    assert bed.is_active("rr_and_any") is alarms


@pytest.mark.req("RSP-02", "INT-07")
@pytest.mark.parametrize(("poss", "alarms"), [(3, False), (4, True)])
def test_a_rule_on_poss_alone_alarms_and_stops_in_the_step_of_the_assessment(poss: int, alarms: bool) -> None:
    bed = breath_bed(profile=SOMNOLENT)
    bed.pump(7_000)
    bed.breathe(2, **WELL)
    bed.do(Assessed("RN", poss=poss), 100)
    assert bed.is_active("oversedation") is alarms
    assert bool(bed.stops()) is alarms
    if alarms:
        bed.do(Assessed("RN", poss=2), 60_000)
        assert not bed.the("oversedation").present


@pytest.mark.req("RSP-02")
def test_asleep_and_easy_to_arouse_is_acceptable_and_shown_as_s() -> None:
    bed = breath_bed(profile=SOMNOLENT)
    bed.do(Assessed("RN", poss=4))
    bed.do(Assessed("RN", asleep=True), 1_000)
    assert not bed.the("oversedation").present
    shown = bed.view().values["poss"]
    assert (shown.text, shown.quality) == ("S", Quality.OK)


@pytest.mark.req("RSP-02")
def test_the_newer_of_a_person_and_a_monitor_counts() -> None:
    bed = breath_bed(profile=SOMNOLENT)
    bed.vitals(poss=1)
    bed.do(Assessed("RN", poss=4), 1_000)
    assert bed.is_active("oversedation")
    assert bed.view().values["poss"].source == "RN"
    bed.vitals(poss=2, after=1_000)
    assert not bed.the("oversedation").present
    assert bed.view().values["poss"].value_milli == 2_000


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize(
    ("event", "reasons"),
    [
        (Assessed("RN"), 1),
        (Assessed(" ", poss=3), 1),
        (Assessed("RN", poss=0), 1),
        (Assessed("RN", poss=5), 1),
        (Assessed("RN", rass=5), 1),
        (Assessed("RN", rass=-6), 1),
        (Assessed("RN", poss=2, asleep=True), 1),
        (Assessed("", poss=9, asleep=True, rass=9), 4),
    ],
)
def test_what_is_no_assessment_is_refused_with_every_reason_and_changes_nothing(event: Assessed, reasons: int) -> None:
    bed = breath_bed()
    before = bed.state.breath
    (refused,) = bed.do(event, 100)
    assert isinstance(refused, Refused)
    assert (refused.act, refused.subject, len(refused.reasons)) == ("assessment", "b1", reasons)
    assert bed.state.breath == before


@pytest.mark.req("RSP-02")
def test_one_wrong_part_refuses_the_right_ones_too() -> None:
    bed = breath_bed()
    bed.do(Assessed("RN", poss=7, rass=0, oxygen=True))
    assert bed.state.breath.assessed == {}
    assert bed.view().oxygen is None


@pytest.mark.req("QUA-06")
@pytest.mark.parametrize("leaves", [PatientReleased("RN", "home"), PatientBound(patient("M2"), "RN")])
def test_assessments_are_the_patients(leaves: PatientReleased | PatientBound) -> None:
    bed = breath_bed(profile=SOMNOLENT)
    bed.vitals(poss=3, rass=1)
    bed.do(Assessed("RN", poss=4, rass=-4), 1_000)
    bed.do(leaves, 1_000)
    assert bed.alarm("oversedation") is None
    assert all(bed.view().values[name].value_milli is None for name in ("poss", "rass") if name in bed.view().values)


@pytest.mark.req("ALA-06")
def test_assessments_survive_a_restart() -> None:
    bed = breath_bed(profile=only_rules("rr_and_any"))
    bed.do(Assessed("RN", poss=3, oxygen=True))
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(Restarted(60_000, gap_certain=True), 60_000)
    bed.breathe(16, **{**WELL, "rr": 7})
    assert bed.is_active("rr_and_any")


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize("event", [Assessed("RN", 3, rass=-2, oxygen=False), Assessed("RN", asleep=True)])
def test_an_assessment_goes_through_the_journals_wire_form(event: Assessed) -> None:
    assert event_from_wire(event_to_wire(event)) == event


@pytest.mark.req("RSP-02")
def test_a_sign_that_nobody_has_ever_assessed_is_no_sign() -> None:
    bed = breath_bed()
    bed.breathe(30, **{**WELL, "rr": 7})
    assert bed.alarm("rr_and_any") is None
