"""Questions to the journal; coroutines for the journal's own loop (or any other that owns the engine)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Integer, Row, Select, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal.heart import kernel_fingerprint
from pumpd.journal.packing import SPAN_MS
from pumpd.journal.records import Restored
from pumpd.journal.rows import GAP, OUTCOME, alarm_of, event_of, policy_of
from pumpd.journal.shapes import Shapes
from pumpd.journal.tables import alarms, beds, checkpoints, decisions, events, policies, samples, shapes
from pumpd.journal.unpacking import unpack
from pumpd.safety.alarms import Alarm
from pumpd.safety.events import Event, Tick
from pumpd.safety.policy import BedPolicy
from pumpd.safety.wire import WireError, state_from_bytes
from pumpd.units import Ms

PAGE = 500
COARSE_MS = 600_000
"""As in PostgreSQL's index over samples (migration 0006)."""
Step = tuple[int, Ms, Event]


async def bed_number(connection: AsyncConnection, bed: str) -> int | None:
    return (await connection.execute(select(beds.c.id).where(beds.c.name == bed))).scalar()


async def bed_names(connection: AsyncConnection) -> dict[str, int]:
    """All beds that the journal knows."""
    rows = await connection.execute(select(beds.c.name, beds.c.id).order_by(beds.c.name))
    return dict(rows.all())


async def read_shapes(connection: AsyncConnection) -> Shapes:
    rows = await connection.execute(select(shapes.c.id, shapes.c.body).order_by(shapes.c.id))
    found = Shapes()
    found.load([(number, body) for number, body in rows])
    return found


async def restore(engine: AsyncEngine, bed: str, use_checkpoint: bool) -> Restored | None:
    """See Journal.restore."""
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        if number is None:
            return None
        saved, unreadable, other = await _newest_readable(connection, number) if use_checkpoint else (None, 0, False)
        state, seq, now_ms = (saved.state, saved.seq, saved.now_ms) if saved else (None, 0, 0)
        found = read_steps(connection, number, after_seq=seq, from_ms=now_ms, unknown=Tick())
        steps = [step async for step in found]
        if saved is None and not steps:
            return None
        said = await _decisions_after(connection, number, seq)
        if steps:
            seq, now_ms = steps[-1][0], steps[-1][1]
        rules = await _policies_for(connection, number, steps[0][0] if steps else seq, seq)
    return Restored(bed, state, seq, Ms(now_ms), tuple(steps), rules, other, said, unreadable)


async def _newest_readable(connection: AsyncConnection, bed: int) -> tuple[Row[Any, Any, Any, Any] | None, int, bool]:
    """(the newest checkpoint whose state can be read, how many newer ones cannot, is any of these other code's)."""
    columns = checkpoints.c
    query = select(columns.state, columns.seq, columns.now_ms, columns.kernel).where(columns.bed == bed)
    unreadable, other = 0, False
    for row in await connection.execute(query.order_by(columns.seq.desc(), columns.id.desc())):
        other = other or row.kernel != kernel_fingerprint()
        try:
            state_from_bytes(row.state)
        except WireError:
            unreadable += 1
        else:
            return row, unreadable, other
    return None, unreadable, other


async def _decisions_after(connection: AsyncConnection, bed: int, seq: int) -> dict[int, tuple[str, ...]]:
    """The recorded decisions of the steps after seq, as stored, in order."""
    columns = decisions.c
    query = select(columns.seq, columns.body).where(columns.bed == bed, columns.seq > seq, columns.kind != OUTCOME)
    found: dict[int, list[str]] = {}
    for row in await connection.execute(query.order_by(columns.n)):
        found.setdefault(row.seq, []).append(row.body)
    return {number: tuple(texts) for number, texts in found.items()}


async def read_policies(connection: AsyncConnection, bed: int) -> list[tuple[int, BedPolicy]]:
    """(first step, policy), oldest first; of several for one step the last one counts."""
    columns = policies.c
    query = select(columns.seq, columns.body).where(columns.bed == bed).order_by(columns.seq, columns.id)
    last = dict((await connection.execute(query)).all())
    return [(seq, policy_of(body)) for seq, body in last.items()]


