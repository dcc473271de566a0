"""The listener with the journal behind it: what was acknowledged is in the database, once, also after a restart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pumpd.gateways import MessageStore
from pumpd.journal.messages import JournalMessages
from tests.hl7.wire import Bench, adt, listening
from tests.journal.letters import rows
from tests.journal.steps import opened

COUNT = "SELECT count(*) FROM messages_in"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/journal.db"


@contextlib.asynccontextmanager
async def journalled(url: str) -> AsyncIterator[tuple[Bench, MessageStore]]:
    async with opened(url) as journal:
        store = await JournalMessages.open(journal)
        async with listening(store) as bench:
            yield bench, store


async def test_an_answer_comes_after_the_commit_and_a_repetition_gets_it_in_the_next_run_too(url: str) -> None:
    async with journalled(url) as (bench, store):
        peer = await bench.caller()
        first = await peer.ask(adt("1"))
        assert await rows(url, COUNT) == [(1,)]
        assert (await peer.ask(adt("1"))).raw == first.raw
        await bench.intake.drain()
        assert await store.unapplied() == []
    async with journalled(url) as (bench, store):
        peer = await bench.caller()
        assert (await peer.ask(adt("1"))).raw == first.raw
        assert bench.notes.applied == []
        assert await peer.said(adt("1", name="Other^Eve")) == "AE 1"
        assert await rows(url, COUNT) == [(1,)]


async def test_fifty_connections_and_every_acknowledged_message_is_there_once(url: str) -> None:
    async def talk(bench: Bench, name: int) -> list[str]:
        peer = await bench.caller()
        ids = [f"{name}-{number // 2}" for number in range(20)]  # each of them twice
        return [await peer.said(adt(control_id)) for control_id in ids]

    async with journalled(url) as (bench, _):
        heard = await asyncio.gather(*(talk(bench, name) for name in range(50)))
        assert all(code.startswith("AA") for codes in heard for code in codes)
        assert sorted(bench.notes.applied) == sorted({code[3:] for codes in heard for code in codes})
        assert await rows(url, COUNT) == [(500,)]


async def test_what_was_acknowledged_and_not_done_is_done_in_the_next_run(url: str) -> None:
    async with journalled(url) as (bench, store):
        bench.notes.broken = RuntimeError("the bed could not make it durable")
        peer = await bench.caller()
        assert await peer.said(adt("1", "P|2.6|||AL|NE")) == "CA 1"
        await peer.said(adt("end", "P|2.6|||AL|NE", kind="ORU^R01"))  # the first is through by now
        assert [received.key[1] for received in await store.unapplied()] == ["1", "end"]
    async with journalled(url) as (bench, store):
        await bench.intake.catch_up()
        assert bench.notes.late == ["1", "end"]
        await bench.intake.drain()
        assert await store.unapplied() == []
