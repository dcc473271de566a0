"""What we send waits in order, survives a restart, and what was refused waits for a person."""

from __future__ import annotations

import asyncio

import pytest

from pumpd.gateways import DeadLetter
from pumpd.journal import outbound, past
from pumpd.journal.messages import JournalMessages
from pumpd.journal.past import Decided
from pumpd.journal.rows import micros
from pumpd.safety.events import Event
from tests.journal.letters import EHR, letters, names, outgoing, rows
from tests.journal.steps import Recorder, admitted, wall
from tests.journal.test_kept import REFUSED, attempt

LATE = 10_000


async def number_of(store: JournalMessages, name: str) -> int:
    (found,) = [queued.number for queued in await store.waiting(EHR, 100) if queued.message.id == name]
    return found


async def refuse(store: JournalMessages, name: str = "a") -> int:
    """A message of that name, refused by its destination."""
    await store.queue([outgoing(name)])
    number = await number_of(store, name)
    await store.refused(number, "AE: no such patient", 2_000)
    return number


async def test_alarms_come_before_the_backlog_and_each_kind_in_its_own_order(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("a"), outgoing("b")])
        await store.queue([outgoing("alarm 1", urgent=True), outgoing("c"), outgoing("alarm 2", urgent=True)])
        assert await names(store) == ["alarm 1", "alarm 2", "a", "b", "c"]
        assert [queued.message.id for queued in await store.waiting(EHR, 2)] == ["alarm 1", "alarm 2"]
        assert await store.depth(EHR) == 5
        assert await store.depth("other") == 0


async def test_a_message_comes_back_as_it_was_queued(any_url: str) -> None:
    whole = outgoing("a", urgent=True, stale_us=7, bed="b1", seq=3)
    async with letters(any_url) as (_, store):
        await store.queue([whole])
    async with letters(any_url) as (_, store):
        (queued,) = await store.waiting(EHR, 5)
        assert (queued.message, queued.tries) == (whole, 0)


async def test_an_id_that_no_index_holds_is_refused_before_it_comes_near_one(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        with pytest.raises(ValueError, match="too long"):
            await store.queue([outgoing("a" * 9_999)])
        await store.queue([outgoing("a" * 1000)])
        assert journal.fault is None


async def test_an_id_is_taken_once_for_each_destination_whatever_became_of_it(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("a"), outgoing("a"), outgoing("a", "alarms")])
        assert (await names(store), await names(store, "alarms")) == (["a"], ["a"])
        await store.sent(await number_of(store, "a"), "AA")
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("a"), outgoing("b")])
        assert await names(store) == ["b"]


async def test_after_a_restart_new_messages_stand_behind_the_old_ones(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("a"), outgoing("b")])
        await store.failed(await number_of(store, "a"), "connection refused")
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("c")])
        assert await names(store) == ["a", "b", "c"]
        first, *_ = await store.waiting(EHR, 1)
        assert first.tries == 1


async def test_what_was_answered_is_done_and_a_second_answer_changes_nothing(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("a")])
        number = await number_of(store, "a")
        await store.sent(number, "AA")
        await store.refused(number, "AE: late", 2_000)
        await store.failed(number, "late")
        assert await store.dead_letters(None, 10) == []
        assert await store.depth(EHR) == 0
    assert await rows(any_url, "SELECT state, why, tries FROM messages_out") == [("sent", "AA", 1)]


async def test_stale_observations_are_thinned_out_and_alarms_never(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "FEW", 2)
    async with letters(any_url) as (_, store):
        stale = [outgoing(f"old {number}", stale_us=2_000) for number in range(5)]
        alarm = outgoing("alarm", urgent=True, stale_us=2_000)
        elsewhere = outgoing("elsewhere", "other", stale_us=2_000)
        await store.queue([*stale, alarm, elsewhere, outgoing("fresh", stale_us=LATE + 1), outgoing("lasting")])
        assert await store.thinned(EHR, LATE) == 5
        assert await names(store) == ["alarm", "fresh", "lasting"]
        assert await store.depth("other") == 1
        assert await store.thinned(EHR, LATE) == 0
        await store.queue(stale)
        assert await names(store) == ["alarm", "fresh", "lasting"]
    assert await rows(any_url, "SELECT DISTINCT length(raw) FROM messages_out WHERE state = 'thinned'") == [(0,)]


