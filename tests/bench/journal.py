"""G6 and G8: the journal beside raw sqlite3 executemany (WAL, FULL) and a bare fdatasync, in one interleaved run."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pumpd.device.facts import Integrity, PumpStatus, Reading, Vitals
from pumpd.journal import BootInfo, Journal, StepRecord
from pumpd.journal.writer import Limits
from pumpd.safety.events import Heard, Tick
from pumpd.units import Ms
from tests.bench.report import Row, percentile

SIGNALS = ("rr", "spo2", "etco2", "fico2", "pulse", "no_breath", "no_breath_s", "ipi")
SAMPLES_PER_STEP = len(SIGNALS) + 3  # and the pump's infusing, rate and volume
PACKED_I16_BYTES = 6.7  # packed i16 row per frame with index, measured for this machine class
ZERO = datetime(2026, 1, 15, tzinfo=UTC)


def frames(bed: int, second: int) -> list[StepRecord]:
    """What one bed says in one second: a monitor frame, a pump status, a tick."""
    now, seq = 1000 * second, 3 * second + 1
    readings = tuple(Reading(name, 1000 * (14 + (bed + second + i) % 90)) for i, name in enumerate(SIGNALS))
    vitals = Vitals(readings, f"2026-01-15T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}", Integrity.SUM8)
    status = PumpStatus(True, 1_800, second * 500, Ms(now + 380), Integrity.CRC16, "8002-51740", mode="INFUSE")
    events = (Heard(f"b{bed}-m1", vitals), Heard(f"b{bed}-p1", status), Tick())
    return [
        StepRecord(f"b{bed}", seq + i, Ms(now + 200 * (i + 1)), ZERO + timedelta(milliseconds=now), event, ())
        for i, event in enumerate(events)
    ]


@dataclass
class Times:
    journal: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    sync: list[float] = field(default_factory=list)
    journal_cpu: float = 0.0
    raw_cpu: float = 0.0


def _raw_database(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("CREATE TABLE s (ts INTEGER, device INTEGER, metric INTEGER, value REAL)")
    return raw


def _raw_second(raw: sqlite3.Connection, beds: int, second: int) -> None:
    rows = [(second, bed, metric, 14.5) for bed in range(beds) for metric in range(SAMPLES_PER_STEP)]
    raw.executemany("INSERT INTO s VALUES (?, ?, ?, ?)", rows)
    raw.commit()


async def _run(folder: Path, beds: int, seconds: int) -> tuple[Times, int]:
    times, path = Times(), folder / "journal.db"
    boot = BootInfo("bench", 0, ZERO)
    journal = await Journal.open(f"sqlite+aiosqlite:///{path}", boot)
    raw = _raw_database(folder / "raw.db")
    descriptor = os.open(folder / "sync", os.O_RDWR | os.O_CREAT)
    for second in range(seconds):
        records = [record for bed in range(beds) for record in frames(bed, second)]
        began, cpu = time.perf_counter(), time.process_time()
        for record in records[:-1]:
            journal.append(record)
        await journal.append_durable(records[-1])
        times.journal.append(time.perf_counter() - began)
        times.journal_cpu += time.process_time() - cpu
        began, cpu = time.perf_counter(), time.process_time()
        _raw_second(raw, beds, second)
        times.raw.append(time.perf_counter() - began)
        times.raw_cpu += time.process_time() - cpu
        began = time.perf_counter()
        os.pwrite(descriptor, b"x" * 4096, 4096 * second)
        os.fdatasync(descriptor)
        times.sync.append(time.perf_counter() - began)
    os.close(descriptor)
    raw.close()
    await journal.close()
    return times, path.stat().st_size


def measure(beds: int = 100, seconds: int = 120) -> list[Row]:
    """Rows of the report. One commit a second of all beds, as the daemon does when nothing is urgent."""
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        times, size = asyncio.run(_run(Path(name), beds, seconds))
    samples = beds * seconds * SAMPLES_PER_STEP
    ms = 1e3
    p50, p90, sync = percentile(times.journal, 0.5), percentile(times.journal, 0.9), percentile(times.sync, 0.5)
    return [
        Row("G8", "stored bytes per sample", size / samples, PACKED_I16_BYTES, "B", 1.5, f"{beds} beds, {seconds} s"),
        Row("G6", "batch to durable p50", p50 * ms, percentile(times.raw, 0.5) * ms, "ms", None, "limit: executemany"),
        Row(
            "G6",
            "sample to durable p90",
            (Limits().flush_s + p90) * ms,
            (1 + 20 * sync) * ms,
            "ms",
            1.0,
            f"flush interval + batch; limit: 1 s + 20 x fdatasync p50; batch alone {p90 * ms:.1f} ms",
        ),
        Row(
            "G6",
            "CPU per sample",
            times.journal_cpu / samples * 1e6,
            times.raw_cpu / samples * 1e6,
            "us",
            2.0,
            "limit: executemany, a row per sample; the loop's thread and the journal's together",
        ),
        Row("G6", "samples per second", samples / sum(times.journal), samples / sum(times.raw), "/s", None),
    ]


if __name__ == "__main__":
    for row in measure():
        print(row, f"{row.ratio:.2f}x", row.verdict)
