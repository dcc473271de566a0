"""What every party of the journal's bench is given, and what the bare ones make of it (see tests.bench.journal)."""

from __future__ import annotations

import sqlite3
import struct
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pumpd.device.facts import Integrity, PumpStatus, Reading, Vitals
from pumpd.journal import StepRecord
from pumpd.safety.events import Heard, Tick
from pumpd.units import Ms

SIGNALS = ("rr", "spo2", "etco2", "fico2", "pulse", "no_breath", "no_breath_s", "ipi")
SAMPLES_PER_STEP = len(SIGNALS) + 3  # and the pump's infusing, rate and volume
ZERO = datetime(2026, 1, 15, tzinfo=UTC)
ZERO_NS = 1_000_000_000 * int(ZERO.timestamp())


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
        StepRecord(name, seq + i, Ms(now + 200 * (i + 1)), ZERO_NS + 1_000_000 * now, event, ())
        for i, event in enumerate(events)
    ]


def raw_database(path: Path, *create: str) -> sqlite3.Connection:
    raw = sqlite3.connect(path)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *create):
        raw.execute(statement)
    return raw


def insert(raw: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    raw.executemany(f"INSERT INTO s VALUES ({', '.join('?' * len(rows[0]))})", rows)
    raw.commit()


def constant_rows(beds: int, second: int) -> list[tuple[Any, ...]]:
    return [(second, bed, metric, 14.5) for bed in range(beds) for metric in range(SAMPLES_PER_STEP)]


def narrow_rows(records: list[StepRecord]) -> list[tuple[Any, ...]]:
    """Every sample of the records; devices are numbered as they come."""
    rows: list[tuple[Any, ...]] = []
    for bed, (vitals, status) in enumerate(zip(records[::3], records[1::3], strict=True)):
        at, device = vitals.now_ms, 2 * bed
        rows += [(at, device, metric, one.value_milli / 1000) for metric, one in enumerate(vitals.event.fact.readings)]
        at, device, pump = status.now_ms, device + 1, status.event.fact
        values = (pump.infusing, pump.rate_ul_h / 1000, pump.volume_ul / 1000)
        rows += [(at, device, metric, value) for metric, value in enumerate(values, len(SIGNALS))]
    return rows


_SHORT = struct.Struct(f"<BI{len(SIGNALS)}hBiiHB")


def pack_by_hand(beds: int, records: list[StepRecord], second: int) -> list[tuple[Any, ...]]:
    """What somebody would write who knew that every bed says just this every second: one fixed struct a bed."""
    rows = []
    for bed, (vitals, status, _) in enumerate(zip(records[::3], records[1::3], records[2::3], strict=True)):
        frame, pump = vitals.event.fact, status.event.fact
        values = [reading.value_milli // 100 for reading in frame.readings]
        ago = status.now_ms - pump.requested_ms
        body = _SHORT.pack(1, second, *values, pump.infusing, pump.rate_ul_h, pump.volume_ul, ago, 1)
        rows.append((second * beds + bed, bed, vitals.seq, vitals.now_ms, vitals.wall_ns // 1000, body))
    return rows
