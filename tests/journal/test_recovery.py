"""kill -9 between a stop and its commit: the next start finds the steps in shared memory and commits them first."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pumpd.journal import Journal, Marked, Restored
from pumpd.journal import tail as tails
from pumpd.journal.replay import rebuild, replay
from pumpd.safety.events import Heard
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.daemons import daemon, marks, trips
from tests.journal.disk import Disk, stalled
from tests.journal.letters import rows
from tests.journal.steps import BOOT, Recorder, admitted, opened
from tests.journal.tamper import file_of
from tests.journal.test_durability import fault_step
from tests.journal.test_faults import QUICK
from tests.postgres import Postgres
from tests.safety.build import status


def kill_after_the_mark(url: str) -> tuple[int, int]:
    """A daemon whose stop has left and whose step is not decided; its last step and that one's time."""
    with daemon(marks, url) as marking:
        seq, now_ms = marking.line()
        marking.kill()
    return int(seq), int(now_ms)


async def kill_before_the_commit(url: str, known: bool) -> tuple[Path, int, int, bytes]:
    """A daemon that tripped and was killed while no commit returned: its tail, its last step and its state."""
    with daemon(trips, url, known) as tripping:
        tail: Path = await asyncio.to_thread(tripping.line)
        async with stalled(url):
            tripping.tell()
            seq, now_ms, state = await asyncio.to_thread(tripping.line)
            await asyncio.to_thread(tripping.kill)
    return tail, seq, now_ms, state


def state_of(restored: Restored | None) -> bytes:
    assert restored is not None
    return state_to_bytes(rebuild(restored, restored.policies[0][1]))


@pytest.mark.req("ALA-06", "INT-02")
async def test_a_report_whose_stop_left_is_handed_to_the_next_start_until_its_step_is_recorded(any_url: str) -> None:
    seq, now_ms = await asyncio.to_thread(kill_after_the_mark, any_url)
    event = Heard("b1-p1", status(700_000))
    for _ in range(2):  # killed again before it was decided: it is still there
        journal = await Journal.open(any_url, BOOT)
        try:
            assert journal.marked("b1") == Marked("b1", seq + 1, Ms(now_ms + 5), event)
            assert journal.marked("b2") is None
        finally:
            tail = journal._writer.tail
            assert tail is not None
            copy = tail.path.read_bytes()
            await journal.close()
        tail.path.write_bytes(copy)
        tail.path.chmod(0o600)
    tail.path.unlink()


@pytest.mark.req("ALA-06", "INT-02", "DOS-02", "QUA-06")
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
async def test_a_trip_that_no_commit_has_seen_survives_the_kill(any_url: str, known: bool) -> None:
    tail, seq, now_ms, state = await kill_before_the_commit(any_url, known)
    assert tail.stat().st_mode & 0o777 == 0o600
    assert await rows(any_url, "SELECT count(*) FROM decisions WHERE kind = 'StopPump'") == [(0,)]
    async with opened(any_url) as journal:
        seen = await journal.last_seen()
        assert seen is not None
        assert seen.now_ms == now_ms, "the clock never goes back before what was decided"
        restored = await journal.restore("b1")
        assert restored is not None
        assert (restored.seq, restored.now_ms) == (seq, now_ms)
        assert [number for number, _, _ in restored.events] == list(range(1, seq + 1))
        assert state_of(restored) == state
        history = await journal.alarm_history("b1", 9)
        assert any(alarm.acknowledged and alarm.acknowledged.by == "nurse a" for alarm in history)
        report = await journal.verify()
        assert report.ok, report.problems
    replayed = await asyncio.to_thread(replay, any_url)
    assert replayed.identical
    assert not replayed.beds[0].gaps
    assert not tail.exists(), "a clean end leaves nothing behind"


