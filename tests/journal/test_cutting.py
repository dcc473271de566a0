"""Old samples go; nothing goes that somebody still needs, and the database lets nobody remove anything else."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pumpd.journal import Journal, ops
from pumpd.journal import engine as engines
from pumpd.journal.cutting import cut_samples
from pumpd.journal.housekeeping import keep_house_once
from pumpd.journal.months import OTHER
from pumpd.journal.rollup import roll_up
from pumpd.safety.events import Heard, PatientBound
from pumpd.units import Ms
from tests.journal.letters import rows
from tests.journal.steps import BOOT, StepRecord, opened, reading_step, wall, wall_ns
from tests.journal.tamper import file_of
from tests.safety.build import patient, vitals

DAY_MS = 86_400_000
COUNT = "SELECT count(*), coalesce(min(now_ms), 0) FROM samples"


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("rollup", "cutting"):
        monkeypatch.setattr(f"pumpd.journal.{module}.PAUSE_S", 0)


async def months(journal: Journal, days: int, beds: tuple[str, ...] = ("b1", "b2")) -> int:
    """A reading every other day, and checkpoints of the last ones; the last moment."""
    for seq, now_ms in enumerate(range(0, days * DAY_MS, 2 * DAY_MS), 1):
        for bed in beds:
            token = journal.append(reading_step(seq, now_ms, bed, Heard("m1", vitals(rr=seq % 40))))
            if now_ms >= (days - 6) * DAY_MS:
                journal.checkpoint(bed, seq, Ms(now_ms), b"state")
    await journal.durable(token)
    await roll_up(journal)
    return now_ms


def bound(seq: int, day: int) -> StepRecord:
    now_ms = day * DAY_MS + 1
    return StepRecord("b1", seq, Ms(now_ms), wall_ns(now_ms), PatientBound(patient(), "nurse"), ())


async def made_ahead(url: str, days: int) -> None:
    """On PostgreSQL: the months of the days that the test writes."""
    if url.startswith("postgresql"):
        engine = engines.make_engine(engines.parse_url(url))
        from pumpd.journal.months import make_months

        for day in range(0, days, 28):
            await make_months(engine, BOOT.wall + timedelta(days=day))
        await engine.dispose()


async def test_what_is_older_than_it_has_to_be_goes_and_its_trend_stays(any_url: str) -> None:
    await made_ahead(any_url, 76)
    async with opened(any_url) as journal:
        last = await months(journal, 76)
        now = wall(last)
        before = await journal.trends("b1", ("rr",), wall(0), now, 50)
        assert await cut_samples(journal, 40, lambda: now)
        count, first = (await rows(any_url, COUNT))[0]
        assert last - 72 * DAY_MS < first <= last - 38 * DAY_MS, "on PostgreSQL at most a month less goes"
        assert 0 < count < 100
        assert await journal.trends("b1", ("rr",), wall(0), now, 50) == before
        assert (await journal.verify()).ok
        assert await cut_samples(journal, 40, lambda: now) == 0, "once"
    async with opened(any_url) as journal:  # numbers go on
        await journal.append_durable(reading_step(1_000, last + 1, event=Heard("m1", vitals(rr=9))))
    assert (await rows(any_url, "SELECT days FROM cuts"))[0] == (40,)
    assert await rows(any_url, "SELECT id FROM samples GROUP BY id HAVING count(*) > 1") == []


async def test_nothing_of_a_patient_who_is_still_there_goes(any_url: str) -> None:
    await made_ahead(any_url, 76)
    async with opened(any_url) as journal:
        last = await months(journal, 76)
        journal.append(bound(900, 1))
        await journal.append_durable(bound(901, 20))
        await cut_samples(journal, 40, lambda: wall(last))
        (first,) = (await rows(any_url, "SELECT min(now_ms) FROM samples WHERE bed = 1"))[0]
        assert first <= 20 * DAY_MS


async def test_a_bed_without_checkpoints_keeps_what_it_is_restored_from(any_url: str) -> None:
    await made_ahead(any_url, 76)
    async with opened(any_url) as journal:
        await journal.append_durable(reading_step(1, 5, "b9"))
        last = await months(journal, 76)
        assert await cut_samples(journal, 40, lambda: wall(last)) == 0
        assert await journal.restore("b9") is not None


async def test_what_is_not_rolled_up_stays_and_nothing_goes_unless_it_was_asked_for(any_url: str) -> None:
    async with opened(any_url) as journal:
        last = await months(journal, 60)
        assert await cut_samples(journal, 0, lambda: wall(last)) == 0
        await journal.append_durable(reading_step(5_000, 50 * DAY_MS, "b3"))
    async with opened(any_url) as journal:
        gone = await cut_samples(journal, 30, lambda: wall(last))
    assert gone == (28 if file_of(any_url) is not None else 1), "rows; on PostgreSQL months"
    beds = await rows(any_url, "SELECT bed, count(*) FROM samples GROUP BY bed ORDER BY bed")
    assert len(beds) == 3, "the row of a bed that has nothing else stays"


async def test_the_database_refuses_to_remove_what_no_cut_speaks_of(any_url: str) -> None:
    await made_ahead(any_url, 76)
    async with opened(any_url) as journal:
        last = await months(journal, 76)
        await cut_samples(journal, 40, lambda: wall(last))
    engine = engines.make_engine(engines.parse_url(any_url))
    for statement in (
        "DELETE FROM samples WHERE id = (SELECT max(id) FROM samples)",
        "UPDATE cuts SET sample = 1000000",
        "DELETE FROM cuts",
        "DELETE FROM rollups",
    ):
        with pytest.raises(DBAPIError, match="record is kept"):
            async with engine.begin() as connection:
                await connection.execute(text(statement))
    await engine.dispose()
    assert (await asyncio.to_thread(ops.verify, any_url)).ok


async def test_months_are_made_ahead_and_hold_what_is_written(pg_url: str) -> None:
    """PostgreSQL only: SQLite has one table of all months."""
    later = wall(0) + timedelta(days=70)
    async with opened(pg_url) as journal:
        await keep_house_once(journal, 0, lambda: later)
        at = 75 * DAY_MS
        await journal.append_durable(reading_step(1, at, event=Heard("m1", vitals(rr=9))))
    assert await rows(pg_url, f"SELECT count(*) FROM {OTHER}") == [(0,)]
    month = f"samples_{wall(at):%Y_%m}"
    assert await rows(pg_url, f"SELECT count(*) FROM {month}") == [(1,)]


async def test_a_wrong_clock_s_samples_are_kept_and_do_not_stop_anything(pg_url: str) -> None:
    """PostgreSQL only: no month was made for them."""
    async with opened(pg_url) as journal:
        await journal.append_durable(reading_step(1, 200 * DAY_MS))
        await keep_house_once(journal, 0, lambda: wall(200 * DAY_MS))
        await journal.append_durable(reading_step(2, 200 * DAY_MS + 1))
        assert (await journal.restore("b1")) is not None
    assert await rows(pg_url, f"SELECT count(*) FROM {OTHER}") == [(2,)]
