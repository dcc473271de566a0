"""G7, G8 on PostgreSQL, and 1,000 beds at one frame a second for a minute on either database, all durable.

A server of its own with PostgreSQL's default durability (fsync, synchronous_commit) in a temporary folder.
G7: a thousand rows, one for each bed, in turn by the journal's writer and by a bare asyncpg COPY into a table of the
same columns and index. Both get rows that are packed already; the whole way, packing included, is a row of its own.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from pumpd.journal import BootInfo, Journal
from pumpd.journal.inbox import Entry
from pumpd.journal.store import Store
from tests.bench.journal import Party
from tests.bench.journal_given import SAMPLES_PER_STEP, ZERO, frames
from tests.bench.report import Row, percentile
from tests.postgres import Postgres

BEDS = 1000
PACKED_I16_BYTES = 7.6  # packed i16 row per frame without an index, measured for this machine class
COLUMNS = ("id", "bed", "seq", "now_ms", "wall_us", "body")
BARE = (
    "CREATE TABLE bare (id bigint NOT NULL, seq bigint NOT NULL, now_ms bigint NOT NULL, wall_us bigint NOT NULL,"
    " bed integer NOT NULL, body bytea NOT NULL)",
    "CREATE INDEX bare_bed_minute ON bare (bed, (now_ms / 600000))",
)
SIZE = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'samples'::regclass"
PARTS_OF_A_SECOND = 20


@contextmanager
def server() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="pumpd-bench-pg-"))
    shutil.chown(folder, "postgres", "postgres")
    made = Postgres(folder)
    made.make()
    made.start()
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _connect(url: str) -> Any:
    database, _, host = url.partition("@/")[2].partition("?host=")
    return await asyncpg.connect(host=host, user="pumpd", database=database)


async def _bare(url: str) -> Any:
    connection = await _connect(url)
    for statement in BARE:
        await connection.execute(statement)
    return connection


async def _rounds(url: str, rounds: int) -> tuple[Party, Party, Party]:
    """The writer with packed rows, the bare COPY of the same rows, and the writer with packing and all."""
    bare, store = await _bare(url), await Store.open(url, BootInfo("bench", 0, ZERO))
    ours, limit, whole = Party(), Party(), Party()
    write, written = store._write, list[Any]()

    async def timed(connection: Any, work: Any, *more: Any) -> None:
        written.append(work)
        with ours.timed():
            await write(connection, work, *more)

    store._write = timed  # type: ignore[method-assign]
    for second in range(rounds):
        records = [record for bed in range(BEDS) for record in frames(bed, second)]
        entries = [Entry(n, 0, False, record) for n, record in enumerate(records, 1)]
        with whole.timed():
            await store.commit(entries)
        rows = next(rows for text, rows in written.pop() if text.startswith("INSERT INTO samples "))
        with limit.timed():
            await bare.copy_records_to_table("bare", records=rows, columns=COLUMNS)
    await store.close()
    await bare.close()
    return ours, limit, whole


async def _sustained(url: str, seconds: int) -> tuple[list[float], float]:
    """Seconds from append to durable of the last record of each second, and the share of a core."""
    journal = await Journal.open(url, BootInfo("bench", 0, ZERO))
    loop, waits_s, cpu = asyncio.get_running_loop(), list[float](), time.process_time()
    zero, share = loop.time(), BEDS // PARTS_OF_A_SECOND
    for second in range(seconds):
        for part in range(PARTS_OF_A_SECOND):
            await asyncio.sleep(max(0, zero + second + part / PARTS_OF_A_SECOND - loop.time()))
            for bed in range(part * share, (part + 1) * share):
                for record in frames(bed, second):
                    token = journal.append(record)
        began = loop.time()
        waiting = journal._waiters.durable(token, loop)  # only listens: Journal.durable would ask for a flush
        waiting.add_done_callback(lambda _, began=began: waits_s.append(loop.time() - began))
    await waiting
    used = (time.process_time() - cpu) / (loop.time() - zero)
    dropped = journal.stats().dropped_readings + journal.stats().dropped_records
    await journal.close()
    if dropped or len(waits_s) != seconds:
        raise RuntimeError(f"{dropped} records were dropped, {len(waits_s)} of {seconds} seconds became durable")
    return waits_s, used


def _sustained_rows(name: str, waits_s: list[float], used: float) -> list[Row]:
    note = f"{BEDS} beds at 1 Hz, {len(waits_s)} s, {BEDS * SAMPLES_PER_STEP} values a second; nothing dropped"
    return [
        Row("A3", f"{name}: sample to durable, p99", percentile(waits_s, 0.99) * 1e3, 2000, "ms", 1.0, note),
        Row("A3", f"{name}: the last second's wait", waits_s[-1] * 1e3, 2000, "ms", 1.0, "it does not fall behind"),
        Row("A3", f"{name}: share of a core", used * 100, 100, "%", None, "making the frames included"),
    ]


async def _bytes(url: str, beds: int = 100, seconds: int = 1200) -> float:
    """Of a ward's twenty minutes: an index that was just begun would be none that was used."""
    store = await Store.open(url, BootInfo("bench", 0, ZERO))
    for second in range(seconds):
        records = [record for bed in range(beds) for record in frames(bed, second)]
        await store.commit([Entry(n, 0, False, record) for n, record in enumerate(records, 1)])
    await store.close()
    connection = await _connect(url)
    size = await connection.fetchval(SIZE)
    await connection.close()
    return float(size) / (beds * seconds * SAMPLES_PER_STEP)


def _copy_rows(ours: Party, limit: Party, whole: Party) -> list[Row]:
    bare = BEDS / median(limit.walls_s)
    note = f"{len(ours.walls_s)} rounds of {BEDS} rows; limit: asyncpg COPY of the same rows, same index"
    return [
        Row(
            "G7",
            "PostgreSQL: packed rows written",
            BEDS / median(ours.walls_s),
            bare,
            "rows/s",
            0.7,
            note,
            at_least=True,
        ),
        Row("G7", "PostgreSQL: the same with packing", BEDS / median(whole.walls_s), bare, "rows/s", None, note),
    ]


def measure(rounds: int = 60, seconds: int = 60) -> list[Row]:
    """Rows of the report."""
    with server() as made, tempfile.TemporaryDirectory(prefix="pumpd-bench-") as folder:
        parties = asyncio.run(_rounds(made.journal(), rounds))
        size = asyncio.run(_bytes(made.journal()))
        there = asyncio.run(_sustained(made.journal(), seconds))
        here = asyncio.run(_sustained(f"sqlite+aiosqlite:///{folder}/sustained.db", seconds))
    size_note, most = "100 beds, 20 minutes; table and index", 11.5 / PACKED_I16_BYTES
    return [
        *_copy_rows(*parties),
        Row("G8", "PostgreSQL: stored bytes per sample", size, PACKED_I16_BYTES, "B", most, size_note),
        *_sustained_rows("PostgreSQL", *there),
        *_sustained_rows("SQLite", *here),
    ]


if __name__ == "__main__":
    for row in measure():
        print(row, f"{row.ratio:.2f}x", row.verdict)
