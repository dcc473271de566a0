"""kill -9 between a stop and its commit: the next start finds the steps in shared memory and commits them first."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pumpd.journal import Journal, Marked, Restored, one_go
from pumpd.journal import tail as tails
from pumpd.journal.replay import rebuild, replay
from pumpd.journal.writer import Limits
from pumpd.safety.events import Heard
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.steps import BOOT, Recorder, admitted, opened
from tests.journal.test_durability import fault_step
from tests.safety.build import status

KILLED = """
import asyncio, sys
from pumpd.safety.wire import state_to_bytes
from tests.journal.steps import Recorder, admitted, opened
async def main():
    async with opened(sys.argv[1]) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        if sys.argv[2] == "known":
            await journal.durable(recorder.token)
        print(journal._writer.tail.path, flush=True)
        sys.stdin.readline()
        recorder.overspeed()
        print(recorder.seq, recorder.now, state_to_bytes(recorder.state).hex(), flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


MARKED = """
import asyncio, sys
from pumpd.safety.events import Heard
from tests.journal.steps import Recorder, admitted, opened
from tests.safety.build import status
async def main():
    async with opened(sys.argv[1]) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        await journal.durable(recorder.token)
        journal.foresee_event("b1", recorder.seq + 1, recorder.now + 5, Heard("b1-p1", status(700_000)))
        print(recorder.seq, recorder.now, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def kill_after_the_mark(url: str) -> tuple[int, int]:
    """A daemon whose stop has left and whose step is not decided; its last step and that one's time."""
    command, root = [sys.executable, "-c", MARKED, url], Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seq, now_ms = process.stdout.readline().split()
        process.kill()
    return int(seq), int(now_ms)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """No commit can succeed meanwhile."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def kill_before_the_commit(url: str, database: Path, known: str) -> tuple[Path, int, int, bytes]:
    """A daemon that tripped and was killed: its tail, its last step and its state."""
    command = [sys.executable, "-c", KILLED, url, known]
    pipe, root = subprocess.PIPE, Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        tail = Path(process.stdout.readline().strip())
        with locked(database):
            process.stdin.write("\n")
            process.stdin.flush()
            seq, now_ms, state = process.stdout.readline().split()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    return tail, int(seq), int(now_ms), bytes.fromhex(state)


def state_of(restored: Restored | None) -> bytes:
    assert restored is not None
    return state_to_bytes(rebuild(restored, restored.policies[0][1]))


@pytest.mark.req("ALA-06", "INT-02")
async def test_a_report_whose_stop_left_is_handed_to_the_next_start_until_its_step_is_recorded(url: str) -> None:
    seq, now_ms = await asyncio.to_thread(kill_after_the_mark, url)
    event = Heard("b1-p1", status(700_000))
    for _ in range(2):  # killed again before it was decided: it is still there
        journal = await Journal.open(url, BOOT)
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
@pytest.mark.parametrize("known", ["known", "unknown"])
async def test_a_trip_that_no_commit_has_seen_survives_the_kill(url: str, database: Path, known: str) -> None:
    tail, seq, now_ms, state = await asyncio.to_thread(kill_before_the_commit, url, database, known)
    assert tail.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(database)) as before:
        assert before.execute("SELECT count(*) FROM decisions WHERE kind = 'StopPump'").fetchone() == (0,)
    async with opened(url) as journal:
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
    replayed = await asyncio.to_thread(replay, url)
    assert replayed.identical
    assert not replayed.beds[0].gaps
    assert not tail.exists(), "a clean end leaves nothing behind"


@pytest.mark.req("ALA-06")
async def test_on_a_full_disk_the_bed_goes_on_from_memory_and_is_written_when_there_is_room(
    url: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tail, seq, now_ms, state = await asyncio.to_thread(kill_before_the_commit, url, database, "known")
    quick = Limits(flush_s=0.05, retry_first_s=0.01, retry_most_s=0.05)
    works = one_go._transaction
    monkeypatch.setattr(one_go, "_transaction", _fails)
    told: asyncio.Queue[object] = asyncio.Queue()
    async with opened(url, limits=quick, on_fault=told.put_nowait) as journal:
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
        monkeypatch.setattr(one_go, "_transaction", works)
        assert await told.get() is None
        await journal.durable(journal._token)
        again = await journal.restore("b1")
        assert again is not None
        assert [number for number, _, _ in again.events] == list(range(1, seq + 2))
        assert (await journal.verify()).ok
    assert not tail.exists()


async def test_what_does_not_follow_is_said_and_left_out(url: str) -> None:
    async with opened(url) as journal:
        await journal.append_durable(fault_step(1, 1_000))
        tail = journal._writer.tail
        assert tail is not None
    left = tails.Tail.open(tail.path, tail._identity, BOOT.boot_id)
    left.add(tails.Entry(9, 5, True, fault_step(3, 3_000)), 0)
    left.end()
    with capture_logs() as logs:
        async with opened(url) as journal:
            restored = await journal.restore("b1")
            assert restored is not None
            assert restored.seq == 1
            seen = await journal.last_seen()
            assert seen is not None
            assert seen.now_ms == 1_000
    assert [line["steps"] for line in logs if "do not follow" in line["event"]] == [1]


async def test_a_copy_of_a_journal_does_not_take_the_original_s_steps(url: str, database: Path, tmp_path: Path) -> None:
    async with opened(url) as journal:
        await journal.append_durable(fault_step(1, 1_000))
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(tmp_path / "copy.db")) as target:
            source.backup(target)
        async with opened(f"sqlite+aiosqlite:///{tmp_path}/copy.db") as copy:
            mine, other = journal._writer.tail, copy._writer.tail
            assert mine is not None
            assert other is not None
            assert mine.path != other.path
            assert mine._identity == other._identity


async def test_without_shared_memory_it_works_and_says_so_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "FOLDER", tmp_path / "not there")
    with capture_logs() as logs:
        async with opened(url) as journal:
            recorder = admitted(Recorder(journal))
            recorder.overspeed()
            await journal.durable(recorder.token)
            assert (await journal.verify()).ok
    assert len([line for line in logs if "no shared memory" in line["event"]]) == 1


async def test_shared_memory_that_is_full_is_said_and_harms_nobody(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with capture_logs() as logs:
        async with opened(url) as journal:
            await journal.append_durable(fault_step(1, 1_000))
            await journal.append_durable(fault_step(2, 1_001))
            assert journal.fault is None
    assert len([line for line in logs if "no shared memory" in line["event"]]) == 1


async def test_a_journal_given_up_on_a_failing_disk_keeps_its_tail(
    url: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await Journal.open(url, BOOT)
    await journal.append_durable(fault_step(1, 1_000))
    with monkeypatch.context() as broken:
        broken.setattr(one_go, "_transaction", _fails)
        journal.append(fault_step(2, 2_000))
        await journal.close(timeout_s=0.1)
    async with opened(url) as journal:
        restored = await journal.restore("b1")
        assert restored is not None
        assert restored.seq == 2


def _fails(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


async def test_a_database_that_is_deleted_while_in_use_is_a_fault_until_it_is_back(url: str, database: Path) -> None:
    told: asyncio.Queue[object] = asyncio.Queue()
    quick = Limits(flush_s=0.05, retry_first_s=0.01, retry_most_s=0.05)
    async with opened(url, limits=quick, on_fault=told.put_nowait) as journal:
        await journal.append_durable(fault_step(1, 1_000))
        os.rename(database, database.with_name("elsewhere"))
        journal.append(fault_step(2, 2_000))
        assert "removed or replaced" in str(await told.get())
        os.rename(database.with_name("elsewhere"), database)
        assert await told.get() is None
        await journal.durable(journal.append(fault_step(3, 3_000)))
        restored = await journal.restore("b1")
        assert restored is not None
        assert [seq for seq, _, _ in restored.events] == [1, 2, 3]
