"""What is done to the record now and then, beside everything else: roll-ups, months, what is old enough to go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.journal.cutting import cut_samples
from pumpd.journal.journal import Journal
from pumpd.journal.letting_go import RecordRule
from pumpd.journal.months import make_months
from pumpd.journal.record_cut import RecordKeeper
from pumpd.journal.records import JournalUnavailable
from pumpd.journal.rollup import roll_up

log = structlog.get_logger(__name__)
EVERY_S = 60.0


async def keep_house(journal: Journal, samples_days: int, record: RecordRule, wall: Callable[[], datetime]) -> None:
    """For ever. A journal that fails just now is looked after later."""
    keeper = RecordKeeper(journal, record, wall)
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await keep_house_once(journal, samples_days, wall)
            await keeper()
        except JournalUnavailable as error:
            log.warning("the journal is not looked after", why=str(error))


async def keep_house_once(journal: Journal, samples_days: int, wall: Callable[[], datetime]) -> None:
    """Raises JournalUnavailable."""
    if journal.on_server:
        made = await journal.maintain(partial(_months, wall=wall()))
        if made:
            log.info("months of samples made", months=made)
    await roll_up(journal)
    gone = await cut_samples(journal, samples_days, wall)
    if gone:
        log.info(
            "old samples let go", count=gone, of="months" if journal.on_server else "rows", after_days=samples_days
        )


async def _months(engine: AsyncEngine, wall: datetime) -> list[str]:
    return await make_months(engine, wall)
