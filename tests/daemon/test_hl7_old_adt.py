"""ADT that is sent again after an outage, and a daemon that dies between two beds: nobody is displaced or lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pumpd_hl7.gateway import Hl7Gateway

from pumpd.journal import JournalUnavailable
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, PatientBound, PatientReleased
from pumpd.safety.told_events import OrderTold, StandingOrder
from tests.daemon.hl7_peer import HL7, adt, ehr_of, listening, patient
from tests.daemon.house import House

ONE, TWO = "demo-01", "demo-02"
DOWNTIME_S = 3600


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, beds=2, more=HL7)
    yield house
    await house.close()


def notices(house: House, bed: str) -> list[Any]:
    data = house.daemon.hub.bed_json(bed)
    assert data is not None
    return list(json.loads(data)["told"]["notices"])


async def again(house: House) -> None:
    await house.daemon.stop()
    await house.start()
    await listening(house)


async def test_an_old_adt_that_is_sent_again_neither_releases_nor_displaces_and_the_bed_says_so_over_a_restart(
    ward: House,
) -> None:
    ehr = await ehr_of(ward)
    assert await ehr.send(adt("A01", "1", "M-1", "Quill^Q", "PALL^02^1")) == "MSA|AA|1"
    old = (
        adt("A01", "2", "M-2", "Ash^A", "PALL^02^1", ago_s=DOWNTIME_S),
        adt("A03", "3", "M-1", "Quill^Q", "PALL^02^1", ago_s=DOWNTIME_S),
        adt("A08", "4", "M-1", "Other^Name", "PALL^02^1", ago_s=DOWNTIME_S, weight="90"),
        adt("A02", "5", "M-1", "Quill^Q", "PALL^01^1", "PALL^02^1", ago_s=DOWNTIME_S),
    )
    for number, message in enumerate(old, 2):
        assert await ehr.send(message) == f"MSA|AA|{number}"
    await again(ward)
    bound = ward.daemon.beds[TWO].view().patient
    assert bound is not None
    assert (bound.mrn, bound.family_name, bound.weight_g) == ("M-1", "Quill", 60_000)
    assert patient(ward, ONE) == "DEMO-0001"
    (told,) = notices(ward, TWO)
    assert told["count"] == 4
    assert "older than the present binding" in told["text"]
    assert "Quill" not in told["text"]
    ehr.close()


async def test_after_a_restart_an_old_adt_is_still_older(ward: House) -> None:
    ehr = await ehr_of(ward)
    await ehr.send(adt("A01", "1", "M-1", "Quill^Q", "PALL^02^1"))
    ehr.close()
    await again(ward)
    ehr = await ehr_of(ward)
    assert await ehr.send(adt("A03", "2", "M-1", "Quill^Q", "PALL^02^1", ago_s=600)) == "MSA|AA|2"
    assert patient(ward, TWO) == "M-1"
    assert await ehr.send(adt("A03", "3", "M-1", "Quill^Q", "PALL^02^1")) == "MSA|AA|3"
    assert patient(ward, TWO) is None
    ehr.close()


async def test_whoever_was_discharged_is_not_brought_back_by_an_old_admission_to_another_bed(ward: House) -> None:
    ehr = await ehr_of(ward)
    for number, message in enumerate(
        (
            adt("A01", "1", "M-1", "Quill^Q", "PALL^01^1", ago_s=50),
            adt("A03", "2", "M-1", "Quill^Q", "PALL^01^1", ago_s=40),
            adt("A01", "3", "M-3", "Elm^E", "PALL^01^1", ago_s=30),
            adt("A02", "4", "M-1", "Quill^Q", "PALL^02^1", "PALL^01^1", ago_s=45),
        ),
        1,
    ):
        assert await ehr.send(message) == f"MSA|AA|{number}"
    assert (patient(ward, ONE), patient(ward, TWO)) == ("M-3", "DEMO-0002")
    ehr.close()


async def test_a_clock_that_is_ahead_is_told_of_and_its_messages_are_done(ward: House) -> None:
    ehr = await ehr_of(ward)
    assert await ehr.send(adt("A01", "1", "M-1", "Quill^Q", "PALL^02^1", ago_s=-7200)) == "MSA|AA|1"
    assert patient(ward, TWO) == "M-1"
    assert "is 120 min ahead of ours" in notices(ward, TWO)[0]["text"] or "119 min" in notices(ward, TWO)[0]["text"]
    ehr.close()


ORDER = StandingOrder("his:O1", "his", "Ketamine", ("ketamine",), "7 mL/h", rate_ul_h=7_000)


@pytest.mark.parametrize("place", [("A02", "PALL^02^1", "PALL^01^1"), ("A12", "PALL^02^1", "PALL^01^1")])
async def test_a_daemon_that_dies_between_release_and_bind_ends_the_transfer_with_weight_and_orders(
    ward: House, monkeypatch: pytest.MonkeyPatch, place: tuple[str, str, str]
) -> None:
    ehr = await ehr_of(ward)
    await ehr.send(adt("A01", "1", "M-1", "Quill^Q", "PALL^01^1", weight="61"))
    await ward.daemon.gateway._port.submit(ONE, OrderTold(ORDER))  # type: ignore[union-attr]
    dies_before_binding(ward, monkeypatch)
    trigger, at, prior = place
    assert (await ehr.send(adt(trigger, "2", "M-1", "Quill^Q", at, prior, weight=""))).startswith("MSA|AE|2")
    assert (patient(ward, ONE), patient(ward, TWO)) == (None, None)
    ehr.close()
    monkeypatch.undo()
    await again(ward)
    bound = ward.daemon.beds[TWO].view().patient
    assert bound is not None
    assert (bound.mrn, bound.weight_g) == ("M-1", 61_000)
    assert [one.order for one in ward.daemon.beds[TWO].state.told.orders] == [ORDER]
    assert ward.daemon.beds[ONE].state.told.orders == ()


def dies_before_binding(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases are done; nobody is bound any more, as where the daemon has ended."""
    run = house.daemon.gateway
    assert run is not None
    assert isinstance(run.gateway, Hl7Gateway)
    port = run._port
    submit = port.submit

    async def ends(bed: str, event: Event) -> tuple[Decision, ...]:
        if isinstance(event, PatientBound):
            raise JournalUnavailable("the daemon has ended")
        assert isinstance(event, PatientReleased)
        return await submit(bed, event)

    monkeypatch.setattr(port, "submit", ends)
