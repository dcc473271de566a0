"""What was appended is what is restored; what was promised durable survives a kill."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy.pool import Pool

from pumpd.journal import Journal, JournalOpenError, JournalUnavailable
from pumpd.journal.batch import Marks
from pumpd.journal.limits import Limits
from pumpd.journal.records import CheckpointRecord
from pumpd.journal.replay import rebuild, replay
from pumpd.journal.rows import Builder, Names
from pumpd.journal.shapes import Shapes
from pumpd.journal.sql import TOGETHER
from pumpd.safety.events import Heard, SelfFault, Tick
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.daemons import daemon, writes
from tests.journal.letters import rows
from tests.journal.steps import BOOT, Recorder, StepRecord, admitted, opened, reading_step, wall, wall_ns
from tests.safety.build import MONITOR, bed_policy, vitals

SLOW = Limits(flush_s=3600, stall_s=60)  # nothing is written by the clock, so only what is urgent can be on the disk


def fault_step(seq: int, now_ms: int, bed: str = "b1") -> StepRecord:
    return StepRecord(bed, seq, Ms(now_ms), wall_ns(now_ms), SelfFault("x", "y", True), ())


async def test_all_steps_come_back_in_order_after_a_restart(any_url: str) -> None:
    async with opened(any_url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(5)
        recorder.overspeed()
        recorder.seconds(5)
        await journal.durable(recorder.token)
    async with opened(any_url) as journal:
        restored = await journal.restore("b1")
        assert restored is not None
        assert [seq for seq, _, _ in restored.events] == list(range(1, recorder.seq + 1))
        assert (restored.seq, restored.now_ms) == (recorder.seq, recorder.now)
        assert rebuild(restored, recorder.policy) == recorder.state


@pytest.mark.req("ALA-06")
async def test_checkpoint_and_later_events_rebuild_active_and_acknowledged_alarms(any_url: str) -> None:
    async with opened(any_url) as journal:
        recorder = admitted(Recorder(journal))
        for _ in range(3):
            recorder.seconds(2)
            journal.checkpoint("b1", recorder.seq, Ms(recorder.now), state_to_bytes(recorder.state))
        recorder.overspeed()
        await journal.durable(recorder.token)
    async with opened(any_url) as journal:
        restored = await journal.restore("b1")
        assert restored is not None
        assert restored.state is not None
        assert len(restored.events) == 3
        assert rebuild(restored, bed_policy()) == recorder.state
        everything = await journal.restore("b1", use_checkpoint=False)
        assert everything is not None
        assert rebuild(everything, bed_policy()) == recorder.state
        history = await journal.alarm_history("b1", 50)
        assert {alarm.id for alarm in history} >= {alarm.id for alarm in recorder.state.alarms.values()}
        assert any(alarm.acknowledged and alarm.acknowledged.by == "nurse a" for alarm in history)
        assert await journal.alarm_history("b2", 50) == []
        assert len(await journal.alarm_history(None, 1)) == 1


async def test_an_unknown_bed_and_a_new_journal_have_nothing_to_restore(any_url: str) -> None:
    async with opened(any_url) as journal:
        assert await journal.restore("b1") is None
        assert await journal.last_seen() is None


async def test_the_last_moment_of_the_earlier_run_is_known_to_the_last_commit(any_url: str) -> None:
    async with opened(any_url) as journal:
        before = journal._boot_ms()
        await journal.append_durable(reading_step(1, 5_000))
        await journal.append_durable(reading_step(2, 6_000))
        after = journal._boot_ms()
    async with opened(any_url) as journal:
        seen = await journal.last_seen()
        assert seen is not None
        assert (seen.now_ms, seen.boot_id, seen.wall) == (6_000, BOOT.boot_id, wall(6_000))
        assert before <= seen.boot_ms <= after


async def test_the_time_line_goes_on_from_when_a_step_was_decided_however_late_its_record_was_taken(
    any_url: str,
) -> None:
    """A checkpoint, too, is of the last step's time, and made at any time after it."""
    async with opened(any_url) as journal:
        journal._boot_ms = lambda: 500_000
        await journal.append_durable(reading_step(1, 5_000))
        journal._boot_ms = lambda: 501_400
        await journal.append_durable(reading_step(2, 6_000))
        journal._boot_ms = lambda: 502_000
        journal.checkpoint("b1", 2, Ms(6_000), b"")
        await journal.append_durable(reading_step(1, 5_900, "b2"))
    async with opened(any_url) as journal:
        seen = await journal.last_seen()
        assert seen is not None
        assert (seen.now_ms, seen.boot_ms) == (6_000, 501_000)


async def test_a_step_that_is_more_than_a_reading_is_written_at_once_with_all_before_it(any_url: str) -> None:
    async with opened(any_url, limits=SLOW) as journal:
        early = journal.append(reading_step(1, 1_000))
        waiting = journal._waiters.durable(early, asyncio.get_running_loop())  # does not ask for a flush
        journal.append(fault_step(2, 1_001))
        await waiting
        assert journal.stats().committed == 2


async def test_a_step_that_somebody_waits_for_is_not_kept_back_for_others(any_url: str) -> None:
    async with opened(any_url, limits=Limits(gather_s=3600, flush_s=3600, stall_s=60)) as journal:
        for seq in (1, 2, 3):
            await journal.durable(journal.append(fault_step(seq, 1_000 * seq)))
        journal.append(fault_step(4, 4_000))
    assert await rows(any_url, "SELECT count(*) FROM events") == [(4,)]


