"""Driver of the New Era NE-1000 family of laboratory syringe pumps, basic and safe mode. No I/O, no clock.

NOT FOR CLINICAL USE ON HUMANS, says the vendor: this driver is for a bench. Rate and infused volume are asked in turn,
and every reply carries the status letter. In safe mode frames have a CRC, and under control the pump's own watchdog is
armed: without a valid packet for `watchdog_s` seconds it stops and alarms. In basic mode nothing protects a frame, and
a pump goes on when pumpd dies. The messages are in new_era_ne1000_wire. Nothing here can start the pump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from pumpd.device import (
    AlarmCode,
    Control,
    ControlState,
    DeviceSettings,
    DriverInfo,
    DriverOption,
    Garbled,
    Integrity,
    Kind,
    Line,
    Out,
    PumpCapabilities,
    PumpStatus,
    Send,
    SetRateOrder,
)
from pumpd.device.exchange import Request
from pumpd.device.polled import Question, Reply
from pumpd.device.polled_pump import PolledPump
from pumpd.units import Ms
from pumpd_drivers import new_era_ne1000_wire as wire
from pumpd_drivers.new_era_ne1000_wire import DISPENSED, RATE, SAFE, STOP, VERSION, Message

SET_RATE = "RAT="  # our name for the order: its acknowledgement names nothing
NO_WATCHDOG = "basic mode: commands are taken without control, and no watchdog stops the pump if pumpd dies"

SECONDS = "[3-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]"
OPTIONS = (
    DriverOption("mode", "basic|safe", "safe", "how the pump talks: basic, or safe (with checksum and watchdog)"),
    DriverOption("address", "[0-9]{1,2}", "0", "the pump's address, 0 to 99"),
    DriverOption("watchdog_s", SECONDS, "10", "safe mode: seconds without pumpd until the pump stops, 3 to 255"),
)


class Part(NamedTuple):
    """What one reply of the round says."""

    state: str
    checked: bool
    number: int | None
    unit: str = ""


class NewEraNe1000(PolledPump):
    """One pump."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="new_era_ne1000",
        vendor="New Era / WPI",
        model="NE-1000 family (laboratory: NOT FOR CLINICAL USE ON HUMANS)",
        kind=Kind.PUMP,
        line=Line(bauds=(19200,)),
        integrity=Integrity.NONE,  # of basic mode; safe mode has a CRC-16, and each status tells its own
        poll_ms=1000,
        quiet_ms=2000,
        pump=PumpCapabilities(
            can_stop=True,
            can_set_rate=True,
            can_read_back=True,
            lease=True,
            rate_step_ul_h=100,  # four digits: tenths of a mL/h up to 999.9
            rate_min_ul_h=100,
            rate_max_ul_h=999_900,
            counter_step_nl=100_000,  # four digits: tenths of a mL up to 999.9
        ),
        sources=(
            "New Era NE-1000 user manual, publication 1200-01, chapter 10; NE-500, publication 1200-02 (facts)",
            "nesp_lib (MIT), labmcp_new_era (Apache-2.0)",
        ),
        tells_serial=False,
        needs_asking=True,
        probe_bytes=tuple(mode(f"00{name}") for mode in (wire.basic, wire.safe) for name in (VERSION, RATE, DISPENSED)),
        options=OPTIONS,
        cautions=(
            "a laboratory pump: its vendor says that it is not for clinical use on humans",
            "in basic mode nothing protects what it says, and no watchdog stops it when pumpd dies",
        ),
    )
    questions = (Question(VERSION, VERSION), Question(RATE, RATE), Question(DISPENSED, DISPENSED))
    status = (RATE, DISPENSED)
    stop_name = stop_message = STOP
    rate_name = SET_RATE
    refresh_ms = 2000

    def __init__(self, settings: DeviceSettings) -> None:
        mode, address, watchdog_s = (option.of(settings.options) for option in OPTIONS)
        self._safe = mode == "safe"
        self._address = int(address)
        self._watchdog_s = int(watchdog_s)
        self.control_name = SAFE if self._safe else ""  # type: ignore[misc]
        self.release_message = f"{SAFE}0"  # type: ignore[misc]
        self._arms = False  # the next request for control sets the watchdog; otherwise it asks for it
        self._unit: str | None = None
        self._heard: tuple[str, str] | None = None
        self._version: tuple[str, str] | None = None  # model and firmware, for sure
        self._alarm: AlarmCode | None = None  # until the pump moves again; the pump itself forgets it with one reply
        self._takes_any = settings.control and not self._safe  # still to be said
        super().__init__(settings)
        self.lease.length_ms = self._watchdog_s * 1000

    def framer(self) -> wire.Frames:
        return wire.Frames()

    def frame(self, message: str) -> bytes:
        text = f"{self._address:02d}{message}"
        return wire.safe(text) if self._safe else wire.basic(text)

    def rate_message(self, rate_ul_h: int) -> str:
        """In the unit that the pump uses, which must not change while it runs, and named: a wrong unit is refused."""
        unit = self._unit or ""
        return f"{RATE}{wire.rate_text(rate_ul_h, unit)}{unit}"

    def control_message(self) -> str:
        """Each setting is written to the pump's memory for good, so it is set only where it is not set."""
        return f"{SAFE}{self._watchdog_s}" if self._arms else SAFE

    def start(self, now: Ms) -> list[Out]:
        if self._wants_control:
            self.line.ask_ahead(SAFE, now)  # a pump in basic mode answers nothing else
        return super().start(now)

    def why_not(self, order: SetRateOrder) -> str | None:
        reason = super().why_not(order)
        if reason is not None:
            return reason
        if self._unit is None:
            return "the unit that the pump's rate is in is not known yet"
        told = wire.rate_text(order.rate_ul_h, self._unit)
        return None if told is not None else f"four digits of {self._unit} cannot tell {order.rate_ul_h} uL/h exactly"

    def unanswered(self, name: str, now: Ms) -> list[Out]:
        if name == SAFE:
            self._arms = not self._arms
        return super().unanswered(name, now)

    # --- what the pump says -------------------------------------------------------------------------------------

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        said = wire.message_of(frame)
        if isinstance(said, Garbled):
            return said
        if self._safe and not said.checked and not self._is_release(said):
            return Reply("", facts=tuple(self.said.unmapped("basic mode", frame[1:-1].decode("latin-1"))))
        if said.address != self._address:
            return Reply("", facts=tuple(self.said.unmapped(f"address {said.address}", said.data)))
        if said.alarm is not None:
            return self._alarmed(said.alarm, now)
        if said.data.startswith("?"):
            return self._refused(said, now)
        return self._told(said, now)

    def _is_release(self, said: Message) -> bool:
        """The answer to SAF0 comes in basic mode already."""
        return self._releasing() and not said.data and said.alarm is None

    def _releasing(self) -> bool:
        pending = self.line.pending
        return pending is not None and pending.message == self.release_message

    def _told(self, said: Message, now: Ms) -> Reply:
        if not said.data:
            return self._acknowledged(said, now)
        rate = wire.rate_of(said.data)
        if rate is not None:
            return Reply(RATE, Part(said.state, said.checked, *rate))
        dispensed = wire.dispensed_ul_of(said.data)
        if dispensed is not None:
            return Reply(DISPENSED, Part(said.state, said.checked, *dispensed))
        version = wire.version_of(said.data)
        if version is not None:
            return Reply(VERSION, facts=self._who(version, said.checked))
        if said.data.isdecimal() and len(said.data) <= 3:
            self._arms = int(said.data) != self._watchdog_s
            return Reply(SAFE, control=None if self._arms else ControlState.GRANTED)
        return Reply("", facts=tuple(self.said.unmapped("reply", said.data)))

    def _who(self, version: tuple[str, str], checked: bool) -> tuple[Out, ...]:
        """Model and firmware; what nothing protects must be heard twice."""
        self._version = version if checked or version == self._heard else None
        self._heard = version
        return tuple(self.said.identity(version[0], None, version[1])) if self._version is not None else ()

    def _acknowledged(self, said: Message, now: Ms) -> Reply:
        """Of a command, which it does not name; a stop's before others: it verifies nothing by itself."""
        name = self.line.oldest((STOP,), now) or self.line.oldest((SET_RATE, SAFE), now) or ""
        control = None
        if name == SAFE:
            control = ControlState.RELEASED if self._releasing() else ControlState.GRANTED
            self._arms = False
        if control is ControlState.RELEASED:  # SAF0 has put the pump into basic mode
            self._safe = False
            self._stop_send = Send(self.frame(STOP), urgent=True)
        return Reply(name, detail=_state_words(said.state), control=control)

    def _refused(self, said: Message, now: Ms) -> Reply:
        """`?` and why. A stop of a pump that stands is no refusal: it has nothing left to do.

        Of a command if one is in flight: what is pending meanwhile may be a question, whose own answer still comes.
        """
        pending = self.line.pending
        asked = "" if pending is None else pending.name
        name = self.line.oldest((STOP, SET_RATE, SAFE), now) or asked
        why = wire.ERRORS.get(said.data[1:], said.data)
        stands = name == STOP and said.state not in wire.MOVING
        control = ControlState.REFUSED if name == SAFE else None
        return Reply(name, ok=stands, detail=f"{why} ({_state_words(said.state)})", control=control)

    def _alarmed(self, letter: str, now: Ms) -> Reply:
        """It comes instead of whatever was asked, once; what was asked has not been done for sure."""
        known = letter in wire.ALARMS
        self._alarm = AlarmCode(f"A?{letter}", wire.ALARMS.get(letter, f"A?{letter}"), known)
        self.line.ask_by(RATE, now)
        pending = self.line.pending
        facts = tuple(self.said.alarms((self._alarm,), now))
        return Reply("" if pending is None else pending.name, facts=facts, ok=None, detail=self._alarm.text)

    def status_of(self, parts: Mapping[str, object], now: Ms) -> Sequence[Out]:
        rate, dispensed = parts[RATE], parts[DISPENSED]
        assert isinstance(rate, Part)
        assert isinstance(dispensed, Part)
        self._unit = rate.unit
        states = (rate.state, dispensed.state)
        if wire.MOVING.intersection(states):
            self._alarm = None
        alarms = self._alarms(states)
        checked = rate.checked and dispensed.checked
        status = PumpStatus(
            _infusing(states),
            None if "X" in states else rate.number,  # it purges at its top speed, whatever the rate
            dispensed.number,
            None,
            Integrity.CRC16 if checked else Integrity.NONE,
            alarming=bool(alarms),
            mode=_state_words(dispensed.state),
        )
        return [*self._commandable(), status, *self.said.alarms(alarms, now)]

    def _alarms(self, states: tuple[str, str]) -> tuple[AlarmCode, ...]:
        """What the pump alarms, and what nobody expects of a pump that infuses."""
        odd = sorted(set(states) & {"W", "X"})
        unknown = sorted(set(states) - wire.STATES.keys())
        return (
            *((self._alarm,) if self._alarm is not None else ()),
            *(AlarmCode(state, f"the pump is {wire.STATES[state][1]}") for state in odd),
            *(AlarmCode(state, f"status {state}", known=False) for state in unknown),
        )

    # --- control ------------------------------------------------------------------------------------------------

    def _commandable(self) -> list[Out]:
        """In basic mode any command is taken: there is nothing to hold."""
        said = [Control(ControlState.GRANTED, NO_WATCHDOG)] if self._takes_any else []
        self._takes_any = False
        return [*said]

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        out = super().answered(reply, request, now)
        if (
            reply.name == SAFE
            and self._arms
            and self._wants_control
            and request is not None
            and request.message == SAFE
        ):
            self.line.ask(SAFE, now)  # the watchdog is set to something else
        if reply.name == VERSION and self._version is None:
            self.line.ask(VERSION, now)
        return out


def _infusing(states: tuple[str, str]) -> bool | None:
    """Whether it infuses, if both replies agree; one that says so is believed."""
    said = {wire.STATES[state][0] if state in wire.STATES else None for state in states}
    return True if True in said else None if None in said else False


def _state_words(state: str) -> str:
    return wire.STATES[state][1] if state in wire.STATES else f"status {state}"
