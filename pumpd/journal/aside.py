"""A second thread beside the journal's, for what is not the beds': sign-in and audit. Its own loop and connections.

A long search or a check of the whole audit holds up neither the event loop nor the recording of a ward. Both threads
write to one database: each transaction here is short, and the database lets one after the other in.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.access.records import StoreUnavailable
from pumpd.journal import engine as engines
from pumpd.journal.asked import end_questions, why
from pumpd.journal.store import FAILURES
from pumpd.scheduling import step_back

T = TypeVar("T")
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7076756)")
"""PostgreSQL: whoever adds to the audit reads its end first. The number is ours; any would do."""


class Database:
    """One database from one thread's loop: writing one at a time, reading beside it."""

    def __init__(self, url: str) -> None:
        """Raises JournalOpenError."""
        parsed = engines.parse_url(url)
        self._path = engines.sqlite_path(parsed)
        self._engine = engines.make_engine(parsed)
        self.reader: AsyncEngine = engines.make_engine(parsed, reading=True)
        self._alone = asyncio.Lock()
        self._file = self._on_disk()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction in which nobody else writes. Raises what pumpd.journal.store.FAILURES names."""
        self._must_be_there()
        async with self._alone, self._engine.begin() as connection:
            if self._path is not None:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                await connection.execute(ONE_AT_A_TIME)
            yield connection

    async def close(self) -> None:
        await end_questions()
        await self._engine.dispose()
        await self.reader.dispose()

    def _on_disk(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        status = os.stat(self._path)
        return status.st_dev, status.st_ino

    def _must_be_there(self) -> None:
        """SQLite would go on writing into a file that has no name any more."""
        if self._on_disk() != self._file:
            raise OSError(f"the file {self._path} was replaced while in use")


class Aside:
    """The thread. open() and close() from the main loop; ask() in between."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="pumpd-aside", daemon=True)
        self.database: Database

    @classmethod
    async def open(cls, url: str) -> Aside:
        """Of a database whose schema is the newest (Journal.open has seen to that). Raises JournalOpenError."""
        made = cls()
        made._thread.start()
        try:
            made.database = await made._on_thread(_opened(url))
        except BaseException:
            await made._end()
            raise
        return made

    async def ask(self, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
        """Raises StoreUnavailable."""
        if self._loop.is_closed() or not self._thread.is_alive():
            raise StoreUnavailable("the record is closed")
        try:
            return await self._on_thread(work(self.database))
        except FAILURES as error:
            raise StoreUnavailable(why(error)) from error

    def soon(self, work: Callable[[], None]) -> None:
        """Call it on the thread."""
        self._loop.call_soon_threadsafe(work)

    async def close(self) -> None:
        """May be called twice."""
        if self._loop.is_closed():
            return
        await self._on_thread(self.database.close())
        await self._end()

    def _run(self) -> None:
        step_back()
        self._loop.run_forever()

    async def _on_thread(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()


async def _opened(url: str) -> Database:
    return Database(url)
