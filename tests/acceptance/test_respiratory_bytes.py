"""An arrest behind held values, from the monitor's bytes on one pty to the stop's bytes on another. Real time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from pumpd.sim.bed import SimBed
from tests.acceptance.daemon import Pumpd, Screen, ready, screen
from tests.acceptance.ward import ChaosWard, chaos_ward

BED = "demo-01"
HELD_S = 25  # the monitor's own no-breath setting: until then it goes on showing its last values
FRAME_S, SIGNAL_S, POLL_S = 1.0, 1.0, 0.5
BREATH_S = 1.0  # oftener than the rate that is displayed, so that the test need not wait


class Arresting:
    """What the monitor senses and shows: RR 8, EtCO2 25, until breaths stop; SpO2 stays at 99 for a minute after."""

    rr = 8.0
    etco2 = 25.0
    pulse = 72.0
    cannula_off = False
    finger_off = False

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.last_breath: float | None = None

    @property
    def breaths(self) -> int:
        until = time.monotonic() if self.last_breath is None else self.last_breath
        return int((until - self._began) / BREATH_S)

    @property
    def spo2(self) -> float:
        gone = 0.0 if self.last_breath is None else time.monotonic() - self.last_breath - 60
        return 99.0 - max(0.0, gone)

    async def stop_after_a_breath(self) -> float:
        """Breathing stops with the next whole breath; when that was (monotonic)."""
        breath = self.breaths + 1
        self.last_breath = None
        await asyncio.sleep(self._began + breath * BREATH_S - time.monotonic())
        self.last_breath = self._began + breath * BREATH_S + 0.001
        return self.last_breath


def lie_down(bed: SimBed) -> Arresting:
    patient = Arresting()
    bed.monitor.patient = patient
    bed.monitor.no_breath_after_s = HELD_S
    return patient


@pytest.mark.slow
@pytest.mark.req("RSP-02", "RSP-04", "RSP-05", "QUA-03", "INT-01", "INT-02", "INT-03", "INT-07", "ALA-01", "ALA-07")
async def test_an_arrest_behind_held_values_stops_the_pump_and_reaches_a_screen_before_any_spo2_alarm(
    tmp_path: Path,
) -> None:
    async with chaos_ward(tmp_path) as ward, await Pumpd.run(ward.file) as daemon, screen(daemon) as seen:
        bed = ward.sim.beds[0]
        patient = lie_down(bed)
        await daemon.until(ready)
        last = await patient.stop_after_a_breath()
        await seen.until(lambda s: s.beds[BED]["values"]["rr"]["v"] == 8)
        patient.finger_off = True  # the probe falls off in the middle of it
        await seen.until(lambda s: s.alarm(BED, "sensor_off:spo2"))
        assert seen.alarm(BED, "no_breath") is None
        alarmed = await seen.until(lambda s: s.alarm(BED, "no_breath"), within_s=HELD_S + 5)
        await ended_well(ward, seen, last, alarmed)


async def ended_well(ward: ChaosWard, seen: Screen, last: float, alarmed: float) -> None:
    """At the configured time, once, verified, and nothing that came before it was about SpO2."""
    witness, bed = ward.witnesses[0], ward.sim.beds[0]
    assert HELD_S <= alarmed - last < HELD_S + FRAME_S + SIGNAL_S
    alarm = next(
        frame["alarm"]
        for _, frame in seen.heard
        if frame["type"] == "alarm" and frame["alarm"]["condition"] == "no_breath"
    )
    assert (alarm["priority"], alarm["state"], alarm["kind"]) == ("high", "active", "physiological")
    verified = await seen.until(lambda s: s.pump(BED)["interlock"] == "stop_verified")
    stopped = witness.times("INF_STOP")[0]
    assert HELD_S <= stopped - last < HELD_S + FRAME_S + SIGNAL_S
    assert any(stopped < read < verified for read in witness.times("INF")), "verified without a later read"
    assert not bed.pump.pump.infusing
    physiological = {a["condition"] for a in told(seen) if a["kind"] == "physiological"}
    assert physiological == {"no_breath"}, "no SpO2 alarm, and none from a held value"
    live = seen.alarm(BED, "no_breath")
    assert live is not None
    assert live["state"] == "active", "the missing probe cancels nothing"
    assert ward.never_started()


def told(seen: Screen) -> list[dict[str, str]]:
    return [frame["alarm"] for _, frame in seen.heard if frame["type"] == "alarm"]
