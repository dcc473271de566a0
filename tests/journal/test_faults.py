"""A full, stalled or vanished disk: monitoring goes on, the fault is told once, nothing that matters is lost."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from pumpd.journal import JournalFault, JournalUnavailable, ops
from pumpd.journal.backlog import Backlog
from pumpd.journal.inbox import Entry, is_reading
from pumpd.journal.limits import Limits
from pumpd.journal.records import GapRecord, Record, StepRecord
from pumpd.journal.replay import replay
from pumpd.safety.events import SelfFault
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.disk import FULL, Disk, stalled
from tests.journal.steps import Recorder, admitted, opened, reading_step, wall_ns
from tests.journal.test_durability import fault_step

QUICK = Limits(flush_s=0.05, stall_s=60, retry_first_s=0.01, retry_most_s=0.05)
ROOT = Path(__file__).parents[2]


class Told:
    """What on_fault was called with, and a way to wait for it."""

    def __init__(self) -> None:
        self.faults: list[JournalFault | None] = []
        self._news = asyncio.Event()

    def __call__(self, fault: JournalFault | None) -> None:
        asyncio.get_running_loop()  # on the loop's thread, or this raises
        self.faults.append(fault)
        self._news.set()

    async def until(self, count: int) -> None:
        while len(self.faults) < count:
            self._news.clear()
            await self._news.wait()


def long_step(seq: int) -> StepRecord:
    """So that some hundred of them need room."""
    return StepRecord("b1", seq, Ms(1_000 + seq), wall_ns(1_000 + seq), SelfFault("x", "y" * 300, True), ())


async def test_a_full_database_is_told_once_refuses_durability_and_recovers_whole(any_url: str, disk: Disk) -> None:
    told = Told()
    async with opened(any_url, limits=QUICK, on_fault=told) as journal:
        await journal.append_durable(fault_step(1, 1_000))
        await disk.fill()
        seq = 1
        while not told.faults:
            for _ in range(400):
                seq += 1
                journal.append(long_step(seq))
            await journal.alarm_history(None, 1)  # the thread had its turn
        assert told.faults[0] is not None
        assert re.search(FULL, told.faults[0].detail), "in the database's own words"
        with pytest.raises(JournalUnavailable, match=FULL):
            await journal.append_durable(fault_step(seq + 1, 2_000 + seq))
        assert journal.stats().failing
        await disk.free()
        await told.until(2)
        assert told.faults[1] is None
        await journal.append_durable(fault_step(seq + 2, 3_000 + seq))
        restored = await journal.restore("b1")
        assert restored is not None
        assert [step[0] for step in restored.events] == list(range(1, seq + 3))
        assert (await journal.verify()).ok
    assert len(told.faults) == 2


FULL_DISK = """
import asyncio, resource, sys
from tests.journal.steps import Recorder, admitted, opened
from tests.journal.test_faults import QUICK, Told

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    told = Told()
    async with opened(sys.argv[1], on_fault=told, limits=QUICK) as journal:
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
        limit(400_000)
        while not told.faults:
            recorder.seconds(20)
            recorder.seconds(2, rate_ul_h=200_000)
            await journal.alarm_history(None, 1)  # the thread had its turn
        limit(resource.RLIM_INFINITY)
        await told.until(2)
        await journal.durable(recorder.token)
        print(told.faults[0].detail, told.faults[1], recorder.seq, journal.stats().dropped_readings, sep="|")

