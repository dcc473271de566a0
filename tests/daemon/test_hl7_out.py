"""What a daemon tells other systems, over a real socket: alarms from start to end, delivery, observations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.observations import observations

from pumpd.safety.alarms import AckReason
from pumpd.safety.events import Acknowledged, PatientBound, PatientReleased
from tests.daemon.house import House


class Receiver:
    """An EHR that takes what it is sent. code: what it answers; silent: it does not."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.code = "CA"
        self.silent = False
        self.attempts: list[str] = []
        self._heard = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = MllpFramer()
        self._writers.append(writer)
        try:
            while data := await reader.read(65536):
                for raw in framer.feed(data):
                    assert isinstance(raw, bytes), raw
                    self._take(raw, writer)
        finally:
            writer.close()

    def _take(self, raw: bytes, writer: asyncio.StreamWriter) -> None:
        message = read_message(raw)
        assert isinstance(message, Message), message
        self.attempts.append(message.control_id)
        if not self.silent:
            if self.code == "CA":
                self.messages.append(message)
            answer = f"MSH|^~\\&|EHR|H|PUMPD|H|20260101000000+0000||ACK|x|P|2.6\rMSA|{self.code}|{message.control_id}\r"
            writer.write(frame(answer.encode()))
        self._heard.set()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self._heard.clear()
            await self._heard.wait()

    def of(self, trigger: str) -> list[Message]:
        return [message for message in self.messages if message.kind[1] == trigger]

    def phases(self, alarm_id: str) -> list[str]:
        """What was told of one alarm, in order."""
        own = [m for m in self.of("R40") if m.control_id == alarm_id or m.get("OBR", 29, 2) == alarm_id]
        return [_row(message, "MDC_ATTR_EVENT_PHASE") for message in own]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()


def _row(message: Message, ref: str) -> str:
    return next(row.value for row in observations(message) if row.code.ref == ref)


@pytest.fixture
async def ehr() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.open()
    yield receiver
    await receiver.close()


@pytest.fixture
async def ward(tmp_path: Path, ehr: Receiver) -> AsyncIterator[House]:
    more = f"""
[hl7]
application = "PUMPD"

[[hl7.send]]
id = "ehr"
url = "mllp://127.0.0.1:{ehr.port}"
messages = ["PCD-01", "PCD-04", "PCD-10", "RAS"]
interval = "2 s"

[hl7.locations]
"PALL^01^1" = "demo-01"
"""
    house = await House.open(tmp_path, beds=1, more=more)
    yield house
    await house.close()


async def test_an_over_ceiling_rate_is_told_from_the_alarm_to_the_stop(ward: House, ehr: Receiver) -> None:
    await ehr.until(lambda: ehr.of("R01"))
    ward.bed.act("tenfold-rate")
    await ehr.until(lambda: any("STOP" in _row(message, "MDC_ATTR_EVT_COND") for message in ehr.of("R42")))
    alarm = ward.alarm("over_hard")
    assert alarm is not None
    await ehr.until(lambda: ehr.phases(alarm.id))
    assert ehr.phases(alarm.id)[0] == "start"
    start = next(message for message in ehr.of("R40") if message.control_id == alarm.id)
    assert _row(start, "MDC_ATTR_ALARM_PRIORITY") == "PH"
    assert start.get("PV1", 3, 3) == "1"
    patient = ward.view.patient
    assert patient is not None
    assert start.get("PID", 3) == patient.mrn
    await ehr.until(lambda: [message.get("RXA", 6) for message in ehr.of("O17")][-1:] == ["0"])
    rates = [message.get("RXA", 6) for message in ehr.of("O17")]
    assert len(rates) == 2  # ten times as fast, then stopped


async def test_an_acknowledged_alarm_is_told_so(ward: House, ehr: Receiver) -> None:
    ward.bed.act("tenfold-rate")
    await ward.until(lambda: ward.alarm("over_hard"))
    alarm = ward.alarm("over_hard")
    assert alarm is not None
    ward.daemon.beds["demo-01"].post(Acknowledged(alarm.id, "Grace", AckReason.SEEN_ESCALATED))
    await ehr.until(lambda: "acknowledged" in ehr.phases(alarm.id))
    told = [m for m in ehr.of("R40") if m.get("OBR", 29, 2) == alarm.id]
    assert _row(told[-1], "MDC_ATTR_ALARM_INACTIVATION_STATE") in ("alert-acknowledged", "enabled")


