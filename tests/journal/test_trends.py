"""Trend lines show extremes, means and gaps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pumpd.device.facts import Quality
from pumpd.safety.events import Heard
from tests.journal.steps import opened, reading_step, wall
from tests.safety.build import vitals


async def test_each_bucket_has_min_mean_max_and_a_gap_is_none(any_url: str) -> None:
    async with opened(any_url) as journal:
        for seq, second in enumerate([*range(10), *range(20, 30)], 1):
            event = Heard("m1", vitals(rr=second, spo2=Quality.OFF))
            token = journal.append(reading_step(seq, 100_000 + second * 1_000, event=event))
        await journal.durable(token)
        found = await journal.trends("b1", ("rr", "spo2"), wall(100_000), wall(130_000), 3)
        rows = [(point.min_milli, point.mean_milli, point.max_milli) for point in found["rr"]]
        assert rows == [(0, 4_500, 9_000), (None, None, None), (20_000, 24_500, 29_000)]
        assert [point.at for point in found["rr"]] == [wall(100_000), wall(110_000), wall(120_000)]
        assert all(point.max_milli is None for point in found["spo2"]), "a sensor that is off has no value"


async def test_readings_outside_the_asked_time_and_bed_stay_out(any_url: str) -> None:
    async with opened(any_url) as journal:
        for seq, now_ms in enumerate((999, 1_000, 1_999, 2_000), 1):
            journal.append(reading_step(seq, now_ms, event=Heard("m1", vitals(rr=seq))))
        await journal.append_durable(reading_step(1, 1_500, bed="b2", event=Heard("m1", vitals(rr=50))))
        (point,) = (await journal.trends("b1", ("rr",), wall(1_000), wall(2_000), 1))["rr"]
        assert (point.min_milli, point.max_milli) == (2_000, 3_000)
        assert (await journal.trends("b9", ("rr",), wall(0), wall(9), 1))["rr"][0].min_milli is None


async def test_a_trend_that_makes_no_sense_is_refused(any_url: str) -> None:
    async with opened(any_url) as journal:
        with pytest.raises(ValueError, match="start before end"):
            await journal.trends("b1", ("rr",), wall(0), wall(0) - timedelta(seconds=1), 5)
