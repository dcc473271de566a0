"""HL7 at a real daemon: ADT over a real socket binds, moves and releases, and every screen sees it in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pumpd_hl7.gateway import Hl7Gateway
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.times import time_text
from websockets.asyncio.client import connect

from pumpd.registry import BrokenGateway
from tests.daemon.house import House

HL7 = """
[hl7]
application = "PUMPD"

[hl7.listen]
port = 0

[[hl7.peer]]
id = "his"
application = "HIS"
may = ["ADT", "ORU"]

[hl7.locations]
"PALL^01^1" = "demo-01"
"PALL^02^1" = "demo-02"
"""


def adt(trigger: str, control_id: str, mrn: str, name: str, place: str = "", prior: str = "") -> bytes:
    rows = (
        f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|20260115100000+0000||ADT^{trigger}|{control_id}|P|2.6",
        "EVN||20260115100000+0000",
        f"PID|||{mrn}^^^HOSP^MR||{name}||19560203|F",
        f"PV1||I|{place}|||{prior}",
        "OBX|1|NM|29463-7^Body weight^LN||60|kg^kilogram^UCUM",
    )
    return "".join(f"{row}\r" for row in rows).encode()


class Ehr:
    """The other end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._framer = reader, writer, MllpFramer()

    async def send(self, message: bytes) -> str:
        """The answer's MSA segment."""
        self._writer.write(frame(message))
        while True:
            for answer in self._framer.feed(await self._reader.read(65536)):
                assert isinstance(answer, bytes)
                return next(row for row in answer.decode().split("\r") if row.startswith("MSA"))

    def close(self) -> None:
        self._writer.close()


async def listening(house: House) -> int:
    run = house.daemon.gateway
    assert run is not None
    await house.until(lambda: isinstance(run.gateway, Hl7Gateway) and run.gateway.port)
    assert isinstance(run.gateway, Hl7Gateway)
    assert run.gateway.port is not None
    return run.gateway.port


async def ehr_of(house: House) -> Ehr:
    return Ehr(*await asyncio.open_connection("127.0.0.1", await listening(house)))


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, beds=2, more=HL7)
    yield house
    await house.close()


def patient(house: House, bed: str) -> str | None:
    found = house.daemon.beds[bed].view().patient
    return None if found is None else found.mrn


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


def wall_us(house: House) -> int:
    return int(house.daemon.clock.wall().timestamp()) * 1_000_000


REMOTE = """
[[bed]]
id = "far"

[[bed.monitor]]
id = "far-m1"
link = "hl7:MON7"
options = { interval_s = "1", signals = "spo2 pulse" }
"""


def pcd01(house: House, control_id: str, spo2: int, mrn: str = "") -> bytes:
    """A monitor's report of now."""
    now = time_text(wall_us(house))
    rows = (
        f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|{now}||ORU^R01^ORU_R01|{control_id}|P|2.6",
        f"PID|||{mrn}^^^HOSP^MR||Quill^Q" if mrn else "PID|||",
        f"OBR|1||R{control_id}|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||{now}",
        "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||MON7^^0011223344550007^EUI-64",
        f"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1|{spo2}|262688^MDC_DIM_PERCENT^MDC|||||R",
    )
    return "".join(f"{row}\r" for row in rows).encode()


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, more=REMOTE + HL7.replace("demo-02", "far"))
    yield house
    await house.close()


def spo2(house: House) -> int | None:
    value = house.daemon.beds["far"].view().values.get("spo2")
    return None if value is None else value.value_milli


@pytest.mark.req("QUA-06")
async def test_a_monitor_behind_hl7_is_a_device_of_its_bed(far: House) -> None:
    view = far.daemon.beds["far"].view
    await far.until(lambda: view().devices[0].detail)  # lines are opened one after the other
    assert [(one.link, one.detail) for one in view().devices] == [("down", "no message has come yet")]
    ehr = await ehr_of(far)
    assert await ehr.send(pcd01(far, "1", 97)) == "MSA|AA|1"
    assert (view().devices[0].link, spo2(far)) == ("up", 97_000)
    ehr.close()


@pytest.mark.req("QUA-06")
async def test_a_device_that_names_another_patient_than_the_beds_is_refused_and_shown_nowhere(far: House) -> None:
    ehr = await ehr_of(far)
    await ehr.send(adt("A01", "1", "M-1", "Quill^Q", "PALL^02^1"))
    assert (await ehr.send(pcd01(far, "2", 97, "M-2"))).startswith("MSA|AE|2")
    assert spo2(far) is None
    alarms = [alarm.text for alarm in far.daemon.beds["far"].view().alarms]
    assert any("another patient" in text for text in alarms), alarms
    assert await ehr.send(pcd01(far, "3", 96, "M-1")) == "MSA|AA|3"
    assert spo2(far) == 96_000
    ehr.close()


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
    nobody = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = nobody.sockets[0].getsockname()[1]
    nobody.close()
    await nobody.wait_closed()
    send = f'\n[[hl7.send]]\nid = "ehr"\nurl = "mllp://127.0.0.1:{port}"\nmessages = ["PCD-04"]\n'
    house = await House.open(tmp_path, beds=2, more=HL7 + send)
    house.bed.act("pump-ignores-stop")
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.alarm("over_hard"))
    run = house.daemon.gateway
    assert run is not None
    await house.until(lambda: any(one.id == "ehr" and one.depth and one.problem for one in run.peers()))
    (box,) = house.daemon.outboxes
    assert (box.name, box.waiting_since_ms() is not None) == ("hl7_ehr", True)
    await house.close()
