"""An arrest behind held values, from the monitor's bytes on one pty to the stop's bytes on another. Real time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from pumpd.sim.bed import SimBed
from pumpd.sim.capnostream import CapnostreamSim
from tests.acceptance.daemon import Pumpd, Screen, ready, screen
from tests.acceptance.ward import ChaosWard, chaos_ward

BED = "demo-01"
HELD_S = 25  # the monitor's own no-breath setting: until then it goes on showing its last values
ROOM_S = 10.0
"""For a busy machine, and well before the saturation falls; test_respiratory has the delay to the millisecond."""
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
        now = time.monotonic()
        until = now if self.last_breath is None else min(now, self.last_breath)
        return int((until - self._began) / BREATH_S)

    @property
    def spo2(self) -> float:
        gone = 0.0 if self.last_breath is None else time.monotonic() - self.last_breath - 60
        return 99.0 - max(0.0, gone)

    async def stop_after_a_breath(self) -> float:
        """Breathing stops with the next whole breath, however late this test wakes; when that was (monotonic)."""
        last = self._began + (self.breaths + 1) * BREATH_S + 0.001
        self.last_breath = last
        await asyncio.sleep(last - time.monotonic())
        return last


class Teller:
    """Stands between a line and its monitor and notes when (monotonic) it first said that nobody breathes."""

    def __init__(self, monitor: CapnostreamSim) -> None:
        self._monitor = monitor
        self.gave_up: float | None = None

    def receive(self, data: bytes, now_ms: int) -> bytes:
        return self._noted(self._monitor.receive(data, now_ms), now_ms)

    def tick(self, now_ms: int) -> bytes:
        return self._noted(self._monitor.tick(now_ms), now_ms)

    def next_deadline(self) -> int | None:
        return self._monitor.next_deadline()

    def _noted(self, said: bytes, now_ms: int) -> bytes:
        if self.gave_up is None and said and self._monitor.numerics(now_ms).rr == 0:
            self.gave_up = time.monotonic()
        return said


def lie_down(bed: SimBed) -> tuple[Arresting, Teller]:
    patient, teller = Arresting(), Teller(bed.monitor)
    bed.monitor.patient = patient
    bed.monitor.no_breath_after_s = HELD_S
    bed.monitor_line.device = teller
    return patient, teller


@pytest.mark.slow
@pytest.mark.req("RSP-02", "RSP-04", "RSP-05", "QUA-03", "INT-01", "INT-02", "INT-03", "INT-07", "ALA-01", "ALA-07")
async def test_an_arrest_behind_held_values_stops_the_pump_and_reaches_a_screen_before_any_spo2_alarm(
    tmp_path: Path,
) -> None:
    async with chaos_ward(tmp_path) as ward, await Pumpd.run(ward.file) as daemon, screen(daemon) as seen:
        bed = ward.sim.beds[0]
        patient, teller = lie_down(bed)
        await daemon.until(ready)
        last = await patient.stop_after_a_breath()
        await seen.until(lambda s: s.beds[BED]["values"]["rr"]["v"] == 8)
        patient.finger_off = True  # the probe falls off in the middle of it
        await seen.until(lambda s: s.alarm(BED, "sensor_off:spo2"))
        assert seen.alarm(BED, "no_breath") is None
        alarmed = await seen.until(lambda s: s.alarm(BED, "no_breath"), within_s=HELD_S + 2 * ROOM_S)
        gave_up = teller.gave_up
        assert gave_up is not None
        assert gave_up - last >= HELD_S
        assert gave_up <= alarmed < gave_up + ROOM_S
        await ended_well(ward, seen, gave_up)


async def ended_well(ward: ChaosWard, seen: Screen, gave_up: float) -> None:
    """With the monitor's word, once, verified, and nothing that came before it was about SpO2."""
    witness, bed = ward.witnesses[0], ward.sim.beds[0]
    alarm = next(
        frame["alarm"]
        for _, frame in seen.heard
        if frame["type"] == "alarm" and frame["alarm"]["condition"] == "no_breath"
    )
    assert (alarm["priority"], alarm["state"], alarm["kind"]) == ("high", "active", "physiological")
    verified = await seen.until(lambda s: s.pump(BED)["interlock"] == "stop_verified")
    stopped = witness.times("INF_STOP")[0]
    assert gave_up <= stopped < gave_up + ROOM_S
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
