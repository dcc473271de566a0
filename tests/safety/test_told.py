"""What other systems tell of a bed: kept until people settle it or the patient leaves, and it moves no pump."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.safety import kernel, wire
from pumpd.safety.decisions import Decision, Permitted, Refused, SetRate, StopPump
from pumpd.safety.events import Patient, PatientBound, PatientReleased
from pumpd.safety.told_events import (
    AlarmReport,
    AlarmReported,
    InfusionRequest,
    NoticeTold,
    OrderEnded,
    OrderTold,
    RequestTold,
    StandingOrder,
    ToldSettled,
    Word,
)
from pumpd.safety.told_view import ToldView
from tests.safety.build import PUMP, Bed

S = 1_000
ORDER = StandingOrder("ehr:O1", "ehr", "Ketamine", ("ketamine",), "7 mL/h", rate_ul_h=7_000, percent=2)


def asked(number: str = "1", at_us: int = 1, **more: Any) -> InfusionRequest:
    return InfusionRequest(f"ehr:{number}", "ehr", PUMP, at_us, "ketamine 0.1 mg/kg/h = 7 mL/h", **more)


def told(bed: Bed) -> ToldView:
    return bed.view().told


def said(decisions: tuple[Decision, ...]) -> list[tuple[str, str]]:
    return [(one.act, one.note) for one in decisions if isinstance(one, Permitted)]


def running(rate_ul_h: int = 7_000) -> Bed:
    bed = Bed()
    bed.pump(rate_ul_h)
    return bed


def test_a_request_is_shown_until_a_named_person_settles_it() -> None:
    bed = running()
    bed.do(RequestTold(asked()), S)
    assert [one.request.id for one in told(bed).requests] == ["ehr:1"]
    refused = bed.do(ToldSettled("ehr:1", " ", True), S)
    assert any(isinstance(one, Refused) for one in refused)
    assert told(bed).requests
    assert said(bed.do(ToldSettled("ehr:1", "RN-KL", True), S)) == [("settle", "seen")]
    assert not told(bed).requests


def test_to_decline_needs_a_reason() -> None:
    bed = running()
    bed.do(RequestTold(asked()), S)
    assert isinstance(bed.do(ToldSettled("ehr:1", "RN-KL", False), S)[0], Refused)
    assert said(bed.do(ToldSettled("ehr:1", "RN-KL", False, "too much"), S)) == [("settle", "declined: too much")]


def test_a_newer_request_for_the_same_pump_replaces_it_and_an_older_one_does_not() -> None:
    bed = running()
    bed.do(RequestTold(asked("1", 10)), S)
    assert said(bed.do(RequestTold(asked("2", 20)), S)) == [("infusion_request", "replaces ehr:1")]
    assert isinstance(bed.do(RequestTold(asked("1", 10)), S)[0], Refused)
    assert [one.request.id for one in told(bed).requests] == ["ehr:2"]


def test_the_same_request_again_is_the_same_one() -> None:
    bed = running()
    bed.do(RequestTold(asked()), S)
    bed.do(RequestTold(asked()), S)
    assert [one.at_ms for one in told(bed).requests] == [bed.now - S]


def test_requests_and_orders_are_closed_when_the_patient_leaves_and_notices_stay() -> None:
    bed = running()
    bed.do(RequestTold(asked()), S)
    bed.do(OrderTold(ORDER), S)
    bed.do(NoticeTold("n", "ehr", "something"), S)
    out = bed.do(PatientReleased("RN-KL", "home"), S)
    assert ("infusion_request", "closed: the patient left") in said(out)
    view = told(bed)
    assert (view.requests, view.orders, [one.id for one in view.notices]) == ((), (), ["n"])


def test_nothing_that_is_told_commands_a_pump() -> None:
    bed = running()
    out = [
        *bed.do(RequestTold(asked()), S),
        *bed.do(OrderTold(replace_order(rate_ul_h=1)), S),
        *bed.do(ToldSettled("ehr:1", "RN-KL", True), S),
        *bed.do(OrderEnded(("ehr:O1",), "ehr"), S),
    ]
    assert not [one for one in out if isinstance(one, SetRate | StopPump)]


def test_a_notice_that_is_told_again_is_counted() -> None:
    bed = running()
    for _ in range(2):
        bed.do(NoticeTold("n", "ehr", "an older message"), S)
    assert [(one.count, one.at_ms) for one in told(bed).notices] == [(2, bed.now)]


def replace_order(**changes: Any) -> StandingOrder:
    fields = {name: getattr(ORDER, name) for name in ORDER.__struct_fields__}
    return StandingOrder(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, ()),
        ({"rate_ul_h": 7_100}, ()),
        ({"rate_ul_h": 7_300}, ("the pump runs at 7 mL/h, ordered 7.3 mL/h",)),
        ({"rate_ul_h": None, "ng_kg_h": 100_000}, ()),
        ({"rate_ul_h": None, "ng_kg_h": 200_000}, ("the pump runs at 7 mL/h, ordered 14 mL/h",)),
        ({"conc_ug_ml": 2_000}, ("the pump has 1 mg/mL, ordered 2 mg/mL",)),
        ({"held": True}, ("the pump infuses, the order is on hold",)),
        ({"from_ms": 60 * S, "rate_ul_h": 9_000}, ()),
        ({"names": ("morphine",), "drug": "Morphine"}, ("no pump of this bed has Morphine",)),
    ],
)
def test_what_the_pump_does_is_compared_with_what_is_ordered(changes: dict[str, Any], differs: tuple[str, ...]) -> None:
    bed = running()
    bed.do(OrderTold(replace_order(**changes)), S)
    assert told(bed).orders[0].differs == differs


def test_a_pump_that_is_not_live_is_not_compared_and_an_order_that_is_over_is_not_shown() -> None:
    bed = running()
    bed.do(OrderTold(replace_order(rate_ul_h=9_000, until_ms=30 * S)), S)
    assert told(bed).orders[0].differs
    assert kernel.view(bed.state, 20 * S, bed.policy).told.orders[0].differs == ()
    assert kernel.view(bed.state, 30 * S, bed.policy).told.orders == ()


def test_a_discontinued_order_is_gone() -> None:
    bed = running()
    bed.do(OrderTold(ORDER), S)
    assert said(bed.do(OrderEnded(("ehr:F1", "ehr:O1"), "ehr"), S)) == [("order", "discontinued")]
    assert told(bed).orders == ()


def test_a_report_of_an_alarm_stands_beside_it_acknowledges_nothing_and_ends_with_it() -> None:
    bed = running(80_000)
    alarm = bed.view().alarms[0]
    bed.do(AlarmReported(AlarmReport(alarm.id, "am", "Accepted", "Dr. Ash")), S)
    assert [(one.report.status, one.report.person) for one in told(bed).reports] == [("Accepted", "Dr. Ash")]
    assert next(one for one in bed.view().alarms if one.id == alarm.id).acknowledged is None
    bed.do(AlarmReported(AlarmReport("nobody's", "am", "Read")), S)
    assert len(told(bed).reports) == 1


def test_who_left_by_a_message_is_remembered_until_another_message_comes() -> None:
    bed, here = running(), Word("ehr", "m1", 5)
    patient = bed.state.patient
    assert patient is not None
    bed.do(PatientReleased("ADT", "moved", here), S)
    placed = bed.state.told.placed[-1]
    assert (placed.mrn, placed.left, placed.said_us, placed.message) == (patient.mrn, patient, 5, "m1")
    bed.do(PatientBound(Patient("M9", "Ash", "A", "", patient.sex, None), "ADT", word=Word("ehr", "m2", 6)), S)
    assert [(one.mrn, one.left) for one in bed.state.told.placed[-2:]] == [(patient.mrn, None), ("M9", None)]


def test_all_of_it_is_the_same_after_its_bytes() -> None:
    bed = running()
    bed.do(RequestTold(asked(against=("over the hard limit",))), S)
    bed.do(OrderTold(ORDER), S)
    bed.do(NoticeTold("n", "ehr", "words"), S)
    bed.do(PatientReleased("ADT", "moved", Word("ehr", "m1", 5)), S)
    assert wire.state_from_bytes(wire.state_to_bytes(bed.state)) == bed.state
    for event in (RequestTold(asked()), OrderTold(ORDER), PatientReleased("ADT", "moved", Word("ehr", "m1", None))):
        assert wire.event_from_wire(wire.event_to_wire(event)) == event
