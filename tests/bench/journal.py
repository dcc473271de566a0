"""G6 and G8: the journal beside raw sqlite3 executemany (WAL, FULL) and a bare fdatasync, in one interleaved run.

Every second of all beds is one batch, given in turn to
- the journal: the whole way from `append` on the loop's thread to "durable" told to it, all threads' CPU;
- "same rows": executemany of the very rows that the journal stores, with its index, already packed outside of the
  measured time: what SQLite alone costs, and no program can reach it that has to pack what it stores;
- "packed by hand": the same columns and index, each bed's second packed by one fixed struct from the same records;
  the fair limit: the same information, the same input, none of the journal's generality (any device, any signals,
  qualities, lossless order, hash chain, faults);
- "row per sample": every value taken from the same records into the narrow table (time, device, metric, value) without
  an index: quick to write, two to three times the bytes, slow to read; not kept: sequence, wall time, qualities;
- "constants": as many narrow rows, all of one value and taken from nowhere: the least that a row of anything costs.
Nobody's time has the making of the records in it. What the journal does after it has told that a batch is durable (it
frees the records of the one before) is in its own. Loop, switch interval and collector are set as the daemon sets them.
Only ratios mean anything. Latency is measured in a second run: readings come in evenly, are flushed by the journal's
own clock, and a bare fdatasync runs beside it at the same pace.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pumpd.daemon.daemon import SWITCH_INTERVAL_S
from pumpd.journal import BootInfo, Journal
from pumpd.journal.batch import Marks
from pumpd.journal.limits import Limits
from pumpd.journal.rows import Builder, Names
from pumpd.journal.shapes import Shapes
from pumpd.loop import run_loop
from tests.bench.journal_given import (
    SAMPLES_PER_STEP,
    ZERO,
    constant_rows,
    frames,
    insert,
    narrow_rows,
    pack_by_hand,
    raw_database,
)
from tests.bench.report import Row, percentile

PACKED_I16_BYTES = 6.7  # packed i16 row per frame with index, measured for this machine class
SETTLES_S = 0.02  # what the journal still does when a batch is durable takes less


@dataclass
class Party:
    """Wall times of one party's batches, and the CPU of all of them together."""

    walls_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        began = time.perf_counter()
        with self.working():
            yield
        self.walls_s.append(time.perf_counter() - began)

    @contextmanager
    def working(self) -> Iterator[None]:
        """CPU only: whoever waited for the batch has been told."""
        cpu = time.process_time()
        yield
        self.cpu_s += time.process_time() - cpu


@dataclass
class Parties:
    journal: Party = field(default_factory=Party)
    packed: Party = field(default_factory=Party)
    by_hand: Party = field(default_factory=Party)
    narrow: Party = field(default_factory=Party)
    constants: Party = field(default_factory=Party)
    sync: Party = field(default_factory=Party)


