"""Driver of the Oridion/Medtronic Capnostream 20 and 20p bedside capnographs. No I/O, no clock: bytes in, facts out.

Frame: 85 LEN body CHK; body is code and data, LEN its length before escaping, CHK the XOR of LEN and body.
After the start byte 80 and 85 are sent as 80 00 and 80 05. The host repeats Enable until the monitor says who it
is, then starts real-time mode: numerics each second, a CO2 sample each 50 ms.

Facts are from the vendor's Data Transfer Protocols (PN D006045C, Oridion 2007) and mdpnp (Capnostream.java);
drivers/captures/capnostream20 holds the frames.
"""

from __future__ import annotations

from typing import ClassVar

from pumpd.device import (
    DeviceAlarms,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Identity,
    Integrity,
    Kind,
    Line,
    Origin,
    Out,
    Quality,
    Send,
    SetLine,
    Silent,
    Vitals,
)
from pumpd.device.framing import EscapedFramer, garbled
from pumpd.units import Ms
from pumpd_drivers import capnostream20_wire as wire
from pumpd_drivers.capnostream20_wire import CO2Wave

ENABLE_MS = 500  # between Enables until the monitor answers; it answers within 1 s
ENABLE_STREAMING_MS = 5000  # ours: the same while it already reports, so as not to disturb it
ENABLES_PER_BAUD = 3  # ours: unanswered Enables until the next speed is tried
START_RETRY_MS = 1500  # ours: real-time data must begin within that
QUIET_MS = 2000  # ours: two of its numerics missed
CO2_STATUS_MS = 2000  # ours: how long the wave's last status speaks for the numerics
ALARM_REPEAT_MS = 5000  # ours: an unchanged set of alarms is said again that often
_SUM8 = Integrity.SUM8
_number = int.from_bytes
MODEL = "Capnostream"


