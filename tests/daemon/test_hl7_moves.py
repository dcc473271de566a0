"""A transfer or a merge by HL7 while a pump infuses: every screen and destination sees it in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from websockets.asyncio.client import connect

from tests.daemon.hl7_peer import HL7, adt, ehr_of, patient
from tests.daemon.house import House


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, beds=2, more=HL7)
    yield house
    await house.close()


@pytest.mark.req("QUA-06")
async def test_a_transfer_in_the_middle_of_an_infusion_closes_the_old_patient_before_the_new_one_appears(
    ward: House,
) -> None:
    """What a screen is told, in order: the old alarms end; then the new name, with a dose that begins at 0."""
    ward.bed.act("pump-ignores-stop")
    ward.bed.act("tenfold-rate")
    await ward.until(lambda: ward.alarm("over_hard") and delivered_ng(ward) > 0)
    old = {alarm.id for alarm in ward.view.alarms if "over_hard" in alarm.condition}
    assert ward.pump.infusing
    ehr = await ehr_of(ward)
    move = adt("A02", "7", "DEMO-0002", "Birch^Bela", "PALL^01^1", "PALL^02^1")
    seen = [message async for message in told_until(ward, "demo-01", "DEMO-0002", lambda: ehr.send(move))]
    ended = [n for n, one in enumerate(seen) if one["type"] == "alarm" and one["alarm"]["id"] in old]
    assert [seen[n]["alarm"]["state"] for n in ended][-1:] == ["ended"]
    assert ended[-1] < len(seen) - 1
    assert not any("Birch" in json.dumps(parts_of(one, "demo-01")) for one in seen[:-1])
    assert parts_of(seen[-1], "demo-01")["pumps"][0]["delivered_mg"]["at_least"] == 0
    assert patient(ward, "demo-02") is None
    ehr.close()


@pytest.mark.req("QUA-06")
async def test_a_merge_in_the_middle_of_an_infusion_changes_the_number_and_keeps_dose_and_alarms(ward: House) -> None:
    ward.bed.act("pump-ignores-stop")
    ward.bed.act("tenfold-rate")
    await ward.until(lambda: ward.alarm("over_hard") and delivered_ng(ward) > 0)
    before = delivered_ng(ward)
    alarm = ward.alarm("over_hard")
    ehr = await ehr_of(ward)
    merge = adt("A40", "8", "M-NEW", "Ash^Alva").replace(b"\rPV1", b"\rMRG|DEMO-0001^^^HOSP^MR\rPV1")
    assert await ehr.send(merge) == "MSA|AA|8"
    assert patient(ward, "demo-01") == "M-NEW"
    assert delivered_ng(ward) >= before
    after = ward.alarm("over_hard")
    assert alarm is not None
    assert after is not None
    assert (after.id, after.state) == (alarm.id, alarm.state)
    ehr.close()


class Receiver:
    """A destination that takes everything and keeps it in order."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.more = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = MllpFramer()
        while data := await reader.read(65536):
            for raw in framer.feed(data):
                assert isinstance(raw, bytes)
                message = read_message(raw)
                assert isinstance(message, Message)
                writer.write(frame(f"MSH|^~\\&|||||||ACK|1|P|2.6\rMSA|CA|{message.control_id}\r".encode()))
                self.taken.append(message)
                self.more.set()
        writer.close()

    async def until(self, condition: Callable[[Message], bool]) -> int:
        """The place of the first message for which it holds."""
        while True:
            for place, message in enumerate(self.taken):
                if condition(message):
                    return place
            self.more.clear()
            await self.more.wait()


def of_bed_1(message: Message) -> bool:
    place = message.first("PV1")
    return place is not None and place.raw(3).startswith("PALL^01^1")


@pytest.mark.req("QUA-06")
async def test_a_transfer_ends_the_old_patients_alarms_at_the_destination_before_it_hears_of_the_new_one(
    tmp_path: Path,
) -> None:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    send = f'\n[[hl7.send]]\nid = "ehr"\nurl = "mllp://127.0.0.1:{port}"\nmessages = ["PCD-01", "PCD-04", "PCD-10"]\n'
    house = await House.open(tmp_path, beds=2, more=HL7 + send)
    house.bed.act("pump-ignores-stop")
    house.bed.act("tenfold-rate")
    await receiver.until(lambda one: one.get("PID", 3) == "DEMO-0001" and " mg/kg/h" in "".join(one.lines))
    ehr = await ehr_of(house)
    await ehr.send(adt("A02", "9", "DEMO-0002", "Birch^Bela", "PALL^01^1", "PALL^02^1"))
    await receiver.until(lambda one: of_bed_1(one) and one.get("PID", 3) == "DEMO-0002")
    here = [(one.get("PID", 3), "|end|" in "".join(one.lines)) for one in receiver.taken if of_bed_1(one)]
    first_new = next(n for n, (mrn, _end) in enumerate(here) if mrn == "DEMO-0002")
    assert ("DEMO-0001", True) in here[:first_new]
    assert "DEMO-0001" not in [mrn for mrn, _end in here[first_new:]]
    ehr.close()
    await house.close()
    server.close()
    await server.wait_closed()


def delivered_ng(house: House) -> int:
    dose = house.pump.delivered
    return 0 if dose is None else dose.at_least_ng


def parts_of(message: dict[str, Any], bed: str) -> dict[str, Any]:
    """What a screen's message says of one bed."""
    if message["type"] == "snapshot":
        return next(one for one in message["beds"] if one["id"] == bed)
    parts: dict[str, Any] = message.get("set", {}).get(bed, {})
    return parts


async def told_until(
    house: House, bed: str, mrn: str, act: Callable[[], Awaitable[str]]
) -> AsyncIterator[dict[str, Any]]:
    """Every message of a screen from just before the act to the one that shows that patient at the bed."""
    async with connect(f"ws://127.0.0.1:{house.daemon.port}/ws/v1/live") as screen:
        await screen.send(
            json.dumps({"type": "hello", "proto": [1], "client": "test", "credit": 5, "subs": ["ward:*"]})
        )
        acting: asyncio.Task[str] | None = None
        async for text in screen:
            message = json.loads(text)
            yield message
            if message["type"] in ("snapshot", "delta"):
                await screen.send(json.dumps({"type": "ack", "seq": message["seq"]}))
                acting = acting or asyncio.ensure_future(act())
            if (parts_of(message, bed).get("patient") or {}).get("mrn") == mrn:
                break
        assert acting is not None
        assert (await acting).startswith("MSA|AA")
