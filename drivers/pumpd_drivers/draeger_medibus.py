"""Driver of Dräger ventilators and monitors that speak MEDIBUS. No I/O, no clock: bytes and `now` in, facts out.

A command is ESC code arguments CHK CR, a response SOH code data CHK CR; CHK is the sum of the bytes before it modulo
256, two upper-case hex digits. Both sides may command and both answer: each frame of the device that begins with ESC
gets its response. DC1 pauses what is sent and DC3 lets it go on (the reverse of the usual), CAN ends a frame early.

Facts are from the vendor's protocol definition (revision 4.03), mdpnp devices/draeger (BSD-2-Clause) and icu_devices
(MIT). Nothing is set at the device and no curve is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pumpd.device import (
    AlarmCode,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Integrity,
    Kind,
    Line,
    Origin,
    Out,
    Parity,
    Quality,
    Reading,
    Send,
    Vitals,
)
from pumpd.device.checksums import sum8
from pumpd.device.exchange import Request
from pumpd.device.framing import garbled
from pumpd.device.polled import PolledDevice, Question, Reply
from pumpd.units import Ms
from pumpd_drivers import draeger_medibus_wire as wire
from pumpd_drivers.draeger_medibus_codes import APNOEA, SIGNALS
from pumpd_drivers.draeger_medibus_wire import command, response

INIT_MS = 3000  # the device repeats its own that often
PAUSE_MS = 3000  # silence of that length is a lost link: a pause does not last longer
MOST_HELD = 8  # responses that wait for the end of a pause


class DraegerMedibus(PolledDevice):
    """One device."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="draeger_medibus",
        vendor="Dräger",
        model="MEDIBUS (Evita, Primus and others)",
        kind=Kind.MONITOR,
        line=Line(bauds=(19200,), parity=Parity.EVEN),
        integrity=Integrity.SUM8,
        poll_ms=1000,
        quiet_ms=3000,
        signals=(*(name for name, _ in SIGNALS), "no_breath"),
        origins=(("etco2", Origin.CO2), ("fico2", Origin.CO2)),
        sources=(
            "vendor MEDIBUS protocol definition 4.03 (facts)",
            "mdpnp devices/draeger (code maps, Medibus.java)",
            "KaiWU17TUM/icu_devices medibus.cpp",
        ),
        tells_serial=False,
        needs_asking=True,
        probe_bytes=(command(wire.INIT), command(wire.IDENTIFY), command(wire.STOP)),
    )
    # the name and the message are the command's code: 51h, 52h, 28h and so on
    questions = (
        Question("Q", "Q"),  # initialise
        Question("R", "R"),  # who it is
        Question("(", "(", 10_000),  # its clock
        Question("$", "$", 1000),  # data, page 1
        Question("'", "'", 1000),  # alarms, page 1
        Question("+", "+", 10_000),  # data, page 2
        Question(".", ".", 5000),  # alarms, page 2
    )
    status = ("$",)
    reply_ms = 1500  # ours; it has to answer within 10 s, and one that is so slow would be silent

    def __init__(self, settings: DeviceSettings) -> None:
        super().__init__(settings)
        self._replies: list[Send] = []
        self._paused_until: Ms | None = None
        self._seen: set[str] = set()
        self._alarms: dict[int, tuple[AlarmCode, ...]] = {}
        self._device_time: str | None = None
        self._breathing: Quality | None = None  # of the last rate, 0 being none; None while it has told no rate

    # --- the line -------------------------------------------------------------------------------------------

    def framer(self) -> wire.Frames:
        return wire.Frames()

    def frame(self, message: str) -> bytes:
        return command(ord(message))

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        paused, resumed = data.rfind(wire.DC1), data.rfind(wire.DC3)
        if paused != resumed:
            self._paused_until = Ms(now + PAUSE_MS) if paused > resumed else None
            data = data.translate(None, wire.DC1 + wire.DC3)
        return super().receive(data, now)

    def tick(self, now: Ms) -> list[Out]:
        talked = not self._silent
        out = super().tick(now)
        if talked and self._silent and (self.line.pending is None or self.line.pending.name != "Q"):
            self._ask_all(now)  # it may have been off: begin anew
            out += self._next(now)
        return out

    def next_deadline(self) -> Ms | None:
        if self._paused_until is None:
            return super().next_deadline()
        return self._paused_until if self._silent else Ms(min(self._paused_until, self._heard_ms + self._quiet_ms))

    def finish(self, now: Ms) -> list[Out]:
        """End the communication."""
        return [*super().finish(now), Send(command(wire.STOP))]

    def _next(self, now: Ms) -> list[Out]:
        """What it asked us, then what we ask; nothing while it wants nothing."""
        if self._paused_until is not None:
            if now < self._paused_until:
                return []
            self._paused_until = None
        if not self._replies:
            return super()._next(now)
        replies, self._replies = self._replies, []
        return [*replies, *super()._next(now)]

    # --- asking ---------------------------------------------------------------------------------------------

    def _ask_all(self, now: Ms) -> None:
        """First that it talks to us at all."""
        self._asked.clear()
        self._alarms.clear()
        for name in self._table:
            self.line.forget(name)
        self.line.ask("Q", now)

    def _again(self, name: str, now: Ms) -> None:
        if name == "Q":
            self.line.ask(name, Ms(now + INIT_MS))
        else:
            super()._again(name, now)

    def _begin(self, now: Ms) -> None:
        """Communication is open: everything else is due."""
        self.line.forget("Q")
        for name in self._table:
            if name != "Q":
                self.line.ask(name, now)

    # --- what it says ---------------------------------------------------------------------------------------

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        code, data = frame[1], frame[2:-3]
        if len(frame) < 5 or frame[-3:-1] != b"%02X" % sum8(frame[:-3]):
            if frame[:1] == wire.ESC:
                self._answer(response(wire.NAK))
            return garbled("checksum wrong", frame)
        if frame[:1] == wire.ESC:
            self._answer(response(code, wire.OURS if code == wire.IDENTIFY else b""))
            if code == wire.INIT:
                self._begin(now)
            return Reply("its own command")
        text = data.decode("latin-1")
        return self._response(code, text, now) if text.isascii() else garbled("not text", frame)

    def _answer(self, reply: bytes) -> None:
        if len(self._replies) < MOST_HELD:
            self._replies.append(Send(reply))

    def _response(self, code: int, text: str, now: Ms) -> Reply | Garbled:
        name = chr(code)
        if code in (wire.DATA_1, wire.DATA_2):
            values = wire.values_of(text)
            if values is None:
                return garbled("data are not believable", text.encode())
            page = 1 if code == wire.DATA_1 else 2
            return Reply(name, part=values if page == 1 else None, facts=self._unmapped(page, values))
        if code in (wire.ALARM_1, wire.ALARM_2):
            alarms = wire.alarms_of(1 if code == wire.ALARM_1 else 2, text)
            if alarms is None:
                return garbled("alarms are not believable", text.encode())
            self._alarms[code] = alarms
            told = tuple(alarm for _, page in sorted(self._alarms.items()) for alarm in page)
            signs = self._no_breath(alarms) if code == wire.ALARM_1 else ()
            return Reply(name, facts=(*signs, *self.said.alarms(told, now)))
        if code == wire.NAK:
            return garbled("the device could not read a command", text.encode())
        if code == wire.DATE:
            self._device_time = wire.device_time(text)
        return Reply(name, facts=self._identity(text) if code == wire.IDENTIFY else ())

    def _no_breath(self, alarms: tuple[AlarmCode, ...]) -> tuple[Out, ...]:
        """The device's own apnoea alarm as a sign. That somebody breathes is believed only beside a rate: the alarm may
        be switched off, and a rate of 0 without it is left to the bed's own rule."""
        if any(alarm.code in APNOEA for alarm in alarms):
            sign = Reading("no_breath", 1000)
        elif self._breathing is None:
            return ()
        else:
            sign = Reading("no_breath", 0 if self._breathing is Quality.OK else None, self._breathing)
        return (Vitals((sign,), None, Integrity.SUM8),)

    def _identity(self, text: str) -> tuple[Out, ...]:
        found = wire.IDENTITY.fullmatch(text)
        return () if found is None else tuple(self.said.identity(found[2] or found[1], None, found[3].strip() or None))

    def _unmapped(self, page: int, values: Mapping[str, str]) -> tuple[Out, ...]:
        if page == 1 and values.keys() <= wire.MAPPED:
            return ()
        rest = values.keys() - (wire.MAPPED if page == 1 else ())
        told = ((f"page {page} {code}", values[code].strip()) for code in sorted(rest))
        return tuple(fact for tag, value in told for fact in self.said.unmapped(tag, value))

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        if reply.name == "Q":
            self._begin(now)
        return []

    def status_of(self, parts: Mapping[str, object], now: Ms) -> list[Out]:
        """Readings of all signals that it has ever told; one that is missing now is off."""
        values = parts["$"]
        assert isinstance(values, dict)
        readings: list[Reading] = []
        breathes = False
        for name, codes in SIGNALS:
            reading = wire.reading(name, codes, values)
            if name == "rr":
                breathes = reading is not None and bool(reading.value_milli)
            if reading is not None:
                self._seen.add(name)
                readings.append(reading)
            elif name in self._seen:
                readings.append(Reading(name, None, Quality.OFF))
        if not readings:
            return []
        if "rr" in self._seen:
            self._breathing = Quality.OK if breathes else Quality.INVALID
        device_time, self._device_time = self._device_time, None
        return [Vitals(tuple(readings), device_time, Integrity.SUM8)]
