"""kill -9 between the step that decides and the outbox that is to hold what follows: the journal tells it again."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.observations import observations
from pumpd_hl7.times import time_text

from tests.acceptance.daemon import Pumpd
from tests.acceptance.ward import ChaosWard, chaos_ward, clean
from tests.chaos.test_hl7_kill import BED, Receiver, rows, write_ward
from tests.ports import free_port

pytestmark = pytest.mark.chaos
KILLS = 4

KILLED_AT = """
import os, runpy, signal
from pumpd.journal.outbound import Outbound
queue = Outbound.queue
async def killed(self, messages):
    if any(message.kind == os.environ["KILLED_AT"] for message in messages):
        os.kill(os.getpid(), signal.SIGKILL)
    await queue(self, messages)
Outbound.queue = killed
runpy.run_module("pumpd.cli", run_name="__main__")
"""


async def killed_at(kind: str, ward: ChaosWard) -> Pumpd:
    """A daemon that dies just before a message of that kind would be written down."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED_AT, "run", "--config", str(ward.file)),
        env={**os.environ, "KILLED_AT": kind},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return Pumpd(process)


async def told(receiver: Receiver, wanted: Callable[[Message], bool], count: int = 1) -> list[Message]:
    """So many messages of that kind, in the order in which they came."""
    while True:
        known = [message for raw in receiver.taken.values() if isinstance(message := read_message(raw), Message)]
        found = [message for message in known if wanted(message)]
        if len(found) >= count:
            return found
        await receiver.more()


def of(trigger: str) -> Callable[[Message], bool]:
    return lambda message: message.kind[1] == trigger


def values(message: Message) -> dict[str, str]:
    return {row.code.ref: row.value for row in observations(message)}


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """As soon as somebody listens: a daemon that was started again may send before it does."""
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)


async def adt(port: int, event: str) -> None:
    now = time_text(int(time.time()) * 1_000_000)
    text = (
        f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|{now}||ADT^{event}|{event}|P|2.6\rEVN||{now}\r"
        "PID|||N1^^^HOSP^MR||Quill^Quentin||19560203|F\rPV1||I|PALL^01^1\r"
    )
    reader, writer = await connected(port)
    writer.write(frame(text.encode()))
    framer = MllpFramer()
    while not (answers := framer.feed(data := await reader.read(65536))):
        assert data, "nobody answers any more"
    assert b"MSA|AA" in answers[0]  # type: ignore[operator]
    writer.close()


def flow_id(journal: Path, rate_ul_h: int) -> str:
    """The id of what follows from the first time that the pump was heard to run so fast."""
    query = "SELECT seq, idx, body FROM decisions WHERE kind = 'FlowChanged' ORDER BY n"
    found = ((seq, idx, json.loads(str(body))) for seq, idx, body in rows(journal, query))
    return next(f"{BED}.{seq}.{idx}" for seq, idx, body in found if body.get("rate_ul_h") == rate_ul_h)


async def delivery_is_told_again(ward: ChaosWard, receiver: Receiver) -> None:
    daemon = await killed_at("PCD-10", ward)
    await told(receiver, of("R01"))
    ward.rate(0, 9)
    assert await daemon.ended(60) == -9
    assert not [raw for raw in receiver.taken.values() if b"^R42^" in raw or b"^O17^" in raw]


async def report_is_made_again(ward: ChaosWard, receiver: Receiver, port: int) -> None:
    """Another patient is there when the daemon dies: whose report it is, is known from the journal."""
    daemon = await killed_at("MDM", ward)
    stop, start = (await told(receiver, of("R42"), 2))[:2]
    (given,) = await told(receiver, of("O17"))
    name = flow_id(ward.journal, 9000)
    assert [one.control_id for one in (stop, start, given)] == [f"{name}.x", f"{name}.s", f"{name}.r"]
    assert values(stop)["MDC_ATTR_EVT_COND"].split("^")[1] == "MDC_EVT_PUMP_DELIV_STOP"
    assert float(values(stop)["MDC_VOL_FLUID_DELIV_TOTAL"]) >= 0
    assert values(start)["MDC_FLOW_FLUID_PUMP_CURRENT"] == given.get("RXA", 6) == "9"
    assert stop.get("PID", 3) == given.get("PID", 3) != ""
    await told(receiver, of("R01"))
    await adt(port, "A01")  # somebody else comes, and the course of who was there is over
    assert await daemon.ended(60) == -9


@pytest.mark.slow
async def test_delivery_administration_and_report_of_a_killed_daemon_are_told_by_the_next_one(tmp_path: Path) -> None:
    receiver = Receiver()
    await receiver.open()
    port = free_port()
    async with chaos_ward(tmp_path) as ward:
        write_ward(ward, port, receiver.port, "MDM")
        ward.rate(0, 7)
        async with asyncio.timeout(110):
            await delivery_is_told_again(ward, receiver)
            await report_is_made_again(ward, receiver, port)
            async with await Pumpd.run(ward.file) as daemon:
                (report,) = await told(receiver, of("T02"))
                assert report.get("PID", 3) == "DEMO-0001"
                assert b"DEMO-0001" in base64.b64decode(report.get("OBX", 5, 5))
                await daemon.kill()
            async with await Pumpd.run(ward.file) as daemon:  # and once only
                before = sum(receiver.deliveries.values())
                while sum(receiver.deliveries.values()) < before + 2:
                    await receiver.more()
                await daemon.kill()
        assert len(await told(receiver, of("T02"))) == 1
        repeated = sum(receiver.deliveries.values()) - len(receiver.deliveries)
        assert repeated <= KILLS  # what was in flight
        await clean(ward)
    await receiver.close()
