"""Bringing a database to the newest schema: Alembic, inside a connection that is already open.

An existing older database is copied first; a newer one is refused, because an old daemon must not
write what it does not understand.
"""

from __future__ import annotations

import io
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.journal.dumps import dump
from pumpd.journal.engine import sqlite_path
from pumpd.journal.records import JournalOpenError

MIGRATIONS = Path(__file__).parent / "migrations"
BACKUPS = Path("var/backups")
"""Of a PostgreSQL journal before its schema is upgraded; relative to the working directory, as a journal's file is."""


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """Schema revisions before (None: empty database) and after; the copy made before an upgrade, if any."""

    before: str | None
    after: str
    copy: str | None


def config(migrations: Path = MIGRATIONS) -> Config:
    """Alembic's configuration without a file; what Alembic would print goes nowhere."""
    settings = Config(stdout=io.StringIO())
    settings.set_main_option("script_location", str(migrations).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


async def upgrade_engine(engine: AsyncEngine, migrations: Path = MIGRATIONS, *, backup: bool = True) -> UpgradeReport:
    """Upgrade to the newest revision; nothing happens if it is there already. Raises JournalOpenError.

    backup False: a person has said that no copy is to be made first (or has made one).
    """
    try:
        async with engine.connect() as connection:
            before = await connection.run_sync(_revision)
        head = _newest(migrations, before, str(engine.url))
        if before == head:
            return UpgradeReport(before, head, None)
        copy = await _copy_before(engine.url, before, head) if backup else None
        async with engine.begin() as connection:
            await connection.run_sync(_run, config(migrations))
        return UpgradeReport(before, head, copy)
    except (DatabaseError, sqlite3.Error, OSError) as error:
        raise JournalOpenError(f"journal {_shown(engine)}: {_cause(error)}") from error


async def is_newest(engine: AsyncEngine, migrations: Path = MIGRATIONS) -> bool:
    """Is there nothing to upgrade?"""
    async with engine.connect() as connection:
        before = await connection.run_sync(_revision)
    return before == _newest(migrations, before, str(engine.url))


def _shown(engine: AsyncEngine) -> str:
    path = sqlite_path(engine.url)
    return str(path) if path is not None else engine.url.render_as_string(hide_password=True)


def _cause(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error)


def _revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None and inspect(connection).get_table_names():
        raise JournalOpenError(f"journal {connection.engine.url.database}: is another program's database")
    return revision


@cache
def _known(migrations: Path) -> tuple[str | None, frozenset[str]]:
    """The newest revision of that folder, and all of them. Read once: they are programs, which take their time."""
    script = ScriptDirectory.from_config(config(migrations))
    return script.get_current_head(), frozenset(revision.revision for revision in script.walk_revisions())


def _newest(migrations: Path, before: str | None, name: str) -> str:
    head, every = _known(migrations)
    if head is None:
        raise JournalOpenError("the migrations are missing: this installation is incomplete")
    if before is not None and before not in every:
        raise JournalOpenError(f"journal {name}: schema {before} is newer than this pumpd knows ({head}); not opened")
    return head


def _run(connection: Connection, settings: Config) -> None:
    if connection.dialect.name == "sqlite":
        # Python's sqlite3 would run each CREATE by itself; a half-made schema must not survive a crash
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")


async def _copy_before(url: URL, before: str | None, head: str) -> str | None:
    if before is None:
        return None
    path = sqlite_path(url)
    if path is None:
        return await _dump_before(url, before, head)
    target = path.with_name(f"{path.name}.before-upgrade-from-{before}")
    copy_sqlite(path, target)
    return str(target)


async def _dump_before(url: URL, before: str, head: str) -> str:
    target = BACKUPS / f"{url.database}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}.before-upgrade-from-{before}.dump"
    try:
        await dump(url, target)
    except JournalOpenError as error:
        raise JournalOpenError(
            f"journal {url.render_as_string()}: its schema {before} has to become {head}, and no copy could be made "
            f"first: {error}. Nothing was changed. `pumpd db upgrade --no-backup` upgrades without a copy"
        ) from None
    return str(target)


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use. Raises sqlite3.Error or OSError."""
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    try:
        writing = sqlite3.connect(target)
        try:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
        finally:
            writing.close()
    finally:
        reading.close()
