"""The daemon is told to end, or is not let run for a while."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from pumpd.sim.syringe import COMMS_TIMEOUT
from tests.acceptance.daemon import LOOK_S, WAIT_S, Pumpd, alarm_of, bed_of, pump_of, ready, said
from tests.acceptance.ward import chaos_ward

pytestmark = pytest.mark.chaos

BED = "demo-01"
NEXT = "demo-02"
LEASE_MS = 4000
MARGIN_MS = 500  # for what was still on the line at the kill
SLEEP_S = 5.5  # longer than vitals are live, than a status is, and than the lease


@pytest.mark.req("INT-06", "INT-03")
async def test_told_to_end_it_hands_control_back_and_leaves_the_infusion_alone(tmp_path: Path) -> None:
    async with chaos_ward(tmp_path, beds=2) as ward:
        daemon = await Pumpd.run(ward.file)
        await daemon.until(lambda w: ready(w) and all(b["pumps"][0]["control"] == "granted" for b in w["beds"]))
        assert await daemon.signal(signal.SIGTERM) == 0
        assert "Traceback" not in daemon.text
        for bed, witness in zip(ward.sim.beds, ward.witnesses, strict=True):
            await witness.until("REMOTE_CTRL^DISABLED")  # control is handed back
            assert witness.heard[-1][1] == "REMOTE_CTRL^DISABLED"
            assert not bed.pump.controlled
            assert bed.pump.pump.infusing
            bed.pump.advance(bed.now_ms() + 2 * LEASE_MS)  # as it will be when a lease would have run out
            assert bed.pump.pump.infusing
            assert COMMS_TIMEOUT not in bed.pump.pump.alarms
        assert ward.never_started()
        code, text = await said("db", "verify", "--journal", ward.url)
        assert code == 0, text


@pytest.mark.req("INT-06")
async def test_killed_the_pump_holds_and_alarms_by_itself_within_its_lease(tmp_path: Path) -> None:
    async with chaos_ward(tmp_path) as ward:
        daemon = await Pumpd.run(ward.file)
        await daemon.until(lambda w: ready(w) and w["beds"][0]["pumps"][0]["control"] == "granted")
        bed = ward.sim.beds[0]
        await daemon.kill()
        killed_ms = bed.now_ms()
        assert bed.pump.controlled
        assert bed.pump.pump.infusing
        assert not ward.witnesses[0].times("REMOTE_CTRL^DISABLED")
        async with asyncio.timeout(WAIT_S):
            while bed.pump.pump.infusing:
                lapses_ms = bed.pump.pump.lease_until_ms  # at this very moment it holds, however late somebody looks
                await asyncio.sleep(LOOK_S)  # how often somebody looks at the pump; nothing is sent to it
                bed.pump.advance(bed.now_ms())
        assert lapses_ms is not None
        assert lapses_ms - killed_ms <= LEASE_MS + MARGIN_MS
        assert COMMS_TIMEOUT in bed.pump.pump.alarms
        assert not ward.witnesses[0].times("INF_STOP"), "the pump's own watchdog stopped it, nobody else"
        async with await Pumpd.run(ward.file) as again:
            seen = await again.until(lambda w: alarm_of(w, BED, f"device_alarm:{COMMS_TIMEOUT}") and ready(w))
            assert pump_of(seen, BED)["infusing"] is False
            assert ward.never_started()


@pytest.mark.req("INT-02", "INT-06")
async def test_a_pump_whose_stop_is_not_verified_is_not_handed_back_so_that_its_own_watchdog_stops_it(
    tmp_path: Path,
) -> None:
    async with chaos_ward(tmp_path, beds=2) as ward:
        daemon = await Pumpd.run(ward.file)
        await daemon.until(lambda w: ready(w) and all(b["pumps"][0]["control"] == "granted" for b in w["beds"]))
        runaway, calm = ward.sim.beds
        runaway.pump.faults.stop_ignored = True
        runaway.act("tenfold-rate")
        await daemon.until(lambda w: alarm_of(w, BED, "over_hard"))
        assert await daemon.signal(signal.SIGTERM) == 0
        await ward.witnesses[1].until("REMOTE_CTRL^DISABLED")
        assert not ward.witnesses[0].times("REMOTE_CTRL^DISABLED")
        assert runaway.pump.controlled, "the lease runs"
        assert runaway.pump.pump.infusing
        runaway.pump.advance(runaway.now_ms() + LEASE_MS)  # as it will be when the lease has run out
        assert not runaway.pump.pump.infusing
        assert calm.pump.pump.infusing


@pytest.mark.req("QUA-01", "QUA-02", "DOS-02", "INT-06")
async def test_after_a_suspend_nothing_old_is_shown_as_live_and_the_pump_has_stopped_by_itself(tmp_path: Path) -> None:
    """Bed 1: every cable is pulled meanwhile. Bed 2: the line stays, and the pump's lease runs out."""
    async with chaos_ward(tmp_path, beds=2) as ward, await Pumpd.run(ward.file) as daemon:
        ward.rate(0, 30)
        await daemon.until(lambda w: ready(w) and all(b["pumps"][0]["control"] == "granted" for b in w["beds"]))
        heard_from = ward.delivered_mg(0)
        before = await daemon.get("ward")
        daemon.process.send_signal(signal.SIGSTOP)
        ward.sim.beds[0].act("unplug-pump")
        ward.sim.beds[0].act("unplug-monitor")
        await asyncio.sleep(SLEEP_S)  # time itself is what is tried
        daemon.process.send_signal(signal.SIGCONT)
        woken = await daemon.get("ward")
        assert pump_of(woken, BED)["rate_ml_h"]["v"] is None
        assert pump_of(woken, BED)["infusing"] is None
        assert bed_of(woken, BED)["values"]["rr"]["q"] != "ok"
        was, now = pump_of(before, BED)["delivered_mg"], pump_of(woken, BED)["delivered_mg"]
        assert now["at_least"] <= ward.delivered_mg(0)
        assert now["at_most"] >= was["at_most"]
        assert now["at_most"] >= ward.delivered_mg(0) - heard_from
        await daemon.until(lambda w: alarm_of(w, NEXT, "device_alarm:AL_COMTO") and not pump_of(w, NEXT)["infusing"])
        ward.sim.beds[0].act("replug-pump")
        ward.sim.beds[0].act("replug-monitor")
        back = await daemon.until(ready)
        assert not pump_of(back, BED)["infusing"]
        assert ward.never_started()
