"""One simulated bed: a patient, a pump that feeds it, a monitor that watches it, and their lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, Protocol

from pumpd.sim.faults import MonitorFaults, PumpFaults
from pumpd.sim.line import ByteDevice, DeviceLine, SimClock
from pumpd.sim.panel import PumpPanel
from pumpd.sim.patient import SimPatient
from pumpd.sim.scenarios import ACTIONS
from pumpd.sim.syringe import UNITS_PER_UL, SyringePump

CONC_MG_ML = 1  # the library's standard concentration


@dataclass(frozen=True)
class SimDevice:
    """What a ward file has to say about one simulated device."""

    id: str
    bed: str
    kind: Literal["pump", "monitor"]
    driver: str
    link: str
    serial: str | None


class BedDevice(ByteDevice, Protocol):
    """Any simulated device at a bed: model is its driver's name; serial None where its protocol tells none."""

    @property
    def model(self) -> str: ...
    @property
    def serial(self) -> str | None: ...


class BedMonitor(BedDevice, Protocol):
    """A monitor at a bed."""

    faults: MonitorFaults


class BedPump(BedDevice, Protocol):
    """A pump at a bed. asked: how often a host asked for what (SimPolledPump)."""

    asked: Counter[str]
    faults: PumpFaults
    panel: PumpPanel
    pump: SyringePump

    def advance(self, now_ms: int) -> bool: ...


@dataclass
class SimBed:
    """pace below 1 shortens script times and lets the patient's body run faster; devices keep real time."""

    id: str
    label: str
    patient: SimPatient
    pump: BedPump
    monitor: BedMonitor
    pump_line: DeviceLine
    monitor_line: DeviceLine
    clock: SimClock
    pace: float = 1.0
    _given_units: int = 0
    _stepped_ms: int = 0

    def now_ms(self) -> int:
        return self.clock.now_ms()

    def act(self, action: str) -> None:
        """One row of ACTIONS, heard on the lines at once. Raises KeyError for a name that is no row."""
        ACTIONS[action](self)
        self.pump_line.poke()
        self.monitor_line.poke()

    def begin(self, dose_mg_kg_h: float) -> None:
        """A running infusion at the dose, rounded down to 0.1 mL/h, or to the pump's own step where that is coarser."""
        step_ul_h = max(100, getattr(self.pump, "rate_step_ul_h", 100))
        rate_ul_h = int(dose_mg_kg_h * self.patient.weight_kg / CONC_MG_ML * 1000 / step_ul_h + 1e-9) * step_ul_h
        now_ms = self.now_ms()
        self.pump.panel.set_rate(rate_ul_h, now_ms)
        self.pump.panel.start(now_ms)
        self._stepped_ms = now_ms

    def step(self) -> None:
        """Let the patient live up to now on what the pump has delivered meanwhile."""
        now_ms = self.now_ms()
        self.pump.advance(now_ms)
        given = self.pump.pump.reached_patient_units
        dose_mg = (given - self._given_units) / UNITS_PER_UL / 1000 * CONC_MG_ML
        self.patient.step((now_ms - self._stepped_ms) / 1000 / self.pace, dose_mg)
        self._given_units, self._stepped_ms = given, now_ms

    def devices(self) -> tuple[SimDevice, SimDevice]:
        pump, monitor = self.pump, self.monitor
        return (
            SimDevice(f"{self.id}-p1", self.id, "pump", pump.model, self.pump_line.endpoint.url, pump.serial),
            SimDevice(
                f"{self.id}-m1", self.id, "monitor", monitor.model, self.monitor_line.endpoint.url, monitor.serial
            ),
        )

    def close(self) -> None:
        self.pump_line.close()
        self.monitor_line.close()