@pytest.mark.req("QUA-06")
async def test_the_old_patients_alarms_end_under_the_old_name_before_the_new_one_is_told(
    ward: House, ehr: Receiver
) -> None:
    ward.bed.act("tenfold-rate")
    await ward.until(lambda: ward.alarm("over_hard"))
    alarm, old = ward.alarm("over_hard"), ward.view.patient
    assert alarm is not None
    assert old is not None
    bed = ward.daemon.beds["demo-01"]
    bed.post(PatientReleased("ADT", "transfer"))
    bed.post(PatientBound(type(old)("M-9", "Quill", "Q", "1960-01-01", old.sex, 60_000), "ADT"))
    await ehr.until(lambda: "end" in ehr.phases(alarm.id))
    await ehr.until(lambda: any(m.get("PID", 3) == "M-9" for m in ehr.messages))
    mine = [m for m in ehr.of("R40") if m.control_id == alarm.id or m.get("OBR", 29, 2) == alarm.id]
    assert {message.get("PID", 3) for message in mine} == {old.mrn}
    first_new = next(i for i, m in enumerate(ehr.messages) if m.get("PID", 3) == "M-9")
    ends = next(i for i, m in enumerate(ehr.messages) if m is mine[-1])
    assert ends < first_new


async def test_an_outage_loses_no_alarm_and_doubles_none(ward: House, ehr: Receiver) -> None:
    await ehr.until(lambda: ehr.of("R01"))
    await ehr.close()
    ward.bed.act("tenfold-rate")
    await ward.until(lambda: ward.alarm("over_hard"))
    alarm = ward.alarm("over_hard")
    assert alarm is not None
    assert not ehr.phases(alarm.id)
    await ehr.open()
    await ehr.until(lambda: ehr.phases(alarm.id))
    taken = [message.control_id for message in ehr.messages]
    assert len(taken) == len(set(taken))


async def test_what_is_refused_for_good_is_a_dead_letter_and_an_alarm(ward: House, ehr: Receiver) -> None:
    await ehr.until(lambda: ehr.of("R01"))
    ehr.code = "AR"
    await ward.until(lambda: ward.alarm("hl7_dead_letters"))
    run = ward.daemon.gateway
    assert run is not None
    (peer,) = [peer for peer in run.peers() if peer.direction == "out"]
    assert peer.dead > 0
    assert peer.problem.startswith("AR")


async def test_what_was_not_told_before_a_restart_is_told_after_it_with_the_same_id(ward: House, ehr: Receiver) -> None:
    await ehr.until(lambda: ehr.of("R01"))
    ehr.silent = True
    ward.bed.act("tenfold-rate")
    await ward.until(lambda: ward.alarm("over_hard"))
    alarm = ward.alarm("over_hard")
    assert alarm is not None
    await ward.daemon.stop()
    assert not ehr.phases(alarm.id)
    ehr.silent = False
    await ward.start()
    await ehr.until(lambda: ehr.phases(alarm.id))
    taken = [message.control_id for message in ehr.messages]
    assert len(taken) == len(set(taken))


async def test_a_refused_alarm_outlives_a_restart_and_is_sent_again_or_discarded_by_a_named_person(
    ward: House, ehr: Receiver
) -> None:
    await ehr.until(lambda: ehr.of("R01"))
    ehr.code = "AR"
    ward.bed.act("tenfold-rate")
    await ward.until(lambda: ward.alarm("hl7_dead_letters"))
    await ward.until(lambda: ward.alarm("over_hard"))
    alarm = ward.alarm("over_hard")
    assert alarm is not None
    await until_dead(ward, alarm.id)
    await ward.daemon.stop()
    ehr.code = "CA"
    await ward.start()
    gateway = ward.daemon.gateway
    assert gateway is not None
    letters = {letter.message.id: letter for letter in await gateway.dead_letters(100)}
    dead = letters[alarm.id]
    assert (dead.message.kind, dead.message.bed, dead.why) == ("PCD-04", "demo-01", "AR")
    assert dead.message.made_us <= dead.refused_us <= gateway_now_us(ward)
    await ward.until(lambda: ward.alarm("hl7_dead_letters"))
    assert await gateway.settle(dead.number, "KL", replay=True)
    assert not await gateway.settle(dead.number, "KL", replay=True)
    await ehr.until(lambda: any(message.control_id == alarm.id for message in ehr.messages))
    for name, letter in letters.items():
        assert name == alarm.id or await gateway.settle(letter.number, "KL", replay=False)
    await ward.until(lambda: not ward.alarm("hl7_dead_letters"))
    assert await gateway.dead_letters(100) == []


async def until_dead(ward: House, alarm_id: str) -> None:
    """The refusal of that alarm is in the record; that the EHR has answered is not enough."""
    gateway = ward.daemon.gateway
    assert gateway is not None
    while alarm_id not in {one.message.id for one in await gateway.dead_letters(100)}:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.01)


def gateway_now_us(ward: House) -> int:
    return int(ward.daemon.clock.wall().timestamp() * 1_000_000)
