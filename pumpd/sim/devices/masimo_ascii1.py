"""A simulated Masimo Rad-8 set to ASCII 1. Sans-IO: time is an argument.

From lines captured from a Rad-8 and from its operator's manual (exceptions): one line a second, dashes where there is
no value, exceptions and alarms as hexadecimal bits. Its alarm limits and the seconds that it searches for a pulse after
power-on are our choice.
"""

from __future__ import annotations

from typing import ClassVar

from pumpd.sim.devices.base import SimTalker

NO_SENSOR, PULSE_SEARCH, SENSOR_OFF, LOW_PERFUSION, SET = 0x001, 0x008, 0x020, 0x004, 0x800
SPO2_HIGH, SPO2_LOW, PULSE_HIGH, PULSE_LOW, SOUNDS = 0x01, 0x02, 0x04, 0x08, 0x10
LIMITS = {"spo2": (88_000, 100_000), "pulse": (50_000, 140_000)}
LOW_PI_MILLI = 300  # the display's own warning
LEAST_PULSE = 25  # /min: it finds none that is slower
SEARCH_MS = 3000


class MasimoAscii1Sim(SimTalker):
    """One Rad-8 with an adult sensor; it has no CO-oximetry."""

    model, text = "masimo_ascii1", "Masimo Rad-8 pulse oximeter (ASCII 1)"
    number, other_number = "0000056661", "0000099999"
    steps: ClassVar = {"spo2": 1000, "pulse": 1000, "pi": 10}
    _search_until_ms = 0

    def sense(self, now_ms: int) -> dict[str, float | None]:
        sensed = super().sense(now_ms)
        found = now_ms >= self._search_until_ms and self.patient.pulse >= LEAST_PULSE
        return sensed if found else sensed | dict.fromkeys(("spo2", "pulse", "pi"))

    def switched_on(self, now_ms: int) -> None:
        super().switched_on(now_ms)
        self._search_until_ms = now_ms + SEARCH_MS

    def message(self, now_ms: int) -> bytes:
        shown = self.shown(now_ms)
        alarm, exc = self._alarm(shown), self._exceptions(shown)
        spo2, pulse, pi = _whole(shown["spo2"]), _whole(shown["pulse"]), _decimal(shown["pi"])
        if self.faults.shifted_fields:
            spo2, pulse, pi = pulse, pi, spo2
        serial = f"SN={self.shown_serial} " if self.shown_serial else ""
        values = f"{serial}SPO2={spo2}% BPM={pulse} PI={pi}%"
        rest = f"SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- ALARM={alarm:04X} EXC={exc:06X}"
        return f"02/22/16 {_time_of_day(now_ms)} {values} {rest}\r\n".encode("ascii")

    def _exceptions(self, shown: dict[str, int | None]) -> int:
        if self.faults.sensor_disconnected:
            return NO_SENSOR
        if self.faults.sensor_off or self.patient.finger_off:
            return SET | SENSOR_OFF
        if shown["pulse"] is None:
            return PULSE_SEARCH
        pi = shown["pi"]
        return SET | (LOW_PERFUSION if pi is not None and pi < LOW_PI_MILLI else 0)

    def _alarm(self, shown: dict[str, int | None]) -> int:
        bits = 0
        for signal, high, low in (("spo2", SPO2_HIGH, SPO2_LOW), ("pulse", PULSE_HIGH, PULSE_LOW)):
            value, (least, most) = shown[signal], LIMITS[signal]
            if value is not None:
                bits |= low if value < least else high if value > most else 0
        if self.faults.sensor_off or self.faults.sensor_disconnected or self.patient.finger_off:
            bits |= SOUNDS
        return bits | (SOUNDS if bits else 0)


def _whole(milli: int | None) -> str:
    return "---" if milli is None else f"{milli // 1000:03}"


def _decimal(milli: int | None) -> str:
    return "--.--" if milli is None else f"{milli // 1000:02}.{milli % 1000 // 10:02}"


def _time_of_day(now_ms: int) -> str:
    seconds = now_ms // 1000 % 86_400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
