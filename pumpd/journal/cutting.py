"""Samples that are older than they have to be kept are let go: in small slices on SQLite, by the month on PostgreSQL.

What is let go has been rolled up, is older than the two newest checkpoints of its bed, and is not of a patient who is
still there: a restart, a report and the page of a present patient find everything. A row of `cuts` says what went, and
the database refuses to remove anything that no cut speaks of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal.heart import read_heartbeat
from pumpd.journal.history_sql import CUT, LET_GO
from pumpd.journal.journal import Journal
from pumpd.journal.months import Month, drop_month, months_before
from pumpd.journal.packing import SPAN_MS
from pumpd.journal.query import bed_names, by_time, coarsely, from_time
from pumpd.journal.records import MessageRecord
from pumpd.journal.rows import event_of, micros
from pumpd.journal.tables import STAYS, checkpoints, cuts, events, samples
from pumpd.journal.trends import rolled_until
from pumpd.safety.events import PatientBound, PatientReleased

SLICE = 500
"""Rows of one transaction: some milliseconds for which an alarm's commit may have to wait."""
PAUSE_S = 0.05
MOST_STAYS = 100
MS_PER_DAY, US_PER_DAY = 86_400_000, 86_400_000_000
Needed = dict[int, int]
"""By bed, the kernel time from which on samples are needed."""


async def cut_samples(journal: Journal, days: int, wall: Callable[[], datetime]) -> int:
    """Let go what is older than so many days (0: nothing ever); how many rows, or months on PostgreSQL, went.

    Raises JournalUnavailable.
    """
    if not days:
        return 0
    before_us = micros(wall()) - days * US_PER_DAY
    if journal.on_server:
        return await _cut_months(journal, days, before_us)
    first, last = await journal.ask(partial(_numbers, before_us=before_us, days=days))
    if last < first:
        return 0
    await _note(journal, last, days, before_us)
    for at in range(first, last + 1, SLICE):
        await journal.append_durable(MessageRecord(((LET_GO, ((at, min(last, at + SLICE - 1)),)),)))
        await asyncio.sleep(PAUSE_S)
    return last - first + 1


async def _cut_months(journal: Journal, days: int, before_us: int) -> int:
    months = await journal.maintain(partial(_months, before_us=before_us, days=days))
    for month in months:
        await _note(journal, 0, days, month.until_us)
        await journal.maintain(partial(_dropped, month=month))
    return len(months)


async def _dropped(engine: AsyncEngine, month: Month) -> None:
    await drop_month(engine, month)


async def _note(journal: Journal, last: int, days: int, before_us: int) -> None:
    number = await journal.ask(_next_cut)
    await journal.append_durable(MessageRecord(((CUT, ((number, last, before_us, days, journal.wall_us()),)),)))


async def _next_cut(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.coalesce(func.max(cuts.c.id), 0)))).scalar_one()) + 1


async def _numbers(engine: AsyncEngine, before_us: int, days: int) -> tuple[int, int]:
    """First and last number of what may go; nothing where the last is less."""
    mine = samples.c
    async with engine.connect() as connection:
        first = (await connection.execute(select(func.min(mine.id)))).scalar()
        if first is None:
            return 1, 0
        last = await _last_before(connection, first, before_us)
        for bed, now_ms in (await needed(connection, days)).items():
            query = select(mine.id).where(mine.bed == bed, mine.now_ms >= now_ms).order_by(mine.now_ms).limit(1)
            number = (await connection.execute(query)).scalar()
            last = last if number is None else min(last, number - 1)
    return first, last


async def _last_before(connection: AsyncConnection, first: int, before_us: int) -> int:
    """The last row before this moment: numbers follow time. The newest row stays whatever its age."""
    mine = samples.c
    low, high = first - 1, int((await connection.execute(select(func.max(mine.id)))).scalar_one()) - 1
    while low < high:
        middle = (low + high + 1) // 2
        query = select(mine.wall_us).where(mine.id <= middle).order_by(mine.id.desc()).limit(1)
        if (await connection.execute(query)).scalar_one() < before_us:
            low = middle
        else:
            high = middle - 1
    return low


async def needed(connection: AsyncConnection, days: int) -> Needed:
    """From when on each bed's samples have to stay, whatever age the wall's clock gives them: it may have been set to
    another year, and kernel time then says how old they are.
    """
    heartbeat = await read_heartbeat(connection)
    young_ms = 0 if heartbeat is None else heartbeat.now_ms - days * MS_PER_DAY
    return {bed: await _needed(connection, bed, young_ms) for bed in (await bed_names(connection)).values()}


async def _needed(connection: AsyncConnection, bed: int, young_ms: int) -> int:
    saved = select(checkpoints.c.now_ms).where(checkpoints.c.bed == bed).order_by(checkpoints.c.seq.desc()).limit(2)
    moments = (await connection.execute(saved)).scalars().all()
    if len(moments) < 2:
        return 0
    limits = [young_ms, *moments, await rolled_until(connection, bed), *await _present_since(connection, bed)]
    return max(0, int(min(limits)) - SPAN_MS)


async def _present_since(connection: AsyncConnection, bed: int) -> list[int]:
    """When the present patient was bound, if there is one. Nobody was by whom no name was given: that was refused."""
    mine = events.c
    query = select(mine.now_ms, mine.body).where(mine.bed == bed, STAYS).order_by(mine.id.desc()).limit(MOST_STAYS)
    for row in await connection.execute(query):
        event = event_of(row.body)
        if isinstance(event, PatientBound | PatientReleased) and event.by.strip():
            return [row.now_ms] if isinstance(event, PatientBound) else []
    return []


async def _months(engine: AsyncEngine, before_us: int, days: int) -> list[Month]:
    """Those that may go as a whole, oldest first."""
    months = await months_before(engine, before_us)
    async with engine.connect() as connection:
        wanted = (await needed(connection, days)).items() if months else ()
        last_needed = [await _first_wall(connection, bed, now_ms) for bed, now_ms in wanted]
    return [month for month in months if all(month.until_us <= wall_us for wall_us in last_needed)]


async def _first_wall(connection: AsyncConnection, bed: int, now_ms: int) -> int:
    """The wall time of the first sample that the bed needs; for ever, where there is none."""
    mine, coarse = samples.c, coarsely(connection)
    query = select(mine.wall_us).where(mine.bed == bed, mine.now_ms >= now_ms, *from_time(coarse, now_ms))
    found = (await connection.execute(query.order_by(*by_time(coarse), mine.now_ms).limit(1))).scalar()
    return 1 << 62 if found is None else found
