"""The database side of the writer: one connection, one transaction per batch. Lives on the journal's thread."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Table, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import pumpd
from pumpd.journal import engine as engines
from pumpd.journal import tables
from pumpd.journal.chain import Head
from pumpd.journal.inbox import Entry
from pumpd.journal.message_sql import message_statements
from pumpd.journal.one_go import OneGo, Work, one_go
from pumpd.journal.records import BootInfo, JournalOpenError, LastSeen, MessageRecord
from pumpd.journal.rows import Batch, Builder, Marks, Names, from_micros, micros
from pumpd.journal.schema import upgrade_engine
from pumpd.journal.shapes import Shapes
from pumpd.journal.sql import Statement, Statements, statements
from pumpd.units import Ms

HEARTBEAT = "heartbeat"
IDENTITY = "identity"
FAILURES = (SQLAlchemyError, sqlite3.Error, OSError)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The row of `meta` that every commit renews."""

    now_ms: int
    boot_id: str
    boot_ms: int
    wall_us: int
    chain_n: int
    chain_hash: str


@cache
def kernel_fingerprint() -> str:
    """sha256 over the sources of the kernel, so that a checkpoint names the code that made it."""
    digest = hashlib.sha256()
    for package in ("clinical", "device", "safety"):
        for file in sorted((Path(pumpd.__file__).parent / package).glob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


async def read_heartbeat(connection: AsyncConnection) -> Heartbeat | None:
    """The last commit's heartbeat, or None in a new journal."""
    query = select(tables.meta.c.value).where(tables.meta.c.key == HEARTBEAT)
    text = (await connection.execute(query)).scalar()
    return None if text is None else msgspec.json.decode(text, type=Heartbeat)


class Store:
    """Made by `open`; `commit` is the only writer of the database."""

    def __init__(self, engine: AsyncEngine, reader: AsyncEngine, boot: BootInfo, lock: int | None) -> None:
        self.reader = reader
        self.last_seen: LastSeen | None = None
        self.identity: str | None = None
        self._engine, self._boot, self._lock = engine, boot, lock
        self._connection: AsyncConnection | None = None
        self._one_go: OneGo | None = None
        self._statements: Statements = statements(engine.dialect)
        self._messages = message_statements(engine.dialect)
        self._beds, self._shapes = Names(), Shapes()
        self._builder = Builder(self._beds, self._shapes, kernel_fingerprint())
        self._marks = Marks()
        self._heartbeat: Heartbeat | None = None
        self._boot_row: tuple[Any, ...] | None = None
        self._path = engines.sqlite_path(engine.url)
        self._file: tuple[int, int] | None = None

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
            await upgrade_engine(store._engine)
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
        return str(self._path.resolve()) if self._path is not None else self._engine.url.render_as_string()

    async def commit(self, entries: list[Entry], boot_id: str | None = None) -> None:
        """All entries, or none. Raises SQLAlchemyError or OSError; then the connection is made anew next time.

        boot_id: of the boot in which they were taken, when that is not the present run's.
        """
        self._must_be_there()
        batch = self._builder.build([entry.record for entry in entries], self._marks)
        heartbeat = self._next_heartbeat(entries, batch.marks.head, boot_id or self._boot.boot_id)
        beds, shapes = self._beds.fresh(), self._shapes.fresh()
        work = self._work(batch, heartbeat, beds, shapes)
        connection = await self._connected()
        try:
            await self._write(connection, work)
        except BaseException:
            await self._drop_connection()
            raise
        self._marks, self._heartbeat, self._boot_row = batch.marks, heartbeat or self._heartbeat, None
        self._beds.stored += len(beds)
        self._shapes.stored += len(shapes)

    async def close(self) -> None:
        await self._drop_connection()
        await self._engine.dispose()
        await self.reader.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _work(
        self, batch: Batch, heartbeat: Heartbeat | None, beds: list[tuple[int, str]], shapes: list[tuple[int, str]]
    ) -> Work:
        sql = self._statements
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
            (sql.meta, [(HEARTBEAT, msgspec.json.encode(heartbeat).decode())] if heartbeat else []),
        )
        return [(statement.text, statement.arrange(rows)) for statement, rows in todo if rows]

    async def _write(self, connection: AsyncConnection, work: Work) -> None:
        """One transaction: on SQLite in one go, elsewhere a statement at a time."""
        if self._one_go is not None:
            await self._one_go(work)
            return
        async with connection.begin():
            for text, rows in work:
                await connection.exec_driver_sql(text, rows)

    def _next_heartbeat(self, entries: list[Entry], head: Head, boot_id: str) -> Heartbeat | None:
        """None: there is nothing new to say, because messages have no kernel time and are not in the chain."""
        entries = [entry for entry in entries if type(entry.record) is not MessageRecord]
        if not entries:
            return None
        moments = [entry.record.now_ms for entry in entries]
        latest = entries[moments.index(max(moments))]
        old = self._heartbeat
        now_ms, boot_ms, wall_us = latest.record.now_ms, latest.boot_ms, micros(latest.record.wall)
        if old is not None and old.boot_id == boot_id and old.now_ms > now_ms:
            now_ms, boot_ms, wall_us = Ms(old.now_ms), old.boot_ms, old.wall_us
        return Heartbeat(now_ms, boot_id, boot_ms, wall_us, head.n, head.hash.hex())

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self._engine.connect()
            self._one_go = await one_go(self._connection)
        return self._connection

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    async def _load(self) -> None:
        async with self._engine.connect() as connection:
            heartbeat = await read_heartbeat(connection)
            await self._load_names(connection)
            head = Head() if heartbeat is None else Head(heartbeat.chain_n, bytes.fromhex(heartbeat.chain_hash))
            self._marks = Marks(
                head,
                await _next(connection, tables.samples),
                await _next(connection, tables.events),
                await _next(connection, tables.checkpoints),
                await _next(connection, tables.policies),
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
        self.identity = await self._identify()
        self._file = self._on_disk()

    def note_last_seen(self) -> None:
        """What was committed up to now is what an earlier run left."""
        seen = self._heartbeat
        if seen is not None:
            self.last_seen = LastSeen(Ms(seen.now_ms), seen.boot_id, seen.boot_ms, from_micros(seen.wall_us))

    async def _identify(self) -> str | None:
        """This journal's own name, given to it once; None when it cannot be written down."""
        query = select(tables.meta.c.value).where(tables.meta.c.key == IDENTITY)
        async with self._engine.connect() as connection:
            identity = (await connection.execute(query)).scalar()
        if identity is not None:
            return str(identity)
        identity = uuid.uuid4().hex
        try:
            async with self._engine.begin() as connection:
                await connection.execute(tables.meta.insert().values(key=IDENTITY, value=identity))
        except FAILURES:
            return None
        return identity

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
