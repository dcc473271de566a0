"""A simulated Nonin OEM III module (data formats 2, 7 and 8) or desktop oximeter (ASCII). Sans-IO: time is an argument.

From Nonin's 9560 OEM specification and the layout of the packet in Pufferfish's tests. After the finger is removed the
values for a display are held for ten seconds with the sensor alarm set, and the values for the host are missing; in
format 8, which has values for a display only, those are held.
"""

from __future__ import annotations

import math
from typing import ClassVar

from pumpd.device.checksums import sum8
from pumpd.sim.devices.base import Patient, SimTalker

SENSOR_ALARM, DISCONNECTED = 0x08, 0x40
NO_RATE, NO_SPO2 = 511, 127
HOLD_MS = 10_000
REVISION = 48
LEAST_PULSE = 18  # /min: it finds none that is slower
SLOW, SLOW_MS = ("df8", "ascii"), 1000


class NoninDFSim(SimTalker):
    """form: df2, df7, df8 or ascii; may be changed at any time, as at a device that is set to another format."""

    model, text = "nonin_df", "Nonin OEM III oximeter (data format 2)"
    steps: ClassVar = {"spo2": 1000, "pulse": 1000}
    period_ms = 333
    form = "df2"

    def __init__(self, patient: Patient, serial: str | None = None, *, now_ms: int = 0, seed: int = 1) -> None:
        self._held: dict[str, int | None] = {}
        self._seen_ms = now_ms
        super().__init__(patient, serial, now_ms=now_ms, seed=seed)

    def sense(self, now_ms: int) -> dict[str, float | None]:
        sensed = super().sense(now_ms)
        return sensed if self.patient.pulse >= LEAST_PULSE else sensed | dict.fromkeys(("spo2", "pulse"))

    def tick(self, now_ms: int) -> bytes:
        """Formats 8 and ASCII once a second, packets three times."""
        before_ms, out = self.next_ms, super().tick(now_ms)
        if self.next_ms != before_ms and self.form in SLOW:
            self.next_ms += SLOW_MS - self.period_ms
        return out

    @property
    def off(self) -> bool:
        """No finger, or no sensor."""
        return self.faults.sensor_off or self.faults.sensor_disconnected or self.patient.finger_off

    def message(self, now_ms: int) -> bytes:
        shown = self.shown(now_ms)
        if not self.off:
            self._held, self._seen_ms = shown, now_ms
        display = self._held if now_ms - self._seen_ms < HOLD_MS else {}
        if self.form == "ascii":
            return self._text(shown)
        if self.form == "df8":
            return self._df8(display)
        return self._packet(shown, display, now_ms)

    def _text(self, shown: dict[str, int | None]) -> bytes:
        spo2, rate = shown["spo2"], shown["pulse"]
        texts = ["---" if value is None else f"{value // 1000:03}" for value in (spo2, rate)]
        return f"SPO2={texts[0]} HR={texts[1]}\r\n".encode("ascii")

    def _df8(self, display: dict[str, int | None]) -> bytes:
        spo2, rate = _coded(display)
        stat2 = SENSOR_ALARM if self.off else 0
        return bytes((0x80 | rate >> 7, rate & 0x7F, spo2, stat2))

    def _packet(self, shown: dict[str, int | None], display: dict[str, int | None], now_ms: int) -> bytes:
        floats = self._floats(shown, display)
        status = 0x80 | (SENSOR_ALARM if self.off else 0) | (DISCONNECTED if self.faults.sensor_disconnected else 0)
        frames = []
        for number, value in enumerate(floats):
            pleth = self._pleth(now_ms + number * 1000 // 75)
            first = status | (number == 0)
            body = bytes((first, *pleth.to_bytes(2, "big"), value))
            if self.form == "df2":
                body = bytes((1, first, pleth >> 8, value))
            frames.append(body + bytes((sum8(body),)))
        return b"".join(frames)

    def _floats(self, shown: dict[str, int | None], display: dict[str, int | None]) -> bytes:
        spo2, rate = _coded(shown)
        spo2_d, rate_d = _coded(display)
        high, low, high_d, low_d = rate >> 7, rate & 0x7F, rate_d >> 7, rate_d & 0x7F
        floats = [high, low, spo2, REVISION, 0, 0, 0, 0, spo2_d, spo2, spo2, 0, 0]
        floats += [high, low, spo2, spo2_d, 0, 0, high_d, low_d, high_d, low_d, 0, 0]
        if self.faults.shifted_fields:
            floats = [*floats[1:], floats[0]]
        return bytes(floats)

    def _pleth(self, at_ms: int) -> int:
        if self.off:
            return 0
        beats = at_ms / 60_000 * self.patient.pulse
        return int(32_768 + 20_000 * math.sin(2 * math.pi * beats))


def _coded(values: dict[str, int | None]) -> tuple[int, int]:
    """SpO2 and pulse rate as their codes."""
    spo2, rate = values.get("spo2"), values.get("pulse")
    return NO_SPO2 if spo2 is None else spo2 // 1000, NO_RATE if rate is None else rate // 1000
