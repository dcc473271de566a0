"""Every model that can be stopped: a slip at its panel, the stop's bytes, the verified stop; and one that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.any_pump import STOPPABLE, pump_beds
from tests.acceptance.daemon import Pumpd, ready, screen

SLIP_UL_H = 108_000  # 1.5 mg/kg/h at 72 kg and 1 mg/mL
ORDER = ("armed", "tripped", "stop_acked", "stop_verified")


@pytest.mark.chaos
@pytest.mark.req("CEI-03", "CEI-06", "INT-01", "INT-02", "INT-03")
async def test_every_model_is_stopped_above_the_ceiling_and_verified_only_by_a_later_read(tmp_path: Path) -> None:
    async with (
        pump_beds(tmp_path, STOPPABLE) as (beds, file),
        await Pumpd.run(file) as daemon,
        screen(daemon) as seen,
    ):
        await daemon.until(ready)
        await seen.until(lambda s: all(s.pump(bed.id)["interlock"] == "armed" for bed in beds))
        assert all(bed.infuses and not bed.stops for bed in beds)
        for bed in beds:
            bed.key(SLIP_UL_H)
        for bed in beds:
            alarmed = await seen.until(lambda s, bed=bed: s.alarm(bed.id, "over_hard"))  # type: ignore[misc]
            verified = await seen.until(lambda s, bed=bed: s.pump(bed.id)["interlock"] == "stop_verified")  # type: ignore[misc]
            states = seen.interlocks(bed.id)
            assert states == [state for state in ORDER for _ in range(states.count(state))], bed.model
            assert bed.stops, bed.model
            assert any(bed.stops[0] < read < max(alarmed, verified) for read in bed.others), bed.model
            assert not bed.infuses, bed.model
        stops = [len(bed.stops) for bed in beds]
        reads = [len(bed.others) for bed in beds]
        await seen.until(lambda _: all(len(bed.others) > n + 6 for bed, n in zip(beds, reads, strict=True)))
        assert [len(bed.stops) for bed in beds] == stops, "nothing more to stop"
        assert all(bed.never("start", "rate") for bed in beds)


@pytest.mark.req("CEI-07", "INT-05")
async def test_a_graseby_whose_start_key_was_pressed_is_alarm_only_and_says_so(tmp_path: Path) -> None:
    async with (
        pump_beds(tmp_path, ["graseby_3400"]) as (beds, file),
        await Pumpd.run(file) as daemon,
        screen(daemon) as seen,
    ):
        await daemon.until(ready)
        bed = beds[0]
        await seen.until(lambda s: s.pump(bed.id)["interlock"] == "armed" and s.pump(bed.id)["control"] == "granted")
        bed.sim.local = True  # START ends the computer interface
        await seen.until(lambda s: s.pump(bed.id)["interlock"] == "alarm_only")
        bed.key(SLIP_UL_H)
        await seen.until(lambda s: s.alarm(bed.id, "over_hard"))
        by_hand = await seen.until(lambda s: "by hand" in str(s.alarms))
        assert by_hand
        assert not bed.stops
        assert bed.infuses


@pytest.mark.req("CEI-07")
async def test_a_pump_of_which_nobody_knows_whether_it_infuses_is_judged_as_if_it_did_and_stopped_by_hand(
    tmp_path: Path,
) -> None:
    async with (
        pump_beds(tmp_path, ["baxter_as50"]) as (beds, file),
        await Pumpd.run(file) as daemon,
        screen(daemon) as seen,
    ):
        await daemon.until(ready)
        bed = beds[0]
        await seen.until(lambda s: s.pump(bed.id)["interlock"] == "alarm_only" and s.pump(bed.id)["infusing"] is None)
        bed.key(SLIP_UL_H)
        await seen.until(lambda s: s.alarm(bed.id, "over_hard"))
        await seen.until(lambda s: "by hand" in str(s.alarms))
        assert bed.never("stop", "rate", "start")