async def test_steps_that_nobody_waits_for_share_a_commit(any_url: str) -> None:
    async with opened(any_url, limits=Limits(gather_s=60, flush_s=3600, stall_s=60)) as journal:
        before = journal.stats().commits
        for seq in range(1, 20):
            journal.append(fault_step(seq, 1_000 * seq))
            await asyncio.sleep(0)
        await journal.durable(journal.append(fault_step(20, 20_000)))
        assert journal.stats().commits == before + 1


async def test_readings_of_many_beds_in_one_commit_come_back_each_with_its_own_bed(any_url: str) -> None:
    beds = [f"b{number}" for number in range(2 * TOGETHER + 3)]
    said = {bed: Heard(MONITOR, vitals(rr=10 + number)) for number, bed in enumerate(beds)}
    async with opened(any_url, limits=SLOW) as journal:
        tokens = [journal.append(reading_step(1, 1_000, bed, said[bed])) for bed in beds]
        await journal.durable(tokens[-1])
        assert journal.stats().commits == 1
    async with opened(any_url) as journal:
        for bed in beds:
            restored = await journal.restore(bed)
            assert restored is not None
            assert restored.events == ((1, 1_000, said[bed]),)


def test_a_batch_that_may_fail_leaves_what_the_commit_before_handed_on_as_it_was() -> None:
    builder = Builder(Names(), Shapes(), "kernel")
    before = Marks(gapped=frozenset({"b1"}), checkpoint_seq={"b1": 4}, checkpoint_day={"b1": 1})
    after = builder.build([CheckpointRecord("b1", 9, Ms(9_000), wall(9_000), b"state")], before).marks
    assert (before.gapped, before.checkpoint_seq, before.checkpoint_day) == ({"b1"}, {"b1": 4}, {"b1": 1})
    assert (after.gapped, after.checkpoint_seq) == (frozenset(), {"b1": 9})
    assert builder.build([reading_step(10, 10_000)], after).marks.checkpoint_seq == {"b1": 9}


async def test_readings_alone_are_written_by_the_clock(any_url: str) -> None:
    async with opened(any_url) as journal:
        token = journal.append(reading_step(1, 1_000))
        await journal._waiters.durable(token, asyncio.get_running_loop())
        assert Limits().flush_s < 1


async def test_the_loop_s_thread_never_touches_the_database(any_url: str) -> None:
    threads: set[int] = set()

    def note(*_: object) -> None:
        threads.add(threading.get_ident())

    sa_event.listen(Pool, "checkout", note)
    try:
        async with opened(any_url) as journal:
            await journal.append_durable(fault_step(1, 1_000))
            await journal.restore("b1")
            await journal.verify()
    finally:
        sa_event.remove(Pool, "checkout", note)
    assert threads
    assert threading.get_ident() not in threads


async def test_append_after_close_neither_blocks_nor_raises_and_durable_says_no(any_url: str) -> None:
    async with opened(any_url) as journal:
        pass
    with pytest.raises(JournalUnavailable):
        await journal.append_durable(fault_step(1, 1_000))
    with pytest.raises(JournalUnavailable):
        await journal.restore("b1")


async def test_two_daemons_cannot_write_one_journal(any_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(any_url):
        with monkeypatch.context() as impatient:
            impatient.setattr("pumpd.journal.store.LOCK_WAIT_S", 0.0)
            with pytest.raises(JournalOpenError, match="in use"):
                await Journal.open(any_url, BOOT)
    async with opened(any_url):
        pass


async def test_a_record_that_cannot_be_written_down_becomes_a_gap_and_blocks_nobody(any_url: str) -> None:
    async with opened(any_url) as journal:
        bad = StepRecord("b1", 1, Ms(1_000), wall_ns(1_000), SelfFault("x", "\ud800", True), ())
        journal.append(bad)
        await journal.append_durable(fault_step(2, 1_001))
        restored = await journal.restore("b1")
        assert restored is not None
        assert [seq for seq, _, _ in restored.events] == [2]


def kill_while_writing(url: str) -> int:
    """A daemon killed in the middle of writing; the last step that it was promised to be durable."""
    with daemon(writes, url) as writer:
        promised = [int(writer.line()) for _ in range(5)]
        return max(promised + writer.kill())


@pytest.mark.req("ALA-06")
async def test_a_killed_daemon_leaves_a_clean_prefix_with_all_that_was_durable(any_url: str) -> None:
    promised = await asyncio.to_thread(kill_while_writing, any_url)
    async with opened(any_url) as journal:
        report = await journal.verify()
        assert report.ok, report.problems
        assert report.links > 0
        restored = await journal.restore("b1")
        assert restored is not None
        assert [seq for seq, _, _ in restored.events] == list(range(1, restored.seq + 1))
        assert restored.seq >= promised
    replayed = await asyncio.to_thread(replay, any_url)
    assert replayed.identical


async def test_ticks_are_readings_too(any_url: str) -> None:
    async with opened(any_url, limits=SLOW) as journal:
        await journal.append_durable(reading_step(1, 1_000, event=Tick()))
        restored = await journal.restore("b1")
        assert restored is not None
        assert restored.events == ((1, 1_000, Tick()),)
