"""Somebody with write access to the database who first takes the guards away, and puts them back when done."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pumpd.journal import engine as engines

TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


@contextmanager
def unguarded(path: Path | str) -> Iterator[sqlite3.Connection]:
    """A connection to a SQLite journal that refuses nothing meanwhile; what was done is committed."""
    connection = sqlite3.connect(path)
    found = connection.execute(TRIGGERS).fetchall()
    for name, _ in found:
        connection.execute(f"DROP TRIGGER {name}")
    try:
        yield connection
        for _, statement in found:
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()


async def tampered(url: str, *statements: str) -> None:
    """Run these on either database while its guards are gone."""
    path = file_of(url)
    if path is not None:
        with unguarded(path) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    await altered(url, "SET session_replication_role = replica", *statements)


async def altered(url: str, *statements: str) -> None:
    """Run these on either database as its owner, who does not touch what is guarded."""
    path = file_of(url)
    if path is not None:
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        return
    async with Server(url) as server:
        for statement in statements:
            await server.execute(statement)


def file_of(url: str) -> Path | None:
    """The SQLite file behind a URL; None: it is a PostgreSQL database."""
    return engines.sqlite_path(engines.parse_url(url))


class Server:
    """The driver's own connection to a PostgreSQL database. other: to another one of its server."""

    def __init__(self, url: str, other: str | None = None) -> None:
        parsed = engines.parse_url(url)
        self._where = {"host": parsed.query["host"], "user": parsed.username, "database": other or parsed.database}

    async def __aenter__(self) -> Any:
        import asyncpg

        self._connection = await asyncpg.connect(**self._where)
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


def blob(url: str, content: bytes) -> str:
    """Bytes as either database writes them in a statement."""
    return f"x'{content.hex()}'" if file_of(url) is not None else f"'\\x{content.hex()}'::bytea"


def without_guard(url: str, table: str, act: str) -> str:
    """The statement that takes one guard away."""
    on = "" if file_of(url) is not None else f" ON {table}"
    return f"DROP TRIGGER kept_{table}_{act}{on}"


def elsewhere(url: str) -> str:
    """A place of the same kind where there is no journal."""
    path = file_of(url)
    if path is not None:
        return url.removesuffix(path.name) + "nothing"
    server, _, rest = url.partition("@/")
    return f"{server}@/nothing?{rest.partition('?')[2]}"
