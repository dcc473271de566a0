"""What a monitor makes of a patient: each signal's present value, or None where nothing can be measured. Sans-IO.

Assumptions, the same for every simulated monitor: respiration rate and EtCO2 change only with a breath, so that they
are held when breathing stops until NO_BREATH_MS has passed; then the rate reads 0 and EtCO2 blank. A cuff measures at
intervals and its last values stay. A probe or lead that is off blanks what is measured by it at once.
"""

from __future__ import annotations

from typing import Literal, Protocol

from pumpd.sim.capnostream import Breather
from pumpd.sim.faults import MonitorFaults

NO_BREATH_MS = 30_000
CUFF_EVERY_MS = 5 * 60_000


class Patient(Breather, Protocol):
    """What simulated monitors can sense (SimPatient is one). Pressures in mmHg, temp in °C, perfusion in %."""

    @property
    def hr(self) -> float: ...
    @property
    def systolic(self) -> float: ...
    @property
    def diastolic(self) -> float: ...
    @property
    def temp(self) -> float: ...
    @property
    def perfusion(self) -> float: ...


class Senses:
    """The sensors of one monitor at one patient."""

    def __init__(
        self, patient: Patient, faults: MonitorFaults, rr_by: Literal["co2", "impedance"], now_ms: int
    ) -> None:
        self.patient = patient
        self._faults = faults
        self._rr_by = rr_by
        self._breaths = patient.breaths
        self._breath_ms = now_ms
        self._rr: float = patient.rr
        self._etco2: float | None = patient.etco2
        self._cuff: tuple[float, float] | None = None
        self._cuff_ms = now_ms

    def values(self, now_ms: int) -> dict[str, float | None]:
        """Every signal's value in the signal's own unit."""
        patient, faults = self.patient, self._faults
        self._watch_breaths(now_ms)
        still = now_ms - self._breath_ms >= NO_BREATH_MS
        gas = not faults.no_filterline
        chest = gas if self._rr_by == "co2" else not faults.leads_off
        probe = not (faults.sensor_off or faults.sensor_disconnected or patient.finger_off)
        return {
            "rr": (0.0 if still else self._rr) if chest else None,
            "etco2": self._etco2 if gas and not still else None,
            "fico2": 0.0 if gas and not still else None,
            "spo2": patient.spo2 if probe else None,
            "pulse": patient.pulse if probe else None,
            "pi": patient.perfusion if probe else None,
            "hr": None if faults.leads_off else patient.hr,
            "temp": None if faults.temp_off else patient.temp,
            **self._pressures(now_ms),
        }

    def measure_pressure(self, now_ms: int) -> None:
        """Inflate the cuff now."""
        self._cuff = (self.patient.systolic, self.patient.diastolic)
        self._cuff_ms = now_ms + CUFF_EVERY_MS

    def _pressures(self, now_ms: int) -> dict[str, float | None]:
        if self._faults.cuff_off:
            self._cuff = None
        elif now_ms >= self._cuff_ms:
            self.measure_pressure(now_ms)
        if self._cuff is None:
            return dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_mean"))
        sys, dia = self._cuff
        return {"nibp_sys": sys, "nibp_dia": dia, "nibp_mean": dia + (sys - dia) / 3}

    def _watch_breaths(self, now_ms: int) -> None:
        if self.patient.cannula_off and self._rr_by == "co2":
            return
        if self.patient.breaths != self._breaths:
            self._breath_ms, self._breaths = now_ms, self.patient.breaths
            self._rr, self._etco2 = self.patient.rr, self.patient.etco2
