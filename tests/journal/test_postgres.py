"""A server that goes away, in the worst of moments: nothing that was promised is missing, nothing is there twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pumpd.journal import JournalUnavailable
from pumpd.journal.limits import Limits
from pumpd.journal.replay import replay
from pumpd.safety.events import SelfFault
from pumpd.units import Ms
from tests.journal.letters import letters, message, rows
from tests.journal.steps import Recorder, StepRecord, admitted, opened, wall_ns
from tests.journal.test_faults import QUICK, Told
from tests.postgres import Postgres

SOCKET = ".s.PGSQL.5432"
DOUBLED = (
    "SELECT id FROM samples GROUP BY id HAVING count(*) > 1 UNION ALL SELECT bed FROM samples GROUP BY bed, seq "
    "HAVING count(*) > 1 UNION ALL SELECT bed FROM events GROUP BY bed, seq HAVING count(*) > 1"
)


class Wire:
    """Between the journal and its server; cuts the line at a commit, before or after the server has done it."""

    def __init__(self, server: Path) -> None:
        self._server = server / SOCKET
        self.cut: str = ""  # "before" or "after" the next commit
        self.cuts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_unix_connection(str(self._server))
        kept = asyncio.Event()
        ways = {
            asyncio.create_task(self._questions(reader, server, kept)),
            asyncio.create_task(self._answers(answers, writer, kept)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            server.close()
            writer.close()

    async def _questions(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, kept: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if self.cut and b"COMMIT\0" in data:
                way, self.cut = self.cut, ""
                self.cuts += 1
                if way == "before":
                    return
                kept.set()
            server.write(data)
            await server.drain()

    async def _answers(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: asyncio.Event) -> None:
        while data := await answers.read(65536):
            if kept.is_set():  # it was done, and nobody hears of it
                return
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def wired(url: str, folder: Path) -> AsyncIterator[tuple[str, Wire]]:
    database, _, socket = url.partition("?host=")
    wire = Wire(Path(socket))
    server = await asyncio.start_unix_server(wire.serve, folder / SOCKET)
    try:
        yield f"{database}?host={folder}", wire
    finally:
        server.close()


@pytest.mark.parametrize("way", ["before", "after"])
async def test_a_commit_whose_answer_was_lost_is_neither_missing_nor_doubled(
    pg_url: str, tmp_path: Path, way: str
) -> None:
    url, told = pg_url, Told()
    async with wired(url, tmp_path) as (through, wire), letters(through, limits=QUICK, on_fault=told) as (journal, _):
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
        for _ in range(3):
            wire.cut = way
            recorder.seconds(2)
            recorder.seconds(1, rate_ul_h=200_000)
            with contextlib.suppress(JournalUnavailable):
                await journal.durable(recorder.token)
            await told.until(2 * wire.cuts)
        await journal.durable(recorder.token)
        assert wire.cuts == 3
        assert (await journal.verify()).ok
        restored = await journal.restore("b1")
        assert restored is not None
        assert [seq for seq, _, _ in restored.events] == list(range(1, recorder.seq + 1))
    assert await rows(url, DOUBLED) == []
    assert (await asyncio.to_thread(replay, url)).identical


@pytest.mark.parametrize("way", ["before", "after"])
async def test_a_message_whose_commit_was_lost_is_there_once(pg_url: str, tmp_path: Path, way: str) -> None:
    url, told = pg_url, Told()
    async with wired(url, tmp_path) as (through, wire), letters(through, limits=QUICK, on_fault=told) as (_, store):
        wire.cut = way
        with pytest.raises(JournalUnavailable):
            await store.received(message())
        await told.until(2)
        await store.received(message())
    states = await rows(url, "SELECT state FROM messages_in WHERE state <> 'withdrawn'")
    assert states == [("received",)]


async def test_a_server_restarted_under_load_costs_nothing_that_was_recorded(postgres: Postgres, pg_url: str) -> None:
    url, told = pg_url, Told()
    async with opened(url, limits=QUICK, on_fault=told) as journal:
        recorder = admitted(Recorder(journal))
        for turn in range(1, 3):
            recorder.seconds(5)
            await journal.durable(recorder.token)
            stopping = asyncio.create_task(asyncio.to_thread(postgres.stop))
            while len(told.faults) < 2 * turn - 1:
                recorder.seconds(1)
                recorder.seconds(1, rate_ul_h=200_000)
                with contextlib.suppress(JournalUnavailable):
                    await journal.durable(recorder.token)
                await asyncio.sleep(0)
            await stopping
            with pytest.raises(JournalUnavailable):
                await journal.durable(recorder.token)
            await asyncio.to_thread(postgres.start)
            await told.until(2 * turn)
        recorder.seconds(2)
        await journal.durable(recorder.token)
        assert journal.stats().dropped_readings == 0
        assert (await journal.verify()).ok
        assert len(await journal.alarm_history("b1", 5)) > 0, "who only reads is connected anew as well"
    assert await rows(url, DOUBLED) == []
    report = await asyncio.to_thread(replay, url)
    assert report.identical
    assert report.beds[0].steps == recorder.seq


async def test_a_server_whose_disk_is_full_loses_nothing(postgres: Postgres, pg_url: str) -> None:
    url, told = pg_url, Told()
    async with opened(url, limits=QUICK, on_fault=told) as journal:
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
        postgres.limit_files(1_100_000)
        try:
            while not told.faults:
                for _ in range(400):
                    recorder.do(SelfFault("test", "x" * 300, active=bool(recorder.seq % 2)), 1)
                with contextlib.suppress(JournalUnavailable):
                    await journal.durable(recorder.token)
            assert told.faults[0] is not None
            assert "could not extend" in told.faults[0].detail, "in the server's own words"
        finally:
            postgres.limit_files(None)
        await told.until(2)
        await journal.durable(recorder.token)
        assert (await journal.verify()).ok
    assert await rows(url, DOUBLED) == []
    report = await asyncio.to_thread(replay, url)
    assert (report.identical, report.beds[0].steps) == (True, recorder.seq)


async def test_a_server_that_does_not_answer_is_told_and_forgiven(postgres: Postgres, pg_url: str) -> None:
    told = Told()
    async with opened(pg_url, limits=Limits(flush_s=0.02, stall_s=0.02), on_fault=told) as journal:
        postgres.pause()
        try:
            token = journal.append(StepRecord("b1", 1, Ms(1_000), wall_ns(1_000), SelfFault("x", "y", True), ()))
            with pytest.raises(JournalUnavailable, match="stalls"):
                await journal.durable(token)
        finally:
            postgres.resume()
        await told.until(2)
        await journal.durable(token)
    assert [fault is None for fault in told.faults] == [False, True]