asyncio.run(main())
"""


def test_a_file_system_that_takes_no_more_bytes_loses_nothing(url: str) -> None:
    """SQLite only: the file's own process is refused. A server that is refused: tests.journal.test_postgres."""
    done = subprocess.run([sys.executable, "-c", FULL_DISK, url], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    detail, recovered, seq, dropped = done.stdout.strip().split("|")
    assert "full" in detail or "I/O" in detail
    assert (recovered, dropped) == ("None", "0")
    report = replay(url)
    assert report.identical
    assert report.beds[0].steps == int(seq)
    assert ops.verify(url).ok


def entry(token: int, record: Record) -> Entry:
    return Entry(token, token, not is_reading(record), record)


def test_a_full_backlog_drops_the_oldest_readings_first_and_keeps_count_per_bed() -> None:
    backlog = Backlog(most_readings=10, most_records=100)
    for seq in range(1, 21):
        reading = entry(seq, reading_step(seq, seq, bed="b1" if seq % 2 else "b2"))
        backlog.take_in(deque([reading, entry(100 + seq, fault_step(100 + seq, seq, bed="b3"))]))
        backlog.bound()
    entries = backlog.take(1_000)
    gaps = {e.record.bed: e.record for e in entries if isinstance(e.record, GapRecord)}
    kept = [e.record.seq for e in entries if not e.urgent]
    assert sum(not isinstance(e.record, GapRecord) and e.urgent for e in entries) == 20, "no decision is dropped"
    assert kept == list(range(21 - len(kept), 21))
    assert len(kept) <= 10
    assert sum(gap.steps for gap in gaps.values()) == backlog.dropped_readings == 20 - len(kept)
    assert (gaps["b1"].first_seq, gaps["b2"].first_seq) == (1, 2)


def test_even_decisions_are_bounded_in_the_end() -> None:
    backlog = Backlog(most_readings=10, most_records=50)
    for seq in range(1, 201):
        backlog.take_in(deque([entry(seq, fault_step(seq, seq))]))
        backlog.bound()
    assert len(backlog) <= 51
    assert backlog.dropped_records >= 149


def test_what_is_committed_is_freed_by_the_commit_after_it() -> None:
    """The event loop has forgotten it by then: values that it made are not for it to free by the thousand."""
    backlog = Backlog(most_readings=10, most_records=50)
    first, second = ([entry(seq, reading_step(seq, seq))] for seq in (1, 2))
    backlog.written(first)
    assert len(first) == 1
    backlog.written(second)
    assert (first, len(second)) == ([], 1)


async def test_dropped_readings_leave_a_gap_that_replay_bridges_from_the_next_checkpoint(
    any_url: str, disk: Disk
) -> None:
    told = Told()
    limits = replace(QUICK, readings=40)
    async with opened(any_url, limits=limits, on_fault=told) as journal:
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
        await disk.fill()
        while not told.faults:
            recorder.do(SelfFault("test", "x" * 200, active=bool(recorder.seq % 2)), 1)
            with contextlib.suppress(JournalUnavailable):
                await journal.durable(recorder.token)
        while journal.stats().dropped_readings < 20:
            recorder.seconds(5)
            await journal.alarm_history(None, 1)  # the thread had its turn
        await disk.free()
        await told.until(2)
        journal.checkpoint("b1", recorder.seq, Ms(recorder.now), state_to_bytes(recorder.state))
        recorder.overspeed()
        for _ in range(4):
            recorder.seconds(1)
            journal.checkpoint("b1", recorder.seq, Ms(recorder.now), state_to_bytes(recorder.state))
        await journal.durable(recorder.token)
        assert (await journal.verify()).ok
    (bed,) = (await asyncio.to_thread(replay, any_url)).beds
    assert (bed.difference, bed.note, bed.gaps) == (None, "", 1)
    assert bed.skipped > 0
    assert bed.decisions > 0


async def test_a_commit_that_does_not_return_is_reported_and_forgiven(any_url: str) -> None:
    told = Told()
    async with opened(any_url, limits=Limits(flush_s=0.02, stall_s=0.02), on_fault=told) as journal:
        async with stalled(any_url):
            token = journal.append(fault_step(1, 1_000))
            with pytest.raises(JournalUnavailable, match="stalls"):
                await journal.durable(token)
        await told.until(2)
        await journal.durable(token)
    assert [fault is None for fault in told.faults] == [False, True]
