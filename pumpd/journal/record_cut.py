"""The record that is old enough is let go: an anchor first, then the rows, in small transactions between other commits.

Off the event loop, and nothing waits for it. What was interrupted is gone on with: see pumpd.journal.anchors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal.anchors import Anchor, digest_of, gone_until, newest, text_of
from pumpd.journal.heart import US_PER_DAY
from pumpd.journal.history_sql import ANCHOR, ANCHORED, ANCHORED_TABLES, KEEP_SAVED, LET_SAVED_GO
from pumpd.journal.journal import Journal
from pumpd.journal.letting_go import Plan, RecordRule, below, of_bed, plan
from pumpd.journal.query import bed_names
from pumpd.journal.records import AnchorRecord, MessageRecord
from pumpd.journal.rows import micros
from pumpd.journal.tables import checkpoints, events, rollups
from pumpd.safety.wire import WireError

log = structlog.get_logger(__name__)
SLICE = 500
"""Rows of one transaction: some milliseconds for which an alarm's commit may have to wait."""
PAUSE_S = 0.05
EVERY_DAYS = 7
"""From one anchor to the next: what is old goes a week late at most, and each anchor stays for good."""
Work = tuple[tuple[str, tuple[tuple[object, ...], ...]], ...]


@dataclass(slots=True)
class RecordKeeper:
    """Called once a minute. What has to be looked for in the whole record is looked for once a day."""

    journal: Journal
    rule: RecordRule
    wall: Callable[[], datetime]
    _looked_us: int = 0
    _finished: bool = False

    async def __call__(self) -> int:
        """How many rows went. Raises JournalUnavailable."""
        gone = 0 if self._finished else await finish(self.journal)
        self._finished = True
        now_us = micros(self.wall())
        if not self.rule.days or abs(now_us - self._looked_us) < US_PER_DAY:
            return gone
        self._looked_us, self._finished = now_us, False
        gone += await cut_record(self.journal, self.rule, now_us)
        self._finished = True
        return gone


async def cut_record(journal: Journal, rule: RecordRule, now_us: int) -> int:
    """Let go what may go; how many rows went. Raises JournalUnavailable."""
    last, digest = await journal.ask(_newest)
    if not rule.days or now_us - last.at_us < EVERY_DAYS * US_PER_DAY:
        return 0
    try:
        found = await journal.ask(partial(plan, rule=rule, now_us=now_us))
    except WireError as error:
        log.warning("old record stays: it says what this software does not understand", why=str(error))
        return 0
    if found is None:
        return 0
    for bed, why in found.held.items():
        log.info("a bed's old record stays", bed=bed, why=why)
    await journal.append_durable(await _anchor_record(journal, rule, now_us, found, (last.number + 1, digest)))
    return await finish(journal)


async def _anchor_record(
    journal: Journal, rule: RecordRule, now_us: int, found: Plan, place: tuple[int, str]
) -> AnchorRecord:
    names = {number: name for name, number in (await journal.ask(_names)).items()}
    boot, (number, before) = journal.boot, place
    said = (now_us, rule.days, boot.origins.ward, boot.config_sha)
    beds = {names[bed]: cut for bed, cut in found.beds.items()}
    text = text_of(Anchor(number, before, found.link, found.hash.hex(), found.until_us, *said, beds, found.rows))
    work: Work = (
        (ANCHOR, ((number, found.link, found.hash, now_us, text),)),
        (ANCHORED, tuple((bed, number, cut.seq, cut.now_ms) for bed, cut in found.beds.items())),
        (KEEP_SAVED, tuple((cut.saved,) for cut in found.beds.values())),
    )
    log.info("old record is let go", anchor=number, digest=digest_of(text), link=found.link, rows=dict(found.rows))
    return AnchorRecord(work, number=number, at_us=now_us, body=text)


async def _newest(engine: AsyncEngine) -> tuple[Anchor, str]:
    async with engine.connect() as connection:
        return await newest(connection)


async def _names(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return await bed_names(connection)


async def finish(journal: Journal) -> int:
    """Remove what the anchors speak of and is still there; how many rows that was. Raises JournalUnavailable."""
    (anchor, _), gone = await journal.ask(_newest), await journal.ask(_gone)
    if not anchor.number:
        return 0
    count = 0
    for table in ANCHORED_TABLES:
        if table is events or table is rollups:
            for bed, cut in gone.items():
                count += await _remove(journal, table, of_bed(table, bed, *cut))
        else:
            count += await _remove(journal, table, below(table, anchor.link))
    for older in await journal.ask(partial(_saved_before, gone=gone)):
        await journal.append_durable(MessageRecord(((LET_SAVED_GO, (older,)),)))
    return count


async def _gone(engine: AsyncEngine) -> dict[int, tuple[int, int]]:
    async with engine.connect() as connection:
        return await gone_until(connection)


async def _remove(journal: Journal, table: Table, wanted: ColumnElement[bool]) -> int:
    count = 0
    while keys := await journal.ask(partial(_keys, table=table, wanted=wanted)):
        await journal.append_durable(MessageRecord(((table.name, tuple(keys)),)))
        count += len(keys)
        if len(keys) < SLICE:
            break
        await asyncio.sleep(PAUSE_S)
    return count


async def _keys(engine: AsyncEngine, table: Table, wanted: ColumnElement[bool]) -> list[tuple[object, ...]]:
    """The keys of the next rows that go, lowest first: what is left of the chain has no hole at any moment."""
    key = tuple(table.primary_key)
    async with engine.connect() as connection:
        rows = await connection.execute(select(*key).where(wanted).order_by(*key).limit(SLICE))
        return [tuple(row) for row in rows]


async def _saved_before(engine: AsyncEngine, gone: dict[int, tuple[int, int]]) -> list[tuple[object, ...]]:
    """(bed, step): beds that have checkpoints from before what is left."""
    async with engine.connect() as connection:
        return [(bed, seq) for bed, (seq, _) in gone.items() if await _has_before(connection, bed, seq)]


async def _has_before(connection: AsyncConnection, bed: int, seq: int) -> bool:
    mine = checkpoints.c
    query = select(mine.id).where(mine.bed == bed, mine.seq < seq).limit(1)
    return (await connection.execute(query)).first() is not None
