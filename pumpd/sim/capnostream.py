"""A simulated Capnostream 20 monitor that speaks the real bytes. Sans-IO: time is an argument.

Enable -> device id (code 4) -> start real-time -> CO2 wave every 50 ms and numerics every second.
Assumptions, because no source shows them: every Enable is answered with the device id; a lost host does not end
the stream; the no-breath seconds stay 0 until 10 s without a breath; an item reply carries item and value.
Displayed RR and EtCO2 change only with a breath, so that they are held when breathing stops, until the no-breath
time has passed; then RR reads 0 and EtCO2 blank, as recordings of an arrest show.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import ClassVar, Literal, Protocol

from pumpd.sim.capno_frame import HostReader, encode
from pumpd.sim.capno_numerics import Limits, Numerics, Unit, co2_byte, data_bytes, number_byte, shifted
from pumpd.sim.faults import MonitorFaults, NoisyLine

WAVE_MS, NUMERICS_MS = 50, 1000
WAVE_SPAN_MS = 1000  # at most this much wave is sent after a pause
COUNT_FROM_S = 10
POWER_OFF_MS = 5000
EPOCH_S = 0x57A3C000  # the printed example's time stamp; the device's clock starts here
OTHER_SERIAL = "B899999999"
WAVE_INVALID, WAVE_END_OF_BREATH, WAVE_NO_FILTERLINE = 0x01, 0x08, 0x40


class Breather(Protocol):
    """What the monitor senses of a patient (SimPatient is one)."""

    rr: float
    breaths: int
    cannula_off: bool
    finger_off: bool

    @property
    def spo2(self) -> float: ...
    @property
    def etco2(self) -> float: ...
    @property
    def pulse(self) -> float: ...


class CapnostreamSim:
    """One monitor on one line, looking at one patient.

    baud: None is the factory setting "automatic"; a number makes the monitor deaf and unreadable at any other
    `line_baud` (set by an endpoint that knows its line's speed; None: unknown, always understood).
    serial: ten characters. waves False leaves the CO2 wave out (a bench with many monitors).
    """

    kind: ClassVar[Literal["pump", "monitor"]] = "monitor"
    model: ClassVar[str] = "capnostream20"
    text: ClassVar[str] = "Capnostream 20 capnograph"
    number: ClassVar[str] = "B812345678"
    usual_baud: ClassVar[int] = 115200

    def __init__(
        self,
        patient: Breather,
        serial: str | None = None,
        *,
        now_ms: int = 0,
        waves: bool = True,
        baud: int | None = None,
        no_breath_after_s: int = 30,
        unit: Unit = Unit.MMHG,
        limits: Limits | None = None,
        seed: int = 1,
    ) -> None:
        self.patient = patient
        self.serial = serial or self.number
        self.waves = waves
        self.baud = baud
        self.line_baud: int | None = None
        self.no_breath_after_s = no_breath_after_s
        self.unit = unit
        self.limits = limits or Limits()
        self.faults = MonitorFaults()
        self.heard: Counter[int] = Counter()
        self.streaming = False
        self._line = NoisyLine(self.faults, seed, now_ms)
        self._reader = HostReader()
        self._started_ms = now_ms
        self._off_until_ms: int | None = None
        self._enabled = False
        self._numerics_ms = self._wave_ms = now_ms
        self._counter = 0
        self._phase = 0.0
        self._breaths_seen = patient.breaths
        self._breath_ms = now_ms
        self._rr: int | None = round(patient.rr)
        self._etco2: float | None = patient.etco2
        self._frozen: bytes | None = None
        self._displayed = self.numerics(now_ms)
        self._answers = {1: self._enable, 2: self._disable, 3: self._item, 4: self._start, 5: self._stop}

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Any chunk from the host; returns the answers and what else is due."""
        if not self._awake(now_ms) or not self._speaks():
            self._reader.clear()
            return b""
        out = bytearray()
        for code, body in self._reader.feed(self._line.lose(data)):
            self.heard[code] += 1
            out += self._answer(code, body, now_ms)
        return self._line.lose(bytes(out)) + self.tick(now_ms)

    def tick(self, now_ms: int) -> bytes:
        """Wave, numerics and line noise that are due."""
        if not self._awake(now_ms):
            return b""
        self._watch_breaths(now_ms)
        out = self._stream(now_ms) if self.streaming else b""
        if not self._speaks():
            out = self._line.scramble(len(out))
        return self._line.lose(out) + self._line.chatter(now_ms)

    def next_deadline(self) -> int | None:
        """When tick has bytes to give, in simulated milliseconds."""
        dues = [self._line.next_deadline()]
        if self.streaming:
            dues += [self._numerics_ms, self._wave_ms if self.waves else None]
        return min((due for due in dues if due is not None), default=None)

    def _awake(self, now_ms: int) -> bool:
        if self.faults.power_cycle:
            self.faults.power_cycle = False
            self._off_until_ms = now_ms + POWER_OFF_MS
            self.streaming = self._enabled = False
            self._rr = self._etco2 = self._frozen = None
        if self._off_until_ms is not None and now_ms >= self._off_until_ms:
            self._off_until_ms, self._started_ms, self._breath_ms = None, now_ms, now_ms
        return self._off_until_ms is None

    def _speaks(self) -> bool:
        return None in (self.baud, self.line_baud) or self.baud == self.line_baud

    # --- answers -------------------------------------------------------------------------------------------------

    def _answer(self, code: int, body: bytes, now_ms: int) -> bytes:
        if code == 11:
            return encode(2, bytes(28)) if self._enabled else b""
        answer = self._answers.get(code)
        return answer(body, now_ms) if answer else b""

    def _enable(self, _: bytes, __: int) -> bytes:
        self._enabled = True
        return b"" if self.faults.no_device_id else encode(4, self.device_id)

    def _disable(self, _: bytes, __: int) -> bytes:
        self._enabled = self.streaming = False
        return b""

    def _start(self, _: bytes, now_ms: int) -> bytes:
        if self._enabled and not self.streaming:
            self.streaming = True
            self._numerics_ms = self._wave_ms = now_ms
        return b""

    def _stop(self, _: bytes, __: int) -> bytes:
        self.streaming = False
        return b""

    def _item(self, body: bytes, now_ms: int) -> bytes:
        if not self._enabled or body[:1] not in (b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"):
            return b""
        shown = self.numerics(now_ms)
        co2 = [co2_byte(value, Unit.MMHG) for value in (shown.etco2, shown.fico2)]
        values = [*co2, *map(number_byte, (shown.rr, shown.spo2, shown.pulse))]
        return encode(3, bytes((body[0], values[body[0] - 1])))

    @property
    def device_id(self) -> bytes:
        """30 characters: software version, its date, serial number."""
        serial = OTHER_SERIAL if self.faults.wrong_serial else self.serial
        return f"V04.50 01/15/2009 {serial:<10.10}  ".encode("ascii")

    # --- the stream ----------------------------------------------------------------------------------------------

    def _stream(self, now_ms: int) -> bytes:
        out = bytearray()
        if self.waves:
            self._wave_ms = max(self._wave_ms, now_ms - WAVE_SPAN_MS)
            while self._wave_ms <= now_ms:
                out += encode(0, self._wave_sample())
                self._wave_ms += WAVE_MS
        if self._numerics_ms <= now_ms:
            out += encode(1, self._numerics(now_ms))
            self._numerics_ms += ((now_ms - self._numerics_ms) // NUMERICS_MS + 1) * NUMERICS_MS
        return bytes(out)

    def _numerics(self, now_ms: int) -> bytes:
        if not self.faults.frozen_values or self._frozen is None:
            self._displayed = self.numerics(now_ms)
            self._frozen = data_bytes(self._displayed)
        return shifted(self._frozen) if self.faults.shifted_fields else self._frozen

    def _watch_breaths(self, now_ms: int) -> None:
        if self._blind():
            return
        if self.patient.breaths != self._breaths_seen:
            self._breath_ms = now_ms
            self._rr, self._etco2 = round(self.patient.rr), self.patient.etco2
        self._breaths_seen = self.patient.breaths

    def _blind(self) -> bool:
        return self.patient.cannula_off

    def shown(self, now_ms: int) -> dict[str, int | None]:
        """What its display said at the moment of the last numerics, in thousandths; CO2 in whole mmHg."""
        seen = self._displayed
        values = {name: getattr(seen, name) for name in ("rr", "spo2", "pulse", "etco2", "fico2")}
        flags = {"no_breath": int(seen.no_breath) * 1000, "no_breath_s": seen.no_breath_s * 1000}
        return {name: None if value is None else round(value) * 1000 for name, value in values.items()} | flags

    def numerics(self, now_ms: int) -> Numerics:
        """What the monitor measures now."""
        still_s = (now_ms - self._breath_ms) // 1000
        no_line, no_breath = self.faults.no_filterline, still_s >= self.no_breath_after_s
        probe = not (self.faults.sensor_off or self.faults.sensor_disconnected or self.patient.finger_off)
        return Numerics(
            time_s=EPOCH_S + (now_ms - self._started_ms) // 1000,
            etco2=None if no_line or no_breath else self._etco2,
            fico2=None if no_line or no_breath else 0,
            rr=None if no_line else 0 if no_breath else self._rr,
            spo2=round(self.patient.spo2) if probe else None,
            pulse=round(self.patient.pulse) if probe else None,
            no_breath_s=still_s if still_s >= COUNT_FROM_S and not no_line else 0,
            no_breath=no_breath and not no_line,
            sensor_off=self.faults.sensor_off or self.patient.finger_off,
            sensor_disconnected=self.faults.sensor_disconnected,
            limits=self.limits,
            unit=self.unit,
        )

    def _wave_sample(self) -> bytes:
        """counter, whole, 1/256, status: a capnogram with a flat expiratory plateau."""
        self._counter = (self._counter + 1) & 0xFF
        if self.faults.no_filterline:
            return bytes((self._counter, 0, 0, WAVE_INVALID | WAVE_NO_FILTERLINE))
        before = self._phase
        self._phase = (before + self.patient.rr / 60 * WAVE_MS / 1000) % 1.0
        breathing = self.patient.rr > 0 and not self._blind()
        level = self.patient.etco2 * _capnogram(self._phase) if breathing else 0.0
        written = min(0xFFFF, round(level * _unit_factor(self.unit) * 256))
        status = WAVE_END_OF_BREATH if breathing and self._phase < before else 0
        return bytes((self._counter, written >> 8, written & 0xFF, status))


def _unit_factor(unit: Unit) -> float:
    return co2_byte(100, unit) / 100


def _capnogram(phase: float) -> float:
    """Share of the end-tidal value: inspiration 0, a steep rise, a slightly rising plateau."""
    if phase < 0.4:
        return 0.0
    return (1 - math.exp(-(phase - 0.4) * 25)) * (0.9 + (phase - 0.4) / 6)
