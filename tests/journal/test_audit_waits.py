"""The audit waits for nobody and loses nothing silently: a disk that fails, a kill, a flood of refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from pumpd.access.audit import AuditEntry, AuditQuery, What
from pumpd.journal import ops
from pumpd.journal.aside import Aside
from pumpd.journal.audit import AuditFault, AuditLimits, JournalAudit
from tests.journal.daemons import audits, daemon
from tests.journal.disk import Disk
from tests.journal.letters import rows
from tests.journal.notes import QUICK, notes


async def until(condition: Callable[[], object], changed: asyncio.Event) -> None:
    while not condition():
        changed.clear()
        await changed.wait()


@pytest.mark.req("AUD-03")
async def test_a_failing_disk_is_told_with_how_many_wait_and_nothing_is_lost(any_url: str, disk: Disk) -> None:
    faults, changed = list[AuditFault | None](), asyncio.Event()

    def told(fault: AuditFault | None) -> None:
        faults.append(fault)
        changed.set()

    async with notes(any_url, AuditLimits(gather_s=0, retry_s=0.01, again_s=0)) as book:
        await book.three()
        book.audit.on_fault = told
        async with disk.gone():
            for number in range(5):
                book.audit.note(AuditEntry(What.SAW, "klee", subject=str(number)))
            await until(lambda: faults, changed)
            book.audit.note(AuditEntry(What.SAW, "klee", subject="later"))
            await until(lambda: faults[-1] is not None and faults[-1].waiting == 6, changed)
            assert "6 entries wait" in (faults[-1] or AuditFault("", 0)).words
        await until(lambda: faults[-1] is None, changed)
        found = await book.audit.search(AuditQuery(what=What.SAW))
        assert [row.entry.subject for row in found] == ["later", "4", "3", "2", "1", "0"]
        assert (await book.audit.verify()).problem is None
        assert book.audit.waiting == 0


@pytest.mark.req("AUD-03")
async def test_what_finds_no_room_is_counted_and_the_record_says_so(any_url: str, disk: Disk) -> None:
    async with notes(any_url, AuditLimits(entries=4, gather_s=0, retry_s=0.01)) as book:
        await book.audit.verify()
        changed = asyncio.Event()
        book.audit.on_fault = lambda fault: changed.set()
        async with disk.gone():
            for number in range(7):
                book.audit.note(AuditEntry(What.SAW, "klee", subject=str(number)))
            assert book.audit.waiting == 4
            await until(lambda: book.audit.fault is not None, changed)
        await until(lambda: book.audit.fault is None, changed)
        found = await book.audit.search(AuditQuery())
        lost = [row.entry for row in found if row.entry.outcome == "lost"]
        assert [row.entry.subject for row in found if row.entry.what is What.SAW] == ["3", "2", "1", "0"]
        assert [entry.detail.split(" since ")[0] for entry in lost] == ["3 entries"]


def killed_after(url: str, lines: int) -> int:
    """A stream of entries that is killed; the last one of which it said that it is on the disk."""
    with daemon(audits, url) as stream:
        said = [int(stream.line()) for _ in range(lines)]
        return max(said + stream.kill())


async def test_a_killed_daemon_leaves_a_whole_chain_with_all_that_was_on_the_disk(any_url: str) -> None:
    for lines in (1, 5, 40):
        last = await asyncio.to_thread(killed_after, any_url, lines)
        kept = await rows(any_url, "SELECT subject FROM audit ORDER BY seq DESC LIMIT 1")
        assert int(kept[0][0]) >= last
        async with notes(any_url) as book:
            assert (await book.audit.verify()).problem is None


class ByHand:
    """A clock and a sleep that go on when the test says so."""

    def __init__(self) -> None:
        self.now_us, self._turn, self._asleep = 1_000_000, asyncio.Event(), asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """A second is the counter's, and waits for the hand."""
        if seconds != 1:
            return await asyncio.sleep(seconds)
        self._asleep.set()
        await self._turn.wait()
        self._turn.clear()

    async def once(self) -> None:
        """The counter looks once, and sleeps again."""
        await self._asleep.wait()
        self._asleep.clear()
        self._turn.set()
        await self._asleep.wait()


@pytest.mark.req("AUD-04")
async def test_a_thousand_refusals_of_a_minute_are_one_row_and_a_count_and_an_end_in_between_loses_none(
    any_url: str,
) -> None:
    await asyncio.to_thread(ops.upgrade, any_url)
    aside, hand = await Aside.open(any_url), ByHand()
    audit = JournalAudit(aside, lambda: hand.now_us, AuditLimits(gather_s=0, count_s=1), hand.sleep)
    knock = AuditEntry(What.REFUSED, "nobody", address="10.0.0.66", subject="/ward", outcome="not_signed_in")
    for _ in range(1_000):
        audit.note(knock)
        hand.now_us += 10_000
    assert [row.entry for row in await audit.search(AuditQuery())] == [knock], "at once"
    hand.now_us += 60_000_000
    await hand.once()
    assert (await audit.search(AuditQuery()))[0].entry == replace(knock, detail="999 more within 10 s")
    audit.note(knock)
    await audit.close()
    await aside.close()
    aside = await Aside.open(any_url)
    audit = JournalAudit(aside, lambda: hand.now_us, QUICK)
    assert [row.entry.detail for row in await audit.search(AuditQuery())] == [
        "1 more within 1 s",
        "999 more within 10 s",
        "",
    ]
    assert (await audit.verify()).problem is None
    await audit.close()
    await aside.close()
