"""Extremes read from packed rows are those of the readings themselves, however these were packed."""

from __future__ import annotations

import random
from collections import defaultdict

from pumpd.device.facts import Integrity, PumpStatus, Quality, Reading, Vitals
from pumpd.journal import engine as engines
from pumpd.journal.query import read_steps
from pumpd.journal.scan import Scanned, scan
from pumpd.safety.events import Heard, Tick
from pumpd.units import Ms
from tests.journal.steps import opened, reading_step

SIGNALS = ("rr", "spo2", "temp")
PARTS = 7
TIMES = (None, "2026-01-15T10:00:00", "a clock that is no clock")


def frame(rnd: random.Random, names: tuple[str, ...]) -> Vitals:
    """Anything that a monitor may say: missing values, odd qualities, numbers of every width."""
    span = rnd.choice((50, 3_000_000, 2**40))
    readings = []
    for name in names:
        value = rnd.randint(-span, span) * rnd.choice((1, 100))
        quality = rnd.choice((Quality.OK, Quality.OK, Quality.INVALID, Quality.QUESTIONABLE))
        readings.append(Reading(name, None if quality is Quality.INVALID else value, quality))
    return Vitals(tuple(readings), rnd.choice(TIMES), Integrity.CRC16)


def status(rnd: random.Random) -> PumpStatus:
    numbers = [rnd.choice((None, rnd.randint(0, 10**6))) for _ in range(2)]
    pressure = rnd.choice((None, "120"))
    return PumpStatus(True, numbers[0], numbers[1], None, Integrity.CRC16, "8002", pressure_mmhg=pressure)


async def record(url: str, rnd: random.Random) -> int:
    """Frames of two monitors, statuses and ticks; the time after the last."""
    now_ms = 1_000
    async with opened(url) as journal:
        token = 0
        for seq in range(1, 400):
            now_ms += rnd.choice((0, 30, 900, 80_000))
            event = rnd.choice(
                (
                    Heard("m1", frame(rnd, ("rr", "spo2"))),
                    Heard("m2", frame(rnd, ("spo2", "temp", "etco2"))),
                    Heard("p1", status(rnd)),
                    Tick(),
                )
            )
            token = journal.append(reading_step(seq, now_ms, event=event))
        await journal.durable(token)
    return now_ms + 1


async def test_a_scan_finds_what_the_readings_say(any_url: str) -> None:
    rnd = random.Random(5)
    until_ms = await record(any_url, rnd)
    engine = engines.make_engine(engines.parse_url(any_url), reading=True)
    async with engine.connect() as connection:
        steps = [step async for step in read_steps(connection, 1)]
        for from_ms, end_ms in ((0, until_ms), (until_ms // 3, until_ms // 2), (until_ms, until_ms + 1)):
            found = await scan(connection, 1, SIGNALS, from_ms, end_ms, PARTS)
            assert {one.signal: summary(one) for one in found} == expected(steps, from_ms, end_ms)
    await engine.dispose()


Summary = tuple[int, tuple[int, int, str], tuple[int, int, str], tuple[int | None, ...], tuple[int | None, ...]]


def summary(one: Scanned) -> Summary:
    low, high = one.lowest, one.highest
    ends = (low.value_milli, low.now_ms, low.device), (high.value_milli, high.now_ms, high.device)
    return one.count, *ends, one.lows, one.highs


def expected(steps: list[tuple[int, Ms, object]], from_ms: int, until_ms: int) -> dict[str, Summary]:
    """The same from the events, one reading at a time."""
    seen: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for _, now_ms, event in steps:
        if isinstance(event, Heard) and isinstance(event.fact, Vitals) and from_ms <= now_ms < until_ms:
            for reading in event.fact.readings:
                if reading.signal in SIGNALS and reading.quality is Quality.OK and reading.value_milli is not None:
                    seen[reading.signal].append((reading.value_milli, now_ms, event.device))
    return {signal: of(found, from_ms, until_ms) for signal, found in seen.items()}


def of(found: list[tuple[int, int, str]], from_ms: int, until_ms: int) -> Summary:
    parts: dict[int, list[int]] = defaultdict(list)
    for value, now_ms, _ in found:
        parts[(now_ms - from_ms) * PARTS // (until_ms - from_ms)].append(value)
    lows = tuple(min(parts[part]) if part in parts else None for part in range(PARTS))
    highs = tuple(max(parts[part]) if part in parts else None for part in range(PARTS))
    lowest = min(found, key=lambda one: (one[0], one[1]))
    highest = max(found, key=lambda one: (one[0], -one[1]))
    return len(found), lowest, highest, lows, highs
