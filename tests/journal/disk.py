"""What happens to the disk under a journal, or to the server: the same on both databases, as far as it can be."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing

import asyncpg
import pytest

from pumpd.journal import one_go
from tests.journal.tamper import Server, file_of
from tests.postgres import Postgres

FULL = r"full|could not extend"
"""What SQLite and PostgreSQL say."""
_WRITTEN = "beds, boots, checkpoints, decisions, events, messages_in, messages_out, meta, policies, samples, shapes"
_OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'"


class Disk:
    """Made by the fixture `disk`, of the database that `any_url` is just now."""

    def __init__(self, url: str, patch: pytest.MonkeyPatch, server: Postgres | None) -> None:
        self._url, self._patch, self._server = url, patch, server

    async def fill(self) -> None:
        """The database may not grow any more. PostgreSQL: no table over a megabyte may."""
        if self._server is not None:
            return await asyncio.to_thread(self._server.limit_files, 1_100_000)
        transaction = one_go._transaction

        def limited(raw: sqlite3.Connection, work: one_go.Work) -> None:
            pages = raw.execute("PRAGMA page_count").fetchone()[0]
            raw.execute(f"PRAGMA max_page_count={pages}")  # then SQLite itself says that the database is full
            try:
                transaction(raw, work)
            finally:
                raw.execute("PRAGMA max_page_count=1000000000")

        self._patch.setattr(one_go, "_transaction", limited)

    async def free(self) -> None:
        """There is room again."""
        if self._server is not None:
            return await asyncio.to_thread(self._server.limit_files, None)
        self._patch.undo()

    async def refuse(self) -> None:
        """It can be read, and every commit fails: a disk with errors, a server that was made read-only."""
        if self._server is None:
            self._patch.setattr(one_go, "_transaction", _fails)
        else:
            await self._alter("SET default_transaction_read_only = on")

    async def accept(self) -> None:
        """Commits succeed again."""
        if self._server is None:
            self._patch.undo()
        else:
            await self._alter("RESET default_transaction_read_only", throw_out=False)

    @asynccontextmanager
    async def gone(self) -> AsyncIterator[None]:
        """Meanwhile the database is not there: its file has another name, its server lets nobody in."""
        path = file_of(self._url)
        if path is None:
            await self._alter("ALLOW_CONNECTIONS false")
        else:
            os.rename(path, path.with_name("elsewhere"))
        try:
            yield
        finally:
            if path is None:
                await self._alter("ALLOW_CONNECTIONS true", throw_out=False)
            else:
                os.rename(path.with_name("elsewhere"), path)

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """As `gone`; a server is killed, as by a power cut, and started again."""
        if self._server is None:
            async with self.gone():
                yield
            return
        await asyncio.to_thread(self._server.stop)
        try:
            yield
        finally:
            await asyncio.to_thread(self._server.start)

    async def _alter(self, setting: str, *, throw_out: bool = True) -> None:
        """Of the database, for those who connect from now on. throw_out: whoever is connected has to."""
        name = database_of(self._url)
        async with Server(self._url, "postgres") as admin:
            await admin.execute(f"ALTER DATABASE {name} {setting}")
            if throw_out:
                await admin.execute(_OTHERS.format(name))


def _fails(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def database_of(url: str) -> str:
    """Its name on its server."""
    return url.partition("@/")[2].partition("?")[0]


@asynccontextmanager
async def stalled(url: str) -> AsyncIterator[None]:
    """Somebody holds what every commit needs: meanwhile none returns."""
    path = file_of(url)
    if path is not None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    async with Server(url) as server:
        await _hold(server)
        yield
        await server.execute("ROLLBACK")


async def _hold(server: Server) -> None:
    """All that a commit writes; anew where a commit that was under way has some of it and waits for the rest."""
    while True:
        try:
            await server.execute(f"BEGIN; LOCK TABLE {_WRITTEN} IN EXCLUSIVE MODE")
            return
        except asyncpg.exceptions.DeadlockDetectedError:
            await server.execute("ROLLBACK")


@pytest.fixture
def disk(request: pytest.FixtureRequest, any_url: str) -> Iterator[Disk]:
    """The disk under `any_url`."""
    server = None if file_of(any_url) is not None else request.getfixturevalue("postgres")
    with pytest.MonkeyPatch.context() as patch:
        yield Disk(any_url, patch, server)
    if server is not None:
        server.limit_files(None)
