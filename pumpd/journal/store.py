"""The database side of the writer: one connection, one transaction per batch. Lives on the journal's thread."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Table, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import pumpd
from pumpd.journal import engine as engines
from pumpd.journal import postgres, tables
from pumpd.journal.batch import Batch, Marks
from pumpd.journal.chain import Head
from pumpd.journal.heart import (
    FAILURES,
    HEARTBEAT,
    LAST_COMMIT,
    Commit,
    Heartbeat,
    identify,
    kernel_fingerprint,
    last_days,
    next_sample,
    read_commit,
    read_heartbeat,
    stepped,
)
from pumpd.journal.history_sql import history_statements
from pumpd.journal.inbox import Entry
from pumpd.journal.message_sql import message_statements
from pumpd.journal.moment import ahead_ms, latest_of
from pumpd.journal.months import make_months
from pumpd.journal.one_go import OneGo, Work, one_go
from pumpd.journal.records import BootInfo, JournalOpenError, LastSeen, MessageRecord
from pumpd.journal.rows import Builder, Names, from_micros, micros
from pumpd.journal.schema import upgrade_engine
from pumpd.journal.shapes import Shapes
from pumpd.journal.sql import Statement, Statements, copied, statements
from pumpd.units import Ms

LOCK_WAIT_S = 10.0
"""What a killed daemon held on PostgreSQL is given back when the server notices."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What a commit hands to the next one, and the stamp by which it can be found on a server."""

    stamp: str
    marks: Marks
    heartbeat: Heartbeat | None
    beds: int
    shapes: int


