"""A simulated Alaris Asena syringe pump that speaks the real bytes. Sans-IO: time is an argument.

The host asks, the pump answers (how a message stands on the wire: asena_frame).
Replies follow frames printed in public sources (see tests/sim). Assumptions, because no source shows them:
a command without control, or a refused one, is answered `NAME^DENIED` (or not at all, see `refusal`); a pump on hold
reports rate 0.00; one alarm, the most severe, is reported; only REMOTE_CTRL refreshes the lease, and the
4000 ms of COMMS_RESPONSE_MAX is its length; AL_COMTO stays until somebody at the pump silences it or the
infusion is started again; an unknown command is not answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar, Literal

from pumpd.sim.asena_frame import (
    MAX_RATE_UL_H,
    checked,
    control_key,
    frame,
    ml_text,
    rate_in,
    time_left_text,
    volume_in,
)
from pumpd.sim.faults import NoisyLine, PumpFaults
from pumpd.sim.panel import PumpPanel
from pumpd.sim.syringe import SyringePump

LEASE_MS = 4000  # COMMS_RESPONSE_MAX
POWER_OFF_MS = 3000  # how long a power cycle keeps the pump dark (our choice)
MAX_MESSAGE = 128  # longer than any message of the table; bounds the receive buffer
OTHER_SERIAL = "8002-51733"  # what `wrong_serial` claims
FIRST_LOG_ID = 127904


class AsenaSim:
    """One pump on one line. `pump` is its mechanics, `panel` the person in front of it, `faults` its switches.

    heard counts the valid commands received, by name, so that a test can see what reached the pump; asked counts what
    they asked for: stop, rate, start, control, release, clear.
    """

    kind: ClassVar[Literal["pump", "monitor"]] = "pump"
    model: ClassVar[str] = "alaris_asena"
    text: ClassVar[str] = "Alaris Asena syringe pump"
    number: ClassVar[str] = "8002-51740"
    usual_baud: ClassVar[int] = 38400
    lease_ms: ClassVar[int | None] = LEASE_MS

    def __init__(
        self,
        serial: str | None = None,
        *,
        now_ms: int = 0,
        refusal: Literal["denied", "silent"] = "denied",
        syringe_ul: int = 50_000,
        seed: int = 1,
    ) -> None:
        self.serial = serial or self.number
        self.refusal = refusal
        self.faults = PumpFaults()
        self.pump = SyringePump(now_ms, syringe_ul)
        self.panel = PumpPanel(self, MAX_RATE_UL_H)
        self.heard: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self._line = NoisyLine(self.faults, seed, now_ms)
        self._buffer = bytearray()
        self._late: list[tuple[int, bytes]] = []
        self._off_until_ms: int | None = None
        self._frozen: str | None = None
        self._frozen_shown: dict[str, int | bool] | None = None
        self._handlers: dict[str, Callable[[list[str]], str | None]] = {
            "INF": self._status,
            "ALARM": self._alarm,
            "INF_RATE": self._rate,
            "INF_STOP": self._stop,
            "INF_START": self._start,
            "INF_VI": lambda _: f"INF_VI^{self._volume_text()}^ml",
            "INF_VI_CLEAR": self._clear_volume,
            "INF_VTBI": self._vtbi,
            "INF_BOLUS": lambda fields: self._commanded("INF_BOLUS", *fields),
            "REMOTE_CTRL": self._remote_control,
            "INST_SERIALNO": lambda _: f"INST_SERIALNO^{self.shown_serial}",
            "COMMS_PROTOCOL": lambda _: "COMMS_PROTOCOL^Asena Rev 2.1.5",
            "COMMS_RESPONSE_MAX": lambda _: f"COMMS_RESPONSE_MAX^{LEASE_MS}^ms",
            "INF_RATE_MAX_SYRINGE": lambda _: f"INF_RATE_MAX_SYRINGE^{ml_text(MAX_RATE_UL_H, 2)}^ml/h",
            "SYRINGE_STATUS": lambda _: "SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF",
            "REMQUERY": lambda fields: "REMQUERY^DEACT^^^^" if fields[:1] == ["DEACT"] else None,
        }

    # --- the sans-IO surface -------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Any chunk from the host; returns what the pump answers at once."""
        if not self.advance(now_ms):
            self._buffer.clear()
            return b""
        answers = [self._answer(message) for message in self._messages(self._line.lose(data))]
        return self._line.lose(b"".join(answers)) + self._due(now_ms)

    def tick(self, now_ms: int) -> bytes:
        """Late echoes and line noise that are due."""
        return self._due(now_ms) if self.advance(now_ms) else b""

    def next_deadline(self) -> int | None:
        """When tick has bytes to give, in simulated milliseconds."""
        dues = [due for due, _ in self._late]
        noise = self._line.next_deadline()
        return min([*dues, noise] if noise is not None else dues, default=None)

    def advance(self, now_ms: int) -> bool:
        """Bring the mechanics up to date; False while the pump is switched off."""
        self.pump.advance(now_ms)
        self.pump.occlude(self.faults.occlusion)
        if self.faults.power_cycle:
            self.faults.power_cycle = False
            self.switch_off(now_ms)
        if self._off_until_ms is not None and now_ms >= self._off_until_ms:
            self._off_until_ms = None
        return self._off_until_ms is None

    def switch_off(self, now_ms: int, for_ms: int = POWER_OFF_MS) -> None:
        """Power cycle: dark for a while, then in the power-on state."""
        self.pump.power_on_state()
        self._late.clear()
        self._frozen = self._frozen_shown = None
        self._off_until_ms = now_ms + for_ms

    def shown(self, now_ms: int) -> dict[str, int | bool]:
        """What its display says: rate_ul_h, volume_ul, infusing; what it said first, while faults.frozen_values."""
        self.advance(now_ms)
        if not self.faults.frozen_values or self._frozen_shown is None:
            pump = self.pump
            rate_ul_h = pump.rate_ul_h if pump.infusing else 0
            self._frozen_shown = {"rate_ul_h": rate_ul_h, "volume_ul": pump.counted_ul, "infusing": pump.infusing}
        return dict(self._frozen_shown)

    @property
    def shown_serial(self) -> str:
        return OTHER_SERIAL if self.faults.wrong_serial else self.serial

    @property
    def controlled(self) -> bool:
        """A host holds remote control now."""
        return self.held

    @property
    def held(self) -> bool:
        """A host holds it, and its watchdog waits for one."""
        return self.pump.lease_until_ms is not None

    # --- framing -------------------------------------------------------------------------------------------------

    def _messages(self, data: bytes) -> list[str]:
        """Whole messages with a right CRC; anything else is not answered."""
        self._buffer += data
        *lines, rest = bytes(self._buffer).split(b"\r")
        self._buffer = bytearray(rest[-MAX_MESSAGE:])
        return [message for message in map(checked, lines) if message]

    def _answer(self, message: str) -> bytes:
        name, *fields = message.split("^")
        self.heard[name] += 1
        self.asked[_asked(name, fields)] += 1
        handler = self._handlers.get(name)
        reply = handler(fields) if handler else None
        return frame(reply) if reply is not None else b""

    def _due(self, now_ms: int) -> bytes:
        due = [data for at_ms, data in self._late if at_ms <= now_ms]
        self._late = [item for item in self._late if item[0] > now_ms]
        return self._line.lose(b"".join(due)) + self._line.chatter(now_ms)

    # --- replies -------------------------------------------------------------------------------------------------

    def _status(self, _: list[str]) -> str:
        if self.faults.frozen_values and self._frozen is not None:
            return self._frozen
        self._frozen = "^".join(["INF", *self._status_fields()])
        return self._frozen

    def _status_fields(self) -> list[str]:
        pump = self.pump
        fields = [
            self.shown_serial,
            "A" if pump.alarms else "-",
            "SET" if pump.infusing else "HLD",
            ml_text(pump.rate_ul_h if pump.infusing else 0, 2),
            "ml/h",
            "",
            self._volume_text(),
            "ml",
            f"{Decimal(pump.pressure_cmmhg).scaleb(-2)}",
            "mmHg",
            time_left_text(pump.time_left_s),
            "EVENT",
            str(FIRST_LOG_ID + self.heard["INF_STOP"] + self.heard["INF_START"]),
        ]
        return [*fields[1:], ""] if self.faults.shifted_fields else fields

    def _alarm(self, _: list[str]) -> str:
        return f"ALARM^{self.pump.top_alarm or 'AL_NOALM'}^ ^ "

    def _rate(self, fields: list[str]) -> str | None:
        if not fields:
            return f"INF_RATE^{ml_text(self.pump.rate_ul_h, 2)}^ml/h"
        rate_ul_h = rate_in(fields)
        if not self.controlled or rate_ul_h is None:
            return self._refused("INF_RATE")
        self.pump.set_rate(rate_ul_h)
        return self._echo("INF_RATE", ml_text(rate_ul_h, 2), "ml/h")

    def _stop(self, _: list[str]) -> str | None:
        if not self.controlled:
            return self._refused("INF_STOP")
        if self.faults.stop_silent:
            return None
        if not self.faults.stop_ignored:
            self.pump.hold()
        return self._echo("INF_STOP")

    def _start(self, _: list[str]) -> str | None:
        if not self.controlled or not self.pump.start():
            return self._refused("INF_START")
        return self._echo("INF_START")

    def _clear_volume(self, _: list[str]) -> str | None:
        if not self.controlled:
            return self._refused("INF_VI_CLEAR")
        self.pump.clear_volume()
        return self._echo("INF_VI_CLEAR")

    def _vtbi(self, fields: list[str]) -> str | None:
        if not fields:
            left_ul = self.pump.vtbi_left_ul
            return "INF_VTBI^DEACT" if left_ul is None else f"INF_VTBI^ACTIV^{ml_text(left_ul, 3)}^ml^STOP"
        volume_ul = volume_in(fields)
        if not self.controlled or (volume_ul is None and fields != ["DEACT"]):
            return self._refused("INF_VTBI")
        self.pump.set_vtbi(volume_ul)
        return self._echo("INF_VTBI", *fields)

    def _remote_control(self, fields: list[str]) -> str | None:
        if fields == ["DISABLED"]:
            self.pump.lease_until_ms = None
            return "REMOTE_CTRL^DISABLED^****^PERMIT^0^ms"
        if fields[:1] != ["ENABLED"]:
            return None
        if self.faults.refuse_control or fields[1:] != [control_key(self.shown_serial)]:
            return "REMOTE_CTRL^ENABLED^****^DENIED^0^ms" if self.refusal == "denied" else None
        self.pump.lease_until_ms = self.pump.now_ms + LEASE_MS
        return "REMOTE_CTRL^ENABLED^****^PERMIT^0^ms"

    def _commanded(self, name: str, *fields: str) -> str | None:
        return self._echo(name, *fields) if self.controlled else self._refused(name)

    def _refused(self, name: str) -> str | None:
        return f"{name}^DENIED" if self.refusal == "denied" else None

    def _echo(self, *parts: str) -> str | None:
        """The echo of a command that was carried out, unless a fault loses or delays it."""
        message = "^".join(parts)
        if self.faults.lost_ack:
            return None
        if self.faults.late_ack_ms:
            self._late.append((self.pump.now_ms + self.faults.late_ack_ms, frame(message)))
            return None
        return message

    def _volume_text(self) -> str:
        return ml_text(self.pump.counted_ul, 3)


_COMMANDS = {"INF_STOP": "stop", "INF_START": "start", "INF_VI_CLEAR": "clear"}


def _asked(name: str, fields: list[str]) -> str:
    """What the host wants, in the words that all simulated pumps share; a question is "read"."""
    if name == "INF_RATE" and fields:
        return "rate"
    if name == "REMOTE_CTRL":
        return "release" if fields == ["DISABLED"] else "control"
    return _COMMANDS.get(name, "read")
