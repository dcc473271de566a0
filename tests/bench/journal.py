"""G6 and G8: the journal beside raw sqlite3 executemany (WAL, FULL) and a bare fdatasync, in one interleaved run.

Every second of all beds is one batch, given in turn to
- the journal: the whole way from `append` on the loop's thread to "durable" told to it, all threads' CPU;
- "same rows": executemany of the very rows that the journal stores, with its index, already packed outside of the
  measured time: what SQLite alone costs, and no program can reach it that has to pack what it stores;
- "packed by hand": the same columns and index, each bed's second packed by one fixed struct from the same records;
  the fair limit: the same information, the same input, none of the journal's generality (any device, any signals,
  qualities, lossless order, hash chain, faults);
- "row per sample": the narrow table without an index: quick to write, three times the bytes, slow to read.
Only ratios mean anything. Latency is measured in a second run: readings come in evenly, are flushed by the journal's
own clock, and a bare fdatasync runs beside it at the same pace.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pumpd.device.facts import Integrity, PumpStatus, Reading, Vitals
from pumpd.journal import BootInfo, Journal, StepRecord
from pumpd.journal.rows import Builder, Marks, Names, micros
from pumpd.journal.shapes import Shapes
from pumpd.journal.writer import Limits
from pumpd.safety.events import Heard, Tick
from pumpd.units import Ms
from tests.bench.report import Row, percentile

SIGNALS = ("rr", "spo2", "etco2", "fico2", "pulse", "no_breath", "no_breath_s", "ipi")
SAMPLES_PER_STEP = len(SIGNALS) + 3  # and the pump's infusing, rate and volume
PACKED_I16_BYTES = 6.7  # packed i16 row per frame with index, measured for this machine class
ZERO = datetime(2026, 1, 15, tzinfo=UTC)


@cache
def _names(bed: int) -> tuple[str, str, str]:
    """Bed, monitor and pump: made once, as in the daemon, where they come from the ward file."""
    return f"b{bed}", f"b{bed}-m1", f"b{bed}-p1"


def frames(bed: int, second: int) -> list[StepRecord]:
    """What one bed says in one second: a monitor frame, a pump status, a tick."""
    now, seq = 1000 * second, 3 * second + 1
    readings = tuple(Reading(name, 1000 * (14 + (bed + second + i) % 90)) for i, name in enumerate(SIGNALS))
    vitals = Vitals(readings, f"2026-01-15T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}", Integrity.SUM8)
    status = PumpStatus(True, 1_800, second * 500, Ms(now + 380), Integrity.CRC16, "8002-51740", mode="INFUSE")
    name, monitor, pump = _names(bed)
    events = (Heard(monitor, vitals), Heard(pump, status), Tick())
    return [
        StepRecord(name, seq + i, Ms(now + 200 * (i + 1)), ZERO + timedelta(milliseconds=now), event, ())
        for i, event in enumerate(events)
    ]


@dataclass
class Party:
    """Wall times of one party's batches, and the CPU of all of them together."""

    walls_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        began, cpu = time.perf_counter(), time.process_time()
        yield
        self.walls_s.append(time.perf_counter() - began)
        self.cpu_s += time.process_time() - cpu


@dataclass
class Parties:
    journal: Party = field(default_factory=Party)
    packed: Party = field(default_factory=Party)
    by_hand: Party = field(default_factory=Party)
    narrow: Party = field(default_factory=Party)
    sync: Party = field(default_factory=Party)


def _raw_database(path: Path, *create: str) -> sqlite3.Connection:
    raw = sqlite3.connect(path)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *create):
        raw.execute(statement)
    return raw


def _insert(raw: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    raw.executemany(f"INSERT INTO s VALUES ({', '.join('?' * len(rows[0]))})", rows)
    raw.commit()


def _narrow_rows(beds: int, second: int) -> list[tuple[Any, ...]]:
    return [(second, bed, metric, 14.5) for bed in range(beds) for metric in range(SAMPLES_PER_STEP)]


_SHORT = struct.Struct(f"<BI{len(SIGNALS)}hBiiHB")


def _pack_by_hand(beds: int, records: list[StepRecord], second: int) -> list[tuple[Any, ...]]:
    """What somebody would write who knew that every bed says just this every second: one fixed struct a bed."""
    rows = []
    for bed, (vitals, status, _) in enumerate(zip(records[::3], records[1::3], records[2::3], strict=True)):
        frame, pump = vitals.event.fact, status.event.fact
        values = [reading.value_milli // 100 for reading in frame.readings]
        ago = status.now_ms - pump.requested_ms
        body = _SHORT.pack(1, second, *values, pump.infusing, pump.rate_ul_h, pump.volume_ul, ago, 1)
        rows.append((second * beds + bed, bed, vitals.seq, vitals.now_ms, micros(vitals.wall), body))
    return rows


class _Round:
    """One second of all beds, for each party in turn."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        table = "CREATE TABLE s (id INTEGER PRIMARY KEY, bed, seq, now_ms, wall_us, body BLOB)"
        index = "CREATE INDEX i ON s (bed, now_ms)"
        self._packed = _raw_database(folder / "packed.db", table, index)
        self._by_hand = _raw_database(folder / "by_hand.db", table, index)
        self._narrow = _raw_database(
            folder / "narrow.db", "CREATE TABLE s (ts INTEGER, device INTEGER, metric INTEGER, value REAL)"
        )
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
        with parties.packed.timed():
            _insert(self._packed, batch.samples)
        with parties.by_hand.timed():
            _insert(self._by_hand, _pack_by_hand(beds, records, second))
        with parties.narrow.timed():
            _insert(self._narrow, _narrow_rows(beds, second))
        with parties.sync.timed():
            os.pwrite(self._sync, b"x" * 4096, 4096 * second)
            os.fdatasync(self._sync)

    def close(self) -> None:
        os.close(self._sync)
        self._packed.close()
        self._by_hand.close()
        self._narrow.close()


async def _batches(folder: Path, beds: int, seconds: int) -> tuple[Parties, int]:
    path = folder / "journal.db"
    journal = await Journal.open(f"sqlite+aiosqlite:///{path}", BootInfo("bench", 0, ZERO))
    rounds = _Round(folder, journal)
    for second in range(seconds):
        await rounds.run(beds, second)
    rounds.close()
    await journal.close()
    return rounds.parties, path.stat().st_size


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


def _cpu_rows(parties: Parties, samples: int) -> list[Row]:
    limits = (
        (parties.narrow, 2.0, "limit: executemany, a row per sample"),
        (parties.by_hand, None, "limit: executemany of the same information, packed by hand"),
        (parties.packed, None, "limit: executemany of the same rows, packed before"),
    )
    us = 1e6 / samples
    journal = parties.journal.cpu_s * us
    return [Row("G6", "CPU per sample", journal, p.cpu_s * us, "us", allowed, note) for p, allowed, note in limits]


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
    """Rows of the report. One commit a second of all beds, as the daemon does when nothing is urgent."""
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        parties, size = asyncio.run(_batches(Path(name), beds, seconds))
        waits_s, control_s = asyncio.run(_paced(Path(name), beds, paced_s))
    samples = beds * seconds * SAMPLES_PER_STEP
    size_note = f"{beds} beds, {seconds} s"
    return [
        Row("G8", "stored bytes per sample", size / samples, PACKED_I16_BYTES, "B", 1.5, size_note),
        *_cpu_rows(parties, samples),
        *_latency_rows(waits_s, control_s),
        *_batch_rows(parties),
    ]


if __name__ == "__main__":
    for row in measure():
        print(row, f"{row.ratio:.2f}x", row.verdict)
