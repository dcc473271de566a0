"""The audit as `pumpd audit` reads it: from the database itself, whether or not a daemon writes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.access.audit import AuditQuery, AuditRow, AuditVerdict
from pumpd.journal import audit_sql
from pumpd.journal import engine as engines
from pumpd.journal.records import JournalOpenError
from pumpd.journal.verify import snapshot

T = TypeVar("T")


def verify(url: str) -> AuditVerdict:
    """Raises JournalOpenError."""
    return _asked(url, audit_sql.verify)


def search(url: str, query: AuditQuery) -> tuple[AuditRow, ...]:
    """Newest first. Raises JournalOpenError."""

    async def found(connection: AsyncConnection) -> tuple[AuditRow, ...]:
        return await audit_sql.search(connection, query)

    return _asked(url, found)


def export(url: str, query: AuditQuery, write: Callable[[AuditRow], object]) -> int:
    """All of it, oldest first; how many rows. Raises JournalOpenError."""

    async def told(connection: AsyncConnection) -> int:
        count = 0
        async for row in audit_sql.export(connection, query):
            write(row)
            count += 1
        return count

    return _asked(url, told)


def _asked(url: str, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
    async def asked() -> T:
        async with _reading(url) as connection:
            return await work(connection)

    return asyncio.run(asked())


@asynccontextmanager
async def _reading(url: str) -> AsyncIterator[AsyncConnection]:
    parsed = engines.parse_url(url)
    path = engines.sqlite_path(parsed)
    if path is not None and not path.is_file():
        raise JournalOpenError(f"journal {path}: does not exist")
    engine = engines.make_engine(parsed, reading=True)
    try:
        async with engine.connect() as connection:
            await snapshot(connection)
            yield connection
    except SQLAlchemyError as error:
        raise JournalOpenError(f"journal {path or url}: {getattr(error, 'orig', None) or error}") from error
    finally:
        await engine.dispose()
