"""A simulated Nellcor N-560 on its data port. Sans-IO: time is an argument.

From lines captured from an N-560 and the manuals of its kin: a line every two seconds in fixed columns, a header of
three lines before every 22. While it searches for a pulse it prints zeros, without a sensor dashes. The seconds of
search after power-on are our choice.
"""

from __future__ import annotations

from typing import ClassVar

from pumpd.sim.devices.base import SimTalker

LINES_A_PAGE = 22
SEARCH_MS = 6000
LEAST_PULSE = 20  # /min: it finds none that is slower
LIMITS = {"spo2": (90_000, 100_000), "pulse": (60_000, 170_000)}


class NellcorAsciiSim(SimTalker):
    """One oximeter with an adult's limits."""

    model, text = "nellcor_ascii", "Nellcor N-560 oximeter (data port)"
    period_ms = 2000
    steps: ClassVar = {"spo2": 1000, "pulse": 1000}
    _said = 0
    _search_until_ms = 0

    def sense(self, now_ms: int) -> dict[str, float | None]:
        sensed = super().sense(now_ms)
        found = now_ms >= self._search_until_ms and self.patient.pulse >= LEAST_PULSE
        return sensed if found else sensed | dict.fromkeys(("spo2", "pulse"))

    def switched_on(self, now_ms: int) -> None:
        super().switched_on(now_ms)
        self._said, self._search_until_ms = 0, now_ms + SEARCH_MS

    def message(self, now_ms: int) -> bytes:
        page = self._header() if self._said % LINES_A_PAGE == 0 else ""
        self._said += 1
        return (page + self._values(now_ms)).encode("ascii")

    def _header(self) -> str:
        (spo2, _), (low, high) = LIMITS["spo2"], LIMITS["pulse"]
        model = "N-999" if self.faults.wrong_serial else "N-560"
        return (
            f"{model}    VERSION 1.56.00    CRC:XXXX  SpO2 Limit: {spo2 // 1000}-100%"
            f"    PR Limit: {low // 1000}-{high // 1000}BPM\r\n"
            "                             ADULT            0SAT-S \r\n"
            "TIME                 %SpO2   BPM     PA     Status\r\n"
        )

    def _values(self, now_ms: int) -> str:
        shown = self.shown(now_ms)
        places = [""] * 6  # of codes
        off = self.faults.sensor_off or self.patient.finger_off
        if self.faults.sensor_disconnected or off:
            places[0] = "SD" if self.faults.sensor_disconnected else "SO"
            columns = ["--- "] * 3
        elif shown["spo2"] is None or shown["pulse"] is None:
            places[0], columns = "PS", ["  0 ", "  0 ", "--- "]
        else:
            columns = [self._value(shown, "spo2", places, 1), self._value(shown, "pulse", places, 2)]
            columns.append(f"{min(254, int(self.patient.perfusion * 20)):3} ")
        if self.faults.shifted_fields:
            columns = [*columns[1:], columns[0][1:] + " "]
        codes = "".join(f"{code:3}" for code in places)[:17]
        return f"{_time(now_ms)}   {'    '.join(columns)}   {codes}\r\n"

    def _value(self, shown: dict[str, int | None], signal: str, places: list[str], place: int) -> str:
        """The value with its star; notes the code of a broken limit."""
        value, (low, high) = shown[signal] or 0, LIMITS[signal]
        if value < low or value > high:
            places[place] = ("S" if signal == "spo2" else "P") + ("L" if value < low else "H")
        return f"{value // 1000:3}{'*' if places[place] else ' '}"


def _time(now_ms: int) -> str:
    seconds = now_ms // 1000 % 86_400
    return f"29-Dec-17 {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
