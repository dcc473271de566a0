"""Messages that are done with and older than they have to be kept, removed in small slices between other commits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.gateways import Before
from pumpd.journal import message_sql as sql
from pumpd.journal.journal import Journal
from pumpd.journal.message_rows import row
from pumpd.journal.records import MessageRecord
from pumpd.journal.tables import messages_in, messages_out

SLICE = 200
"""Rows of one transaction: some milliseconds for which an alarm's commit may have to wait."""
PAUSE_S = 0.05
Found = tuple[list[int], int | None]
"""What may go, and where to go on looking (None: nothing older is left)."""


async def expire(journal: Journal, before: Before, keep: Collection[str]) -> int:
    """See MessageStore.expire. Raises JournalUnavailable."""
    gone = await _removed(journal, sql.EXPIRED_IN, partial(_old_in, before_us=before.received_us))
    out = partial(_old_out, before=before, keep=frozenset(keep))
    return gone + await _removed(journal, sql.EXPIRED_OUT, out)


async def _removed(journal: Journal, act: str, look: Callable[..., Awaitable[Found]]) -> int:
    after: int | None = 0
    count = 0
    while after is not None:
        numbers, after = await journal.ask(partial(_asked, look=look, after=after))
        if numbers:
            await journal.append_durable(MessageRecord(((act, tuple(row(number) for number in numbers)),)))
            count += len(numbers)
        await asyncio.sleep(PAUSE_S)
    return count


async def _asked(engine: AsyncEngine, look: Callable[..., Awaitable[Found]], after: int) -> Found:
    return await look(engine, after=after)


async def _old_in(engine: AsyncEngine, after: int, before_us: int) -> Found:
    """In the order in which they came, so that the first young one ends the search. The newest row stays whatever its
    age: numbers are given from the highest on."""
    mine = messages_in.c
    query = select(mine.id, mine.state, mine.received_us).where(mine.id > after).order_by(mine.id).limit(SLICE)
    async with engine.connect() as connection:
        newest = (await connection.execute(select(func.max(mine.id)))).scalar() or 0
        rows = (await connection.execute(query)).all()
    old = [one for one in rows if one.received_us < before_us and one.id < newest]
    found = [one.id for one in old if one.state in ("applied", "withdrawn")]
    return found, rows[-1].id if len(old) == SLICE else None


async def _old_out(engine: AsyncEngine, after: int, before: Before, keep: frozenset[str]) -> Found:
    """As `_old_in`; what was ever refused is kept as long as a settled dead letter."""
    mine = messages_out.c
    wanted = select(mine.number, mine.id, mine.state, mine.made_us, mine.at_us, mine.refusals)
    async with engine.connect() as connection:
        newest = (await connection.execute(select(func.max(mine.number)))).scalar() or 0
        rows = (await connection.execute(wanted.where(mine.number > after).order_by(mine.number).limit(SLICE))).all()
    old = [one for one in rows if one.made_us < max(before.sent_us, before.settled_us) and one.number < newest]
    found = [
        one.number
        for one in old
        if one.state in ("sent", "thinned", "discarded")
        and one.at_us < (before.settled_us if one.refusals else before.sent_us)
        and one.id not in keep
    ]
    return found, rows[-1].number if len(old) == SLICE else None
