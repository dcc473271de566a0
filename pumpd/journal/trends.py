"""Trend lines: minimum, mean and maximum per bucket, gaps as gaps. Long spans are read from roll-ups.

A bucket that is at least ten roll-ups long takes those that begin in it, as they are: its borders are then true to a
tenth of it. Where the samples were let go (pumpd.journal.cutting), minutes are what is left.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal.heart import read_heartbeat
from pumpd.journal.query import bed_number, by_time, coarsely
from pumpd.journal.records import TrendPoint
from pumpd.journal.rows import from_micros
from pumpd.journal.sums import Found, Sum, merge, sums
from pumpd.journal.tables import rolled, rollups, samples

SPANS_S = (900, 60)
"""Of the roll-ups, longest first."""
ROLLUPS_PER_BUCKET = 10


async def trends(
    engine: AsyncEngine, bed: str, signals: tuple[str, ...], start: datetime, end: datetime, points: int
) -> dict[str, list[TrendPoint]]:
    """See Journal.trends. Raises ValueError unless start < end and points > 0."""
    if points <= 0 or end <= start:
        raise ValueError("a trend needs start before end and at least one point")
    found: Found = {}
    async with engine.connect() as connection:
        heartbeat, number = await read_heartbeat(connection), await bed_number(connection, bed)
        if heartbeat is not None and number is not None:
            zero = from_micros(heartbeat.wall_us) - timedelta(milliseconds=heartbeat.now_ms)
            await _collect(connection, number, signals, (_ms(start - zero), _ms(end - zero), points), found)
    return {
        signal: [_point(start, end, points, i, found.get((signal, i))) for i in range(points)] for signal in signals
    }


def _ms(delta: timedelta) -> int:
    return delta // timedelta(milliseconds=1)


async def _collect(
    connection: AsyncConnection, bed: int, signals: tuple[str, ...], span: tuple[int, int, int], found: Found
) -> None:
    """The parts of the span (from, until, parts): roll-ups as far as they will do, samples for the rest."""
    first, last, points = span
    span_s = rollup_for((last - first) // points)
    until = min(await rolled_until(connection, bed), last)
    if span_s is None:
        span_s, until = SPANS_S[-1], min(until, await _first_sample(connection, bed))
    step = 1000 * span_s
    begin, until = -(-first // step) * step, until // step * step
    if begin >= until:
        return await sums(connection, bed, signals, span, (first, last), found)
    await _rolled_up(connection, bed, signals, (span_s, begin, until), span, found)
    await sums(connection, bed, signals, span, (first, begin), found)
    await sums(connection, bed, signals, span, (until, last), found)
    return None


def rollup_for(bucket_ms: int) -> int | None:
    """The longest roll-up that is short enough for such buckets; None: the samples themselves."""
    return next((span_s for span_s in SPANS_S if bucket_ms >= ROLLUPS_PER_BUCKET * 1000 * span_s), None)


async def rolled_until(connection: AsyncConnection, bed: int) -> int:
    """The kernel time before which all samples of the bed are rolled up."""
    return (await connection.execute(select(rolled.c.until_ms).where(rolled.c.bed == bed))).scalar() or 0


async def _first_sample(connection: AsyncConnection, bed: int) -> int:
    """When the oldest of the bed's samples begins that are still there."""
    mine = samples.c
    query = select(mine.now_ms).where(mine.bed == bed).order_by(*by_time(coarsely(connection)), mine.now_ms).limit(1)
    return (await connection.execute(query)).scalar() or 0


async def _rolled_up(
    connection: AsyncConnection,
    bed: int,
    signals: tuple[str, ...],
    wanted: tuple[int, int, int],
    span: tuple[int, int, int],
    found: Found,
) -> None:
    span_s, begin, until = wanted
    first, last, points = span
    mine = rollups.c
    query = select(mine.signal, mine.from_ms, mine.low_milli, mine.high_milli, mine.sum_milli, mine.count)
    query = query.where(mine.bed == bed, mine.span_s == span_s, mine.signal.in_(signals))
    for row in await connection.execute(query.where(mine.from_ms >= begin, mine.from_ms < until)):
        part = (row.from_ms - first) * points // (last - first)
        merge(found, (row.signal, part), row.low_milli, row.high_milli, row.sum_milli, row[-1])


def _point(start: datetime, end: datetime, points: int, index: int, bucket: Sum | None) -> TrendPoint:
    at = start + (end - start) * index / points
    if bucket is None:
        return TrendPoint(at, None, None, None)
    return TrendPoint(at, bucket.low_milli, round(bucket.sum_milli / bucket.count), bucket.high_milli)
