"""A simulated GE monitor that speaks the Datex-Ohmeda Record Interface. Sans-IO: time is an argument.

From the layout that public clients of the interface write down; no byte of a real monitor was found in a public source.
Assumptions: the first record leaves at once; in difference mode the alarm status is sent whenever it changes; a request
lasts until it is stopped or the monitor is switched off; alarm limits and texts; an ambient pressure of 760 mmHg.
"""

from __future__ import annotations

import struct
from typing import ClassVar

from pumpd.device.checksums import sum8
from pumpd.sim.devices.base import Patient, SimTalker

FLAG, ESCAPE, BIT = 0x7E, 0x7D, 0x20
MOST_KEPT = 4096
HEADER = struct.Struct("<hBBHIBBHh")
DATA, ALARMS = 0, 4
LEAST_S = 5
STARTED_S = 1_795_000_000  # its clock when it is made
INVALID = -32767
EXISTS, ACTIVE = 1, 2
APNOEA, OLD_CUFF = 0x0004, 0x0100
RATE_BY_ECG = 1 << 3
T1_LABEL = 11
CUFF_OLD_MS = 60_000
AMBIENT = 7600  # tenths of mmHg
SPO2_LOW = 90_000
WHITE, YELLOW, RED = 1, 2, 3


class GeDriSim(SimTalker):
    """One monitor with ECG and impedance, cuff, T1, SpO2 and CO2; no invasive pressures.

    sum_escaped: its checksum is of the bytes as sent, escapes included (some Bx50 units).
    """

    model, text = "ge_dri", "GE patient monitor (Datex-Ohmeda Record Interface)"
    usual_baud = 19_200
    usual_frame = "8E"
    unasked = False
    period_ms = 1000 * LEAST_S
    steps: ClassVar = {
        **dict.fromkeys(("hr", "rr_imp", "rr", "spo2", "pulse", "nibp_sys", "nibp_dia", "nibp_mean"), 1000),
        **dict.fromkeys(("etco2", "fico2"), 1000),
        "temp": 100,
    }

    def __init__(self, patient: Patient, serial: str | None = None, *, now_ms: int = 0, seed: int = 1) -> None:
        self._measured_ms, self._pressures = now_ms, (0.0, 0.0)
        super().__init__(patient, serial, now_ms=now_ms, seed=seed)
        self.sum_escaped = False
        self._inside: bytearray | None = None
        self._forget()

    def _forget(self) -> None:
        self._every_ms, self._on_change, self._number = 0, False, 0
        self._told: list[tuple[str, int]] = []

    def switched_on(self, now_ms: int) -> None:
        super().switched_on(now_ms)
        self._forget()

    def sense(self, now_ms: int) -> dict[str, float | None]:
        sensed = super().sense(now_ms)
        pressures = (sensed["nibp_sys"] or 0.0, sensed["nibp_dia"] or 0.0)
        if pressures != self._pressures:
            self._pressures, self._measured_ms = pressures, now_ms
        gases = {name: _as_share(sensed[name]) for name in ("etco2", "fico2")}
        return sensed | gases | {"rr_imp": None if self.faults.leads_off else self.patient.rr}

    # --- requests ------------------------------------------------------------------------------------------------

    def hears(self, data: bytes, now_ms: int) -> bytes:
        return b"".join(self._asked(record, now_ms) for record in self._records(data))

    def _records(self, data: bytes) -> list[bytes]:
        found = []
        for value in data:
            if value != FLAG:
                if self._inside is not None and len(self._inside) < MOST_KEPT:
                    self._inside.append(value)
                continue
            record = _unescaped(bytes(self._inside or b""))
            if len(record) > 40 and sum8(record[:-1]) == record[-1]:
                found.append(record[:-1])
            self._inside = bytearray()
        return found

    def _asked(self, record: bytes, now_ms: int) -> bytes:
        main_type = HEADER.unpack_from(record)[-1]
        if main_type == DATA and len(record) >= 49:
            kind, interval_s, _, _ = struct.unpack_from("<BhIh", record, 40)
            return self._data_asked(interval_s, now_ms) if kind == 1 else b""
        if main_type == ALARMS and len(record) >= 42:
            command = struct.unpack_from("<h", record, 40)[0]
            self._on_change = command == 2 or (self._on_change and command != 3)
            return self._alarm_status(now_ms) if command == 0 else b""
        return b""

    def _data_asked(self, interval_s: int, now_ms: int) -> bytes:
        if interval_s == -1:
            return self.say(now_ms)
        self.talking = interval_s > 0
        self._every_ms, self.next_ms = 1000 * max(LEAST_S, interval_s), now_ms
        return b""

    def tick(self, now_ms: int) -> bytes:
        due = self.next_ms
        said = super().tick(now_ms)
        if self.next_ms != due:
            self.next_ms = now_ms + self._every_ms
        if self._on_change and not self.dark and self._alarms() != self._told:
            said += self._line.lose(self._alarm_status(now_ms))
        return said

    # --- records -------------------------------------------------------------------------------------------------

    def message(self, now_ms: int) -> bytes:
        """Displayed values: the basic class, and an empty extension."""
        time_s = STARTED_S + now_ms // 1000
        basic = struct.pack("<I", time_s) + self._groups(now_ms)
        parts = [basic.ljust(274, b"\0") + struct.pack("<BBH", 0, 0, number << 8 | 1) for number in (0, 1)]
        return self._record(DATA, now_ms, [(1, part) for part in parts])

    def _groups(self, now_ms: int) -> bytes:
        shown, faults = self.shown(now_ms), self.faults
        hr, spo2, pulse = _steps(shown["hr"], 1000), _steps(shown["spo2"], 10), _steps(shown["pulse"], 1000)
        if faults.shifted_fields:
            hr, spo2, pulse = spo2, pulse, hr
        leads = EXISTS | RATE_BY_ECG | (0 if faults.leads_off else ACTIVE)
        probe = EXISTS | (0 if faults.sensor_disconnected else ACTIVE)
        gas = EXISTS | (0 if faults.no_filterline else ACTIVE) | (APNOEA if shown["rr"] == 0 else 0)
        old = OLD_CUFF if now_ms - self._measured_ms > CUFF_OLD_MS else 0
        cuff = [_steps(shown[name], 10) for name in ("nibp_sys", "nibp_dia", "nibp_mean")]
        shares = [_share(shown[name]) for name in ("etco2", "fico2")]
        return b"".join(
            (
                _group(leads, 0, hr, INVALID, INVALID, INVALID, _steps(shown["rr_imp"], 1000)),
                _group(0, 0, *[INVALID] * 4) * 4,
                _group(EXISTS | ACTIVE, old, *cuff, INVALID),
                _group(EXISTS | ACTIVE, T1_LABEL, _steps(shown["temp"], 10)),
                _group(0, 0, INVALID) * 3,
                _group(probe, 0, spo2, pulse, INVALID, INVALID),
                _group(gas, 0, *shares, _steps(shown["rr"], 1000), AMBIENT),
            )
        )

    def _alarms(self) -> list[tuple[str, int]]:
        """Texts and colours."""
        shown, faults = self.shown(0), self.faults
        spo2 = shown["spo2"]
        conditions = (
            (shown["rr"] == 0, "APNEA", RED),
            (spo2 is not None and spo2 < SPO2_LOW, "SpO2 LOW", YELLOW),
            (faults.leads_off, "ECG LEADS OFF", YELLOW),
            (faults.sensor_off or faults.sensor_disconnected or self.patient.finger_off, "SpO2 PROBE OFF", WHITE),
        )
        return [(text, colour) for met, text, colour in conditions if met]

    def _alarm_status(self, now_ms: int) -> bytes:
        self._told = self._alarms()
        lines = (self._told + [("", 0)] * 5)[:5]
        body = struct.pack("<5h", 0, 1, 0, 0, 0)
        body += b"".join(struct.pack("<80shhh12x", text.encode("ascii"), 1, colour, 1) for text, colour in lines)
        return self._record(ALARMS, now_ms, [(1, body + bytes(10))])

    def _record(self, main_type: int, now_ms: int, parts: list[tuple[int, bytes]]) -> bytes:
        self._number = (self._number + 1) % 256
        size = 40 + sum(len(body) for _, body in parts)
        head = HEADER.pack(size, self._number, 8, 1, STARTED_S + now_ms // 1000, 0, 0, 0, main_type)
        offset = 0
        for kind, body in parts:
            head += struct.pack("<hB", offset, kind)
            offset += len(body)
        record = (head + struct.pack("<hB", 0, 0xFF)).ljust(40, b"\0") + b"".join(body for _, body in parts)
        summed = _escaped(record) if self.sum_escaped else record
        return bytes([FLAG]) + _escaped(record + bytes([sum8(summed)])) + bytes([FLAG])


def _group(status: int, label: int, *values: int) -> bytes:
    return struct.pack(f"<IH{len(values)}h", status, label, *values)


def _steps(milli: int | None, step: int) -> int:
    return INVALID if milli is None else milli // step


def _as_share(mmhg: float | None) -> float | None:
    """A pressure as the wire can say it: hundredths of a per cent of the ambient pressure."""
    return None if mmhg is None else round(mmhg * 100_000 / AMBIENT) * AMBIENT / 100_000


def _share(milli: int | None) -> int:
    return INVALID if milli is None else round(milli * 100 / AMBIENT)


def _escaped(data: bytes) -> bytes:
    return b"".join(bytes([ESCAPE, v ^ BIT]) if v in (FLAG, ESCAPE) else bytes([v]) for v in data)


def _unescaped(data: bytes) -> bytes:
    out, escaped = bytearray(), False
    for value in data:
        if value == ESCAPE and not escaped:
            escaped = True
        else:
            out.append(value ^ BIT if escaped else value)
            escaped = False
    return bytes(out)
