"""What other systems tell of a patient at a real daemon: shown at the bed, kept over a restart, settled by people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pumpd.safety.decisions import Decision, Permitted, Refused
from pumpd.safety.events import PatientReleased
from pumpd.safety.told_events import ToldSettled
from tests.daemon.hl7_peer import ehr_of, listening
from tests.daemon.house import House
from tests.daemon.test_hl7_orders import HL7, Receiver, admitted, head_of, ras, rgv


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, int]]:
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    yield found, server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def ward(tmp_path: Path, receiver: tuple[Receiver, int]) -> AsyncIterator[House]:
    house = await House.open(tmp_path, more=HL7.format(port=receiver[1]))
    yield house
    await house.close()


def told(house: House) -> Any:
    """As every screen gets it."""
    data = house.daemon.hub.bed_json(house.bed.id)
    assert data is not None
    return json.loads(data)["told"]


async def settle(house: House, told_id: str, accepted: bool = True, reason: str = "") -> tuple[Decision, ...]:
    port = house.daemon.beds[house.bed.id]
    stepped = port.post(ToldSettled(told_id, "RN-KL", accepted, reason))
    assert stepped is not None
    return stepped.decisions


async def again(house: House) -> None:
    """The daemon ends and begins anew on the same journal."""
    await house.daemon.stop()
    await house.start()
    await listening(house)


async def replied(receiver: tuple[Receiver, int]) -> set[str]:
    return {error.get(5) or error.get(3) for error in (await receiver[0].messages.get()).all("ERR")}


async def test_a_request_is_shown_at_the_bed_with_every_reason_until_a_named_person_settles_it(
    ward: House, receiver: tuple[Receiver, int]
) -> None:
    ehr = await admitted(ward)
    assert await ehr.send(rgv(ward, "R1", "9")) == "MSA|AA|R1"
    assert await replied(receiver) >= {"9002", "9024", "9005", "207"}
    (shown,) = told(ward)["requests"]
    assert (shown["pump"], shown["source"], shown["verified"]) == (ward.pump.id, "ehr", False)
    assert shown["text"].startswith("start ketAMINE 9 mg/kg/h = ")
    assert any("the pump infuses" in reason for reason in shown["against"])
    assert any("contra-indications not asked" in reason for reason in shown["against"])
    await again(ward)
    (still,) = told(ward)["requests"]
    assert {**still, "at": shown["at"]} == shown
    assert isinstance((await settle(ward, shown["id"], False))[0], Refused)
    assert isinstance((await settle(ward, shown["id"], False, "too much"))[0], Permitted)
    assert told(ward)["requests"] == []
    assert isinstance((await settle(ward, shown["id"]))[0], Refused)
    ehr.close()


async def test_a_lower_rate_is_verified_and_a_later_request_replaces_it(
    ward: House, receiver: tuple[Receiver, int]
) -> None:
    ehr = await admitted(ward)
    lower = rgv(ward, "R1", "0.01").replace(b"ORC|RE|", b"ORC|XO|")
    assert await ehr.send(lower) == "MSA|AA|R1"
    assert await replied(receiver) == set()
    assert [one["verified"] for one in told(ward)["requests"]] == [True]
    assert await ehr.send(rgv(ward, "R2", "0.01")) == "MSA|AA|R2"
    assert "9002" in await replied(receiver)
    assert [one["verified"] for one in told(ward)["requests"]] == [False]
    ehr.close()


async def test_a_request_leaves_with_the_patient(ward: House) -> None:
    ehr = await admitted(ward)
    await ehr.send(rgv(ward, "R1", "0.01"))
    assert told(ward)["requests"]
    ward.daemon.beds[ward.bed.id].post(PatientReleased("RN-KL", "home"))
    assert told(ward)["requests"] == []
    ehr.close()


async def test_of_another_patients_request_nothing_is_shown_but_that_it_was_refused(ward: House) -> None:
    ehr = await admitted(ward)
    await ehr.send(rgv(ward, "R1", "0.01", mrn="M-2"))
    (shown,) = told(ward)["requests"]
    assert (shown["text"], shown["order"], shown["verified"]) == ("", "", False)
    assert any("another patient" in reason for reason in shown["against"])
    ehr.close()


def rde(
    house: House, control_id: str, rate: str, control: str = "NW", mrn: str = "M-1", drug: str = "1^Ketamine"
) -> bytes:
    head, pid, _at = head_of(house, "RDE^O11", control_id, mrn)
    rows = (head, pid, f"ORC|{control}|O1|F1", f"RXE||{drug}" + "|" * 21 + f"{rate}|mL/h", "RXR|IV^Intravenous")
    return "".join(f"{row}\r" for row in rows).encode()


async def test_an_order_stands_at_the_bed_is_compared_with_the_pump_and_ends(ward: House) -> None:
    ehr = await admitted(ward)
    rate = ward.pump.rate_ul_h
    assert rate is not None
    assert await ehr.send(rde(ward, "1", f"{rate / 1000:g}")) == "MSA|AA|1"
    (order,) = told(ward)["orders"]
    assert (order["drug"], order["route"], order["pumps"], order["differs"]) == (
        "Ketamine",
        "Intravenous",
        [ward.pump.id],
        [],
    )
    assert await ehr.send(rde(ward, "2", f"{2 * rate / 1000:g}", "XO")) == "MSA|AA|2"
    (order,) = told(ward)["orders"]
    assert order["differs"] == [f"the pump runs at {rate / 1000:g} mL/h, ordered {2 * rate / 1000:g} mL/h"]
    await again(ward)
    await ward.until(lambda: told(ward)["orders"][0]["differs"])
    assert ward.pump.infusing
    ehr.close()
    ehr = await ehr_of(ward)
    assert await ehr.send(rde(ward, "3", "7", "DC")) == "MSA|AA|3"
    assert told(ward)["orders"] == []
    ehr.close()


async def test_orders_of_others_and_of_other_drugs_stand_nowhere(ward: House) -> None:
    ehr = await admitted(ward)
    assert await ehr.send(rde(ward, "1", "7", mrn="M-2")) == "MSA|AA|1"
    assert await ehr.send(rde(ward, "2", "7", drug="1^Paracetamol")) == "MSA|AA|2"
    assert told(ward)["orders"] == []
    ehr.close()


async def test_what_was_accepted_and_the_bed_refuses_is_told_at_the_bed_once(ward: House) -> None:
    ehr = await admitted(ward)
    too_much = ras(ward, "1", "11000").replace(b"|1|P|2.6", b"|1|P|2.6|||AL|NE")
    assert await ehr.send(too_much) == "MSA|CA|1"
    await ward.until(lambda: told(ward)["notices"])
    (notice,) = told(ward)["notices"]
    assert notice["text"].startswith("RAS of ehr was accepted and could not be applied: the amount is a whole number")
    assert notice["count"] == 1
    await again(ward)
    assert [one["id"] for one in told(ward)["notices"]] == [notice["id"]]
    ehr.close()
