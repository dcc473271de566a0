"""A simulated Ivy 450C that sends "ANSAR-B" messages. Sans-IO: time is an argument.

From mdpnp's AnsarB.java and the lines of its captured test resource: FF, a head, 200 samples of ECG, 50 of respiration,
pleth and two pressures each, lines of text ended by CR, FE. Which words its alarms have is our choice.
"""

from __future__ import annotations

import math
from typing import ClassVar

from pumpd.sim.devices.base import SimTalker

FIRST_CUFF_MS = 8000  # from power-on to the first result of the cuff
PRESSURES = ("nibp_sys", "nibp_dia", "nibp_mean")
SPO2_LOW_MILLI = 88_000
LEAST_PULSE = 25  # /min: its oximeter finds none that is slower
TOP = 0xFD  # FE and FF frame the message


class Ivy450CSim(SimTalker):
    """Respiration by impedance, an arterial line at P1, nothing at P2."""

    model, text = "ivy_450c", "Ivy 450C monitor (ANSAR-B)"
    rr_by = "impedance"
    steps: ClassVar = dict.fromkeys(
        ("hr", "rr", "etco2", "spo2", "pulse", *PRESSURES, "nibp_pulse", "ibp1_sys", "ibp1_dia", "ibp1_mean"), 1000
    ) | {"temp": 100}
    _cuff_from_ms = FIRST_CUFF_MS
    _cuff_pulse: tuple[tuple[float | None, ...], float] | None = None

    def sense(self, now_ms: int) -> dict[str, float | None]:
        sensed = super().sense(now_ms)
        if now_ms < self._cuff_from_ms:
            sensed |= dict.fromkeys(PRESSURES)
        patient = self.patient
        if patient.pulse < LEAST_PULSE:
            sensed |= dict.fromkeys(("spo2", "pulse"))
        sensed["nibp_pulse"] = self._pulse_at_cuff(tuple(sensed[name] for name in PRESSURES))
        sys, dia = patient.systolic, patient.diastolic
        return sensed | {"ibp1_sys": sys, "ibp1_dia": dia, "ibp1_mean": dia + (sys - dia) / 3}

    def _pulse_at_cuff(self, pressures: tuple[float | None, ...]) -> float | None:
        """The rate that it counted when it measured these pressures."""
        if pressures[0] is None:
            return None
        if self._cuff_pulse is None or self._cuff_pulse[0] != pressures:
            self._cuff_pulse = (pressures, self.patient.pulse)
        return self._cuff_pulse[1]

    def switched_on(self, now_ms: int) -> None:
        super().switched_on(now_ms)
        self._cuff_from_ms, self._cuff_pulse = now_ms + FIRST_CUFF_MS, None

    def message(self, now_ms: int) -> bytes:
        lines = "".join(f"{line}\r" for line in self._lines(self.shown(now_ms)))
        return b"\xffANSAR-B " + self._waves(now_ms) + lines.encode("ascii") + b"\xfe"

    def _lines(self, shown: dict[str, int | None]) -> list[str]:
        def whole(*signals: str) -> str:
            values = [shown[signal] for signal in signals]
            if self.faults.shifted_fields:
                values = [*values[1:], values[0]]
            return ";".join("" if value is None else str(value // 1000) for value in values)

        temp = shown["temp"]
        still = shown["rr"] == 0
        low = shown["spo2"] is not None and shown["spo2"] < SPO2_LOW_MILLI
        return [
            f"HR=1;{whole('hr')};ECG-II-DIAG;",
            f"RR=1;{whole('rr')};APNEA: 20 SEC;{'APNEA' if still else ''}",
            f"ETCO2=1;{whole('etco2')};;",
            f"SPO2=1;{whole('spo2')};PR={whole('pulse'):3};{'LOW' if low else ''}",
            f"NIBP=4;{whole(*PRESSURES, 'nibp_pulse')};;",
            f"P1=3;{whole('ibp1_sys', 'ibp1_dia', 'ibp1_mean')};;",
            "P2=3;;;;NO TRANSDUCER;",
            f"T1=1;{'' if temp is None else f'{temp // 1000}.{temp % 1000 // 100}'};;",
            "T2=1;;;",
        ]

    def _waves(self, now_ms: int) -> bytes:
        """One second of each curve, that ends now."""
        patient = self.patient

        def curve(samples: int, per_min: float, middle: int, swing: int) -> bytes:
            turns = (((now_ms - 1000) + n * 1000 / samples) / 60_000 * per_min for n in range(samples))
            return bytes(min(TOP, int(middle + swing * math.sin(2 * math.pi * turn))) for turn in turns)

        ecg, resp = curve(200, patient.hr, 100, 40), curve(50, patient.rr, 120, 60)
        return ecg + resp + curve(50, patient.pulse, 110, 60) + curve(50, patient.pulse, 100, 60) + bytes(50)
