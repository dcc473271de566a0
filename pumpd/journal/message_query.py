"""Questions about messages; coroutines for the journal's own loop (or any other that owns the engine)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, Table, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.gateways import DeadLetter, Outgoing, Queued, Received
from pumpd.journal.tables import (
    DEAD,
    TAKEN,
    UNAPPLIED,
    WAITING,
    dead_letters,
    messages_in,
    messages_out,
    messages_told,
)

Key = tuple[str, str, str]
_FEW = 200  # keys of one question


async def last_numbers(engine: AsyncEngine) -> tuple[int, int, int]:
    """The highest row number of the inbox, the outboxes and the dead letters; 0 where there is none."""
    async with engine.connect() as connection:
        columns = (messages_in.c.id, messages_out.c.number, dead_letters.c.id)
        found = [(await connection.execute(select(func.max(column)))).scalar() or 0 for column in columns]
    return found[0], found[1], found[2]


async def find_received(engine: AsyncEngine, keys: Sequence[Key]) -> dict[Key, Received]:
    """Those of the keys that are stored, but for what was withdrawn."""
    columns = messages_in.c
    key = tuple_(columns.control_id, columns.app, columns.sent)
    found: dict[Key, Received] = {}
    async with engine.connect() as connection:
        for start in range(0, len(keys), _FEW):
            wanted = [(control_id, app, sent) for app, control_id, sent in keys[start : start + _FEW]]
            ids = columns.control_id.in_({one[0] for one in wanted})  # alone, SQLite would read all keys for a tuple
            rows = await connection.execute(select(messages_in).where(ids, key.in_(wanted), TAKEN))
            found |= {message.key: message for message in map(_received, rows)}
    return found


async def find_keys(engine: AsyncEngine, after: int, until: int, most: int) -> list[tuple[int, Key]]:
    """Row numbers and keys of the inbox in their order, those that were withdrawn too."""
    columns = messages_in.c
    wanted = select(columns.id, columns.app, columns.control_id, columns.sent)
    query = wanted.where(columns.id > after, columns.id <= until).order_by(columns.id).limit(most)
    async with engine.connect() as connection:
        return [(row.id, (row.app, row.control_id, row.sent)) for row in await connection.execute(query)]


async def find_unapplied(engine: AsyncEngine) -> list[Received]:
    """See MessageStore.unapplied."""
    async with engine.connect() as connection:
        rows = await connection.execute(select(messages_in).where(UNAPPLIED).order_by(messages_in.c.id))
        return list(map(_received, rows))


def _received(row: Row[Any]) -> Received:
    return Received(row.peer, (row.app, row.control_id, row.sent), row.kind, row.raw, row.answer, row.received_us)


async def find_waiting(engine: AsyncEngine, destination: str, most: int) -> list[Queued]:
    """See MessageStore.waiting."""
    columns = messages_out.c
    query = select(messages_out).where(columns.destination == destination, WAITING)
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(columns.rank, columns.number).limit(most))
        return [Queued(row.number, _outgoing(row), row.tries) for row in rows]


def _outgoing(row: Row[Any]) -> Outgoing:
    return Outgoing(
        destination=row.destination,
        id=row.id,
        kind=row.kind,
        raw=row.raw,
        made_us=row.made_us,
        urgent=row.rank == 0,
        stale_us=row.stale_us,
        bed=row.bed,
        seq=row.seq,
    )


async def count_waiting(engine: AsyncEngine, destination: str) -> int:
    """See MessageStore.depth."""
    return await _count(engine, _of(messages_out, destination).where(WAITING))


async def count_dead(engine: AsyncEngine, destination: str) -> int:
    """See MessageStore.dead."""
    return await _count(engine, _of(messages_out, destination).where(DEAD))


def _of(table: Table, destination: str) -> Select[Any]:
    return select(func.count()).select_from(table).where(table.c.destination == destination)


async def _count(engine: AsyncEngine, query: Select[Any]) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(query)).scalar_one())


async def find_stale(engine: AsyncEngine, destination: str, now_us: int, most: int) -> list[int]:
    """Numbers of messages that may be thinned out."""
    columns = messages_out.c
    stale = (columns.rank > 0, columns.stale_us <= now_us, columns.refusals == 0)
    query = select(columns.number).where(columns.destination == destination, WAITING, *stale)
    async with engine.connect() as connection:
        return list((await connection.execute(query.order_by(columns.number).limit(most))).scalars())


async def find_dead(engine: AsyncEngine, destination: str | None, most: int) -> list[DeadLetter]:
    """See MessageStore.dead_letters."""
    columns = messages_out.c
    query = select(messages_out).where(DEAD).order_by(columns.at_us.desc(), columns.number.desc()).limit(most)
    if destination is not None:
        query = query.where(columns.destination == destination)
    async with engine.connect() as connection:
        return [DeadLetter(row.number, _outgoing(row), row.why, row.at_us) for row in await connection.execute(query)]


async def is_dead(engine: AsyncEngine, number: int) -> bool:
    """A dead letter of that number waits for a person."""
    query = select(func.count()).select_from(messages_out)
    return await _count(engine, query.where(messages_out.c.number == number, DEAD)) > 0


async def find_told(engine: AsyncEngine, destination: str) -> dict[str, int]:
    """See MessageStore.told_until."""
    columns = messages_told.c
    query = select(columns.bed, columns.seq).where(columns.destination == destination)
    async with engine.connect() as connection:
        return dict((await connection.execute(query)).all())
