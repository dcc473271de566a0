"""A copy of a journal in use, a journal made of a copy, and the copy before every upgrade: on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pumpd.journal import Journal, JournalOpenError, ops
from pumpd.journal.replay import rebuild, replay
from tests.journal.letters import rows
from tests.journal.revisions import LATER, NEWEST
from tests.journal.steps import BOOT, Recorder, admitted, opened
from tests.journal.test_schema import upgrade
from tests.postgres import Postgres


@pytest.fixture
def places(any_url: str, other_url: str) -> tuple[str, str]:
    """A journal, and a place of the same kind where there is none."""
    return any_url, other_url


async def test_a_journal_copied_while_in_use_and_restored_goes_on_with_its_own_chain(
    places: tuple[str, str], tmp_path: Path
) -> None:
    there, here = places
    copy = tmp_path / "copies" / "journal.copy"
    async with opened(there) as journal:
        recorder = admitted(Recorder(journal))
        recorder.overspeed()
        await journal.durable(recorder.token)
        copying = asyncio.create_task(asyncio.to_thread(ops.backup, there, copy))
        while not copying.done():
            recorder.seconds(1)
            await journal.durable(recorder.token)
        assert (await copying).verified.ok
    with pytest.raises(JournalOpenError, match="exists already"):
        await asyncio.to_thread(ops.backup, there, copy)
    restored = await asyncio.to_thread(ops.restore, here, copy)
    assert restored.ok, restored.problems
    async with opened(here) as journal:
        state = await journal.restore("b1")
        assert state is not None
        again = Recorder(journal, seq=state.seq, now=state.now_ms + 1)
        again.state = rebuild(state, again.policy)
        again.seconds(3)
        await journal.durable(again.token)
        after = await journal.verify()
        assert after.ok
        assert after.links > restored.links
    assert (await asyncio.to_thread(ops.verify, there)).links >= restored.links


async def test_nothing_that_is_there_is_written_over(places: tuple[str, str], tmp_path: Path) -> None:
    there, _ = places
    copy = tmp_path / "journal.copy"
    async with opened(there) as journal:
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
    await asyncio.to_thread(ops.backup, there, copy)
    before = await asyncio.to_thread(ops.verify, there)
    with pytest.raises(JournalOpenError, match=r"exists already|is not empty"):
        await asyncio.to_thread(ops.restore, there, copy)
    async with opened(there):
        with pytest.raises(JournalOpenError, match="in use"):
            await asyncio.to_thread(ops.restore, there, copy)
    assert (await asyncio.to_thread(ops.verify, there)).head == before.head
    assert (await asyncio.to_thread(replay, there)).identical


async def test_what_is_no_backup_is_refused_and_leaves_nothing(places: tuple[str, str], tmp_path: Path) -> None:
    _, here = places
    wrong = tmp_path / "notes.txt"
    wrong.write_text("patients, handwritten")
    with pytest.raises(JournalOpenError, match=r"not a SQLite database|not appear to be a valid archive"):
        await asyncio.to_thread(ops.restore, here, wrong)
    with pytest.raises(JournalOpenError, match="does not exist"):
        await asyncio.to_thread(ops.restore, here, tmp_path / "nothing")
    async with opened(here):
        pass


async def test_without_pg_dump_a_backup_says_what_is_missing(
    pg_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JournalOpenError, match=r"pg_dump was not found: install .*postgresql-client"):
        await asyncio.to_thread(ops.backup, pg_url, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_a_postgresql_journal_is_dumped_before_it_is_upgraded(
    pg_url: str, postgres: Postgres, newer: Path, backups: Path
) -> None:
    async with opened(pg_url) as journal:
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
    report = await upgrade(pg_url, newer)
    (dump,) = await asyncio.to_thread(lambda: list(backups.iterdir()))
    assert getattr(report, "copy", None) == str(dump)
    with pytest.raises(JournalOpenError, match=f"{LATER} is newer"):
        await Journal.open(pg_url, BOOT)
    before = await asyncio.to_thread(_restored, postgres, dump)
    assert await rows(before, "SELECT version_num FROM alembic_version") == [(NEWEST,)]


def _restored(server: Postgres, dump: Path) -> str:
    url = server.empty()
    assert ops.restore(url, dump).ok
    return url


async def test_a_postgresql_journal_that_cannot_be_dumped_is_not_upgraded_unless_a_person_says_so(
    pg_url: str, newer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JournalOpenError, match=rf"{NEWEST} has to become {LATER}.*pg_dump was not found.*--no-backup"):
        await upgrade(pg_url, newer)
    assert await rows(pg_url, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
    report = await upgrade(pg_url, newer, backup=False)
    assert getattr(report, "copy", "") is None
    assert await rows(pg_url, "SELECT version_num FROM alembic_version") == [(LATER,)]
