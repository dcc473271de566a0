"""HTTP: what may be read and done, and that every refusal lists all its reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from pumpd.access.always import DEMO
from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, Permitted, Refused
from pumpd.safety.events import (
    Acknowledged,
    AckReason,
    AlarmReset,
    AudioPaused,
    InterlockReset,
    PatientBound,
    PatientReleased,
    RateRequested,
    ResumeRequested,
    Sex,
    SoftOverride,
    StopRequested,
)
from tests.api.ward import MemoryWard, client
from tests.live.fakes import alarm, pump

PATIENT = {
    "mrn": "4711",
    "family_name": "Baker",
    "given_name": "Ann",
    "birth_date": "1950-02-03",
    "sex": "female",
    "weight_kg": 72.5,
    "by": "RN-KL",
}
PUMP = "/api/v1/beds/b1/pumps/b1-p1"
WHO = {"by": "RN-KL", "reason": "because"}


async def act(ward: MemoryWard, method: str, path: str, body: Any, status: int) -> Any:
    async with client(ward) as web:
        answer = await web.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_the_ward_and_a_bed_can_be_read() -> None:
    async with client(MemoryWard()) as web:
        ward = (await web.get("/api/v1/ward")).json()
        bed = (await web.get("/api/v1/beds/b2")).json()
    assert {"epoch", "seq", "time", "ward", "beds", "alarms"} == ward.keys()
    assert [one["id"] for one in ward["beds"]] == ["b1", "b2"]
    assert bed["values"]["rr"]["v"] == 14


async def test_an_unknown_bed_is_404_in_the_common_shape() -> None:
    async with client(MemoryWard()) as web:
        answer = await web.get("/api/v1/beds/nowhere")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": {"code": "unknown_bed", "reasons": ["no bed 'nowhere' in this ward"]}},
    )


async def test_unknown_paths_and_methods_are_refused_in_the_common_shape() -> None:
    async with client(MemoryWard()) as web:
        nowhere = await web.get("/api/v1/nowhere")
        wrong = await web.delete("/api/v1/ward")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")
    assert wrong.status_code == 405
    assert wrong.json()["error"]["reasons"]


@pytest.mark.req("ALA-03")
async def test_an_alarm_is_acknowledged_by_a_named_person_with_a_reason() -> None:
    ward = MemoryWard()
    one = alarm("b1")
    ward.hub.alarm(one, Phase.START)
    ward.answer = (AlarmChanged(changed(one, state=AlarmState.ACKNOWLEDGED), Phase.ACKNOWLEDGE),)
    body = {"by": "RN-KL", "reason": "probe_off", "note": "ear"}
    answer = await act(ward, "POST", "/api/v1/alarms/b1-a1/acknowledge", body, 200)
    assert ward.events == [("b1", Acknowledged("b1-a1", "RN-KL", AckReason.PROBE_OFF, "ear"))]
    assert (answer["ok"], answer["alarms"][0]["state"]) == (True, "acknowledged")


@pytest.mark.req("ALA-03")
@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({"by": "  ", "reason": "probe_off"}, ["by"]),
        ({"by": "RN-KL"}, ["reason"]),
        ({"by": "RN-KL", "reason": "tired"}, ["reason"]),
        ({"by": "RN-KL", "reason": "other"}, ["body"]),
        ({"reason": "tired", "silent": True}, ["reason", "silent"]),
    ],
)
async def test_an_acknowledgement_that_lacks_something_names_all_that_it_lacks(body: Any, about: list[str]) -> None:
    ward = MemoryWard()
    ward.hub.alarm(alarm("b1"), Phase.START)
    answer = await act(ward, "POST", "/api/v1/alarms/b1-a1/acknowledge", body, 422)
    assert sorted(reason.split(":")[0] for reason in answer["error"]["reasons"]) == about
    assert ward.events == []


async def test_an_alarm_that_is_gone_cannot_be_acknowledged() -> None:
    answer = await act(MemoryWard(), "POST", "/api/v1/alarms/b1-a9/acknowledge", {**WHO, "reason": "probe_off"}, 404)
    assert answer["error"]["code"] == "unknown_alarm"


async def test_a_refusal_by_the_kernel_lists_all_reasons() -> None:
    ward = MemoryWard()
    ward.answer = (Refused("rate", "b1-p1", ("weight is not known", "the interlock is tripped")),)
    body = {**WHO, "rate": 1, "unit": "mL/h"}
    answer = await act(ward, "POST", f"{PUMP}/rate", body, 409)
    assert answer == {"error": {"code": "refused", "reasons": ["weight is not known", "the interlock is tripped"]}}


async def test_what_differs_from_what_was_asked_is_said_in_notes() -> None:
    ward = MemoryWard()
    ward.answer = (Permitted("rate", "b1-p1", "RN-KL", "rounded down to the pump's step: 1.8 mL/h"),)
    answer = await act(ward, "POST", f"{PUMP}/rate", {**WHO, "rate": 1.805, "unit": "mL/h"}, 200)
    assert answer["notes"] == ["rounded down to the pump's step: 1.8 mL/h"]


async def test_an_act_that_is_not_durable_says_that_it_was_applied() -> None:
    ward = MemoryWard()
    ward.durable = False
    answer = await act(ward, "POST", f"{PUMP}/stop", WHO, 503)
    assert answer["error"]["code"] == "not_durable"
    assert "applied" in answer["error"]["reasons"][0]


@pytest.mark.parametrize(
    ("method", "path", "body", "event"),
    [
        ("POST", f"{PUMP}/stop", WHO, StopRequested("b1-p1", "RN-KL", "because")),
        ("POST", f"{PUMP}/resume", WHO, ResumeRequested("b1-p1", "RN-KL", "because")),
        ("POST", f"{PUMP}/override", WHO, SoftOverride("b1-p1", "RN-KL", "because")),
        ("POST", "/api/v1/beds/b1/interlock/reset", WHO, InterlockReset("b1-p1", "RN-KL", "because")),
        ("POST", "/api/v1/beds/b1/audio-pause", {"by": "RN-KL", "seconds": 120}, AudioPaused("RN-KL", 120)),
        ("DELETE", "/api/v1/beds/b1/patient", WHO, PatientReleased("RN-KL", "because")),
    ],
)
async def test_an_act_becomes_exactly_one_event(method: str, path: str, body: Any, event: Any) -> None:
    ward = MemoryWard()
    assert (await act(ward, method, path, body, 200))["ok"] is True
    assert ward.events == [("b1", event)]


async def test_a_latched_alarm_is_reset_by_a_named_person() -> None:
    ward = MemoryWard()
    ward.hub.alarm(alarm("b1", state=AlarmState.LATCHED), Phase.LATCH)
    await act(ward, "POST", "/api/v1/alarms/b1-a1/reset", WHO, 200)
    assert ward.events == [("b1", AlarmReset("b1-a1", "RN-KL", "because"))]


@pytest.mark.parametrize(
    ("rate", "unit", "rate_ul_h"),
    [
        ("1.8", "mL/h", 1800),
        (1.8, "mL/h", 1800),
        ("0.0019", "mL/h", 1),
        ("0.1", "mg/kg/h", 1800),
        ("0.10001", "mg/kg/h", 1800),
        ("0.999999", "mg/kg/h", 17_999),
    ],
)
async def test_a_requested_rate_is_rounded_down_to_whole_microlitres(rate: Any, unit: str, rate_ul_h: int) -> None:
    ward = MemoryWard()
    await act(ward, "POST", f"{PUMP}/rate", {**WHO, "rate": rate, "unit": unit}, 200)
    ((bed, event),) = ward.events
    assert isinstance(event, RateRequested)
    assert (bed, event.pump, event.rate_ul_h) == ("b1", "b1-p1", rate_ul_h)


@pytest.mark.req("CEI-04")
@pytest.mark.parametrize("rate", ["NaN", "Infinity", "-Infinity", "1e999", "-1", "", "fast", None, True, [], "9" * 400])
async def test_a_rate_that_is_not_a_number_reaches_no_bed(rate: Any) -> None:
    ward = MemoryWard()
    answer = await act(ward, "POST", f"{PUMP}/rate", {**WHO, "rate": rate, "unit": "mL/h"}, 422)
    assert answer["error"]["reasons"][0].startswith("rate:")
    assert ward.events == []


async def test_a_bare_nan_in_json_is_refused_too() -> None:
    async with client(MemoryWard()) as web:
        body = b'{"by":"x","reason":"y","unit":"mL/h","rate":NaN}'
        answer = await web.post(f"{PUMP}/rate", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]["reasons"]


@pytest.mark.req("CEI-05")
async def test_a_dose_without_weight_and_concentration_is_refused_with_both_reasons() -> None:
    ward = MemoryWard()
    view = ward.views["b1"]
    ward.views["b1"] = replace(view, patient=None, pumps=(pump("b1", concentration_ug_ml=None),))
    ward.hub.mark("b1")
    ward.hub.tick()
    answer = await act(ward, "POST", f"{PUMP}/rate", {**WHO, "rate": 0.1, "unit": "mg/kg/h"}, 409)
    assert len(answer["error"]["reasons"]) == 2


async def test_an_unknown_pump_is_404() -> None:
    answer = await act(MemoryWard(), "POST", "/api/v1/beds/b1/pumps/b2-p1/stop", WHO, 404)
    assert answer["error"]["code"] == "unknown_pump"


@pytest.mark.req("ALA-04")
@pytest.mark.parametrize("seconds", [0, -1, 121, 10**9, 1.5, "NaN"])
async def test_audio_is_never_paused_for_more_than_120_seconds(seconds: Any) -> None:
    ward = MemoryWard()
    await act(ward, "POST", "/api/v1/beds/b1/audio-pause", {"by": "RN-KL", "seconds": seconds}, 422)
    assert ward.events == []


@pytest.mark.req("QUA-06")
async def test_a_patient_is_bound_by_a_named_person() -> None:
    ward = MemoryWard()
    await act(ward, "PUT", "/api/v1/beds/b1/patient", PATIENT, 200)
    ((bed, event),) = ward.events
    assert isinstance(event, PatientBound)
    assert (bed, event.by, event.patient.weight_g, event.patient.birth_date) == ("b1", "RN-KL", 72_500, "1950-02-03")


@pytest.mark.req("QUA-06")
@pytest.mark.parametrize(
    ("key", "bad"),
    [
        *[("weight_kg", bad) for bad in (0, -1, "NaN", "inf", 1e9, "heavy", 70.00001)],
        *[("birth_date", bad) for bad in ("1950-02-31", "2999-01-01", "1700-01-01")],
        *[("mrn", ""), ("family_name", " "), ("sex", "x"), ("by", ""), ("surname", "Baker")],
    ],
)
async def test_a_patient_that_cannot_be_right_is_refused(key: str, bad: Any) -> None:
    ward = MemoryWard()
    answer = await act(ward, "PUT", "/api/v1/beds/b1/patient", {**PATIENT, key: bad}, 422)
    assert [reason.split(":")[0] for reason in answer["error"]["reasons"]] == [key]
    assert ward.events == []


async def test_a_script_without_a_name_is_recorded_as_unsigned_and_a_wards_own_words_are_understood() -> None:
    ward = MemoryWard()
    ward.hub.alarm(alarm("b1"), Phase.START)
    await act(ward, "POST", "/api/v1/alarms/b1-a1/acknowledge", {"reason": "Patient care in progress"}, 200)
    assert ward.events == [("b1", Acknowledged("b1-a1", DEMO.by, AckReason.CARE_IN_PROGRESS, ""))]
    body = {key: value for key, value in PATIENT.items() if key != "by"} | {"sex": "F"}
    await act(ward, "PUT", "/api/v1/beds/b1/patient", body, 200)
    _, bound = ward.events[-1]
    assert isinstance(bound, PatientBound)
    assert (bound.by, bound.patient.sex) == (DEMO.by, Sex.FEMALE)
