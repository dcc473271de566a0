"""With no identity not one byte of who a patient is leaves by any route or frame; initials are initials everywhere."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pumpd.access.roles import Identity
from pumpd.api.commands import OPS
from pumpd.api.withheld import without_names
from pumpd.live.client import LiveTimes
from pumpd.safety.alarms import Phase
from pumpd.safety.events import Patient, Sex
from tests.api.test_live import hear, say
from tests.api.ward import MemoryWard, served
from tests.live.fakes import alarm
from tests.security.face import MACHINES, Face, calls, send
from tests.security.test_live_credentials import screen

PATIENT = Patient("MRN-887-231", "Zwettl", "Quirina", "1949-07-23", Sex.FEMALE, 61_000)
SECRETS = ("MRN-887-231", "887-231", "Zwettl", "Quirina", "1949-07-23", "19490723", "1949")


def told(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def lie_down(ward: MemoryWard) -> None:
    """The patient in every bed, with an alarm."""
    for bed in ward.views:
        ward.views[bed] = replace(ward.views[bed], patient=PATIENT)
        ward.hub.alarm(alarm(bed), Phase.START)
        ward.hub.mark(bed)
    ward.history = [alarm("b1", 7)]


@pytest.mark.req("SEC-08")
@pytest.mark.parametrize("identity", Identity)
async def test_what_the_routes_tell_of_a_patient_ends_at_the_callers_identity(face: Face, identity: Identity) -> None:
    lie_down(face.ward)
    caller = await face.machine(MACHINES, identity)
    leaks, texts = {}, {}
    async with face.browser() as web:
        for call in calls(face.app):
            answer = await send(web, call, caller)
            texts[str(call)] = answer.text + str(answer.headers)
            if told(texts[str(call)]):
                leaks[str(call)] = told(texts[str(call)])
    if identity is Identity.FULL:
        assert set(leaks) == {"GET /api/v1/ward", "GET /api/v1/beds", "GET /api/v1/beds/{bed}"}
    else:
        assert leaks == {}
    assert ('"initials":"QZ"' in texts["GET /api/v1/ward"]) == (identity is not Identity.NONE)


@pytest.mark.req("SEC-08")
@pytest.mark.parametrize("identity", [Identity.NONE, Identity.INITIALS])
async def test_no_frame_tells_more_whatever_happens(face: Face, identity: Identity) -> None:
    ward = face.ward = MemoryWard(times=LiveTimes(tick_ms=10))
    lie_down(ward)
    frames: list[str] = []
    async with served(ward, **face.parts) as port, screen(port, await face.machine(MACHINES, identity)) as socket:
        await hear(socket, "snapshot")
        for number, name in enumerate(OPS):
            await say(socket, {"type": "cmd", "id": str(number), "op": name, "args": {"bed": "b1", "pump": "b1-p1"}})
        ward.views["b1"] = replace(ward.views["b1"], patient=heavier(PATIENT))
        ward.hub.mark("b1")
        ward.hub.alarm(alarm("b2", 2), Phase.START)
        for _ in range(len(OPS) + 4):
            frames.append(str(await socket.recv()))
            if json.loads(frames[-1])["type"] == "delta":
                await say(socket, {"type": "ack", "seq": json.loads(frames[-1])["seq"]})
    assert [told(frame) for frame in frames if told(frame)] == []
    patients = [
        bed["patient"] for frame in frames for bed in json.loads(frame).get("set", {}).values() if "patient" in bed
    ]
    assert patients, "the new patient was told as far as it goes"
    assert {one["name"] for one in patients} == {None}


def heavier(patient: Patient) -> Patient:
    """Another weight, so that the patient is told anew."""
    return Patient(patient.mrn, patient.family_name, patient.given_name, patient.birth_date, patient.sex, 62_000)


@pytest.mark.req("AUD-01")
async def test_the_audit_names_no_patient(face: Face) -> None:
    lie_down(face.ward)
    async with face.browser() as web:
        headers = await face.person("charge")
        body = {"mrn": "MRN-887-231", "family_name": "Zwettl", "given_name": "Quirina", "birth_date": "1949-07-23"}
        bound = await web.put("/api/v1/beds/b1/patient", json={**body, "weight_kg": None}, headers=headers)
        assert bound.status_code == 200
        for call in calls(face.app):
            await send(web, call, headers)
    assert told(repr(face.audit.entries)) == []


@pytest.mark.req("SEC-08")
def test_what_another_system_says_of_a_patient_in_its_own_words_is_for_who_may_know() -> None:
    said = "AE unknown patient mrn-887-231 (ZWETTL^Quirina, 19490723)"
    assert without_names(said, [PATIENT], Identity.FULL) == said
    for identity in (Identity.INITIALS, Identity.NONE):
        kept = without_names(said, [PATIENT], identity)
        assert kept == "AE unknown patient (withheld) ((withheld)^(withheld), (withheld))"
    assert without_names("Q is short", [replace_given("Q")], Identity.NONE) == "Q is short"


def replace_given(name: str) -> Patient:
    return Patient("1", "Z", name, "", Sex.FEMALE, None)
