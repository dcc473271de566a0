"""Opening, upgrading and refusing databases; copies while somebody writes."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from pumpd.journal import Journal, JournalOpenError, ops
from pumpd.journal import engine as engines
from pumpd.journal.schema import MIGRATIONS, upgrade_engine
from pumpd.journal.tables import metadata
from tests.journal.letters import rows
from tests.journal.revisions import LATER, NEWEST
from tests.journal.steps import BOOT, Recorder, admitted, opened
from tests.journal.tamper import altered, file_of


async def upgrade(url: str, migrations: Path = MIGRATIONS, *, backup: bool = True) -> object:
    engine = engines.make_engine(engines.parse_url(url))
    try:
        return await upgrade_engine(engine, migrations, backup=backup)
    finally:
        await engine.dispose()


BY_DATABASE = ("samples_bed_now", "samples_bed_time")


def compared(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Neither the months of PostgreSQL nor its own index over samples, which Alembic cannot compare."""
    return not (kind == "table" and str(name).startswith("samples_")) and name not in BY_DATABASE


async def test_the_migrations_make_the_tables_that_the_code_uses(empty_url: str) -> None:
    parsed = engines.parse_url(empty_url)
    path = engines.sqlite_path(parsed)
    if path is not None:
        engines.make_folder(path)
    await upgrade(empty_url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_object": compared})
        return list(compare_metadata(context, metadata))

    engine = engines.make_engine(parsed)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_upgrading_prints_nothing_and_is_done_once(empty_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    first, second = ops.upgrade(empty_url), ops.upgrade(empty_url)
    assert (first.before, first.after, first.copy) == (None, NEWEST, None)
    assert (second.before, second.after, second.copy) == (NEWEST, NEWEST, None)
    assert capfd.readouterr() == ("", "")


async def test_an_older_file_is_copied_before_it_is_upgraded(url: str, newer: Path) -> None:
    """SQLite only: PostgreSQL's dump is tested in tests.journal.test_backup."""
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
    report = await upgrade(url, newer)
    copy = getattr(report, "copy", None)
    assert copy is not None
    assert (await asyncio.to_thread(ops.verify, f"sqlite:///{copy}")).ok
    revision = "SELECT version_num FROM alembic_version"
    assert sqlite3.connect(copy).execute(revision).fetchall() == [(NEWEST,)]


async def test_a_journal_of_a_newer_pumpd_is_refused_and_left_alone(any_url: str, newer: Path) -> None:
    await upgrade(any_url, newer, backup=False)
    before = await content(any_url)
    with pytest.raises(JournalOpenError, match=f"{LATER} is newer"):
        await Journal.open(any_url, BOOT)
    assert await content(any_url) == before


async def content(url: str) -> object:
    """All that could be different: the bytes of a file, the schema and the rows of a server's database."""
    path = file_of(url)
    if path is not None:
        return await asyncio.to_thread(path.read_bytes)
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    named = [name for (name,) in await rows(url, tables)]
    return [await rows(url, columns), *[await rows(url, f"SELECT * FROM {name}") for name in named]]


async def test_a_file_that_is_no_database_is_refused(url: str, database: Path) -> None:
    """SQLite only: a server serves nothing else."""
    await asyncio.to_thread(database.write_bytes, b"patients, handwritten\n" * 100)
    with pytest.raises(JournalOpenError, match="not a database"):
        await Journal.open(url, BOOT)


async def test_another_program_s_database_is_refused(empty_url: str) -> None:
    if (path := file_of(empty_url)) is not None:
        engines.make_folder(path)
    await altered(empty_url, "CREATE TABLE patients (name text)")
    with pytest.raises(JournalOpenError, match="another program's"):
        await Journal.open(empty_url, BOOT)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://host/db", "sqlite"),
        ("sqlite+aiosqlite:///:memory:", "needs a file"),
        ("sqlite+aiosqlite://", "needs a file"),
        ("sqlite+aiosqlite:////proc/nowhere/x.db", "cannot be made"),
        ("sqlite+aiosqlite:////tmp", "is a folder"),
    ],
)
async def test_a_url_that_cannot_work_is_explained(bad: str, says: str) -> None:
    with pytest.raises(JournalOpenError, match=says):
        await Journal.open(bad, BOOT)


async def test_an_unreachable_server_is_explained(tmp_path: Path) -> None:
    pytest.importorskip("asyncpg")
    with pytest.raises(JournalOpenError, match="journal"):
        await Journal.open(f"postgresql+asyncpg://pumpd@/x?host={tmp_path}", BOOT)


async def test_a_relative_path_is_made_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite only: a server's database has no path."""
    monkeypatch.chdir(tmp_path)
    async with opened("sqlite+aiosqlite:///var/pumpd.db"):
        assert (tmp_path / "var" / "pumpd.db").is_file()


async def test_a_backup_taken_while_writing_verifies_and_replays_by_itself(url: str, tmp_path: Path) -> None:
    """SQLite only: its copy is a database. A copy that becomes one again, of both: tests.journal.test_backup."""
    from pumpd.journal.replay import replay

    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.overspeed()
        await journal.durable(recorder.token)
        copying = asyncio.create_task(asyncio.to_thread(ops.backup, url, tmp_path / "copies" / "copy.db"))
        while not copying.done():
            recorder.seconds(1)
            await journal.durable(recorder.token)
        report = await copying
    assert report.verified.ok, report.verified.problems
    assert (await asyncio.to_thread(replay, f"sqlite:///{report.target}")).identical
    with pytest.raises(JournalOpenError, match="exists already"):
        await asyncio.to_thread(ops.backup, url, report.target)
