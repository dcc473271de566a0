"""What `pumpd db` does. Plain functions, each with an event loop of its own; not for use inside one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.journal import engine as engines
from pumpd.journal import postgres
from pumpd.journal.dumps import dump, load
from pumpd.journal.records import JournalOpenError
from pumpd.journal.schema import UpgradeReport, copy_sqlite, is_newest, upgrade_engine
from pumpd.journal.verify import VerifyReport, verify_engine

T = TypeVar("T")
LOCK_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class BackupReport:
    """Where the copy is, its size in bytes, and the verification: of the copy itself, on PostgreSQL of the journal."""

    target: str
    size: int
    verified: VerifyReport


def upgrade(url: str, *, backup: bool = True) -> UpgradeReport:
    """Create the database or bring it to the newest schema; an older one is copied first. Raises JournalOpenError."""
    return asyncio.run(_alone(url, partial(upgrade_engine, backup=backup)))


def prepare(url: str) -> None:
    """As `upgrade`, unless the schema is the newest: then the database may be in use. Raises JournalOpenError."""
    parsed = engines.parse_url(url)
    path = engines.sqlite_path(parsed)
    if (path is not None and not path.exists()) or not asyncio.run(_is_newest(url)):
        upgrade(url)


def verify(url: str) -> VerifyReport:
    """Check the hash chain and all that repeats it; the database may be in use. Raises JournalOpenError."""
    return asyncio.run(_verify(url))


def backup(url: str, target: Path | str) -> BackupReport:
    """Copy a journal while it may be in use, and verify it. An existing target is not overwritten.

    SQLite: a database, which is itself verified. PostgreSQL: a dump in pg_dump's custom format; what is verified is the
    journal. Raises JournalOpenError.
    """
    parsed, target = engines.parse_url(url), Path(target)
    if target.exists():
        raise JournalOpenError(f"backup {target}: exists already")
    source = engines.sqlite_path(parsed)
    if source is None:
        asyncio.run(dump(parsed, target))
        return BackupReport(str(target), target.stat().st_size, verify(url))
    _must_exist(source)
    _copy(source, target, "backup")
    return BackupReport(str(target), target.stat().st_size, verify(f"sqlite+aiosqlite:///{target}"))


def restore(url: str, source: Path | str) -> VerifyReport:
    """Make a journal of a backup and verify it. It goes on with its own chain of decisions.

    Raises JournalOpenError, also when there is anything where it shall be, or a daemon has it.
    """
    source = Path(source)
    if not source.is_file():
        raise JournalOpenError(f"backup {source}: does not exist")
    parsed = engines.parse_url(url)
    path = engines.sqlite_path(parsed)
    if path is None:
        asyncio.run(_alone(url, partial(_load, source=source)))
        return verify(url)
    engines.make_folder(path)
    held = engines.lock(path)
    try:
        if path.exists():
            raise JournalOpenError(f"journal {path}: exists already; nothing was restored")
        _must_be_sqlite(source)
        _copy(source, path, "restore")
    finally:
        os.close(held)
    return verify(url)


async def _load(engine: AsyncEngine, source: Path) -> None:
    async with engine.connect() as connection:
        there = await connection.run_sync(lambda plain: inspect(plain).get_table_names())
    if there:
        raise JournalOpenError(f"journal {engine.url.render_as_string()}: is not empty; nothing was restored")
    await load(engine.url, source)


def _must_be_sqlite(source: Path) -> None:
    with source.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise JournalOpenError(f"backup {source}: is not a SQLite database")


def _copy(source: Path, target: Path, doing: str) -> None:
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        copy_sqlite(source, unfinished)
        _sync(unfinished)
        unfinished.rename(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise JournalOpenError(f"{doing} {target}: {error}") from error


async def _alone(url: str, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Do it while nobody else writes the journal. Raises JournalOpenError."""
    parsed = engines.parse_url(url)
    path = engines.sqlite_path(parsed)
    if path is not None:
        engines.make_folder(path)
    held = None if path is None else engines.lock(path)
    engine = engines.make_engine(parsed)
    try:
        async with AsyncExitStack() as stack:
            if path is None:
                connection = await stack.enter_async_context(engine.connect())
                await postgres.hold((await connection.get_raw_connection()).driver_connection, LOCK_WAIT_S)
                stack.push_async_callback(connection.invalidate)  # the lock ends with the connection
            return await work(engine)
    except (SQLAlchemyError, OSError) as error:
        shown = path or parsed.render_as_string()
        raise JournalOpenError(f"journal {shown}: {getattr(error, 'orig', None) or error}") from error
    finally:
        await engine.dispose()
        if held is not None:
            os.close(held)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise JournalOpenError(f"journal {path}: does not exist")


async def _is_newest(url: str) -> bool:
    engine = engines.make_engine(engines.parse_url(url), reading=True)
    try:
        return await is_newest(engine)
    except (SQLAlchemyError, OSError) as error:
        raise JournalOpenError(f"journal {url}: {getattr(error, 'orig', None) or error}") from error
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