async def _policies_for(
    connection: AsyncConnection, bed: int, first: int, last: int
) -> tuple[tuple[int, BedPolicy], ...]:
    """The policies in force from step first to the one after step last (a PolicyReplaced counts from the next step)."""
    all_of_bed = await read_policies(connection, bed)
    before = [rule for rule in all_of_bed if rule[0] <= first]
    return (*before[-1:], *(rule for rule in all_of_bed if first < rule[0] <= last + 1))


async def read_steps(
    connection: AsyncConnection, bed: int, *, after_seq: int = 0, from_ms: int = 0, unknown: Event | None = None
) -> AsyncIterator[Step]:
    """The bed's recorded steps with seq > after_seq, in order, a page at a time.

    from_ms: a kernel time that the first wanted step does not precede (a row reaches back at most SPAN_MS).
    unknown: what stands for an event that another version wrote and this one does not know; without it WireError.
    """
    packed = _packed_steps(connection, bed, from_ms - SPAN_MS)
    single = _single_steps(connection, bed, from_ms, unknown)
    left, right = await anext(packed, None), await anext(single, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            step, left = left, await anext(packed, None)
        else:
            step, right = right, await anext(single, None)
        if step is not None and step[0] > after_seq:
            yield step


async def _packed_steps(connection: AsyncConnection, bed: int, from_ms: int) -> AsyncIterator[Step]:
    names = await read_shapes(connection)
    query = select(samples.c.now_ms, samples.c.id, samples.c.seq, samples.c.body).where(samples.c.bed == bed)
    async for row in _pages(connection, query, samples.c.now_ms, samples.c.id, from_ms, coarsely(connection)):
        for step in unpack(row.seq, row.now_ms, row.body, names):
            yield step


async def _single_steps(
    connection: AsyncConnection, bed: int, from_ms: int, unknown: Event | None
) -> AsyncIterator[Step]:
    query = select(events.c.now_ms, events.c.id, events.c.seq, events.c.body)
    query = query.where(events.c.bed == bed, events.c.kind != GAP)
    async for row in _pages(connection, query, events.c.now_ms, events.c.id, from_ms):
        yield row.seq, Ms(row.now_ms), _event(row.body, unknown)


def _event(text: str, unknown: Event | None) -> Event:
    try:
        return event_of(text)
    except WireError:
        if unknown is None:
            raise
        return unknown


def coarsely(connection: AsyncConnection) -> Any | None:
    """What orders PostgreSQL's index over samples beside the bed; None where it is the millisecond."""
    return None if connection.dialect.name == "sqlite" else literal_column(f"(now_ms / {COARSE_MS})", Integer)


async def _pages(
    connection: AsyncConnection, query: Select[Any], now_ms: Any, row_id: Any, from_ms: int, coarse: Any | None = None
) -> AsyncIterator[Row[Any]]:
    """Rows ordered by (now_ms, id) from from_ms on, read in pages so that memory stays flat."""
    ordered, seen_ms, seen_id = query.order_by(*by_time(coarse), now_ms, row_id).limit(PAGE), max(0, from_ms), 0
    while True:
        # the plain >= lets the index do the work, the second condition cuts ties
        later = (now_ms > seen_ms) | (row_id > seen_id)
        rows = (await connection.execute(ordered.where(*from_time(coarse, seen_ms), now_ms >= seen_ms, later))).all()
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        seen_ms, seen_id = rows[-1].now_ms, rows[-1].id


def by_time(coarse: Any | None) -> tuple[Any, ...]:
    """What an ordering by now_ms begins with, so that the index gives it."""
    return () if coarse is None else (coarse,)


def from_time(coarse: Any | None, now_ms: int) -> tuple[Any, ...]:
    """What a condition now_ms >= this needs beside it, so that the index is used."""
    return () if coarse is None else (coarse >= now_ms // COARSE_MS,)


async def alarm_history(engine: AsyncEngine, bed: str | None, limit: int) -> list[Alarm]:
    """See Journal.alarm_history."""
    query = select(alarms.c.body).order_by(alarms.c.onset_ms.desc(), alarms.c.n.desc()).limit(limit)
    if bed is not None:
        query = query.join(beds, beds.c.id == alarms.c.bed).where(beds.c.name == bed)
    async with engine.connect() as connection:
        return [alarm_of(body) for body in (await connection.execute(query)).scalars()]