class Store:
    """Made by `open`; `commit` is the only writer of the database."""

    def __init__(self, engine: AsyncEngine, reader: AsyncEngine, boot: BootInfo, lock: int | None) -> None:
        self.reader = reader
        self.last_seen: LastSeen | None = None
        self.identity: str | None = None
        self.engine, self._boot, self._lock = engine, boot, lock
        self._connection: AsyncConnection | None = None
        self._one_go: OneGo | None = None
        self._statements: Statements = statements(engine.dialect)
        self._messages = {**message_statements(engine.dialect), **history_statements(engine.dialect)}
        self._beds, self._shapes = Names(), Shapes()
        self._builder = Builder(self._beds, self._shapes, kernel_fingerprint())
        self._marks = Marks()
        self._heartbeat: Heartbeat | None = None
        self._boot_row: tuple[Any, ...] | None = None
        self._path = engines.sqlite_path(engine.url)
        self._file: tuple[int, int] | None = None
        self._unsettled: _Written | None = None

    @classmethod
    async def open(cls, text: str, boot: BootInfo) -> Store:
        """Raises JournalOpenError."""
        url = engines.parse_url(text)
        path = engines.sqlite_path(url)
        lock = None
        if path is not None:
            engines.make_folder(path)
            lock = engines.lock(path)
        store = cls(engines.make_engine(url), engines.make_engine(url, reading=True), boot, lock)
        try:
            if path is None:
                await store._connected(LOCK_WAIT_S)
            await upgrade_engine(store.engine)
            if path is None:
                await make_months(store.engine, boot.wall)
            await store._load()
        except (SQLAlchemyError, OSError) as error:
            await store.close()
            raise JournalOpenError(f"journal {path or url}: {getattr(error, 'orig', None) or error}") from error
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def place(self) -> str:
        """Where the database is: a copy of it is somewhere else."""
        return str(self._path.resolve()) if self._path is not None else self.engine.url.render_as_string()

    async def commit(self, entries: list[Entry], boot_id: str | None = None) -> None:
        """All entries, or none. Raises SQLAlchemyError or OSError; then the connection is made anew next time.

        boot_id: of the boot in which they were taken, when that is not the present run's.
        """
        self._must_be_there()
        batch = self._builder.build([entry.record for entry in entries], self._marks)
        heartbeat = self._next_heartbeat(entries, batch.marks.head, boot_id or self._boot.boot_id)
        beds, shapes = self._beds.fresh(), self._shapes.fresh()
        stamp = uuid.uuid4().hex if self._path is None else ""
        written = _Written(stamp, batch.marks, heartbeat, len(beds), len(shapes))
        work, connection = self._work(batch, written, beds, shapes), await self._connected()
        try:
            await self._write(connection, work, written)
        except BaseException:
            await self._drop_connection()
            raise
        self._adopt(written)

    @property
    def unsettled(self) -> bool:
        """The connection was lost during a commit: nobody knows whether it was done. `settle` comes next."""
        return self._unsettled is not None

    async def settle(self) -> bool:
        """Was the unsettled commit done? Raises as `commit` does, and is then to be asked again.

        Whoever has the writer's lock is alone: the lost connection does not commit any more.
        """
        written = self._unsettled
        if written is None:
            return False
        await self._connected()
        async with self.engine.connect() as connection:
            last = await read_commit(connection)
        done = last is not None and last.stamp == written.stamp
        self._unsettled = None
        if done:
            self._adopt(written)
        return done

    def _adopt(self, written: _Written) -> None:
        self._marks, self._heartbeat, self._boot_row = written.marks, written.heartbeat or self._heartbeat, None
        self._beds.stored += written.beds
        self._shapes.stored += written.shapes

    async def close(self) -> None:
        await self._drop_connection()
        await self.engine.dispose()
        await self.reader.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _work(
        self, batch: Batch, written: _Written, beds: list[tuple[int, str]], shapes: list[tuple[int, str]]
    ) -> Work:
        sql = self._statements
        meta = [(HEARTBEAT, msgspec.json.encode(written.heartbeat).decode())] if written.heartbeat else []
        if self._path is None:
            meta.append((LAST_COMMIT, msgspec.json.encode(Commit(written.stamp, batch.marks.sample)).decode()))
        todo: tuple[tuple[Statement, list[Any]], ...] = (
            (sql.boots, [self._boot_row] if self._boot_row else []),
            (sql.beds, beds),
            (sql.shapes, shapes),
            (sql.samples, batch.samples),
            (sql.events, batch.events),
            (sql.decisions, batch.decisions),
            (sql.policies, batch.policies),
            (sql.checkpoints, batch.checkpoints),
            (sql.prunes, batch.prunes),
            (sql.alarms, list(batch.alarms.values())),
            (sql.commands, list(batch.commands.values())),
            (sql.outcomes, batch.outcomes),
            *((self._messages[name], rows) for name, rows in batch.messages),
            (sql.meta, meta),
        )
        return [run for statement, rows in todo if rows for run in statement.runs(rows)]

    async def _write(self, connection: AsyncConnection, work: Work, written: _Written) -> None:
        """One transaction. SQLite's commit is done or not; a server's may be done without our hearing of it."""
        assert self._one_go is not None
        await self._one_go(work)
        if self._path is None:
            self._unsettled = written
            await postgres.commit((await connection.get_raw_connection()).driver_connection)
            self._unsettled = None

    def _next_heartbeat(self, entries: list[Entry], head: Head, boot_id: str) -> Heartbeat | None:
        """None: there is nothing new to say, because messages have no kernel time."""
        old = self._heartbeat
        latest = latest_of(entries)
        if isinstance(latest.record, MessageRecord):  # only such; an anchor is in the chain all the same
            return None if old is None or old.chain_n == head.n else stepped(old, head)
        now_ms, wall_us = latest.record.now_ms, micros(latest.record.wall)
        known = old if old is not None and old.boot_id == boot_id else None
        ahead = ahead_ms(entries, None if known is None else known.boot_ms - known.now_ms)
        if known is not None and known.now_ms > now_ms:
            now_ms, wall_us = Ms(known.now_ms), known.wall_us
        return Heartbeat(now_ms, boot_id, now_ms + ahead, wall_us, head.n, head.hash.hex())

    async def _connected(self, lock_wait_s: float = 0.0) -> AsyncConnection:
        """The writer's own connection. Raises OSError where another one has the writer's lock."""
        if self._connection is None:
            self._connection = connection = await self.engine.connect()
            try:
                self._one_go = await one_go(connection) or await self._of_server(connection, lock_wait_s)
            except BaseException:
                await self._drop_connection()
                raise
        return self._connection

    async def _of_server(self, connection: AsyncConnection, lock_wait_s: float) -> OneGo:
        driver = (await connection.get_raw_connection()).driver_connection
        await postgres.hold(driver, lock_wait_s)
        return postgres.one_transaction(driver, copied(self._statements))

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    async def _load(self) -> None:
        async with self.engine.connect() as connection:
            heartbeat = await read_heartbeat(connection)
            await self._load_names(connection)
            head = Head() if heartbeat is None else Head(heartbeat.chain_n, bytes.fromhex(heartbeat.chain_hash))
            self._marks = Marks(
                head,
                await next_sample(connection),
                await _next(connection, tables.events),
                await _next(connection, tables.checkpoints),
                await _next(connection, tables.policies),
                checkpoint_day=await last_days(connection),
            )
            boot_number = await _next(connection, tables.boots)
        boot = self._boot
        origins = replace(boot.origins, kernel=kernel_fingerprint(), first_link=head.n + 1)
        self._boot_row = (
            boot_number,
            boot.boot_id,
            boot.boot_ms,
            micros(boot.wall),
            pumpd.__version__,
            boot.config_sha,
            msgspec.json.encode(origins).decode(),
        )
        self._heartbeat = heartbeat
        self.note_last_seen()
        self.identity = await identify(self.engine)
        self._file = self._on_disk()

    def note_last_seen(self) -> None:
        """What was committed up to now is what an earlier run left."""
        seen = self._heartbeat
        if seen is not None:
            self.last_seen = LastSeen(Ms(seen.now_ms), seen.boot_id, seen.boot_ms, from_micros(seen.wall_us))

    def _on_disk(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        status = os.stat(self._path)
        return status.st_dev, status.st_ino

    def _must_be_there(self) -> None:
        """SQLite would go on writing into a file that has no name any more. Raises OSError."""
        try:
            there = self._on_disk() == self._file
        except FileNotFoundError:
            there = False
        if not there:
            raise OSError(f"the file {self._path} was removed or replaced while in use")

    async def _load_names(self, connection: AsyncConnection) -> None:
        beds = await connection.execute(select(tables.beds.c.id, tables.beds.c.name).order_by(tables.beds.c.id))
        self._beds.ids = {name: number for number, name in beds}
        self._beds.stored = len(self._beds.ids)
        shapes = await connection.execute(select(tables.shapes.c.id, tables.shapes.c.body).order_by(tables.shapes.c.id))
        self._shapes.load([(number, body) for number, body in shapes])


async def _next(connection: AsyncConnection, table: Table) -> int:
    return int((await connection.execute(select(func.coalesce(func.max(table.c.id), 0)))).scalar_one()) + 1


__all__ = ["FAILURES", "Store"]
