"""Database URLs and engines. SQLite is set to WAL and synchronous=FULL: a commit that returned is on the disk."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pumpd.journal import postgres
from pumpd.journal.records import JournalOpenError

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_size_limit=67108864",
)
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def parse_url(text: str) -> URL:
    """The URL with its asynchronous driver. Raises JournalOpenError for anything that is no journal."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise JournalOpenError(f"journal url {text!r} is not a database URL") from None
    backend = url.get_backend_name()
    if backend not in _DRIVERS:
        raise JournalOpenError(f"journal url {url}: use sqlite+aiosqlite:///FILE or postgresql+asyncpg://…")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise JournalOpenError(f"journal url {url}: a journal needs a file")
    return url.set(drivername=_DRIVERS[backend])


def sqlite_path(url: URL) -> Path | None:
    """The database file, or None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def make_engine(url: URL, *, reading: bool = False) -> AsyncEngine:
    """An engine of the calling thread's loop. reading: the connections refuse to write."""
    try:
        options = {} if sqlite_path(url) is not None else _of_server(reading)
        engine = create_async_engine(url, hide_parameters=True, **options)  # errors are logged, rows hold names
    except ModuleNotFoundError as error:
        raise JournalOpenError(f"journal url {url}: {error.name} is not installed") from None
    if sqlite_path(url) is not None:
        pragmas = (*_PRAGMAS[2:], "PRAGMA query_only=ON") if reading else _PRAGMAS
        event.listen(engine.sync_engine, "connect", _setter(pragmas))
    return engine


def _of_server(reading: bool) -> dict[str, Any]:
    """PostgreSQL: a connection that the server closed meanwhile is made anew before anybody is told."""
    session = {**postgres.SESSION, **({"default_transaction_read_only": "on"} if reading else {})}
    connect = {"async_creator_fn": postgres.connect, "timeout": postgres.CONNECT_S, "server_settings": session}
    return {"connect_args": connect, "pool_pre_ping": True}


def _setter(pragmas: tuple[str, ...]) -> Any:
    def set_pragmas(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    return set_pragmas


def make_folder(path: Path) -> None:
    """Create the file's folder and see that it can be written. Raises JournalOpenError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalOpenError(f"journal {path}: the folder cannot be made: {error.strerror}") from None
    if path.is_dir():
        raise JournalOpenError(f"journal {path}: is a folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise JournalOpenError(f"journal {path}: no permission to write")


def lock(path: Path) -> int:
    """Hold the journal for this process: two daemons on one chain would break it. Returns a descriptor to close."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise JournalOpenError(f"journal {path}: is in use by another pumpd") from None
    return descriptor