class Capnostream20:
    """One monitor."""

    __slots__ = (
        "_alarm_bytes", "_alarms", "_alarms_ms", "_baud_at", "_bauds", "_co2_quality", "_co2_status_ms", "_enabled",
        "_framer", "_identity", "_next_send_ms", "_quiet_at_ms", "_silent", "_slow_status", "_streaming", "_unanswered",
        "_wave",
    )  # fmt: skip

    info: ClassVar[DriverInfo] = DriverInfo(
        name="capnostream20",
        vendor="Oridion / Medtronic",
        model="Capnostream 20/20p",
        kind=Kind.MONITOR,
        line=Line(bauds=(9600, 19200, 57600, 115200)),
        integrity=Integrity.SUM8,
        poll_ms=1000,
        quiet_ms=QUIET_MS,
        signals=("rr", "spo2", "pulse", "etco2", "fico2", "no_breath", "no_breath_s", "co2_wave"),
        origins=(("rr", Origin.CO2), ("etco2", Origin.CO2)),
        sources=("Capnostream Data Transfer Protocols PN D006045C", "mdpnp Capnostream.java"),
        needs_asking=True,
        probe_bytes=(wire.ENABLE, wire.START_REAL_TIME, wire.STOP_REAL_TIME, wire.DISABLE),
    )

    def __init__(self, settings: DeviceSettings) -> None:
        baud = settings.options.get("baud", "auto")
        self._bauds = (int(baud),) if baud.isdecimal() and baud.isascii() else self.info.line.bauds
        self._framer = EscapedFramer()
        self._baud_at = 0
        self._unanswered = 0
        self._enabled = False
        self._streaming = False
        self._next_send_ms = 0
        self._quiet_at_ms = 0
        self._silent = False
        self._identity: Identity | None = None
        self._co2_quality: Quality | None = None
        self._co2_status_ms = Ms(0)
        self._wave = CO2Wave()
        self._alarm_bytes = b""
        self._slow_status = 0
        self._alarms: DeviceAlarms | None = None
        self._alarms_ms = Ms(0)

    def start(self, now: Ms) -> list[Out]:
        """The first Enable, at the configured speed where there is one."""
        self._quiet_at_ms = Ms(now + self.info.quiet_ms)
        fixed = self._bauds != self.info.line.bauds
        return [*([SetLine(self._bauds[0])] if fixed else []), *self._enable(now)]

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        out: list[Out] = []
        whole = self._framer.whole(data)
        if whole is not None and whole[1] == wire.NUMERICS:
            self._numerics(whole, now, out)
            return out
        for part in self._framer.feed(data):
            if isinstance(part, Garbled):
                out.append(part)
            elif part[1] == wire.NUMERICS:
                self._numerics(part, now, out)
            elif part[1] == wire.WAVE:
                self._hear_wave(part, now, out)
            elif part[1] == wire.DEVICE_ID:
                self._device_id(part, now, out)
            # other codes (patient, items, events, trends, later firmware) are whole messages that we have no use for
        return out

    def tick(self, now: Ms) -> list[Out]:
        out: list[Out] = []
        if now >= self._quiet_at_ms:
            out += self._fall_silent(now)
        if now >= self._next_send_ms:
            out += self._start_real_time(now) if self._enabled else self._enable(now)
        return out

    def next_deadline(self) -> Ms | None:
        quiet_ms, send_ms = self._quiet_at_ms, self._next_send_ms
        return quiet_ms if quiet_ms < send_ms else send_ms  # type: ignore[return-value] # Ms() would cost more than all

    def finish(self, now: Ms) -> list[Out]:
        """Stop the stream and end the session."""
        return [Send(wire.STOP_REAL_TIME + wire.DISABLE)]

    # --- session ------------------------------------------------------------------------------------------

    def _enable(self, now: Ms) -> list[Out]:
        """Enable, at the next speed where several were unanswered at this one."""
        out: list[Out] = []
        if self._unanswered == ENABLES_PER_BAUD and len(self._bauds) > 1:
            self._unanswered = 0
            self._baud_at = (self._baud_at + 1) % len(self._bauds)
            out.append(SetLine(self._bauds[self._baud_at]))
        self._unanswered += 1
        self._next_send_ms = Ms(now + (ENABLE_STREAMING_MS if self._streaming else ENABLE_MS))
        return [*out, Send(wire.ENABLE)]

    def _start_real_time(self, now: Ms) -> list[Out]:
        self._next_send_ms = Ms(now + START_RETRY_MS)
        return [Send(wire.START_REAL_TIME)]

    def _fall_silent(self, now: Ms) -> list[Out]:
        """Said once per outage; the monitor is enabled anew."""
        self._quiet_at_ms = Ms(now + self.info.quiet_ms)
        if self._enabled or self._streaming:
            self._enabled, self._streaming, self._unanswered, self._next_send_ms = False, False, 0, now
        if self._silent:
            return []
        self._silent = True
        return [Silent("nothing heard")]

    def _device_id(self, part: bytes, now: Ms, out: list[Out]) -> None:
        """Who it is, said where it is new: a monitor that answers but reports nothing must not seem to be back."""
        software, serial = wire.device_id(part[2:-1])
        identity = Identity(MODEL, serial, software)
        if identity != self._identity:
            self._identity = identity
            out.append(identity)
        self._unanswered = 0
        self._quiet_at_ms = Ms(now + self.info.quiet_ms)
        if not self._enabled:
            self._enabled = True
            out += self._start_real_time(now)

    # --- data ---------------------------------------------------------------------------------------------

    def _numerics(self, part: bytes, now: Ms, out: list[Out]) -> None:
        reason = wire.why_not_numerics(part)
        if reason is not None:
            out.append(garbled(reason, part))
            return
        self._streaming, self._silent, self._unanswered, self._quiet_at_ms = True, False, 0, now + QUIET_MS
        if self._enabled:
            self._next_send_ms = now + START_RETRY_MS
        self._wave.units = part[wire.UNITS]
        if self._co2_quality is not None and now - self._co2_status_ms > CO2_STATUS_MS:
            self._co2_quality = None
        seconds = str(_number(part[2:6], "big"))
        out.append(Vitals(wire.readings_of(part, self._co2_quality), seconds, _SUM8))
        if (
            part[wire.CO2_ALARMS : -1] != self._alarm_bytes
            or part[wire.SLOW_STATUS] != self._slow_status
            or now - self._alarms_ms >= ALARM_REPEAT_MS
        ):
            self._hear_alarms(part, now, out)

    def _hear_alarms(self, part: bytes, now: Ms, out: list[Out]) -> None:
        """Something of the alarms has changed, or they have not been said for a while: says the set where so."""
        due = now - self._alarms_ms >= ALARM_REPEAT_MS
        self._alarm_bytes, self._slow_status = part[wire.CO2_ALARMS : -1], part[wire.SLOW_STATUS]
        alarms = wire.alarms_of(part)
        if alarms != self._alarms or due:
            self._alarms, self._alarms_ms = alarms, now
            out.append(alarms)

    def _hear_wave(self, part: bytes, now: Ms, out: list[Out]) -> None:
        if len(part) != wire.WAVE_SIZE:
            out.append(garbled(f"wave of {part[0]} bytes", part))
            return
        self._silent, self._unanswered, self._quiet_at_ms = False, 0, now + QUIET_MS
        self._co2_quality, self._co2_status_ms = wire.co2_quality(part[wire.FAST_STATUS]), now
        out += self._wave.add(part)
