"""What `pumpd db` does. Plain functions, each with an event loop of its own; not for use inside one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from pumpd.journal import engine as engines
from pumpd.journal.records import JournalOpenError
from pumpd.journal.schema import UpgradeReport, copy_sqlite, upgrade_engine
from pumpd.journal.verify import VerifyReport, verify_engine


@dataclass(frozen=True, slots=True)
class BackupReport:
    """Where the copy is, its size in bytes, and the verification of the copy itself."""

    target: str
    size: int
    verified: VerifyReport


def upgrade(url: str) -> UpgradeReport:
    """Create the database or bring it to the newest schema; an older one is copied first. Raises JournalOpenError."""
    parsed = engines.parse_url(url)
    path = engines.sqlite_path(parsed)
    if path is None:
        return asyncio.run(_upgrade(url))
    engines.make_folder(path)
    held = engines.lock(path)
    try:
        return asyncio.run(_upgrade(url))
    finally:
        os.close(held)


def verify(url: str) -> VerifyReport:
    """Check the hash chain and all that repeats it; the database may be in use. Raises JournalOpenError."""
    return asyncio.run(_verify(url))


def backup(url: str, target: Path | str) -> BackupReport:
    """Copy a SQLite journal while it may be in use, and verify the copy. An existing target is not overwritten.

    Raises JournalOpenError; for PostgreSQL always, because pg_dump is the tool for that.
    """
    source, target = engines.sqlite_path(engines.parse_url(url)), Path(target)
    if source is None:
        raise JournalOpenError("a PostgreSQL journal is backed up with pg_dump")
    _must_exist(source)
    if target.exists():
        raise JournalOpenError(f"backup {target}: exists already")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        copy_sqlite(source, unfinished)
        _sync(unfinished)
        unfinished.rename(target)
    except (OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise JournalOpenError(f"backup {target}: {error}") from error
    return BackupReport(str(target), target.stat().st_size, verify(f"sqlite+aiosqlite:///{target}"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise JournalOpenError(f"journal {path}: does not exist")


async def _upgrade(url: str) -> UpgradeReport:
    engine = engines.make_engine(engines.parse_url(url))
    try:
        return await upgrade_engine(engine)
    finally:
        await engine.dispose()


async def _verify(url: str) -> VerifyReport:
    parsed = engines.parse_url(url)
    path = engines.sqlite_path(parsed)
    if path is not None:
        _must_exist(path)
    engine = engines.make_engine(parsed, reading=True)
    try:
        return await verify_engine(engine)
    except (SQLAlchemyError, OSError) as error:
        raise JournalOpenError(f"journal {path or url}: {getattr(error, 'orig', None) or error}") from error
    finally:
        await engine.dispose()
