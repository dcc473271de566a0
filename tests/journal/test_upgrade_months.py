"""A journal of schema 0005 with readings of many months becomes the newest: nothing is lost, changed or misplaced."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text

from pumpd.journal import engine as engines
from pumpd.journal import ops
from pumpd.journal.months import OTHER, month_of
from pumpd.journal.replay import replay
from pumpd.journal.schema import config
from pumpd.units import Ms
from tests.journal.letters import rows
from tests.journal.old_record import BEDS, DAY_MS, World
from tests.journal.steps import reading_step, wall
from tests.postgres import Postgres

READINGS = 30_000
MONTHS = 14
SAMPLES = "SELECT id, bed, seq, now_ms, wall_us, body FROM samples ORDER BY id"
OF_0005 = "WITH RECURSIVE k(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM k WHERE k < {count}) {insert}"
READING = (
    "INSERT INTO samples (id, bed, seq, now_ms, wall_us, body) SELECT {first} + k, 3, k, k * {step_ms}, "
    "{zero_us} + k * {step_ms} * 1000, {body} FROM {numbers}"
)


async def schema_0005(url: str) -> tuple[int, str]:
    """A journal as a pumpd of that schema left it: two beds with a year of stays, and one with a reading every few
    minutes. How many samples, and their digest.
    """
    world = World(url)
    async with world.open() as journal:
        await world.live(journal, days=420)
    engine = engines.make_engine(engines.parse_url(url))

    def back(connection: Connection) -> None:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0005")

    async with engine.begin() as connection:
        await connection.run_sync(back)
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO beds VALUES (3, 'b3')"))
        await connection.execute(text(_readings(engine.dialect.name)))
    await engine.dispose()
    return await digest(url)


def _readings(dialect: str) -> str:
    """Ticks, packed as the journal packs them."""
    step_ms, zero_us = MONTHS * 30 * DAY_MS // READINGS, int(wall(0).timestamp() * 1_000_000)
    values = {"first": 1_000_000, "step_ms": step_ms, "zero_us": zero_us}
    if dialect == "sqlite":
        return OF_0005.format(count=READINGS, insert=READING.format(**values, body="x'00000000'", numbers="k"))
    series = f"generate_series(1, {READINGS}::bigint) AS s(k)"
    return READING.format(**values, body="'\\x00000000'::bytea", numbers=series)


async def digest(url: str) -> tuple[int, str]:
    """Of every column of every sample."""
    found = await rows(url, SAMPLES)
    return len(found), hashlib.sha256(repr([tuple(row) for row in found]).encode()).hexdigest()


async def test_every_row_is_still_there_and_what_goes_on_goes_on(empty_url: str, backups: Path) -> None:
    before = await schema_0005(empty_url)
    head = (await asyncio.to_thread(ops.verify, empty_url)).head
    tracemalloc.start()
    report = await asyncio.to_thread(ops.upgrade, empty_url)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.before == "0005"
    assert report.copy is not None
    assert await digest(empty_url) == before
    assert before[0] > READINGS
    assert most < 30_000_000, "rows are moved by the database, not through this process"
    verified = await asyncio.to_thread(ops.verify, empty_url)
    assert (verified.ok, verified.head) == (True, head)
    for bed in BEDS:
        assert (await asyncio.to_thread(replay, empty_url, bed)).identical
    world = World(empty_url)
    async with world.open() as journal:  # numbers go on
        restored = await journal.restore("b3")
        assert restored is not None
        assert restored.seq == READINGS
        now_ms = restored.now_ms + 1
        await journal.append_durable(reading_step(READINGS + 1, Ms(now_ms), "b3"))
    numbers = "SELECT count(*), count(DISTINCT id), max(id) FROM samples"
    assert await rows(empty_url, numbers) == [(before[0] + 1, before[0] + 1, 1_000_000 + READINGS + 1)]


async def test_each_month_has_its_own_partition_and_the_copy_is_of_the_old_schema(
    postgres: Postgres, backups: Path
) -> None:
    url = await asyncio.to_thread(postgres.empty)
    before = await schema_0005(url)
    report = await asyncio.to_thread(ops.upgrade, url)
    parts = "SELECT tableoid::regclass::text, min(wall_us), max(wall_us), count(*) FROM samples GROUP BY 1 ORDER BY 2"
    found = await rows(url, parts)
    assert len(found) >= MONTHS
    assert OTHER not in {name for name, *_ in found}
    for name, first_us, last_us, _ in found:
        month = month_of(wall((first_us - int(wall(0).timestamp() * 1_000_000)) // 1000))
        assert month.name == name
        assert month.from_us <= first_us <= last_us < month.until_us
    assert sum(count for *_, count in found) == before[0]
    copy = await asyncio.to_thread(postgres.empty)
    assert report.copy is not None
    assert Path(report.copy).parent == backups
    assert (await asyncio.to_thread(ops.restore, copy, report.copy)).ok
    assert await rows(copy, "SELECT version_num FROM alembic_version") == [("0005",)]
    assert await digest(copy) == before


async def test_the_copy_of_a_sqlite_journal_is_made_before_anything_is_changed(url: str) -> None:
    before = await schema_0005(url)
    report = await asyncio.to_thread(ops.upgrade, url)
    copy = f"sqlite+aiosqlite:///{report.copy}"
    assert await rows(copy, "SELECT version_num FROM alembic_version") == [("0005",)]
    assert await digest(copy) == before
    assert (await asyncio.to_thread(ops.verify, copy)).ok
