"""A disk that fails: nothing is acknowledged that may be lost, and the sender's next attempt is a new message."""

from __future__ import annotations

import asyncio
import random
from collections import deque

import pytest

from pumpd.gateways import Received
from pumpd.journal import JournalUnavailable
from pumpd.journal import message_sql as sql
from pumpd.journal.backlog import Backlog
from pumpd.journal.inbox import Entry
from pumpd.journal.message_rows import change
from pumpd.journal.records import GapRecord
from tests.journal.disk import FULL, Disk, stalled
from tests.journal.letters import letters, message, names, outgoing, rows
from tests.journal.tamper import altered
from tests.journal.test_durability import fault_step
from tests.journal.test_faults import QUICK, Told

STATES = "SELECT state FROM messages_in ORDER BY id"

NOISE = random.Random(1).randbytes(5 << 18)  # a server packs what can be packed


def large(answer: bytes = b"MSA|AA") -> Received:
    """More than fits into the free room of any page."""
    return message(answer=answer, raw=NOISE)


async def test_a_message_that_a_full_disk_did_not_take_is_new_when_it_is_sent_again(any_url: str, disk: Disk) -> None:
    told = Told()
    async with letters(any_url, limits=QUICK, on_fault=told) as (_, store):
        await disk.fill()
        with pytest.raises(JournalUnavailable, match=FULL):
            await store.received(large(b"first"))
        with pytest.raises(JournalUnavailable):
            await store.received(large(b"second"))
        await disk.free()
        await told.until(2)
        again = large(b"third")
        assert await store.received(again) is again
        assert await store.unapplied() == [again]
        assert await store.received(large(b"fourth")) == again
    assert await rows(any_url, STATES) == [("withdrawn",), ("received",)]


async def test_what_was_never_acknowledged_is_not_applied_after_a_restart(any_url: str, disk: Disk) -> None:
    told = Told()
    async with letters(any_url, limits=QUICK, on_fault=told) as (_, store):
        await disk.fill()
        with pytest.raises(JournalUnavailable):
            await store.received(large())
        await disk.free()
        await told.until(2)
    async with letters(any_url) as (_, store):
        assert await store.unapplied() == []
        assert await store.answered_before(large().key) is None


async def test_nothing_piles_up_while_the_disk_is_full_but_what_became_of_a_message_is_noted_later(
    any_url: str, disk: Disk
) -> None:
    told = Told()
    async with letters(any_url, limits=QUICK, on_fault=told) as (journal, store):
        await store.received(message("early"))
        await store.queue([outgoing("a")])
        (queued,) = await store.waiting("ehr", 1)
        await disk.fill()
        with pytest.raises(JournalUnavailable, match=FULL):
            await store.received(large())
        waiting = journal.stats().waiting
        for number in range(10):
            with pytest.raises(JournalUnavailable):
                await store.received(message(f"m{number}"))
            with pytest.raises(JournalUnavailable):
                await store.queue([outgoing(f"b{number}")])
        assert journal.stats().waiting == waiting
        for late in (store.applied(message("early").key), store.sent(queued.number, "AA")):
            with pytest.raises(JournalUnavailable):
                await late
        await disk.free()
        await told.until(2)
        await store.queue([outgoing("c")])
        assert await names(store) == ["c"]
        assert await store.unapplied() == []
        assert (await journal.verify()).ok


async def test_who_is_cancelled_before_the_commit_has_not_handed_over_anything(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        await store.received(message("early"))
        async with stalled(any_url):
            hasty = asyncio.create_task(store.received(message(answer=b"hasty")))
            second = asyncio.create_task(store.received(message(answer=b"second")))
            while not journal.awaited():
                await store.unapplied()  # the others have their turn
            hasty.cancel()
            await asyncio.wait([hasty])
        stored = await second
        assert stored.answer == b"second"
        assert await store.answered_before(stored.key) == stored
    assert await rows(any_url, STATES) == [("received",), ("withdrawn",), ("received",)]


async def test_a_failing_question_is_told_to_each_who_asked(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        several = [message(f"m{n}") for n in range(5)]
        await asyncio.gather(*map(store.received, several))
        await altered(any_url, "ALTER TABLE messages_in RENAME TO elsewhere")
        asked = await asyncio.gather(*map(store.received, several), return_exceptions=True)
        assert [type(answer) for answer in asked] == 5 * [JournalUnavailable]
        await altered(any_url, "ALTER TABLE elsewhere RENAME TO messages_in")
        assert await store.received(message()) == message()


BROKEN = change((sql.RECEIVED, (1, None, None, None, None, None, None, None, None, None)))


async def test_a_message_that_the_database_does_not_take_holds_up_no_step_and_is_not_acknowledged(
    any_url: str,
) -> None:
    async with letters(any_url) as (journal, store):
        early, broken = journal.append_durable(fault_step(1, 1_000)), journal.append_durable(BROKEN)
        step = journal.append_durable(fault_step(2, 1_001))
        with pytest.raises(JournalUnavailable, match=r"(?i)null"):
            await broken
        await asyncio.gather(early, step)
        assert journal.fault is None
        assert await store.received(message()) == message()


async def test_a_message_alone_that_the_database_does_not_take_is_given_up_with_the_next_step(any_url: str) -> None:
    told = Told()
    async with letters(any_url, limits=QUICK, on_fault=told) as (journal, store):
        with pytest.raises(JournalUnavailable, match=r"(?i)null"):
            await journal.append_durable(BROKEN)
        journal.append(fault_step(1, 1_000))
        await told.until(2)
        assert await store.received(message()) == message()
        assert (await journal.verify()).ok


async def test_where_there_is_no_room_a_message_is_not_taken_and_leaves_no_gap(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        journal._cap = 0
        with pytest.raises(JournalUnavailable, match="no room"):
            await store.received(message())
        journal._cap = 10
        assert await store.received(message()) == message()
    assert await rows(any_url, "SELECT count(*) FROM events") == [(0,)]


def test_a_backlog_without_room_drops_messages_without_a_gap_of_any_bed() -> None:
    backlog = Backlog(most_readings=100, most_records=10)
    for token in range(20):
        record = change(("sent", ("AA", 1, token))) if token % 2 else fault_step(token + 1, 1_000)
        backlog.take_in(deque([Entry(token, 1_000, True, record)]))
        backlog.bound()
    gaps = [entry.record for entry in backlog.take(100) if isinstance(entry.record, GapRecord)]
    assert {gap.bed for gap in gaps} == {"b1"}
    assert backlog.dropped_records > 0
