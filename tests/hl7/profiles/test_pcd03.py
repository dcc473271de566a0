"""PCD-03 in: every reason against a request is found and told with its code; nothing is ever set or started."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.profiles.pcd03 import Request, read_pcd03, reply
from pumpd_hl7.profiles.people import Refused
from pumpd_hl7.profiles.request_words import shown
from pumpd_hl7.profiles.verifying import Place, pump_of, verify

from pumpd.device.facts import Quality
from pumpd.gateways import RemoteDevice
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.asking import Against, Asked, Kind
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import LinkState, Patient, Sex
from pumpd.safety.limits import Limit
from pumpd.safety.policy import AlarmKind, Enforcement, Priority
from pumpd.safety.view import BedView, DeviceView, PumpView
from tests.hl7.mutated import mutations, put, read, without

SENT_US = 1_768_472_130_000_000  # 2026-01-15 10:15:30 UTC
RXG = "RXG|1|||1234^Ketamine 1 mg/mL|50||mL^mL^UCUM||||||||7|mL/h|50|mg|||||50|mL"
ROWS = (
    "MSH|^~\\&|BCMA|H|PUMPD|H|20260115101530+0000||RGV^O15^RGV_O15|R1|P|2.6|||AL|AL",
    "PID|||100042^^^HOSP^MR||Test^Ada^^^^^L||19700101|F",
    "ORC|RE|ORD1^BCMA|RX1^PHARM||||||20260115101500+0000||||||||||N7^Nurse^Grace",
    RXG,
    "TQ1|||||||||||||60^min",
    "RXR|IV",
    "OBX|1||70054^MDC_DEV_PUMP_INFUS_SYRINGE_VMD^MDC|1.1.0.0|||||||X|||||||p1^^0011223344550001^EUI-64",
    "OBX|2|NM|68063^MDC_ATTR_PT_WEIGHT^MDC|1.0.0.1|70|263875^MDC_DIM_KILO_G^MDC|||||F",
)
MESSAGE = read("\r".join(ROWS) + "\r")
ADA = Patient("100042", "Test", "Ada", "1970-01-01", Sex.FEMALE, 70_000)
PUMP = PumpView(
    id="p1",
    drug="ketamine",
    concentration_ug_ml=1000,
    infusing=False,
    rate_ul_h=None,
    rate_quality=Quality.OK,
    dose_mg_kg_h=None,
    at_ms=1,
    delivered=None,
    hard=Limit(100, "library"),
    soft=None,
    enforcement=Enforcement.STOP,
    interlock=InterlockState.ARMED,
    interlock_cause=None,
    control=None,
    override_by=None,
    not_verified=(),
    governed=True,
)
DEVICE = DeviceView("p1", "alaris_asena", LinkState.UP, 1, "", 0)
VIEW = BedView("b1", "Bed 1", ADA, {}, (PUMP,), (DEVICE,), (), True, None)
PLACE: Place = (VIEW, PUMP)
OCCLUDED = Alarm(
    id="a",
    bed="b1",
    device="p1",
    condition="occlusion",
    priority=Priority.HIGH,
    kind=AlarmKind.TECHNICAL,
    state=AlarmState.ACTIVE,
    text="Occlusion",
    value=None,
    limit=None,
    onset_ms=1,
    present=True,
)


def _request(message: Message = MESSAGE) -> Request:
    found = read_pcd03(message)
    assert isinstance(found, Request), found
    return found


def _codes(message: Message = MESSAGE, at: Place | None = PLACE, now_us: int = SENT_US) -> list[int]:
    return [problem.code for problem in verify(_request(message), at, now_us)]


def _rxg(rate: str, unit: str) -> Message:
    return put(put(MESSAGE, "RXG", 15, rate), "RXG", 16, unit)


def _at(view: BedView = VIEW, **changes: object) -> Place:
    pump = replace(PUMP, **changes)  # type: ignore[arg-type]
    return replace(view, pumps=(pump,)), pump


def test_a_request_is_read_with_all_that_it_asks_for() -> None:
    found = _request()
    assert (found.control, found.order, found.clinician, found.step) == ("RE", "ORD1^BCMA", "N7", "1")
    assert (found.asked_us, found.pump) == (SENT_US - 30_000_000, "p1^^0011223344550001^EUI-64")
    assert found.rate is not None
    assert (found.rate.number, found.rate.rate_ul_h, found.volume_ul) == (Decimal(7), 7_000, 50_000)
    assert (found.conc_ug_ml, found.weight_g, found.route) == (1000, 70_000, "IV")
    assert found.duration is not None
    assert found.duration.unit is not None


def test_a_request_within_every_limit_is_verified() -> None:
    assert _codes() == []
    assert _codes(_rxg("0.1", "mg/kg/h")) == []
    assert _codes(put(MESSAGE, "ORC", 1, "XO"), _at(infusing=True)) == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (put(MESSAGE, "PID", 3, "7^^^HOSP^MR"), 9012),
        (put(MESSAGE, "ORC", 9, "20260115090000+0000"), 9022),
        (put(MESSAGE, "ORC", 9, "20260115111530+0000"), 9022),
        (put(MESSAGE, "RXG", 4, "1^Morphine"), 9010),
        (put(MESSAGE, "RXG", 17, "100"), 9004),
        (put(MESSAGE, "RXG", 5, ""), 9003),
        (put(MESSAGE, "RXG", 7, "mg"), 9004),
        (put(MESSAGE, "OBX", 5, "73.6", nth=2), 9011),
        (put(MESSAGE, "OBX", 5, "66.4", nth=2), 9011),
        (put(MESSAGE, "OBX", 5, "", nth=2), 9019),
        (_rxg("", "mL/h"), 9003),
        (_rxg("0", "mL/h"), 9003),
        (_rxg("7", ""), 9008),
        (_rxg("7", "drops/min"), 9008),
        (_rxg("7.001", "mL/h"), 9024),
        (_rxg("0.11", "mg/kg/h"), 9024),
        (_rxg("1.7", "ug/kg/min"), 9024),
        (_rxg("70", "mL/h"), 9024),
        (put(MESSAGE, "ORC", 1, "CH"), 9035),
        (put(MESSAGE, "ORC", 1, "XO"), 9004),
    ],
)
def test_each_reason_against_a_request_has_its_code(message: Message, code: int) -> None:
    assert _codes(message) == [code]


@pytest.mark.parametrize("kilograms", ["66.5", "69.9", "70.001", "73.5"])
def test_a_weight_that_differs_by_no_more_than_the_tolerance_is_the_patients(kilograms: str) -> None:
    assert _codes(put(MESSAGE, "OBX", 5, kilograms, nth=2)) == []


def test_the_tolerance_of_weights_is_the_wards() -> None:
    near = _request(put(MESSAGE, "OBX", 5, "71", nth=2))
    assert [one.code for one in verify(near, PLACE, SENT_US, weight_percent=1)] == [9011]


def test_the_beds_rules_are_asked_with_the_dose_and_the_whole_amount() -> None:
    asked: list[Asked] = []

    def judge(one: Asked) -> list[Against]:
        asked.append(one)
        return [Against(Kind.LIMIT, "too fast"), Against(Kind.STATE, "no infusion is planned")]

    problems = verify(_request(), PLACE, SENT_US, judge)
    assert asked == [Asked("p1", True, 7_000_000, 50_000_000)]
    assert [(one.code, one.text) for one in problems] == [(9005, "too fast"), (207, "no infusion is planned")]


def test_a_request_that_is_older_than_the_one_shown_is_refused() -> None:
    assert [one.code for one in verify(_request(), PLACE, SENT_US, newer=True)] == [9022]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (MESSAGE, "start ketamine 7 mL/h = 0.1 mg/kg/h, 50 mL"),
        (_rxg("0.1", "mg/kg/h"), "start ketamine 0.1 mg/kg/h = 7 mL/h, 50 mL"),
        (_rxg("1.5", "ug/kg/min"), "start ketamine 1.5 mcg/kg/min = 6.3 mL/h, 50 mL"),
        (put(MESSAGE, "ORC", 1, "XO"), "change to ketamine 7 mL/h = 0.1 mg/kg/h, 50 mL"),
        (put(MESSAGE, "ORC", 1, "CH"), "bolus of ketamine 7 mL/h = 0.1 mg/kg/h, 50 mL"),
        (put(MESSAGE, "RXG", 4, "1^Morphine"), "start Morphine 7 mL/h = 0.1 mg/kg/h, 50 mL"),
        (_rxg("7", "drops/min"), "start ketamine 7 drops/min, 50 mL"),
    ],
)
def test_a_request_is_shown_in_a_nurses_words(message: Message, text: str) -> None:
    request = _request(message)
    seen = shown(request, PLACE, verify(request, PLACE, SENT_US), "R", "ehr")
    assert seen.text == text
    assert (seen.pump, seen.order, seen.clinician) == ("p1", "ORD1", "N7")


def test_nothing_of_another_patients_request_is_shown_but_that_it_was_refused() -> None:
    request = _request(put(MESSAGE, "PID", 3, "7^^^HOSP^MR"))
    seen = shown(request, PLACE, verify(request, PLACE, SENT_US), "R", "ehr")
    assert (seen.text, seen.order) == ("", "")
    assert seen.against == ("PID-3 names another patient than the one bound to the bed",)


def test_the_pump_and_its_bed_are_asked_too() -> None:
    assert _codes(at=None) == [9001]
    assert _codes(at=_at(infusing=True)) == [9002]
    assert _codes(at=_at(infusing=None)) == [9002]
    assert _codes(at=_at(hard=None)) == [9010]
    assert _codes(at=_at(interlock=InterlockState.TRIPPED)) == [9033]
    assert _codes(at=_at(replace(VIEW, alarms=(OCCLUDED,)))) == [9033]
    assert _codes(at=_at(replace(VIEW, devices=(replace(DEVICE, link=LinkState.DOWN),)))) == [9007]
    assert _codes(at=_at(replace(VIEW, patient=None))) == [9012]
    assert _codes(at=_at(replace(VIEW, patient=replace(ADA, weight_g=None)))) == [9019]


def test_the_pump_is_found_by_our_name_or_by_its_gateways() -> None:
    assert pump_of(_request(), [VIEW], []) == PLACE
    far = replace(_request(), pump="P0001^^0011223344550001^EUI-64")
    assert pump_of(far, [VIEW], []) is None
    assert pump_of(far, [VIEW], [RemoteDevice("b1", "p1", "P0001", True)]) == PLACE
    assert pump_of(_request(), [VIEW, VIEW], []) is None, "two of that name are none"


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (put(MESSAGE, "PID", 3, ""), ("PID", 3)),
        (put(MESSAGE, "ORC", 1, "NW"), ("ORC", 1)),
        (put(MESSAGE, "ORC", 2, ""), ("ORC", 2)),
        (put(MESSAGE, "ORC", 9, ""), ("ORC", 9)),
        (put(MESSAGE, "ORC", 19, ""), ("ORC", 19)),
        (put(MESSAGE, "RXG", 4, ""), ("RXG", 4)),
        (put(MESSAGE, "RXG", 15, "fast"), ("RXG", 15)),
        (put(MESSAGE, "OBX", 18, ""), ("OBX", 18)),
        (without(MESSAGE, "ORC"), ("ORC", 0)),
        (without(MESSAGE, "RXG"), ("RXG", 0)),
    ],
)
def test_what_is_missing_is_refused_with_its_field(message: Message, where: tuple[str, int]) -> None:
    found = read_pcd03(message)
    assert isinstance(found, Refused)
    assert (found.problems[0].segment, found.problems[0].field) == where


def test_no_broken_field_is_verified_for_another_patient_pump_or_dose() -> None:
    for what, message in mutations(MESSAGE):
        found = read_pcd03(message)
        if isinstance(found, Refused):
            continue
        place = pump_of(found, [VIEW], [])
        if verify(found, place, SENT_US):
            continue
        assert found.person.mrn == ADA.mrn, what
        assert found.rate is not None, what
        assert found.rate.rate_ul_h == 7_000, what
        assert place == PLACE, what


def test_the_reply_says_every_reason_and_names_the_request() -> None:
    sender = Sender("PUMPD^0011223344556677^EUI-64", "H", "BCMA", "H")
    problems = verify(_request(_rxg("70", "mL/h")), PLACE, SENT_US)
    answer = read(reply(sender, MESSAGE, problems, "OWN1", SENT_US))
    assert (answer.kind, answer.get("MSA", 1), answer.get("MSA", 2)) == (("RRG", "O16"), "AE", "R1")
    assert (answer.get("ERR", 2), answer.get("ERR", 5), answer.get("ERR", 3)) == ("RXG", "9024", "207")
    assert (answer.get("ORC", 1), answer.get("ORC", 2)) == ("UA", "ORD1")
    assert answer.get("MSH", 21, 3) == "1.3.6.1.4.1.19376.1.6.1.3.2"
    good = read(reply(sender, MESSAGE, (), "OWN2", SENT_US))
    assert (good.get("MSA", 1), good.get("ORC", 1)) == ("AA", "OK")
    assert good.first("ERR") is None
