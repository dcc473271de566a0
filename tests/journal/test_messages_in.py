"""What other systems send is stored once, whenever it comes and however often."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy.pool import Pool

from pumpd.gateways import MessageStore
from pumpd.journal import JournalUnavailable, inbound
from pumpd.journal.limits import Limits
from pumpd.journal.messages import JournalMessages
from tests.journal.letters import letters, message, rows
from tests.journal.test_durability import fault_step

COUNT = "SELECT count(*) FROM messages_in"


def as_store(store: JournalMessages) -> MessageStore:
    """For mypy: it is what a gateway is promised."""
    return store


async def test_a_message_is_returned_as_it_was_received(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        assert await store.answered_before(message().key) is None
        first = message(raw=bytes(range(256)), answer=b"MSA|CA|m1")
        assert await as_store(store).received(first) is first
        assert await store.answered_before(first.key) == first
    async with letters(any_url) as (_, store):
        assert await store.answered_before(first.key) == first


async def test_a_repetition_gives_the_first_one_whose_answer_is_repeated(any_url: str) -> None:
    first, again = message(answer=b"one"), message(answer=b"two")
    async with letters(any_url) as (_, store):
        await store.received(first)
        assert await store.received(again) == first
    async with letters(any_url) as (_, store):
        assert await store.received(again) == first
    assert await rows(any_url, COUNT) == [(1,)]


async def test_of_messages_of_one_key_that_come_together_one_is_stored(any_url: str) -> None:
    copies = [message(answer=bytes([number])) for number in range(10)]
    async with letters(any_url) as (_, store):
        found = await asyncio.gather(*map(store.received, copies))
        (winner,) = [copy for copy, stored in zip(copies, found, strict=True) if stored is copy]
        assert all(stored == winner for stored in found)
    assert await rows(any_url, COUNT) == [(1,)]


async def test_each_part_of_the_key_makes_another_message(any_url: str) -> None:
    same = [message("m1"), message("m2"), message("m1", sent="2027")]
    async with letters(any_url) as (_, store):
        assert await asyncio.gather(*map(store.received, same)) == same
    assert await rows(any_url, COUNT) == [(3,)]


async def test_what_was_not_applied_is_known_after_a_restart_oldest_first(any_url: str) -> None:
    several = [message(f"m{number}") for number in range(3)]
    async with letters(any_url) as (_, store):
        for one in several:
            await store.received(one)
        await store.applied(several[1].key)
    async with letters(any_url) as (_, store):
        assert await store.unapplied() == [several[0], several[2]]
        await store.applied(several[0].key)
        await store.applied(several[0].key)
        await store.applied(message("never came").key)
        assert await store.unapplied() == [several[2]]


async def test_a_mark_does_not_overtake_the_step_that_the_message_led_to(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        await store.received(message())
        step = journal.append(fault_step(1, 1_000))
        await store.applied(message().key)
        assert journal.is_durable(step)


async def test_many_connections_share_a_commit(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        before = journal.stats().commits
        await asyncio.gather(*(store.received(message(f"m{number}")) for number in range(200)))
        assert journal.stats().commits - before <= 10
    assert await rows(any_url, COUNT) == [(200,)]


async def test_a_message_alone_does_not_wait_for_others_that_might_come(any_url: str) -> None:
    async with letters(any_url, limits=Limits(gather_s=3600, flush_s=3600, stall_s=60)) as (_, store):
        assert await store.received(message()) == message()


async def test_what_comes_during_a_commit_is_the_next_one(any_url: str) -> None:
    """Twenty senders that each wait for their answer: two commits for all of them, not one each."""
    async with letters(any_url) as (journal, store):

        async def sender(name: int) -> None:
            for number in range(10):
                await store.received(message(f"{name}-{number}"))

        before = journal.stats().commits
        await asyncio.gather(*map(sender, range(20)))
        assert journal.stats().commits - before <= 60
    assert await rows(any_url, COUNT) == [(200,)]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 16, 39])
async def test_messages_that_are_stored_and_marked_together_keep_their_own_words(any_url: str, count: int) -> None:
    several = [message(f"m{number}", raw=b"%d" % number, answer=b"to %d" % number) for number in range(count)]
    async with letters(any_url) as (_, store):
        assert await asyncio.gather(*map(store.received, several)) == several
    async with letters(any_url) as (_, store):
        assert await store.unapplied() == several
        assert [await store.answered_before(one.key) for one in several] == several
        await store.applied(message("never came").key, *(one.key for one in several[1:]))
        assert await store.unapplied() == several[:1]
        await store.applied(*(one.key for one in several))
        assert await store.unapplied() == []
    assert await rows(any_url, COUNT) == [(count,)]


async def test_what_is_withdrawn_counts_as_gone_before_the_disk_knows(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        await store.received(message())
        store._withdrawn[message().key] = journal.append(fault_step(1, 1_000)) + 1
        assert await store.answered_before(message().key) is None


async def test_more_bytes_than_may_wait_for_the_disk_wait_outside_and_are_all_stored(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "MOST_BYTES", 10_000)
    most = 0
    async with letters(any_url) as (_, store):

        async def one(number: int) -> None:
            nonlocal most
            await store.received(message(f"m{number}", raw=bytes(4_000)))
            most = max(most, store._bytes)

        await asyncio.gather(*map(one, range(30)))
        assert most <= 14_000
        assert store._bytes == 0
    assert await rows(any_url, COUNT) == [(30,)]


LONG = ("m" * 9_999, "é" * 9_999)
ODD = ("", "\0", "a\0b", "\ud800", "é\udfff", "\U0001f600", "'; DROP TABLE messages_in; --", "m2", *LONG)


async def test_odd_text_in_a_key_harms_neither_the_message_nor_its_neighbours(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await asyncio.gather(*(store.received(message(odd)) for odd in ODD))
        for odd in ODD:
            again = await store.received(message(odd, answer=b"another"))
            assert again.answer == message().answer, odd
        for waiting in await store.unapplied():
            await store.applied(waiting.key)
        assert not await store.unapplied()
    assert await rows(any_url, COUNT) == [(len(ODD),)]


async def test_a_number_that_no_database_holds_is_refused_before_it_comes_near_one(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        with pytest.raises(ValueError, match="too large"):
            await store.received(replace(message(), received_us=1 << 63))
        assert await store.received(message()) == message()
        assert journal.fault is None


async def test_the_loop_s_thread_never_touches_the_database(any_url: str) -> None:
    threads: set[int] = set()

    def note(*_: object) -> None:
        threads.add(threading.get_ident())

    sa_event.listen(Pool, "checkout", note)
    try:
        async with letters(any_url) as (_, store):
            await store.received(message())
            await store.unapplied()
    finally:
        sa_event.remove(Pool, "checkout", note)
    assert threads
    assert threading.get_ident() not in threads


async def test_there_is_one_store_for_a_journal_however_often_it_is_asked_for(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        assert await asyncio.gather(*(JournalMessages.open(journal) for _ in range(3))) == 3 * [store]


async def test_a_closed_journal_says_no(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await store.answered_before(message().key)
    for attempt in (store.received(message()), store.received(message("m2")), store.applied(message().key)):
        with pytest.raises(JournalUnavailable):
            await attempt
