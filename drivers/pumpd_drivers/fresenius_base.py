"""Driver of Fresenius Vial syringe modules on a Base Primea or Orchestra. No I/O, no clock: bytes in, facts out.

Opens the base, finds the module (the option `module`, or the only one there is), opens it, reads rate and volume, takes
PC control where the ward file asks for it, pauses. It sets no rate: how that is asked for is not on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pumpd.device import (
    AlarmCode,
    ControlState,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Integrity,
    Out,
    PumpStatus,
    Send,
)
from pumpd.device.exchange import Request
from pumpd.device.framing import garbled
from pumpd.device.polled import PolledDevice, Question, Reply
from pumpd.device.polled_pump import PolledPump
from pumpd.units import Ms
from pumpd_drivers import fresenius_base_wire as wire

OPEN_BASE, MODULES, OPEN, TYPE, STATUS, ALARM = "open base", "modules", "open", "type", "status", "alarm"
CONTROL, PAUSE = "MO", "PO"
# an answer names no question; one at a time is asked, so it is the oldest's of those it may answer
OF_BASE, OF_MODULE, BARE = (OPEN_BASE, MODULES), (OPEN, TYPE, STATUS, ALARM, CONTROL, PAUSE), (OPEN, CONTROL, PAUSE)
AFTER_OPENING_MS = 1000  # infupy: the base needs that long before it answers
LOOK_AGAIN_MS = 1000  # ours: until a base without a clear module, or one that refuses, is asked again
MOST_NAKS = 2  # ours
_ANSWER, _TAKEN = Send(wire.DC4), Send(wire.ACK)


class FreseniusBase(PolledPump):
    """One module. Everything the pump sends is acknowledged; ENQ is answered at once."""

    info: ClassVar[DriverInfo] = wire.INFO
    questions = (
        Question(OPEN_BASE, "DC"),
        Question(MODULES, "LE;b"),
        Question(OPEN, "DC"),
        Question(TYPE, "LF;b"),
        Question(STATUS, "LE;dr", wire.INFO.poll_ms),
        Question(ALARM, "LE;aem", 2000),
    )
    status = (STATUS,)
    reply_ms = 1000  # infupy
    stop_name, stop_message = PAUSE, "PO"
    control_name, release_message = CONTROL, "MO;1"
    refresh_ms = 10_000  # ours: control has no watchdog but ENQ; this is to notice that it was taken away
    lease_ms = 25_000

    _address: str | None = None  # None: which module is meant is not known

    def __init__(self, settings: DeviceSettings) -> None:
        super().__init__(settings)
        option = wire.MODULE.of(settings.options)
        self._fixed = option != ""
        self._has_base = option != wire.ALONE
        self._place: tuple[AlarmCode, ...] = ()  # why it is not known which module is meant
        self._alarms: list[AlarmCode] = []
        self._mode = ""
        self._sends: list[Send] = []
        self._naks = 0
        self._sent_again: Request | None = None
        if self._fixed:
            self._meant(option if self._has_base else "")

    # --- the line -------------------------------------------------------------------------------------------

    def framer(self) -> wire.Frames:
        return wire.Frames()

    def frame(self, message: str) -> bytes:
        """To the base where the message says so, else to the module."""
        return wire.frame(message if message[0] == wire.BASE else f"{self._address or ''}{message}")

    def start(self, now: Ms) -> list[Out]:
        return PolledDevice.start(self, now)  # control is asked for once the module is open

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        self._sends = [_ANSWER] if wire.ENQ in data else []
        out = super().receive(data.translate(None, wire.ENQ + wire.ACK), now)
        return [*self._sends, *out]

    def tick(self, now: Ms) -> list[Out]:
        talked = not self._silent
        out = super().tick(now)
        if talked and self._silent and (self.line.pending is None or self.line.pending.name != OPEN_BASE):
            self._ask_all(now)  # the session may have ended: begin anew
            out += self._next(now)
        return out

    def finish(self, now: Ms) -> list[Out]:
        """Hand control back, then close the module and the base. Changes no infusion."""
        out = super().finish(now)
        if self._address is not None:
            out.append(Send(self.frame("FC")))
        return [*out, Send(self.frame("0FC"))] if self._has_base else out

    # --- asking ---------------------------------------------------------------------------------------------

    def message(self, name: str) -> str:
        return wire.BASE + super().message(name) if name in OF_BASE else super().message(name)

    def control_message(self) -> str:
        return "MO;2"

    def mismatch(self) -> str | None:
        if self._address is None:
            return "which module is meant is not known"
        return None

    def _ask_all(self, now: Ms) -> None:
        """From the beginning: base, then module, then the rest."""
        self._asked.clear()
        for name in (*self._table, CONTROL):
            self.line.forget(name)
        self.line.ask(OPEN_BASE if self._has_base else OPEN, now)

    def _again(self, name: str, now: Ms) -> None:
        if name in (OPEN_BASE, MODULES, OPEN):
            self.line.ask(name, Ms(now + self.retry_ms))
        else:
            super()._again(name, now)

    def unanswered(self, name: str, now: Ms) -> list[Out]:
        if not self._silent and name in (OPEN_BASE, MODULES, OPEN):
            self.line.ask_by(name, now)
        return super().unanswered(name, now)

    def _meant(self, address: str) -> None:
        """This is the module."""
        self._address, self._place = address, ()
        self._stop_send = Send(self.frame(self.stop_message), urgent=True)

    def _unclear(self, found: list[str], now: Ms) -> None:
        """Which module is meant is not guessed: none is asked, and an alarm says which there are."""
        self._address, self._place = None, (_which(found),)
        for name in OF_MODULE:
            self.line.forget(name)
        self.line.ask(MODULES, Ms(now + LOOK_AGAIN_MS))

    # --- replies --------------------------------------------------------------------------------------------

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        if frame[:1] == wire.NAK:
            return self._frame_refused(frame[1:])
        text = wire.text_of(frame)
        found = None if text is None else wire.REPLY.fullmatch(text)
        if found is None:
            if self._naks < MOST_NAKS:
                self._naks += 1
                self._sends.append(Send(wire.NAK + wire.CHECKSUM_WRONG))
            return garbled("checksum wrong" if text is None else "no reply", frame)
        self._naks = 0
        self._sends.append(_TAKEN)
        origin, kind, data = found[1], found[2], found[3] or ""
        if kind in "EM":  # a variable has changed by itself: acknowledged with a frame, and read anew
            self._sends.append(Send(wire.frame(origin + kind)))
            self.line.ask_by(STATUS, now)
            self.line.ask_by(ALARM, now)
            return Reply("spontaneous")
        if origin == wire.BASE:
            return self._of_base(kind, data, now)
        if not self._is_meant(origin, now):
            return Reply("another module", facts=self._alarm_facts(now))
        return self._of_module(data, now) if kind == "C" else self._refusal(OF_MODULE, data, now)

    def _frame_refused(self, reason: bytes) -> Garbled:
        """NAK: the frame was not taken. What may come through a second time is sent again, once."""
        pending = self.line.pending
        if pending is not None and pending is not self._sent_again and reason in wire.SENT_AGAIN:
            self._sent_again = pending
            stop = self._stop_send if pending.name == PAUSE else None
            self._sends.append(stop or Send(self.frame(pending.message)))
        return garbled(f"the pump refused a frame: {wire.LINK_ERRORS[reason]}", wire.NAK + reason)

    def _is_meant(self, origin: str, now: Ms) -> bool:
        """Without an option, the only module that is heard of."""
        if self._fixed or origin == self._address:
            return origin == self._address
        if self._address is None and not self._place:
            self._meant(origin)
            return True
        self._unclear(sorted({origin, self._address or origin}), now)
        return False

    def _of_base(self, kind: str, data: str, now: Ms) -> Reply:
        if kind == "I":
            return self._refusal(OF_BASE, data, now)
        values = wire.variables_of(data) if data else {}
        if not values or "b" not in values:
            return Reply(OPEN_BASE)
        found = wire.modules_of(values["b"])
        if len(found) == 1:
            self._meant(found[0])
        elif not self._fixed:
            self._unclear(found, now)
        return Reply(MODULES, facts=self._alarm_facts(now) if self._place else ())

    def _of_module(self, data: str, now: Ms) -> Reply | Garbled:
        if not data:
            name = self.line.oldest(BARE, now) or "nothing"
            return Reply(name, control=ControlState.GRANTED if name == CONTROL else None)
        if data[0] == "b":
            return Reply(TYPE, facts=tuple(self.said.identity(f"{data[1:33]} in module {self._address}")))
        values = wire.variables_of(data)
        if values is None or ("d" in values) != ("r" in values):
            return garbled("variables are not believable", data.encode())
        of_alarm = "a" in values or "e" in values or "m" in values
        name = STATUS if "d" in values else ALARM if of_alarm else "variables"
        if name == ALARM:
            self._alarms = wire.alarms_of(values)
            self._mode = f"mode {values['m']:X}" if "m" in values else ""
        facts = self._alarm_facts(now) if name == ALARM else ()
        if not values.keys() <= wire.KNOWN:
            for tag in values.keys() - wire.KNOWN:
                facts = (*facts, *self.said.unmapped(tag, f"{values[tag]:X}"))
        return Reply(name, part=values if name == STATUS else None, facts=facts)

    def _refusal(self, names: tuple[str, ...], code: str, now: Ms) -> Reply:
        """Of a command: its outcome. Of a question: an alarm until the alarms are read anew."""
        name = self.line.oldest(names, now) or "nothing"
        if name == CONTROL and code == wire.ALREADY_ACTIVE:
            return Reply(CONTROL, control=ControlState.GRANTED)
        if code == wire.BASE_CLOSED:
            self._ask_all(now)
        elif code == wire.MODULE_CLOSED:
            self.line.ask(OPEN, now)
        detail = wire.refusal_of(code)
        if name in (CONTROL, PAUSE):
            return Reply(name, ok=False, detail=detail, control=ControlState.REFUSED if name == CONTROL else None)
        told = AlarmCode(f"I{code[:8]}", detail, known=code in wire.ERRORS)
        return Reply(name, ok=False, facts=self._alarm_facts(now, told))

    def _alarm_facts(self, now: Ms, *more: AlarmCode) -> tuple[Out, ...]:
        return tuple(self.said.alarms((*self._place, *more, *self._alarms), now))

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        """What is asked next on the way from the base to the module."""
        name = reply.name
        if name in (OPEN_BASE, MODULES, OPEN):
            self._go_on(name, bool(reply.ok), now)
        return super().answered(reply, request, now)

    def _go_on(self, name: str, ok: bool, now: Ms) -> None:
        if name == OPEN_BASE and ok:
            self.line.ask(OPEN if self._fixed else MODULES, Ms(now + AFTER_OPENING_MS))
        elif name == MODULES and self._address is not None:
            self.line.ask(OPEN, now)
        elif name == OPEN and ok and self._address is not None:
            for wanted in (STATUS, ALARM, TYPE, *([CONTROL] if self._wants_control else [])):
                self.line.ask(wanted, now)
        elif name != OPEN or self._address is not None:
            self.line.ask(name, Ms(now + LOOK_AGAIN_MS))

    def status_of(self, parts: Mapping[str, object], now: Ms) -> list[Out]:
        """Rate 0 is a pump that stands; any other rate counts as infusing, for what a pause does to it is not told."""
        values = parts[STATUS]
        assert isinstance(values, dict)
        rate_ul_h = wire.rate_ul_h(values["d"])
        alarming = bool(self._alarms)
        return [
            PumpStatus(rate_ul_h > 0, rate_ul_h, values["r"], None, Integrity.SUM8, alarming=alarming, mode=self._mode)
        ]


def _which(found: list[str]) -> AlarmCode:
    """A technical alarm that says what there is."""
    if not found:
        return AlarmCode("NO_MODULE", "no module on the base")
    return AlarmCode("MODULE_NOT_SET", f"several modules: set the option module to one of {', '.join(found)}")
