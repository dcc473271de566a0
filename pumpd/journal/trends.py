"""Trend lines from the packed samples: minimum, mean and maximum per bucket, gaps as gaps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.device.facts import Vitals
from pumpd.journal.query import _packed_steps, bed_number
from pumpd.journal.records import TrendPoint
from pumpd.journal.rows import from_micros
from pumpd.journal.store import read_heartbeat
from pumpd.safety.events import Heard

YIELD_EVERY = 64  # steps between two moments in which the event loop's thread may have the interpreter


@dataclass(slots=True)
class _Bucket:
    low: int
    high: int
    total: int = 0
    count: int = 0


async def trends(
    engine: AsyncEngine, bed: str, signals: tuple[str, ...], start: datetime, end: datetime, points: int
) -> dict[str, list[TrendPoint]]:
    """See Journal.trends. Raises ValueError unless start < end and points > 0."""
    if points <= 0 or end <= start:
        raise ValueError("a trend needs start before end and at least one point")
    buckets: dict[str, dict[int, _Bucket]] = {signal: {} for signal in signals}
    async with engine.connect() as connection:
        heartbeat, number = await read_heartbeat(connection), await bed_number(connection, bed)
        if heartbeat is not None and number is not None:
            zero = from_micros(heartbeat.wall_us) - timedelta(milliseconds=heartbeat.now_ms)
            first, last = _ms(start - zero), _ms(end - zero)
            await _collect(connection, number, buckets, first, last, points)
    return {
        signal: [_point(start, end, points, i, found.get(i)) for i in range(points)]
        for signal, found in buckets.items()
    }


def _ms(delta: timedelta) -> int:
    return delta // timedelta(milliseconds=1)


async def _collect(
    connection: AsyncConnection,
    bed: int,
    buckets: dict[str, dict[int, _Bucket]],
    first_ms: int,
    last_ms: int,
    points: int,
) -> None:
    count = 0
    async for _, now_ms, event in _packed_steps(connection, bed, first_ms - 1000):
        if now_ms >= last_ms:
            return
        count += 1
        if count % YIELD_EVERY == 0:
            time.sleep(0)  # noqa: ASYNC251 gives the interpreter to the other thread; there is nothing to wait for
        if now_ms < first_ms or not (isinstance(event, Heard) and isinstance(event.fact, Vitals)):
            continue
        index = (now_ms - first_ms) * points // (last_ms - first_ms)
        for reading in event.fact.readings:
            if reading.value_milli is not None and reading.signal in buckets:
                _add(buckets[reading.signal], index, reading.value_milli)


def _add(found: dict[int, _Bucket], index: int, value: int) -> None:
    bucket = found.get(index)
    if bucket is None:
        bucket = found[index] = _Bucket(value, value)
    bucket.low, bucket.high = min(bucket.low, value), max(bucket.high, value)
    bucket.total += value
    bucket.count += 1


def _point(start: datetime, end: datetime, points: int, index: int, bucket: _Bucket | None) -> TrendPoint:
    at = start + (end - start) * index / points
    if bucket is None:
        return TrendPoint(at, None, None, None)
    return TrendPoint(at, bucket.low, round(bucket.total / bucket.count), bucket.high)