async def test_a_refused_message_leaves_the_queue_and_is_shown_with_the_reason(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        number = await refuse(store)
        assert await names(store) == []
        expected = DeadLetter(number, outgoing("a"), "AE: no such patient", 2_000)
        assert await store.dead_letters(EHR, 10) == [expected]
        assert await store.dead_letters(None, 10) == [expected]
        assert await store.dead_letters("other", 10) == []
        assert (await store.dead(EHR), await store.dead("other")) == (1, 0)
    async with letters(any_url) as (_, store):
        assert await store.dead_letters(EHR, 10) == [expected]


async def test_dead_letters_are_shown_newest_first(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        for name in ("a", "b", "c"):
            await refuse(store, name)
        assert [letter.message.id for letter in await store.dead_letters(None, 2)] == ["c", "b"]


async def test_a_named_person_sends_a_dead_letter_again_in_its_old_place(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        number = await refuse(store)
        await store.queue([outgoing("b")])
        assert await store.settle_dead(number, "nurse a", True, 3_000)
        assert await names(store) == ["a", "b"]
        assert await store.dead_letters(None, 10) == []
        assert not await store.settle_dead(number, "nurse b", False, 3_001)
        await store.refused(number, "AE: still not", 4_000)
        assert await store.settle_dead(number, "nurse b", False, 5_000)
        assert await names(store) == ["b"]
    noted = "SELECT act, person, why, wall_us FROM dead_letters ORDER BY id"
    assert await rows(any_url, noted) == [
        ("refused", None, "AE: no such patient", 2_000),
        ("replayed", "nurse a", "replayed by nurse a", 3_000),
        ("refused", None, "AE: still not", 4_000),
        ("discarded", "nurse b", "discarded by nurse b", 5_000),
    ]


async def test_what_a_person_sends_again_is_not_thinned_out(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("a", stale_us=2_000)])
        number = await number_of(store, "a")
        await store.refused(number, "AE", 2_000)
        assert await store.settle_dead(number, "nurse a", True, 3_000)
        assert await store.thinned(EHR, LATE) == 0
        assert await names(store) == ["a"]


async def test_of_two_persons_one_settles_a_dead_letter(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        number = await refuse(store)
        settled = [store.settle_dead(number, f"nurse {n}", n % 2 == 0, 3_000) for n in range(4)]
        assert sorted(await asyncio.gather(*settled)) == [False, False, False, True]
        assert not await store.settle_dead(number + 1, "nurse a", True, 3_000)
    assert await rows(any_url, "SELECT count(*) FROM dead_letters WHERE act <> 'refused'") == [(1,)]


@pytest.mark.parametrize("nobody", ["", "  "])
async def test_nobody_settles_nothing(any_url: str, nobody: str) -> None:
    async with letters(any_url) as (_, store):
        number = await refuse(store)
        with pytest.raises(ValueError, match="named person"):
            await store.settle_dead(number, nobody, False, 3_000)
        assert await store.dead(EHR) == 1


async def test_what_was_told_is_known_by_bed_also_when_messages_are_gone(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await store.queue(
            [outgoing("a", bed="b1", seq=5), outgoing("b", bed="b1", seq=4), outgoing("c", bed="b2", seq=1)]
        )
        await store.queue([outgoing("d", bed="b1", seq=3), outgoing("e"), outgoing("f", "other", bed="b1", seq=9)])
        await store.sent(await number_of(store, "a"), "AA")
    assert await attempt(any_url, "DELETE FROM messages_out WHERE id = 'a'") is None
    async with letters(any_url) as (_, store):
        assert await store.told_until(EHR) == {"b1": 5, "b2": 1}
        assert await store.told_until("nobody") == {}


class Noting(Recorder):
    """Notes what each step decided, if anything."""

    def do(self, event: Event, after: int = 0) -> None:
        super().do(event, after)
        self.made = [*getattr(self, "made", []), *([(self.seq, self.now, self.out)] if self.out else [])]


async def test_what_later_steps_decided_comes_in_order_a_page_at_a_time(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST_STEPS", 2)
    async with letters(any_url) as (journal, store):
        recorder = Noting(journal)
        admitted(recorder).seconds(2)
        known = recorder.seq
        recorder.overspeed()
        recorder.seconds(3)
        await journal.durable(recorder.token)
        found: list[Decided] = []
        after = known
        while page := await store.decisions_after("b1", after):
            assert len(page) <= 2
            found += page
            after = page[-1][0]
        assert [(seq, now_ms, said) for seq, now_ms, _, said in found] == [
            one for one in recorder.made if one[0] > known
        ]
        assert len(found) > 2
        assert [wall_us for _, now_ms, wall_us, _ in found] == [micros(wall(now_ms)) for _, now_ms, _, _ in found]
        assert await store.decisions_after("b2", 0) == []


async def test_the_database_keeps_what_was_refused_and_what_waits(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await refuse(store)
        await store.queue([outgoing("waits"), outgoing("done")])
        await store.sent(await number_of(store, "done"), "AA")
    for name in ("a", "waits"):
        assert REFUSED in (await attempt(any_url, f"DELETE FROM messages_out WHERE id = '{name}'") or ""), name
    assert await attempt(any_url, "DELETE FROM messages_out WHERE id = 'done'") is None
