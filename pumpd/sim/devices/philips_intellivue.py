"""A simulated Philips IntelliVue monitor on its MIB/RS232 port. Sans-IO: time is an argument.

From the structures of Philips' Data Export Interface as public clients write them down; a public MX800 client kept
frames that show: linked results end with an empty one, extended results have no absolute time, MDS-create is repeated
until it is answered and given up with an abort after 10 s. Assumptions, because no source shows them: an association
request within a living association is refused, and counts as a sign of life; single polls carry the absolute time;
alarm limits; a request for something it does not know is not answered; it repeats MDS-create every 2.5 s.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pumpd.sim.devices.base import Patient, SimTalker
from pumpd.sim.devices.philips_frames import (
    ABORT,
    REFUSE,
    RELEASED,
    HostFrames,
    accept,
    attribute,
    counted,
    frame,
    label,
    operation,
    single,
    string,
)

LEAST_POLL_MS, ASSOCIATION_MS, CREATE_MS, POLL_EACH_MS = 500, 10_000, 2500, 900
STARTED_TICKS = 8_000_000  # it has run for 1000 s
CLOCK = datetime(2026, 11, 22, 10, tzinfo=UTC)
NO_TIME = b"\xff" * 8
NUMERICS, MDS, ALERTS = 0x0006, 0x0021, 0x0036
RESULT, LINKED = 2, 5
PERCENT, BEATS, BREATHS, MMHG, CELSIUS = 0x0220, 0x0AA0, 0x0AE0, 0x0F20, 0x17A0
NAN, INVALID, IN_ALARM = 0x007FFFFF, 0x8000, 0x0002
SPO2_LOW = 90_000

# handle, signal, physiological id, unit
OBJECTS = (
    (1, "hr", 0x4182, BEATS),
    (2, "spo2", 0x4BB8, PERCENT),
    (3, "pulse", 0x4822, BEATS),
    (4, "rr", 0x5012, BREATHS),
    (5, "rr_imp", 0x500A, BREATHS),
    (6, "etco2", 0x50B0, MMHG),
    (7, "fico2", 0x50BA, MMHG),
    (8, "temp", 0x4B48, CELSIUS),
)
CUFF = (("nibp_sys", 0x4A05), ("nibp_dia", 0x4A06), ("nibp_mean", 0x4A07))


class PhilipsIntellivueSim(SimTalker):
    """One monitor with ECG and respiration, SpO2, CO2, cuff and temperature.

    mtu: longest command it sends; a smaller one makes linked results of it.
    """

    model, text = "philips_intellivue", "Philips IntelliVue patient monitor (MIB/RS232)"
    number, other_number = "DE00123456", "DE99999999"
    usual_baud = 115_200
    unasked = False
    steps: ClassVar = {
        **dict.fromkeys(("hr", "spo2", "pulse", "rr", "rr_imp", "etco2", "fico2"), 1000),
        **dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_mean"), 1000),
        "temp": 100,
    }

    def __init__(self, patient: Patient, serial: str | None = None, *, now_ms: int = 0, seed: int = 1) -> None:
        self._measured_ms, self._pressures = now_ms, (0.0, 0.0)
        super().__init__(patient, serial, now_ms=now_ms, seed=seed)
        self.mtu = 1000
        self._frames = HostFrames()
        self._forget()

    def _forget(self) -> None:
        self.associated = self._answered = self.talking = False
        self._client_ms = self._create_ms = self._until_ms = 0
        self._asked: dict[int, int] = {}  # class: when it was last polled
        self._periodic = (0, 0, 0)  # invoke id, poll number, group
        self._sequence = 0

    def sense(self, now_ms: int) -> dict[str, float | None]:
        sensed = super().sense(now_ms)
        pressures = (sensed["nibp_sys"] or 0.0, sensed["nibp_dia"] or 0.0)
        if pressures != self._pressures:
            self._pressures, self._measured_ms = pressures, now_ms
        return sensed | {"rr_imp": None if self.faults.leads_off else self.patient.rr}

    def switched_on(self, now_ms: int) -> None:
        super().switched_on(now_ms)
        self._forget()

    # --- session -------------------------------------------------------------------------------------------------

    def hears(self, data: bytes, now_ms: int) -> bytes:
        return b"".join(self._answer(user, now_ms) for user in self._frames.feed(data))

    def _answer(self, user: bytes, now_ms: int) -> bytes:
        self._client_ms = now_ms
        if user[0] == 0x0D:
            return self._associate(now_ms)
        if user[0] in (0x09, 0x19):
            self._forget()
            return frame(RELEASED) if user[0] == 0x09 else b""
        if user[0] != 0xE1 or not self.associated or len(user) < 14:
            return b""
        kind, _, invoke, command = struct.unpack_from(">HHHH", user, 4)
        if (kind, command) == (RESULT, 1):
            self._answered = True
        return self._polled(user, invoke, now_ms) if (kind, command) == (1, 7) else b""

    def _associate(self, now_ms: int) -> bytes:
        if self.faults.no_device_id:
            return b""
        if self.associated and self._answered:
            return frame(REFUSE)
        self._forget()
        self.associated, self._client_ms, self._create_ms = True, now_ms, now_ms + CREATE_MS
        return frame(accept(LEAST_POLL_MS, self.mtu)) + self._created(now_ms)

    def _created(self, now_ms: int) -> bytes:
        """Who it is, and its clock."""
        what = (
            attribute(0x0984, struct.pack(">H", 6) + bytes.fromhex("0009fb123456")),
            attribute(0x0928, label("Philips", 8) + label("M8000", 6)),
            attribute(0x0987, _bcd(now_ms)),
            attribute(0x098F, struct.pack(">I", _ticks(now_ms))),
        )
        info = struct.pack(">HHH", MDS, 0, 0) + counted(what)
        event = struct.pack(">HHHIHH", MDS, 0, 0, _ticks(now_ms), 0x0D06, len(info)) + info
        return frame(operation(1, 1, 1, event))

    def tick(self, now_ms: int) -> bytes:
        said = b""
        if not self.dark and self.associated:
            if now_ms - self._client_ms >= ASSOCIATION_MS:
                self._forget()
                said = frame(ABORT)
            elif not self._answered and now_ms >= self._create_ms:
                self._create_ms += CREATE_MS
                said = self._created(now_ms)
            self.talking = self.talking and now_ms < self._until_ms
        return self._line.lose(said) + super().tick(now_ms)

    def next_deadline(self) -> int | None:
        dues = [super().next_deadline()]
        if self.associated and not self.dark:
            dues += [self._client_ms + ASSOCIATION_MS, None if self._answered else self._create_ms]
        return min((due for due in dues if due is not None), default=None)

    # --- polls ---------------------------------------------------------------------------------------------------

    def _polled(self, user: bytes, invoke: int, now_ms: int) -> bytes:
        """One poll of each class a second is answered; an extended one by results each second for its time."""
        if len(user) < 36 or not self._answered:
            return b""
        action, _, number, _, objects, group = struct.unpack_from(">6H", user, 24)
        if action == 0xF13B:
            return self._begin(user, invoke, number, group, now_ms)
        if action != 0x0C16 or now_ms - self._asked.get(objects, -POLL_EACH_MS) < POLL_EACH_MS:
            return b""
        self._asked[objects] = now_ms
        self.look(now_ms)
        found = self._objects(objects, group, now_ms)
        head = struct.pack(">HI", number, _ticks(now_ms)) + _bcd(now_ms) + struct.pack(">HHH", 1, objects, group)
        return b"" if found is None else self._results(invoke, 0x0C16, head, found)

    def _begin(self, user: bytes, invoke: int, number: int, group: int, now_ms: int) -> bytes:
        if len(user) < 48 or user[32:34] != NUMERICS.to_bytes(2, "big"):
            return b""
        self._until_ms = now_ms + int.from_bytes(user[44:48], "big") // 8
        self._periodic, self.talking, self.next_ms = (invoke, number, group), True, now_ms
        return b""

    def message(self, now_ms: int) -> bytes:
        """A result of the extended poll."""
        invoke, number, group = self._periodic
        self._sequence = self._sequence % 0xFFFF + 1
        head = struct.pack(">HHI", number, self._sequence, _ticks(now_ms)) + NO_TIME
        found = self._objects(NUMERICS, group, now_ms) or []
        return self._results(invoke, 0xF13B, head + struct.pack(">HHH", 1, NUMERICS, group), found)

    def _results(self, invoke: int, action: int, head: bytes, objects: list[bytes]) -> bytes:
        """One result, or linked ones and an empty one to end them."""
        if sum(map(len, objects)) + 60 <= self.mtu:
            return frame(_result(invoke, action, head, objects))
        parts: list[list[bytes]] = [[]]
        for one in objects:
            if parts[-1] and sum(map(len, parts[-1])) + len(one) + 60 > self.mtu:
                parts.append([])
            parts[-1].append(one)
        said = b""
        for place, part in enumerate(parts, start=1):
            state = 1 if place == 1 else 3 if place == len(parts) else 2
            said += frame(_result(invoke, action, head, part, bytes([state, place])))
        return said + frame(_result(invoke, action, head, []))

    # --- what it shows -------------------------------------------------------------------------------------------

    def _objects(self, objects: int, group: int, now_ms: int) -> list[bytes] | None:
        """The objects of a class with the attributes of a group; None for those it does not know."""
        if objects == NUMERICS and group in (0, 0x0803):
            return self._numerics(now_ms)
        if (objects, group) == (ALERTS, 0x0801):
            patient, technical = counted(self._patient_alerts()), counted(self._inops())
            return [single(1, attribute(0x0902, patient), attribute(0x0904, technical))]
        if (objects, group) == (MDS, 0x080C):
            entries = [
                struct.pack(">HH", 1, 8) + label(self.shown_serial, 10),
                struct.pack(">HH", 4, 8) + label("A.10.47", 8),
            ]
            return [struct.pack(">H", 1) + counted((attribute(0x092D, counted(entries)),))]
        return None

    def _numerics(self, now_ms: int) -> list[bytes]:
        shown = self.shown(now_ms)
        numbers = [shown[signal] for _, signal, _, _ in OBJECTS]
        if self.faults.shifted_fields:
            numbers = [*numbers[1:], numbers[0]]
        said = [
            struct.pack(">H", handle)
            + counted((attribute(0x0950, _observed(physio, unit, number, _state(name, number))),))
            for (handle, name, physio, unit), number in zip(OBJECTS, numbers, strict=True)
        ]
        cuff = counted([_observed(physio, MMHG, shown[name], _state(name, shown[name])) for name, physio in CUFF])
        stamp = attribute(0x0990, _bcd(self._measured_ms))
        return [*said, single(9, attribute(0x094B, cuff), stamp)]

    def _patient_alerts(self) -> list[bytes]:
        shown = self.shown(0)
        found = []
        if shown["rr"] == 0:
            found.append(_alert(0x5012, 3072, 0x0400, "*** APNEA"))
        if shown["spo2"] is not None and shown["spo2"] < SPO2_LOW:
            found.append(_alert(0x4BB8, 62, 0x0200, f"** SpO2   {shown['spo2'] // 1000} <{SPO2_LOW // 1000}"))
        return found

    def _inops(self) -> list[bytes]:
        faults = self.faults
        found = []
        if faults.leads_off:
            found.append(_alert(0x4182, 274, 0x0002, "ECG LEADS OFF"))
        if faults.sensor_off or faults.sensor_disconnected or self.patient.finger_off:
            found.append(_alert(0x4BB8, 308, 0x0001, "SpO2 NO SENSOR"))
        if faults.no_filterline:
            found.append(_alert(0x50B0, 326, 0x0001, "CO2 NO TUBING"))
        return found


def _state(signal: str, milli: int | None) -> int:
    if milli is None:
        return INVALID
    return IN_ALARM if signal == "spo2" and milli < SPO2_LOW else 0


def _observed(physio: int, unit: int, milli: int | None, state: int) -> bytes:
    """A value as FLOAT: whole numbers with exponent 0, tenths with -1."""
    if milli is None:
        return struct.pack(">HHHI", physio, state, unit, NAN)
    number = milli // 1000 if milli % 1000 == 0 else 0xFF000000 | (milli // 100 & 0xFFFFFF)
    return struct.pack(">HHHI", physio, state, unit, number)


def _alert(source: int, code: int, kind: int, text: str) -> bytes:
    info = struct.pack(">HIHH", 1, 0x00020000 | source, 0, 0x4000) + string(text)
    return struct.pack(">HHHHHHHHH", source, code, kind, 0, NUMERICS, 0, 1, 516, len(info)) + info


def _result(invoke: int, action: int, head: bytes, objects: list[bytes], link: bytes = b"") -> bytes:
    contexts = [struct.pack(">H", 0) + counted(objects)] if objects else []
    reply = head + counted(contexts)
    body = struct.pack(">HHHHH", MDS, 0, 0, action, len(reply)) + reply
    return operation(LINKED if link else RESULT, invoke, 7, body, link)


def _ticks(now_ms: int) -> int:
    return (STARTED_TICKS + now_ms * 8) % 2**32


def _bcd(now_ms: int) -> bytes:
    return bytes.fromhex(f"{CLOCK + timedelta(milliseconds=now_ms):%Y%m%d%H%M%S}00")