@pytest.mark.req("ALA-06")
async def test_on_a_full_disk_the_bed_goes_on_from_memory_and_is_written_when_there_is_room(
    any_url: str, disk: Disk
) -> None:
    tail, seq, now_ms, state = await kill_before_the_commit(any_url, True)
    await disk.refuse()
    told: asyncio.Queue[object] = asyncio.Queue()
    async with opened(any_url, limits=QUICK, on_fault=told.put_nowait) as journal:
        assert journal._writer.left.entries, "the disk was not full"
        seen = await journal.last_seen()
        assert seen is not None
        assert seen.now_ms == now_ms
        restored = await journal.restore("b1")
        assert restored is not None
        assert restored.seq == seq
        assert state_of(restored) == state
        journal.append(fault_step(seq + 1, now_ms + 1))
        assert await told.get() is not None
        await disk.accept()
        assert await told.get() is None
        await journal.durable(journal._token)
        again = await journal.restore("b1")
        assert again is not None
        assert [number for number, _, _ in again.events] == list(range(1, seq + 2))
        assert (await journal.verify()).ok
    assert not tail.exists()


async def test_what_does_not_follow_is_said_and_left_out(any_url: str) -> None:
    async with opened(any_url) as journal:
        await journal.append_durable(fault_step(1, 1_000))
        tail = journal._writer.tail
        assert tail is not None
    left = tails.Tail.open(tail.path, tail._identity, BOOT.boot_id)
    left.add(tails.Entry(9, 5, True, fault_step(3, 3_000)), 0)
    left.end()
    with capture_logs() as logs:
        async with opened(any_url) as journal:
            restored = await journal.restore("b1")
            assert restored is not None
            assert restored.seq == 1
            seen = await journal.last_seen()
            assert seen is not None
            assert seen.now_ms == 1_000
    assert [line["steps"] for line in logs if "do not follow" in line["event"]] == [1]


async def test_a_copy_of_a_journal_does_not_take_the_original_s_steps(
    any_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with opened(any_url) as journal:
        await journal.append_durable(fault_step(1, 1_000))
    copied = await asyncio.to_thread(copy_of, any_url, tmp_path / "copy.db", request)
    async with opened(any_url) as journal, opened(copied) as copy:
        mine, other = journal._writer.tail, copy._writer.tail
        assert mine is not None
        assert other is not None
        assert mine.path != other.path
        assert mine._identity == other._identity


def copy_of(url: str, target: Path, request: pytest.FixtureRequest) -> str:
    path = file_of(url)
    if path is None:
        server: Postgres = request.getfixturevalue("postgres")
        return server.copy(url)
    shutil.copy(path, target)
    return f"sqlite+aiosqlite:///{target}"


async def test_without_shared_memory_it_works_and_says_so_once(
    any_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "FOLDER", tmp_path / "not there")
    with capture_logs() as logs:
        async with opened(any_url) as journal:
            recorder = admitted(Recorder(journal))
            recorder.overspeed()
            await journal.durable(recorder.token)
            assert (await journal.verify()).ok
    assert len([line for line in logs if "no shared memory" in line["event"]]) == 1


async def test_shared_memory_that_is_full_is_said_and_harms_nobody(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with capture_logs() as logs:
        async with opened(any_url) as journal:
            await journal.append_durable(fault_step(1, 1_000))
            await journal.append_durable(fault_step(2, 1_001))
            assert journal.fault is None
    assert len([line for line in logs if "no shared memory" in line["event"]]) == 1


async def test_a_journal_given_up_on_a_failing_disk_keeps_its_tail(any_url: str, disk: Disk) -> None:
    journal = await Journal.open(any_url, BOOT)
    await journal.append_durable(fault_step(1, 1_000))
    await disk.refuse()
    journal.append(fault_step(2, 2_000))
    await journal.close(timeout_s=0.1)
    await disk.accept()
    async with opened(any_url) as journal:
        restored = await journal.restore("b1")
        assert restored is not None
        assert restored.seq == 2


async def test_a_database_that_is_gone_while_in_use_is_a_fault_until_it_is_back(any_url: str, disk: Disk) -> None:
    """Its file was removed or replaced, or its server lets nobody in."""
    told: asyncio.Queue[object] = asyncio.Queue()
    async with opened(any_url, limits=QUICK, on_fault=told.put_nowait) as journal:
        await journal.append_durable(fault_step(1, 1_000))
        async with disk.gone():
            journal.append(fault_step(2, 2_000))
            said = str(await told.get())
            assert "removed or replaced" in said or file_of(any_url) is None, "a server cuts the line without a word"
        assert await told.get() is None
        await journal.durable(journal.append(fault_step(3, 3_000)))
        restored = await journal.restore("b1")
        assert restored is not None
        assert [seq for seq, _, _ in restored.events] == [1, 2, 3]
