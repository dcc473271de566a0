"""Roll-ups of samples, written a quarter of an hour of one bed at a time, well after the fact."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.device.signals import SIGNALS
from pumpd.journal.heart import read_heartbeat
from pumpd.journal.history_sql import ROLLED, ROLLED_UP
from pumpd.journal.journal import Journal
from pumpd.journal.query import bed_names, by_time, coarsely, from_time
from pumpd.journal.records import MessageRecord
from pumpd.journal.sums import Found, merge, sums
from pumpd.journal.tables import samples
from pumpd.journal.trends import rolled_until

SLICE_MS = 900_000
MINUTE_MS = 60_000
GRACE_MS = 60_000
"""Records are committed in the order in which they came: what is older than the last commit is there."""
PAUSE_S = 0.05
Slice = tuple[list[tuple[Any, ...]], int]
"""Rows of roll-ups, and up to when the bed is then rolled up."""


async def roll_up(journal: Journal) -> int:
    """Everything that is complete and not yet rolled up; how many slices that was. Doing one twice is harmless.

    Raises JournalUnavailable.
    """
    count = 0
    for bed in (await journal.ask(_beds)).values():
        while (slice_ := await journal.ask(partial(next_slice, bed=bed))) is not None:
            rows, until_ms = slice_
            work = ((ROLLED_UP, tuple(rows)),) if rows else ()
            await journal.append_durable(MessageRecord((*work, (ROLLED, ((bed, until_ms),)))))
            count += 1
            await asyncio.sleep(PAUSE_S)
    return count


async def _beds(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return await bed_names(connection)


async def next_slice(engine: AsyncEngine, bed: int) -> Slice | None:
    """The bed's next quarter of an hour with samples in it; None where it is not over yet."""
    async with engine.connect() as connection:
        heartbeat = await read_heartbeat(connection)
        if heartbeat is None:
            return None
        done, mine, coarse = await rolled_until(connection, bed), samples.c, coarsely(connection)
        query = select(mine.now_ms).where(mine.bed == bed, mine.now_ms >= done, *from_time(coarse, done))
        first = (await connection.execute(query.order_by(*by_time(coarse), mine.now_ms).limit(1))).scalar()
        if first is None:
            return None
        # a row may have begun just before `done` and go on after it
        begin = done if first - done < 2 * SLICE_MS else first // SLICE_MS * SLICE_MS
        until = begin // SLICE_MS * SLICE_MS + SLICE_MS
        if until > heartbeat.now_ms - GRACE_MS:
            return None
        found: Found = {}
        await sums(connection, bed, SIGNALS, (until - SLICE_MS, until, SLICE_MS // MINUTE_MS), (begin, until), found)
    return rollup_rows(bed, until - SLICE_MS, found), until


def rollup_rows(bed: int, from_ms: int, found: Found) -> list[tuple[Any, ...]]:
    """Rows of the minutes and of the whole quarter of an hour."""
    quarter: Found = {}
    rows: list[tuple[Any, ...]] = []
    for (signal, part), one in sorted(found.items()):
        numbers = (one.low_milli, one.high_milli, one.sum_milli, one.count)
        rows.append((bed, MINUTE_MS // 1000, signal, from_ms + part * MINUTE_MS, *numbers))
        merge(quarter, (signal, 0), *numbers)
    for (signal, _), one in quarter.items():
        row = (one.low_milli, one.high_milli, one.sum_milli, one.count)
        rows.append((bed, SLICE_MS // 1000, signal, from_ms, *row))
    return rows
