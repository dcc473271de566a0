"""Opening, upgrading and refusing databases; copies while somebody writes."""

from __future__ import annotations

import asyncio
import shutil
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
from tests.journal.steps import BOOT, Recorder, admitted, opened

NEXT = """
from alembic import op
import sqlalchemy as sa
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
def upgrade():
    with op.batch_alter_table("events") as table:
        table.add_column(sa.Column("note", sa.Text))
def downgrade():
    with op.batch_alter_table("events") as table:
        table.drop_column("note")
"""


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations of a later pumpd."""
    folder = tmp_path / "migrations 100%"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "r0004_next.py").write_text(NEXT)
    return folder


async def upgrade(url: str, migrations: Path = MIGRATIONS) -> object:
    engine = engines.make_engine(engines.parse_url(url))
    try:
        return await upgrade_engine(engine, migrations)
    finally:
        await engine.dispose()


async def test_the_migrations_make_the_tables_that_the_code_uses(any_url: str) -> None:
    parsed = engines.parse_url(any_url)
    path = engines.sqlite_path(parsed)
    if path is not None:
        engines.make_folder(path)
    await upgrade(any_url)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    engine = engines.make_engine(parsed)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_upgrading_prints_nothing_and_is_done_once(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    first, second = ops.upgrade(url), ops.upgrade(url)
    assert (first.before, first.after, first.copy) == (None, "0003", None)
    assert (second.before, second.after, second.copy) == ("0003", "0003", None)
    assert capfd.readouterr() == ("", "")


async def test_an_older_journal_is_copied_before_it_is_upgraded(url: str, newer: Path) -> None:
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        await journal.durable(recorder.token)
    report = await upgrade(url, newer)
    copy = getattr(report, "copy", None)
    assert copy is not None
    assert (await asyncio.to_thread(ops.verify, f"sqlite:///{copy}")).ok
    revision = "SELECT version_num FROM alembic_version"
    assert sqlite3.connect(copy).execute(revision).fetchall() == [("0003",)]


async def test_a_journal_of_a_newer_pumpd_is_refused_and_left_alone(url: str, database: Path, newer: Path) -> None:
    engines.make_folder(database)
    await upgrade(url, newer)
    before = await asyncio.to_thread(database.read_bytes)
    with pytest.raises(JournalOpenError, match="0004 is newer"):
        await Journal.open(url, BOOT)
    assert await asyncio.to_thread(database.read_bytes) == before


async def test_a_file_that_is_no_database_is_refused(url: str, database: Path) -> None:
    database.parent.mkdir(parents=True)
    await asyncio.to_thread(database.write_bytes, b"patients, handwritten\n" * 100)
    with pytest.raises(JournalOpenError, match="not a database"):
        await Journal.open(url, BOOT)


async def test_another_program_s_database_is_refused(url: str, database: Path) -> None:
    database.parent.mkdir(parents=True)
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE patients (name)")
    connection.close()
    with pytest.raises(JournalOpenError, match="another program's"):
        await Journal.open(url, BOOT)


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
    monkeypatch.chdir(tmp_path)
    async with opened("sqlite+aiosqlite:///var/pumpd.db"):
        assert (tmp_path / "var" / "pumpd.db").is_file()


async def test_a_backup_taken_while_writing_verifies_and_replays_by_itself(url: str, tmp_path: Path) -> None:
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
