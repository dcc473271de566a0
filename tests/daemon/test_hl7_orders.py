"""RAS and RGV at a real daemon: doses by hand are charted once; a request is answered on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pumpd_hl7.acks import answer
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.times import time_text

from tests.daemon.hl7_peer import Ehr, adt, ehr_of
from tests.daemon.house import House

HL7 = """
[hl7]
application = "PUMPD"
facility = "HOSP"

[hl7.listen]
port = 0

[[hl7.peer]]
id = "ehr"
application = "HIS"
may = ["ADT", "RAS", "RGV", "RDE"]
utc_offset = "+01:00"

[[hl7.send]]
id = "replies"
url = "mllp://127.0.0.1:{port}"
messages = ["MDM"]
application = "HIS"

[hl7.locations]
"PALL^01^1" = "demo-01"
"""


class Receiver:
    """Takes messages, acknowledges each, and keeps them."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = MllpFramer()
        self.connections += 1
        while data := await reader.read(65536):
            for payload in framer.feed(data):
                assert isinstance(payload, bytes)
                message = read_message(payload)
                assert isinstance(message, Message)
                writer.write(frame(answer(message.msh, "CA", (), "A", 0)))
                self.messages.put_nowait(message)
        writer.close()


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


def head_of(house: House, kind: str, control_id: str, mrn: str) -> tuple[str, str, str]:
    """MSH, PID, and the time of the daemon's own wall clock."""
    at = time_text(int(house.daemon.clock.wall().timestamp()) * 1_000_000)
    head = f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|{at}||{kind}|{control_id}|P|2.6"
    return head, f"PID|||{mrn}^^^HOSP^MR||Quill^Q||19560203|F", at


def ras(house: House, control_id: str, amount: str, action: str = "A", mrn: str = "M-1", unit: str = "mg") -> bytes:
    head, pid, at = head_of(house, "RAS^O17", control_id, mrn)
    given = f"RXA|0|1|{at}||1^Morphine|{amount}|{unit}|||42^Nurse^Grace||||||||||CP|{action}"
    return "".join(f"{row}\r" for row in (head, pid, "ORC|RE|O1|F1", given, "RXR|PO")).encode()


def rgv(house: House, control_id: str, rate: str, mrn: str = "M-1") -> bytes:
    head, pid, at = head_of(house, "RGV^O15", control_id, mrn)
    rows = (
        head,
        pid,
        f"ORC|RE|O2|F2||||||{at}||||||||||N7^Nurse^Grace",
        f"RXG|1|||1^Ketamine|50||mL||||||||{rate}|mg/kg/h",
        f"OBX|1||70054^MDC_DEV_PUMP_INFUS_SYRINGE_VMD^MDC|1.1.0.0|||||||X|||||||{house.pump.id}",
        "OBX|2|NM|68063^MDC_ATTR_PT_WEIGHT^MDC|1.0.0.1|60|263875^MDC_DIM_KILO_G^MDC|||||F",
    )
    return "".join(f"{row}\r" for row in rows).encode()


async def admitted(house: House) -> Ehr:
    ehr = await ehr_of(house)
    assert await ehr.send(adt("A01", "adm", "M-1", "Quill^Q", "PALL^01^1")) == "MSA|AA|adm"
    return ehr


async def test_a_dose_by_hand_is_charted_once_and_corrected_and_taken_back(ward: House) -> None:
    ehr = await admitted(ward)
    assert await ehr.send(ras(ward, "1", "10")) == "MSA|AA|1"
    assert await ehr.send(ras(ward, "2", "10")) == "MSA|AA|2"
    assert standing(ward) == ["hl7:ehr:F1/0/1"]
    assert await ehr.send(ras(ward, "3", "5", "U")) == "MSA|AA|3"
    assert await ehr.send(ras(ward, "4", "7", "U")) == "MSA|AA|4"
    assert standing(ward) == ["hl7:ehr:F1/0/1:4"]
    assert await ehr.send(ras(ward, "5", "7", "D")) == "MSA|AA|5"
    entries = ward.daemon.beds[ward.bed.id].state.course.entries
    assert [one.kind for name, one in entries.items() if name.startswith("hl7:")] == ["TakenBack"]
    ehr.close()


def standing(house: House) -> list[str]:
    return [name for name in house.daemon.beds[house.bed.id].state.course.entries if name.startswith("hl7:")]


async def test_a_time_without_its_zone_is_the_peers_own(ward: House) -> None:
    ehr = await admitted(ward)
    message = ras(ward, "1", "10")
    at = message.split(b"RXA|0|1|")[1].split(b"|")[0]
    local = time_text(int(ward.daemon.clock.wall().timestamp() + 1800) * 1_000_000)[:14].encode()
    assert await ehr.send(message.replace(b"1|" + at, b"1|" + local)) == "MSA|AA|1"
    bed = ward.daemon.beds[ward.bed.id]
    ago_min = round((bed.now_ms - bed.state.course.entries["hl7:ehr:F1/0/1"].at_ms) / 60_000)
    assert ago_min == 30
    ehr.close()


async def test_a_dose_of_the_future_or_of_last_month_is_refused_with_its_field(ward: House) -> None:
    ehr = await admitted(ward)
    message = ras(ward, "1", "10")
    at = message.split(b"RXA|0|1|")[1].split(b"|")[0]
    for number, days in ((b"2", 1), (b"3", -30)):
        wrong = time_text(int(ward.daemon.clock.wall().timestamp() + days * 86_400) * 1_000_000).encode()
        sent = message.replace(b"RXA|0|1|" + at, b"RXA|0|1|" + wrong).replace(
            b"RAS^O17|1|", b"RAS^O17|" + number + b"|"
        )
        assert (await ehr.send(sent)).startswith("MSA|AE|" + number.decode())
    assert standing(ward) == []
    ehr.close()


async def test_a_dose_of_another_patient_or_without_its_unit_is_charted_nowhere(ward: House) -> None:
    ehr = await admitted(ward)
    assert await ehr.send(ras(ward, "1", "10", mrn="M-2")) == "MSA|AA|1"
    refused = await ehr.send(ras(ward, "2", "10", unit=""))
    assert refused.startswith("MSA|AE|2")
    assert standing(ward) == []
    ehr.close()


async def test_a_request_is_answered_on_another_connection_and_the_pump_hears_nothing(
    ward: House, receiver: tuple[Receiver, int]
) -> None:
    ehr = await admitted(ward)
    before = dict(ward.bed.pump.heard)
    assert await ehr.send(rgv(ward, "R1", "9")) == "MSA|AA|R1"
    reply = await receiver[0].messages.get()
    assert (reply.kind, reply.get("MSA", 1), reply.get("MSA", 2)) == (("RRG", "O16"), "AE", "R1")
    assert {error.get(5) for error in reply.all("ERR")} >= {"9002", "9024"}
    assert receiver[0].connections == 1
    changed = {name for name, count in ward.bed.pump.heard.items() if count != before.get(name)}
    assert not {name for name in changed if "RATE" in name.upper() or "START" in name.upper()}, changed
    assert (await ehr.send(rgv(ward, "R2", "0.1").replace(b"|HIS|", b"|HIS2|"))).startswith("MSA|A")
    ehr.close()
