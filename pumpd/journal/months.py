"""The months of `samples` on PostgreSQL: made ahead of time, let go as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, repeat

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)
AHEAD = 3
"""This month and the next two: a hospital's hub may be without its housekeeping for so long."""
OTHER = "samples_other"
_PARTS = text(
    "SELECT child.relname, pg_get_expr(child.relpartbound, child.oid) AS bounds FROM pg_inherits"
    " JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = 'samples'::regclass ORDER BY child.relname"
)


@dataclass(frozen=True, slots=True)
class Month:
    """One partition: its first microsecond, and the first one after it."""

    name: str
    from_us: int
    until_us: int


def month_of(wall: datetime) -> Month:
    """The month of this moment (UTC)."""
    first = wall.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = _after(first)
    return Month(f"samples_{first:%Y_%m}", _micros(first), _micros(after))


def months_from(wall: datetime, count: int) -> list[Month]:
    """This month and those that follow."""
    return [month_of(first) for first in accumulate(repeat(wall.replace(day=1), count), lambda at, _: _after(at))]


def _after(first: datetime) -> datetime:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


async def make_months(engine: AsyncEngine, wall: datetime) -> list[str]:
    """Make those that are missing, and return their names. Nobody who writes has to wait for it.

    A month in which a wrong clock has already left samples stays in the default partition: that is said in the log,
    and nothing is lost by it but that those samples go later.
    """
    there = {name for name, _ in await _parts(engine)}
    made = []
    for month in months_from(wall, AHEAD):
        if month.name not in there and await _make(engine, month):
            made.append(month.name)
    return made


async def _make(engine: AsyncEngine, month: Month) -> bool:
    name = month.name
    try:
        async with engine.begin() as connection:
            # made beside the table and then attached: a CREATE … PARTITION OF would hold up whoever writes
            await connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            await connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE samples INCLUDING ALL)")
            await connection.exec_driver_sql(
                f"CREATE TRIGGER kept_{name}_truncate BEFORE TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION pumpd_kept()"
            )
            bounds = f"FROM ({month.from_us}) TO ({month.until_us})"
            await connection.exec_driver_sql(f"ALTER TABLE samples ATTACH PARTITION {name} FOR VALUES {bounds}")
    except DBAPIError as error:
        log.warning("a month of samples has no partition of its own", month=name, why=str(error.orig))
        return False
    return True


async def months_before(engine: AsyncEngine, before_us: int) -> list[Month]:
    """The partitions all of whose samples are older, oldest first."""
    found = []
    for name, bounds in await _parts(engine):
        if name != OTHER:
            first, until = (int(part.strip("()'\" ")) for part in bounds.removeprefix("FOR VALUES FROM ").split(" TO "))
            found.append(Month(name, first, until))
    return sorted((month for month in found if month.until_us <= before_us), key=lambda month: month.from_us)


async def drop_month(engine: AsyncEngine, month: Month) -> None:
    """Let a whole month go. Raises DBAPIError when somebody reads it just now."""
    async with engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        await connection.exec_driver_sql(f"DROP TABLE {month.name}")


async def _parts(engine: AsyncEngine) -> list[tuple[str, str]]:
    async with engine.connect() as connection:
        return [(row.relname, row.bounds) for row in await connection.execute(_PARTS)]
