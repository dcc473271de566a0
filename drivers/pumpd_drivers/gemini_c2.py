"""Driver of IMED / Alaris Gemini pumps (PC-1, PC-2, PC-2TX, PC-4, 980) on their C2 port, one channel. No I/O, no clock.

Asks rate, volumes and mode in one frame, the alarm where the mode says that there is one; stops, sets the rate. Under
Computer Control (a key of the pump) it sets the pump's communication timer, so that the pump alarms if pumpd dies. The
messages are in gemini_c2_wire. Nothing here can start the pump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace

from pumpd.device import (
    AlarmCode,
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
)
from pumpd.device.exchange import Request
from pumpd.device.framers import Bracketed
from pumpd.device.framing import garbled
from pumpd.device.polled import Question, Reply
from pumpd.device.polled_pump import PolledPump
from pumpd.units import Ms
from pumpd_drivers import gemini_c2_wire as wire
from pumpd_drivers.gemini_c2_wire import ALARM, RATE, STATUS, STOP, TIMER, Told

TIMER_S = 60  # STANPUMP's; that TIMER is the communication time-out, in seconds, is an INFERENCE
PANEL_HAS_CONTROL = "the pump's panel has control: press its Computer Control key"
UNNAMED_MS = 2000  # ours: an alarm that the pump has not named by then is told without a name
UNNAMED = AlarmCode("ALARM", "the pump alarms and has not said why")

WORDS = r"[A-Z0-9]+(,[A-Z0-9]+)*"
OPTIONS = (
    DriverOption("address", r"[0-9]{4}", "0000", "the pump's address, four digits"),
    DriverOption("channel", r"[A-D]", "A", "the channel of the pump, A to D"),
    DriverOption("running", WORDS, "ON", "MODE's words for infusing, as seen at the bench; inferred without"),
    DriverOption("standing", WORDS, "OFF", "MODE's words for not infusing, as seen at the bench; inferred without"),
)


class GeminiC2(PolledPump):
    """One channel of one pump."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="gemini_c2",
        vendor="IMED / Alaris",
        model="Gemini PC-1/PC-2/PC-2TX/PC-4, 980",
        kind=Kind.PUMP,
        line=Line(bauds=(9600,)),
        integrity=Integrity.CRC16,
        poll_ms=1000,
        quiet_ms=2000,
        pump=PumpCapabilities(
            can_stop=True,
            can_set_rate=True,
            can_read_back=True,
            lease=True,
            rate_step_ul_h=1000,  # RATE= takes whole mL/h
            rate_min_ul_h=1000,
            rate_max_ul_h=999_000,
            counter_step_nl=1_000_000,  # VINF may have decimals; nothing says that it always has
        ),
        sources=(
            "STANPUMP IMED_C2.C, DRIVERS.C, NEWASYNC.C (StevenLShafer/stanpumpR, MIT)",
            "a second public driver, C2Driver.java (facts)",
        ),
        tells_serial=False,
        needs_asking=True,
        probe_bytes=(wire.frame("0000A", "MODE?"),),
        options=OPTIONS,
        cautions=(
            "what MODE says of the infusion is inferred: a stop is confirmed only where options.standing fits the pump",
            "nothing hands control back: when pumpd ends, the pump's own timer runs out and it alarms",
        ),
    )
    questions = (Question(STATUS, STATUS),)
    status = (STATUS,)
    stop_name = stop_message = STOP
    rate_name, control_name = RATE, TIMER
    refresh_ms = 10_000  # ours: any frame is thought to show the pump that we are there
    lease_ms = 30_000  # ours, well below the timer
    control_at_start = False

    def __init__(self, settings: DeviceSettings) -> None:
        address, channel, running, standing = (option.of(settings.options) for option in OPTIONS)
        self._place = address + channel
        self._infusing = {**dict.fromkeys(running.split(","), True), **dict.fromkeys(standing.split(","), False)}
        self._local = True  # until a status says otherwise
        self._alarming = False
        self._unnamed_ms: Ms | None = None  # since when it alarms and has not said why
        super().__init__(settings)

    def framer(self) -> Bracketed:
        return Bracketed(b"<", b">", 4, wire.whole, limit=256)

    def frame(self, message: str) -> bytes:
        return wire.frame(self._place, message)

    def rate_message(self, rate_ul_h: int) -> str:
        return f"{RATE}={rate_ul_h // 1000}"

    def control_message(self) -> str:
        return f"{TIMER}={TIMER_S}"

    def message(self, name: str) -> str:
        return ALARM if name == ALARM else super().message(name)

    def more_names(self) -> tuple[str, ...]:
        return (ALARM, *super().more_names())

    # --- what the pump says -------------------------------------------------------------------------------------

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        said = wire.message_of(frame)
        if isinstance(said, Garbled):
            return said
        malfunction = wire.malfunction_of(said.body)
        if malfunction is not None:
            return self._broken(malfunction, now)
        if said.place != self._place:
            return Reply("", facts=tuple(self.said.unmapped(f"address {said.place}", said.body)))
        if said.ack != "A":
            return self._refused(said, now)
        return self._told(said, frame, now)

    def _told(self, said: wire.Message, frame: bytes, now: Ms) -> Reply | Garbled:
        values = said.told
        unmapped: tuple[Out, ...] = ()
        if not values.keys() <= wire.KNOWN_KEYS:
            unknown = sorted(values.keys() - wire.KNOWN_KEYS)
            unmapped = tuple(fact for key in unknown for fact in self.said.unmapped(key, values[key]))
        if "ALARM" in values:
            codes = [code for code in values["ALARM"].split(",") if code]
            self._unnamed_ms = None
            alarms = self.said.alarms(tuple(map(wire.alarm_of, codes)) or (UNNAMED,), now)
            return Reply(ALARM, facts=(*alarms, *unmapped))
        if wire.TELLING_KEYS.isdisjoint(values):
            return replace(self._acknowledged(said, now), facts=unmapped)
        told = wire.told_of(values)
        if told is None:
            return garbled("status: a value is not believable", frame)
        if told.mode is not None and told.mode.control == wire.LOCAL:
            return Reply(STATUS, told, unmapped, detail=PANEL_HAS_CONTROL, control=ControlState.REFUSED)
        return Reply(STATUS, told, unmapped)

    def _acknowledged(self, said: wire.Message, now: Ms) -> Reply:
        """Of a set: what it was may stand in it or not."""
        body, sets = said.body, said.sets
        named = {"INFUSE": STOP, "RATE": RATE, "TIMER": TIMER}
        name = next((named[key] for key in sets if key in named), None) or self._pending_set(now)
        echo = f"{RATE}={sets['RATE']}" if name == RATE and "RATE" in sets else None
        control = ControlState.GRANTED if name == TIMER else None
        return Reply(name, detail=f"acknowledged {body}".strip(), echo=echo, control=control)

    def _refused(self, said: wire.Message, now: Ms) -> Reply:
        name = self._pending_set(now) or self.line.oldest((ALARM, STATUS), now) or ""
        words = f"refused ({said.ack}) {said.body}".strip()
        return Reply(name, ok=False, detail=words, control=ControlState.REFUSED if name == TIMER else None)

    def _broken(self, malfunction: AlarmCode, now: Ms) -> Reply:
        """It answers whatever was asked; what the pump does is not known then."""
        name = self._pending_set(now) or self.line.oldest((ALARM, STATUS), now) or ""
        status = PumpStatus(None, None, None, None, Integrity.CRC16, alarming=True, mode=malfunction.code)
        facts: tuple[Out, ...] = (status, *self.said.alarms((malfunction,), now))
        return Reply(name, facts=facts, ok=False, detail=malfunction.text)

    def _pending_set(self, now: Ms) -> str:
        """Whose an answer is that does not say so. A stop's before others: it verifies nothing by itself."""
        return self.line.oldest((STOP,), now) or self.line.oldest((RATE, TIMER), now) or ""

    def status_of(self, parts: Mapping[str, object], now: Ms) -> Sequence[Out]:
        told = parts[STATUS]
        assert isinstance(told, Told)
        mode = told.mode
        infusing = None if mode is None else self._infusing.get(mode.infusion)
        alarming = mode is not None and mode.action == wire.ALARMING
        words = "" if mode is None else ",".join(mode)
        status = PumpStatus(
            infusing, told.rate_ul_h, told.volume_ul, None, Integrity.CRC16, alarming=alarming, mode=words
        )
        if mode is None:
            return [status]
        self._take_control(mode.control != wire.LOCAL, now)
        return [status, *self._look_for_alarms(alarming, now)]

    def _look_for_alarms(self, alarming: bool, now: Ms) -> Sequence[Out]:
        """While it alarms it is asked why, again and again; otherwise it has none."""
        began, self._alarming = alarming and not self._alarming, alarming
        if began:
            self._unnamed_ms = now
            self.line.ask(ALARM, now)
        if alarming:
            silent = self._unnamed_ms is not None and now - self._unnamed_ms >= UNNAMED_MS
            return self.said.alarms((UNNAMED,), now) if silent else []
        self.line.forget(ALARM)
        return self.said.alarms((), now)

    # --- control ------------------------------------------------------------------------------------------------

    def _take_control(self, may: bool, now: Ms) -> None:
        """The timer is set while the panel leaves control to a computer, and never else."""
        if not may:
            self.line.forget(TIMER)
        elif self._local and self._wants_control:
            self.line.ask(TIMER, now)
        self._local = not may

    def _hear_control(self, reply: Reply, request: Request | None, order_id: str | None, now: Ms) -> list[Out]:
        said = super()._hear_control(reply, request, order_id, now)
        if self._local:
            self.line.forget(TIMER)
        return said
