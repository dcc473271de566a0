"""Cables that are pulled and plugged in again, a port that somebody else holds: seen, shown, and over by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.daemon import Json, Pumpd, alarm_of, bed_of, device_of, pump_of, ready, said
from tests.acceptance.ward import chaos_ward

pytestmark = pytest.mark.chaos

PTY, TCP = "demo-01", "demo-02"


def link(ward: Json, device: str) -> str:
    return device_of(ward, device)["link"]  # type: ignore[no-any-return]


@pytest.mark.req("QUA-01", "QUA-02", "QUA-03", "DOS-02", "INT-06")
async def test_pulled_cables_are_shown_withdrawn_alarmed_and_back_by_themselves(tmp_path: Path) -> None:
    """Bed 1: monitor on TCP, pump on a pty, over the ceiling when pulled; its lease stops it. Bed 2: both on ptys."""
    async with chaos_ward(tmp_path, beds=3) as ward, await Pumpd.run(ward.file) as daemon:
        await daemon.until(ready)
        heard_from = ward.delivered_mg(0)
        one, two, _ = ward.sim.beds
        one.pump.faults.stop_ignored = True
        one.act("tenfold-rate")
        await daemon.until(lambda w: alarm_of(w, PTY, "over_hard"))
        for bed in (one, two):
            bed.act("unplug-monitor")
        one.act("unplug-pump")
        seen = await daemon.until(
            lambda w: all(link(w, d) == "down" for d in ("demo-01-p1", "demo-01-m1", "demo-02-m1"))
        )
        for device in ("demo-01-p1", "demo-01-m1", "demo-02-m1"):
            assert device_of(seen, device)["detail"], "why it is down"
        assert link(seen, "demo-02-p1") == "up"
        # 5 s: no digit of the pump; 15 s: the monitor's values are withdrawn and alarmed
        lost = await daemon.until(lambda w: alarm_of(w, PTY, "pump_lost"))
        assert pump_of(lost, PTY)["rate_ml_h"]["v"] is None
        assert pump_of(lost, PTY)["infusing"] is None
        assert alarm_of(lost, PTY, "pump_lost")["priority"] == "high"  # type: ignore[index]
        assert alarm_of(lost, PTY, "over_hard")["state"] == "active", "losing the source ends nothing"  # type: ignore[index]
        await daemon.until(lambda w: alarm_of(w, PTY, "monitor_lost") and alarm_of(w, TCP, "monitor_lost"))
        gone = await daemon.get("ward")
        for name in (PTY, TCP):
            values = bed_of(gone, name)["values"].values()
            assert all(value["v"] is None and value["q"] not in ("ok", "questionable") for value in values)
        assert bed_of(gone, PTY)["monitored"] is False
        assert bed_of(gone, "demo-03")["monitored"] is True
        at_most = pump_of(gone, PTY)["delivered_mg"]["at_most"]
        one.pump.faults.stop_ignored = False
        for bed in (one, two):
            bed.act("replug-monitor")
        one.act("replug-pump")
        back = await daemon.until(lambda w: ready(w) and pump_of(w, PTY)["interlock"] == "stop_verified")
        assert all(device["link"] == "up" for bed in back["beds"] for device in bed["devices"])
        assert not one.pump.pump.infusing
        assert pump_of(back, PTY)["delivered_mg"]["at_most"] >= at_most
        assert pump_of(back, PTY)["delivered_mg"]["at_most"] >= ward.delivered_mg(0) - heard_from
        assert ward.never_started()


async def test_a_second_daemon_on_the_same_ports_says_busy_and_leaves_the_first_alone(tmp_path: Path) -> None:
    async with chaos_ward(tmp_path) as ward, await Pumpd.run(ward.file) as first:
        await first.until(lambda w: ready(w) and pump_of(w, PTY)["control"] == "granted")
        code, text = await said("run", "--config", str(ward.file))  # the same journal: refused at once
        assert code == 2, text
        assert str(ward.journal) in text
        assert "Traceback" not in text
        (tmp_path / "other").mkdir()
        other = ward.write("other.toml", f"sqlite+aiosqlite:///{tmp_path}/other/journal.db")
        async with await Pumpd.run(other) as second:
            seen = await second.until(lambda w: "busy" in device_of(w, "demo-01-p1")["detail"])
            assert link(seen, "demo-01-p1") == "down"
            assert pump_of(seen, PTY)["rate_ml_h"]["v"] is None
            reads = len(ward.witnesses[0].times("INF"))
            await first.until(lambda w: len(ward.witnesses[0].times("INF")) > reads + 3)
            seen = await first.get("ward")
            assert link(seen, "demo-01-p1") == "up"
            assert device_of(seen, "demo-01-p1")["garbled"] == 0
            assert pump_of(seen, PTY)["interlock"] == "armed"
            await first.kill()
            await second.until(lambda w: link(w, "demo-01-p1") == "up" and pump_of(w, PTY)["control"] == "granted")
