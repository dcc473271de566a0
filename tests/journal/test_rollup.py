"""Roll-ups say what the samples said, whoever looks and however often they are made."""

from __future__ import annotations

import random
from datetime import timedelta

from pumpd.device.facts import Quality
from pumpd.journal import Journal, TrendPoint
from pumpd.journal import trends as trend_lines
from pumpd.journal.rollup import roll_up
from pumpd.safety.events import Heard
from tests.journal.letters import rows
from tests.journal.steps import opened, reading_step, wall
from tests.safety.build import vitals

HOUR_MS = 3_600_000
ALL = "SELECT bed, span_s, signal, from_ms, low_milli, high_milli, sum_milli, count FROM rollups ORDER BY 1, 2, 3, 4"


async def day(journal: Journal, hours: int = 3, step_ms: int = 14_600) -> None:
    """Two beds, values that jump, a sensor that is off now and then, half an hour without a word."""
    chance = random.Random(7)
    seq = 0
    for now_ms in range(1_234, hours * HOUR_MS, step_ms):
        if HOUR_MS < now_ms < 1.5 * HOUR_MS:
            continue
        seq += 1
        spo2 = Quality.OFF if chance.random() < 0.1 else chance.randint(80, 100)
        event = Heard("m1", vitals(rr=chance.randint(4, 40), spo2=spo2))
        journal.append(reading_step(seq, now_ms, event=event))
        token = journal.append(reading_step(seq, now_ms + 5, bed="b2", event=event))
    await journal.durable(token)


async def lines(journal: Journal, start_ms: int, end_ms: int, points: int) -> dict[str, list[TrendPoint]]:
    return await journal.trends("b1", ("rr", "spo2"), wall(start_ms), wall(end_ms), points)


async def test_a_trend_of_roll_ups_is_that_of_the_samples(any_url: str) -> None:
    spans = [(0, 2 * HOUR_MS, 12), (0, 3 * HOUR_MS, 18), (HOUR_MS // 2, 5 * HOUR_MS // 2, 4), (0, 150 * 60_000, 1)]
    async with opened(any_url) as journal:
        await day(journal)
        raw = [await lines(journal, *span) for span in spans]
        assert await roll_up(journal) == 2 * 9, "three hours less the half and what is not over, of two beds"
        assert [await lines(journal, *span) for span in spans] == raw
        used = [trend_lines.rollup_for((end - start) // points) for start, end, points in spans]
        assert used == [60, 60, 60, 900]
        narrow = await lines(journal, 0, HOUR_MS, 240)
    assert all(point.min_milli is not None for point in narrow["rr"]), "fifteen seconds are not asked of minutes"


async def test_rolling_up_twice_or_after_a_restart_changes_nothing(any_url: str) -> None:
    async with opened(any_url) as journal:
        await day(journal, hours=1)
        assert await roll_up(journal) == 2 * 3
        before = await rows(any_url, ALL)
        assert await roll_up(journal) == 0
    async with opened(any_url) as journal:
        assert await roll_up(journal) == 0
        assert await rows(any_url, ALL) == before
        assert await rows(any_url, "SELECT bed, until_ms FROM rolled ORDER BY bed") == [(1, 2_700_000), (2, 2_700_000)]
        later = [reading_step(10_000 + n, 3_500_000 + n * 60_000, event=Heard("m1", vitals(rr=9))) for n in range(20)]
        for record in later:
            token = journal.append(record)
        await journal.durable(token)
        assert await roll_up(journal) == 1 + 1 + 1, "b1 twice, b2 once: its last quarter is over as well"
    assert len(await rows(any_url, ALL)) > len(before)


async def test_a_span_of_roll_ups_begins_and_ends_with_samples(any_url: str) -> None:
    """Before the first whole roll-up and after the last one nothing is left out."""
    async with opened(any_url) as journal:
        await day(journal)
        await roll_up(journal)
        start, end = wall(30_500), wall(3 * HOUR_MS)
        (point,) = (await journal.trends("b1", ("rr",), start, end, 1))["rr"]
        minutes = (await journal.trends("b1", ("rr",), start, end, 200))["rr"]
        assert point.min_milli == min(one.min_milli for one in minutes if one.min_milli is not None)
        assert point.max_milli == max(one.max_milli for one in minutes if one.max_milli is not None)
        assert end - start > timedelta(hours=2)
