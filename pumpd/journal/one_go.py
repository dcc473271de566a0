"""A whole SQLite transaction as one call in the connection's own thread.

SQLAlchemy's way to an asynchronous SQLite connection crosses from the loop to that thread and back for every
statement and for the commit; for a few rows those crossings cost far more than SQLite itself. SQLAlchemy still
makes, configures and drops the connection; only the writer's statements take this way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Work = list[tuple[str, list[tuple[Any, ...]]]]
OneGo = Callable[[Work], Awaitable[None]]


async def one_go(connection: AsyncConnection) -> OneGo | None:
    """A function that runs statements as one transaction, or None for a database other than SQLite.

    It raises sqlite3.Error or OSError; then nothing of the work is in the database.
    """
    pooled = await connection.get_raw_connection()
    driver = pooled.driver_connection
    return partial(_run, driver) if isinstance(driver, aiosqlite.Connection) else None


async def _run(driver: Any, work: Work) -> None:
    try:
        await driver._execute(_transaction, driver._conn, work)
    except ValueError as error:  # aiosqlite: somebody closed the connection
        raise sqlite3.OperationalError(str(error)) from error


def _transaction(raw: sqlite3.Connection, work: Work) -> None:
    with raw:  # commits, or rolls back
        raw.execute("BEGIN IMMEDIATE")
        for text, rows in work:
            raw.executemany(text, rows)
