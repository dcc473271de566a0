"""kill -9 in the middle of a stream of HL7 messages: what was acknowledged is kept once, what was made is sent.

PUMPD_HL7_MESSAGES=20000 makes it the long one.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.times import time_text

from tests.acceptance.daemon import WAIT_S, Pumpd
from tests.acceptance.ward import ChaosWard, chaos_ward, clean
from tests.ports import free_port

pytestmark = pytest.mark.chaos

MESSAGES = int(os.environ.get("PUMPD_HL7_MESSAGES", "800"))
CONNECTIONS, KILLS = 40, 4
BED = "demo-01"


@dataclass
class Sender:
    """An EHR that sends each message until it is acknowledged, on connections that may be lost at any time."""

    port: int
    left: list[int]
    acknowledged: list[str] = field(default_factory=list)
    attempts: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> None:
        """So many have been acknowledged."""
        while len(self.acknowledged) < count:
            self.more.clear()
            await self.more.wait()

    async def send_all(self) -> None:
        while self.left:
            try:
                await self._connection()
            except (OSError, EOFError):
                await asyncio.sleep(0.02)  # the daemon is being started again

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        framer = MllpFramer()
        try:
            while self.left:
                number = self.left.pop()
                try:
                    await self._one(number, reader, writer, framer)
                except BaseException:
                    self.left.append(number)
                    raise
        finally:
            writer.close()

    async def _one(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framer: MllpFramer
    ) -> None:
        self.attempts += 1
        writer.write(frame(adt(number)))
        while True:
            data = await reader.read(65536)
            if not data:
                raise EOFError
            for raw in framer.feed(data):
                assert isinstance(raw, bytes)
                answer = read_message(raw)
                assert isinstance(answer, Message)
                assert (answer.get("MSA", 1), answer.get("MSA", 2)) == ("AA", f"K{number}")
                self.acknowledged.append(f"K{number}")
                self.more.set()
                return


NOW = time_text(int(time.time()) * 1_000_000)


def adt(number: int) -> bytes:
    """Every hundredth admits somebody to the bed, the others are about people who are not on this ward."""
    place = "PALL^01^1" if number % 100 == 0 else "OTHER^9^9"
    rows = (
        f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|{NOW}||ADT^A01|K{number}|P|2.6",
        f"EVN||{NOW}",
        f"PID|||N{number}^^^HOSP^MR||Quill^Quentin||19560203|F",
        f"PV1||I|{place}",
    )
    return "".join(f"{row}\r" for row in rows).encode()


class Receiver:
    """An EHR that takes everything; what came under one id must always be the same bytes."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {}
        self.deliveries: Counter[str] = Counter()
        self.port = 0
        self._more = asyncio.Event()

    async def until(self, ids: set[str]) -> None:
        """All of these have been taken."""
        while not ids <= set(self.taken):
            await self.more()

    async def more(self) -> None:
        """Something more has been taken."""
        self._more.clear()
        await self._more.wait()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = MllpFramer()
        try:
            while data := await reader.read(65536):
                for raw in framer.feed(data):
                    assert isinstance(raw, bytes)
                    writer.write(frame(self._take(raw)))
        except ConnectionError:
            pass  # killed
        finally:
            writer.close()

    def _take(self, raw: bytes) -> bytes:
        message = read_message(raw)
        assert isinstance(message, Message)
        known = self.taken.setdefault(message.control_id, raw)
        assert known == raw
        self.deliveries[message.control_id] += 1
        self._more.set()
        return f"MSH|^~\\&|EHR|H|PUMPD|H|20260101000000+0000||ACK|x|P|2.6\rMSA|CA|{message.control_id}\r".encode()

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()


def write_ward(ward: ChaosWard, listen: int, send: int, also: str = "PCD-04") -> None:
    more = f"""
[hl7]
application = "PUMPD"

[hl7.listen]
port = {listen}

[[hl7.peer]]
id = "his"
application = "HIS"
may = ["ADT"]

[[hl7.send]]
id = "ehr"
url = "mllp://127.0.0.1:{send}"
messages = {sorted({"PCD-01", "PCD-04", "PCD-10", "RAS", also})}
interval = "1 s"

[hl7.locations]
"PALL^01^1" = "{BED}"
"""
    with ward.file.open("a", encoding="utf-8") as file:
        file.write(more)


async def killed_again_and_again(ward: ChaosWard, sender: Sender) -> Pumpd:
    """The daemon that is left running when everything was acknowledged."""
    rng = random.Random(20_000)
    daemon = await Pumpd.run(ward.file)
    for kill in range(KILLS):
        await sender.until(MESSAGES * (kill + 1) // (KILLS + 1))
        if kill == 1:
            ward.sim.beds[0].act("tenfold-rate")
        await asyncio.sleep(rng.uniform(0, 0.05))
        await daemon.kill()
        daemon = await Pumpd.run(ward.file)
    return daemon


async def drained(receiver: Receiver, journal: Path) -> set[str]:
    """Until what waits at this moment has been sent, alarms among it, whose ids are given (more go on being made)."""
    async with asyncio.timeout(WAIT_S):
        while not (alarms := ids(journal, "kind = 'PCD-04'")) or len(receiver.taken) <= KILLS + 1:
            await receiver.more()
        await receiver.until(alarms | ids(journal, "state = 'waiting'"))
    return alarms


def ids(journal: Path, which: str) -> set[str]:
    return {str(name) for (name,) in rows(journal, f"SELECT id FROM messages_out WHERE {which}")}


def rows(journal: Path, query: str) -> list[tuple[object, ...]]:
    raw = sqlite3.connect(journal)
    try:
        return raw.execute(query).fetchall()
    finally:
        raw.close()


@pytest.mark.slow
async def test_four_kills_in_a_stream_of_messages_lose_and_double_nothing(tmp_path: Path) -> None:
    receiver = Receiver()
    await receiver.open()
    sender = Sender(free_port(), list(range(MESSAGES)))
    async with chaos_ward(tmp_path) as ward:
        write_ward(ward, sender.port, receiver.port)
        ward.rate(0, 7)
        sending = asyncio.gather(*(sender.send_all() for _ in range(CONNECTIONS)))
        daemon = await killed_again_and_again(ward, sender)
        async with daemon:
            await sending
            told = await drained(receiver, ward.journal)
            await daemon.kill()
        kept = Counter(
            row[0] for row in rows(ward.journal, "SELECT control_id FROM messages_in WHERE state != 'withdrawn'")
        )
        assert set(sender.acknowledged) <= set(kept)
        assert set(kept.values()) == {1}
        assert len(set(sender.acknowledged)) == MESSAGES
        sent = rows(ward.journal, "SELECT id, raw FROM messages_out WHERE state = 'sent'")
        assert len(sent) > KILLS
        assert all(receiver.taken[str(name)] == raw for name, raw in sent)
        assert told <= set(receiver.taken)
        assert sum(receiver.deliveries.values()) - len(receiver.deliveries) <= KILLS  # only what was in flight
        await clean(ward)
    await receiver.close()