class _Round:
    """One second of all beds, for each party in turn."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        table = "CREATE TABLE s (id INTEGER PRIMARY KEY, bed, seq, now_ms, wall_us, body BLOB)"
        index = "CREATE INDEX i ON s (bed, now_ms)"
        self._packed = raw_database(folder / "packed.db", table, index)
        self._by_hand = raw_database(folder / "by_hand.db", table, index)
        narrow = "CREATE TABLE s (ts INTEGER, device INTEGER, metric INTEGER, value REAL)"
        self._narrow = raw_database(folder / "narrow.db", narrow)
        self._constants = raw_database(folder / "constants.db", narrow)
        self._sync = os.open(folder / "sync", os.O_RDWR | os.O_CREAT)
        self._journal, self._builder, self._marks = journal, Builder(Names(), Shapes(), ""), Marks()
        self.parties = Parties()

    async def run(self, beds: int, second: int) -> None:
        records = [record for bed in range(beds) for record in frames(bed, second)]
        batch = self._builder.build(records, self._marks)
        self._marks = batch.marks
        parties = self.parties
        with parties.journal.timed():
            for record in records[:-1]:
                self._journal.append(record)
            await self._journal.append_durable(records[-1])
        with parties.journal.working():
            await asyncio.sleep(SETTLES_S)
        with parties.packed.timed():
            insert(self._packed, batch.samples)
        with parties.by_hand.timed():
            insert(self._by_hand, pack_by_hand(beds, records, second))
        with parties.narrow.timed():
            insert(self._narrow, narrow_rows(records))
        with parties.constants.timed():
            insert(self._constants, constant_rows(beds, second))
        with parties.sync.timed():
            os.pwrite(self._sync, b"x" * 4096, 4096 * second)
            os.fdatasync(self._sync)

    def close(self) -> None:
        os.close(self._sync)
        self._packed.close()
        self._by_hand.close()
        self._narrow.close()
        self._constants.close()


async def _batches(folder: Path, beds: int, seconds: int) -> tuple[Parties, int]:
    path = folder / "journal.db"
    journal = await Journal.open(f"sqlite+aiosqlite:///{path}", BootInfo("bench", 0, ZERO))
    rounds = _Round(folder, journal)
    gc.collect()
    gc.freeze()  # as the daemon does: what stays is not looked through again, whoever's turn it is
    for second in range(seconds):
        await rounds.run(beds, second)
    gc.unfreeze()
    rounds.close()
    await journal.close()
    return rounds.parties, path.stat().st_size


async def _empty_size(folder: Path) -> int:
    """A journal of nothing but tables: a fixed part of what two minutes take, of no part of what a day takes."""
    path = folder / "empty.db"
    await (await Journal.open(f"sqlite+aiosqlite:///{path}", BootInfo("bench", 0, ZERO))).close()
    return path.stat().st_size


def _control(path: Path, stop: threading.Event, times_s: list[float]) -> None:
    """A bare fdatasync as often as the journal flushes."""
    descriptor, at = os.open(path, os.O_RDWR | os.O_CREAT), 0
    while not stop.wait(Limits().flush_s):
        os.pwrite(descriptor, b"x" * 4096, at)
        began = time.perf_counter()
        os.fdatasync(descriptor)
        times_s.append(time.perf_counter() - began)
        at += 4096
    os.close(descriptor)


async def _paced(folder: Path, beds: int, seconds: int) -> tuple[list[float], list[float]]:
    """Seconds from append to durable of readings that come in evenly, and those of the paced control."""
    journal = await Journal.open(f"sqlite+aiosqlite:///{folder}/paced.db", BootInfo("bench", 0, ZERO))
    stop, control_s, waits_s = threading.Event(), list[float](), list[float]()
    control = threading.Thread(target=_control, args=(folder / "paced", stop, control_s))
    control.start()
    loop = asyncio.get_running_loop()
    zero = loop.time()
    for number in range(beds * seconds):
        await asyncio.sleep(max(0, zero + number / beds - loop.time()))
        began = loop.time()
        for record in frames(number % beds, number // beds):
            token = journal.append(record)
        waiting = journal._waiters.durable(token, loop)  # only listens: Journal.durable would ask for a flush
        waiting.add_done_callback(lambda _, began=began: waits_s.append(loop.time() - began))
    await waiting
    stop.set()
    control.join()
    await journal.close()
    return waits_s, control_s


def _cpu_rows(parties: Parties, beds: int, samples: int) -> list[Row]:
    limits = (
        (parties.narrow, 2.0, "limit: executemany, a row per sample, taken from the same records"),
        (parties.constants, None, "limit: executemany of as many narrow rows of one constant, taken from nowhere"),
        (parties.by_hand, None, "limit: executemany of the same information, packed by hand"),
        (parties.packed, None, "limit: executemany of the same rows, packed before"),
    )
    us = 1e6 / samples
    journal = parties.journal.cpu_s * us
    name = f"CPU per sample, {beds} beds"
    return [Row("G6", name, journal, p.cpu_s * us, "us", allowed, note) for p, allowed, note in limits]


def _latency_rows(waits_s: list[float], control_s: list[float]) -> list[Row]:
    flush_s, ms = Limits().flush_s, 1e3
    p90 = flush_s + 20 * percentile(control_s, 0.5)
    p99 = flush_s + 2 * percentile(control_s, 0.99)
    note = f"limit: {flush_s:g} s + 20 x p50 or 2 x p99 of {len(control_s)} paced fdatasyncs"
    return [
        Row("G6", "sample to durable p90", percentile(waits_s, 0.9) * ms, p90 * ms, "ms", 1.0, note),
        Row("G6", "sample to durable p99", percentile(waits_s, 0.99) * ms, p99 * ms, "ms", 1.0, note),
    ]


def _batch_rows(parties: Parties) -> list[Row]:
    """A batch alone, without the flush interval."""
    journal, sync, ms = parties.journal.walls_s, parties.sync.walls_s, 1e3
    limit = 20 * percentile(sync, 0.5)
    return [
        Row(
            "G6",
            "batch to durable p50",
            percentile(journal, 0.5) * ms,
            percentile(parties.by_hand.walls_s, 0.5) * ms,
            "ms",
            None,
            "limit: packed by hand",
        ),
        Row(
            "G6",
            "batch to durable p90",
            percentile(journal, 0.9) * ms,
            limit * ms,
            "ms",
            None,
            "limit: 20 x fdatasync p50",
        ),
        Row(
            "G6",
            "batch to durable p99",
            percentile(journal, 0.99) * ms,
            percentile(parties.by_hand.walls_s, 0.99) * ms,
            "ms",
            None,
            "limit: packed by hand",
        ),
    ]


def measure(beds: int = 100, seconds: int = 120, paced_s: int = 30) -> list[Row]:
    """Rows of the report. One commit a second of all beds, as the daemon does when nothing is urgent; CPU also of a
    hospital's thousand beds, of which what a commit costs whatever is in it is a lesser part.
    """
    many, many_s = 10 * beds, max(2, seconds // 10)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        hospital, _ = run_loop(_batches(Path(name), many, many_s))
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        parties, size = run_loop(_batches(Path(name), beds, seconds))
        empty = run_loop(_empty_size(Path(name)))
        waits_s, control_s = run_loop(_paced(Path(name), beds, paced_s))
    samples = beds * seconds * SAMPLES_PER_STEP
    size_note = f"{beds} beds, {seconds} s; the {empty / 1e3:.0f} kB of an empty journal are not in it"
    return [
        Row("G8", "stored bytes per sample", (size - empty) / samples, PACKED_I16_BYTES, "B", 1.5, size_note),
        *_cpu_rows(parties, beds, samples),
        *_cpu_rows(hospital, many, many * many_s * SAMPLES_PER_STEP),
        *_latency_rows(waits_s, control_s),
        *_batch_rows(parties),
    ]


if __name__ == "__main__":
    for row in measure():
        print(row, f"{row.ratio:.2f}x", row.verdict)
