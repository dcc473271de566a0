"""The database goes away again and again under load: afterwards its rows are, one by one, what was appended."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from pumpd.device.facts import CommandOutcome
from pumpd.gateways import Received
from pumpd.journal import Journal, JournalUnavailable
from pumpd.journal.messages import JournalMessages
from pumpd.journal.rows import alarm_of, decision_text, event_text
from pumpd.safety.decisions import AlarmChanged, StopPump
from pumpd.safety.events import Acknowledged, Event, Heard
from tests.journal.disk import Disk
from tests.journal.letters import letters, message, outgoing, rows
from tests.journal.steps import Recorder, admitted
from tests.journal.tamper import file_of
from tests.journal.test_faults import QUICK, Told
from tests.postgres import Postgres

SENDERS, EACH = 4, 40


@pytest.fixture(autouse=True)
def forced_to_the_disk(request: pytest.FixtureRequest, any_url: str) -> Iterator[None]:
    """A server of tests takes its commits easier than one of a hospital; not here."""
    if file_of(any_url) is not None:
        yield
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.durable():
        yield


class Noted(Recorder):
    """Keeps its own account of what it appends."""

    def __init__(self, journal: Journal, bed: str) -> None:
        self.steps: list[tuple[int, int, Event, tuple[Any, ...]]] = []
        super().__init__(journal, bed)
        admitted(self)

    def do(self, event: Event, after: int = 0) -> None:
        super().do(event, after)
        self.steps.append((self.seq, self.now, event, self.out))

    def decisions(self) -> list[Any]:
        return [decision for _, _, _, out in self.steps for decision in out]


class Correspondents:
    """Other systems that send until they are answered, and a queue that is filled until it says so."""

    def __init__(self, store: JournalMessages) -> None:
        self._store = store
        self.answered: dict[str, Received] = {}
        self.queued: list[str] = []

    async def one(self, number: int) -> None:
        for n in range(EACH):
            name, tries = f"{number}-{n}", 0
            while name not in self.answered:
                tries += 1
                try:
                    sent = message(name, answer=b"try %d" % tries, raw=name.encode())
                    self.answered[name] = await self._store.received(sent)
                except JournalUnavailable:
                    await asyncio.sleep(0.01)  # the time in which it sends again
            while name not in self.queued:
                try:
                    await self._store.queue([outgoing(name)])
                    self.queued.append(name)
                except JournalUnavailable:
                    await asyncio.sleep(0.01)


async def lived(journal: Journal, disk: Disk, told: Told) -> list[Noted]:
    """Twice the database goes away; beds trip before, meanwhile and after. Each as its own account has it."""
    beds = [Noted(journal, "b0")]
    for outage in (1, 2):
        beds += [Noted(journal, f"b{outage}-{when}") for when in ("before", "meanwhile", "after")]
        before, meanwhile, after = beds[-3:]
        before.overspeed()
        async with disk.down():
            while len(told.faults) < 2 * outage - 1:
                for bed in beds:
                    bed.seconds(1)
                await asyncio.sleep(0.01)
            meanwhile.overspeed()
        after.overspeed()
        await told.until(2 * outage)
    await journal.durable(beds[-1].token)
    return beds


@pytest.mark.req("ALA-06", "INT-02")
async def test_nothing_that_was_appended_or_answered_is_missing_or_doubled(any_url: str, disk: Disk) -> None:
    told = Told()
    async with letters(any_url, limits=QUICK, on_fault=told) as (journal, store):
        others = Correspondents(store)
        sending = asyncio.gather(*map(others.one, range(SENDERS)))
        beds = await lived(journal, disk, told)
        await sending
        for bed in beds:
            restored = await journal.restore(bed.policy.bed, use_checkpoint=False)
            assert restored is not None
            assert list(restored.events) == [(seq, now, event) for seq, now, event, _ in bed.steps]
        assert (await journal.verify()).problems == ()
    await same_decisions(any_url, beds)
    await same_alarms(any_url, beds)
    await same_commands(any_url, beds)
    await same_messages(any_url, others)


async def same_decisions(url: str, beds: list[Noted]) -> None:
    said = "SELECT name, seq, body FROM decisions JOIN beds ON beds.id = bed WHERE kind <> 'CommandOutcome'"
    expected = Counter(
        (bed.policy.bed, seq, decision_text(one)) for bed in beds for seq, _, _, out in bed.steps for one in out
    )
    assert Counter(map(tuple, await rows(url, said))) == expected
    acknowledged = Counter(
        event_text(event) for bed in beds for _, _, event, _ in bed.steps if isinstance(event, Acknowledged)
    )
    assert len(acknowledged) == 6
    found = await rows(url, "SELECT body FROM events WHERE kind = 'Acknowledged'")
    assert Counter(body for (body,) in found) == acknowledged


async def same_alarms(url: str, beds: list[Noted]) -> None:
    """Each once, as it was last said to be."""
    last = {one.alarm.id: one.alarm for bed in beds for one in bed.decisions() if isinstance(one, AlarmChanged)}
    found = await rows(url, "SELECT id, body FROM alarms")
    assert len(found) == len(last) >= 6
    assert {name: alarm_of(body) for name, body in found} == last


async def same_commands(url: str, beds: list[Noted]) -> None:
    issued = [one.order_id for bed in beds for one in bed.decisions() if isinstance(one, StopPump)]
    facts = [event.fact for bed in beds for _, _, event, _ in bed.steps if isinstance(event, Heard)]
    done = {fact.order_id: fact.outcome for fact in facts if isinstance(fact, CommandOutcome)}
    found = await rows(url, "SELECT order_id, outcome FROM commands WHERE kind = 'StopPump'")
    assert Counter(name for name, _ in found) == Counter(issued)
    assert {name: outcome for name, outcome in found if outcome is not None} == done
    assert len(done) == 6


async def same_messages(url: str, others: Correspondents) -> None:
    """What was answered is there once, with the answer that was given; what was not is withdrawn."""
    taken = await rows(url, "SELECT control_id, raw, answer FROM messages_in WHERE state <> 'withdrawn'")
    given = [(name, one.raw, one.answer) for name, one in others.answered.items()]
    assert len(given) == SENDERS * EACH
    assert Counter((name, bytes(raw), bytes(answer)) for name, raw, answer in taken) == Counter(given)
    queued = await rows(url, "SELECT id FROM messages_out")
    assert Counter(name for (name,) in queued) == Counter(others.queued)
