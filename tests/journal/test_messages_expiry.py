"""Messages that are done with go when they are old; what is not done with stays, and a repetition is still known."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pumpd_hl7.keeping import US_PER_DAY, before

from pumpd.gateways import Before, KeepSettings, Received
from pumpd.journal import expiry, ops
from pumpd.journal.messages import JournalMessages
from tests.journal.letters import letters, message, names, outgoing, rows

NOW_US = 400 * US_PER_DAY
OLD, YOUNG = US_PER_DAY, NOW_US - US_PER_DAY
KEEP = before(KeepSettings(), NOW_US)
EVERYTHING = Before(NOW_US, NOW_US, NOW_US)
IN, OUT = "SELECT control_id FROM messages_in ORDER BY id", "SELECT id, state FROM messages_out ORDER BY number"


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "SLICE", 2)
    monkeypatch.setattr(expiry, "PAUSE_S", 0)


def then() -> datetime:
    return datetime(1970, 1, 2, tzinfo=UTC)


def came(control_id: str, at_us: int) -> Received:
    return replace(message(control_id), received_us=at_us)


async def inbox(store: JournalMessages) -> None:
    for name, at_us in (
        ("o1", OLD),
        ("o2", OLD),
        ("o3", OLD),
        ("open", OLD),
        ("o4", OLD),
        ("y1", YOUNG),
        ("y2", YOUNG),
    ):
        await store.received(came(name, at_us))
        if name != "open":
            await store.applied(came(name, at_us).key)


async def test_what_was_applied_and_is_old_goes_and_what_was_not_applied_stays(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await inbox(store)
        assert await store.expire(KEEP, ()) == 4
        assert await rows(any_url, IN) == [("open",), ("y1",), ("y2",)]
        assert await store.unapplied() == [came("open", OLD)]
    assert (await asyncio.to_thread(ops.verify, any_url)).problems == ()


async def test_a_repetition_is_known_in_the_window_and_new_beyond_it_in_this_run_and_the_next(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await inbox(store)
        await store.expire(KEEP, ())
        await repeated(store, "o1")
    async with letters(any_url) as (_, store):
        await repeated(store, "o2")
    assert [name for (name,) in await rows(any_url, IN)] == ["open", "y1", "y2", "o1", "o2"]


async def repeated(store: JournalMessages, gone: str) -> None:
    for name, at_us in (("y1", YOUNG), ("open", OLD)):
        assert await store.received(replace(came(name, NOW_US), answer=b"another")) == came(name, at_us)
    again = came(gone, NOW_US)
    assert await store.answered_before(again.key) is None
    assert await store.received(again) is again
    assert await store.received(replace(again, answer=b"another")) == again


async def outbox(store: JournalMessages) -> None:
    made = [replace(outgoing(name, urgent=name == "standing"), made_us=OLD) for name in
            ("sent", "standing", "dead", "discarded", "replayed", "waits")]  # fmt: skip
    await store.queue(
        [*made, replace(outgoing("thin", stale_us=1), made_us=OLD), replace(outgoing("last"), made_us=OLD)]
    )
    for queued in await store.waiting("ehr", 10):
        number, name = queued.number, queued.message.id
        if name in ("dead", "discarded", "replayed"):
            await store.refused(number, "AR", OLD)
        if name in ("discarded", "replayed"):
            await store.settle_dead(number, "KL", name == "replayed", OLD)
        if name in ("sent", "standing", "replayed", "last"):
            await store.sent(number, "CA")
    await store.thinned("ehr", OLD)


async def test_what_is_owed_to_a_destination_or_to_a_person_stays(any_url: str) -> None:
    async with letters(any_url, wall=then) as (_, store):
        await outbox(store)
        assert await store.expire(EVERYTHING, ("standing",)) == 4
        left = dict(await rows(any_url, OUT))  # type: ignore[arg-type]
        assert left == {"standing": "sent", "dead": "dead", "waits": "waiting", "last": "sent"}
        assert await names(store) == ["waits"]
        assert [letter.message.id for letter in await store.dead_letters(None, 9)] == ["dead"]
        noted = await rows(any_url, "SELECT act, person FROM dead_letters ORDER BY id")
        assert ("discarded", "KL") in noted  # who settled what is kept for good
    assert (await asyncio.to_thread(ops.verify, any_url)).problems == ()


async def test_numbers_go_on_where_everything_went(any_url: str) -> None:
    async with letters(any_url, wall=then) as (_, store):
        await outbox(store)
        await store.expire(EVERYTHING, ())
    async with letters(any_url) as (_, store):
        await store.queue([outgoing("next")])
        numbers = [number for (number,) in await rows(any_url, "SELECT number FROM messages_out ORDER BY number")]
        assert numbers[-1] == 9


async def test_nothing_is_old_where_it_is_kept_for_good(any_url: str) -> None:
    async with letters(any_url) as (_, store):
        await inbox(store)
        assert await store.expire(before(KeepSettings(0, 0, 0), NOW_US), ()) == 0
