"""HL7 at a real daemon: ADT over a real socket binds and releases, and a gateway in trouble is no bed's trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pumpd.registry import BrokenGateway
from tests.daemon.hl7_peer import HL7, adt, ehr_of, listening, patient
from tests.daemon.house import House
from tests.ports import deaf_port


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, beds=2, more=HL7)
    yield house
    await house.close()


async def test_an_admission_binds_the_patient_with_name_and_weight_and_is_answered_once_it_is_done(ward: House) -> None:
    ehr = await ehr_of(ward)
    assert await ehr.send(adt("A01", "1", "M-1", "Quill^Quentin", "PALL^02^1")) == "MSA|AA|1"
    bound = ward.daemon.beds["demo-02"].view().patient
    assert bound is not None
    assert (bound.mrn, bound.family_name, bound.given_name, bound.weight_g) == ("M-1", "Quill", "Quentin", 60_000)
    ehr.close()


async def test_a_discharge_releases_the_patient_and_nobody_else(ward: House) -> None:
    ehr = await ehr_of(ward)
    other = patient(ward, "demo-02")
    assert await ehr.send(adt("A03", "2", "DEMO-0001", "Ash^Alva", "PALL^01^1")) == "MSA|AA|2"
    assert patient(ward, "demo-01") is None
    assert patient(ward, "demo-02") == other
    ehr.close()


async def test_a_message_without_a_patient_is_refused_with_its_field_and_changes_nothing(ward: House) -> None:
    ehr = await ehr_of(ward)
    before = patient(ward, "demo-01")
    assert (await ehr.send(adt("A01", "3", "", "Quill^Q", "PALL^01^1"))).startswith("MSA|AE|3")
    assert patient(ward, "demo-01") == before
    ehr.close()


async def test_a_repetition_is_answered_alike_and_not_done_again(ward: House) -> None:
    ehr = await ehr_of(ward)
    message = adt("A01", "4", "M-4", "Quill^Q", "PALL^02^1")
    first = await ehr.send(message)
    await ehr.send(adt("A03", "5", "M-4", "Quill^Q"))
    assert patient(ward, "demo-02") is None
    assert await ehr.send(message) == first
    assert patient(ward, "demo-02") is None
    ehr.close()


async def test_what_is_bound_by_adt_is_still_bound_after_a_restart(ward: House) -> None:
    ehr = await ehr_of(ward)
    await ehr.send(adt("A01", "6", "M-6", "Quill^Q", "PALL^02^1"))
    ehr.close()
    await ward.daemon.stop()
    await ward.start()
    await listening(ward)
    assert patient(ward, "demo-02") == "M-6"


async def test_without_the_table_nothing_listens(house: House) -> None:
    assert house.daemon.gateway is None


async def test_an_address_that_is_taken_is_an_alarm_at_every_bed_and_no_bed_is_less_watched_for_it(
    tmp_path: Path,
) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    house = await House.open(tmp_path, beds=2, more=HL7.replace("port = 0", f"port = {port}"))
    await house.until(lambda: house.alarm("hl7_not_listening"))
    alarm = house.alarm("hl7_not_listening")
    assert alarm is not None
    assert f"127.0.0.1:{port}" in alarm.text
    assert house.pump.infusing
    taken.close()
    await house.close()


async def test_a_gateway_that_cannot_be_loaded_is_an_alarm_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = BrokenGateway("hl7", "ImportError: no module named x")
    monkeypatch.setattr("pumpd.daemon.gateway.gateway", lambda name: broken)
    house = await House.open(tmp_path, more=HL7.replace("demo-02", "demo-01"))
    await house.until(lambda: house.alarm("hl7_gateway"))
    assert house.pump.infusing
    await house.close()


async def test_a_destination_that_is_not_there_keeps_its_messages_and_the_page_says_so(tmp_path: Path) -> None:
    with deaf_port() as port:
        await alarm_for_nobody(tmp_path, port)


async def alarm_for_nobody(folder: Path, port: int) -> None:
    send = f'\n[[hl7.send]]\nid = "ehr"\nurl = "mllp://127.0.0.1:{port}"\nmessages = ["PCD-04"]\n'
    house = await House.open(folder, beds=2, more=HL7 + send)
    house.bed.act("pump-ignores-stop")
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.alarm("over_hard"))
    run = house.daemon.gateway
    assert run is not None
    await house.until(lambda: any(one.id == "ehr" and one.depth and one.problem for one in run.peers()))
    (box,) = house.daemon.outboxes
    assert (box.name, box.waiting_since_ms() is not None) == ("hl7_ehr", True)
    await house.close()
