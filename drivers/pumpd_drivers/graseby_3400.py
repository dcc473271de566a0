"""Driver of the Graseby 3400 syringe pump. No I/O, no clock: bytes and `now` in, facts out.

Host `<` CMD n `>` SUM CR, pump `<` OK|CE CMD STATUS data `>` SUM CR; SUM is the sum of all characters `<`..`>` mod 256
as two hex digits. A status is a round of CHCK (state), GETR (rate), TOTL (delivered); each of them tells the state.

While it infuses under a host the pump wants CHKR with its present rate once a second; after what time without it acts,
and how, no source tells. Nothing takes or returns control: the pump is under a host as long as it answers OK. START at
its panel ends that, and then it refuses (CE) while it infuses. pumpd never starts a pump, so an infusion that somebody
starts at the panel cannot be commanded: control is then REFUSED, and the pump ALARM ONLY.

Facts are from STANPUMP by Steven L. Shafer (GR_3400.C, NEWASYNC.C, STANPUMP.C of StevenLShafer/stanpumpR, MIT), one
lineage without wire captures. drivers/captures/graseby_3400 holds the frames.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from msgspec.structs import replace

from pumpd.device import (
    AlarmCode,
    ControlState,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Integrity,
    Kind,
    Line,
    Out,
    PumpCapabilities,
    PumpOrder,
    PumpStatus,
    SetRateOrder,
    StopOrder,
)
from pumpd.device.exchange import Request
from pumpd.device.framers import Bracketed
from pumpd.device.framing import garbled
from pumpd.device.polled import Question, Reply
from pumpd.device.polled_pump import PolledPump
from pumpd.units import Ms

STATE, RATE, TOTAL = "CHCK", "GETR", "TOTL"
STOP, SET_RATE, KEEP_ALIVE = "STOP", "CHGR", "CHKR"
TENTH_ML_UL = 100  # rates and volumes are tenths of a mL (and of a mL/h)

STANDBY, RUNNING, ALARM = "STBY", "INFS", "ALRM"
INFUSING = {STANDBY: False, RUNNING: True}  # an alarm says nothing about the motor, nor does a state that no table has
STATES = {ALARM: "the pump alarms; it does not say why"}

LOCAL_RUN = "the pump infuses under its own panel (START was pressed): it takes no commands; press STOP on the pump"
LOCAL_HOLD = "the pump waits for START at its own panel: it takes no commands"
DENIALS = 2  # ours
UNKNOWN_STATE = "the pump is in a state that pumpd does not know"

_REPLY = re.compile(r"<(OK|CE)([A-Z]{4})([A-Z]{4})([0-9]{0,6})>[0-9A-F]{2}")


@lru_cache(maxsize=64)
def frame(message: str) -> bytes:
    """The message as it stands on the wire."""
    body = f"<{message}>".encode("ascii")
    return b"%b%02X\r" % (body, sum(body) & 0xFF)


def whole(data: bytes) -> bool:
    """Is the sum right?"""
    return b"%02X" % (sum(data[:-2]) & 0xFF) == data[-2:]


class Part(NamedTuple):
    """What one reply of the round says; number None: it gave none."""

    state: str
    number: int | None


class Graseby3400(PolledPump):
    """One pump."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="graseby_3400",
        vendor="Graseby / Smiths Medical",
        model="Graseby 3400",
        kind=Kind.PUMP,
        line=Line(bauds=(9600,), rtscts=True),
        integrity=Integrity.SUM8,
        poll_ms=1000,
        quiet_ms=2000,
        pump=PumpCapabilities(
            can_stop=True,
            can_set_rate=True,
            can_read_back=True,
            lease=True,
            rate_step_ul_h=TENTH_ML_UL,
            rate_min_ul_h=TENTH_ML_UL,
            rate_max_ul_h=1_200_000,  # of the greatest syringe; the pump refuses what is too much for the one in it
            counter_step_nl=TENTH_ML_UL * 1000,
        ),
        sources=("STANPUMP GR_3400.C, NEWASYNC.C, STANPUMP.C (StevenLShafer/stanpumpR, MIT)",),
        tells_serial=False,
        needs_asking=True,
        probe_bytes=(frame(STATE), frame(RATE), frame(TOTAL)),
        cautions=(
            "an infusion that was begun with the pump's own START key cannot be stopped from here: it is ALARM ONLY",
            "its authors warn that at low rates it delivers significantly less than it reports",
        ),
    )
    questions = (Question(STATE, STATE), Question(RATE, RATE), Question(TOTAL, TOTAL))
    status = (STATE, RATE, TOTAL)
    stop_name = stop_message = STOP
    rate_name, control_name = SET_RATE, KEEP_ALIVE
    reply_ms = 1000  # ours; STANPUMP waits two to three seconds before it asks again, and a late reply still counts
    refresh_ms = 1000  # STANPUMP: once a second
    lease_ms = 4000  # ours: the pump's own time-out is not known
    control_at_start = False

    def __init__(self, settings: DeviceSettings) -> None:
        super().__init__(settings)
        self._kept: int | None = None  # the rate that is kept alive, as it stands on the wire; None: none is
        self._changed_ms: Ms | None = Ms(0)  # a rate read before this may be an old one; None: a new one is on its way
        self._denied = 0  # refusals to keep a rate alive, one after the other
        self._stopping = False  # a stop was sent and the pump has not been seen to stand since

    def framer(self) -> Bracketed:
        return Bracketed(b"<", b">", 2, whole, limit=80)

    def frame(self, message: str) -> bytes:
        return frame(message)

    def rate_message(self, rate_ul_h: int) -> str:
        return f"{SET_RATE}{rate_ul_h // TENTH_ML_UL}"

    def control_message(self) -> str:
        return f"{KEEP_ALIVE}{self._kept}"

    def command(self, order: PumpOrder, now: Ms) -> list[Out]:
        """What keeps a rate alive must undo no order.

        After a new rate it waits until that has been read, after a stop until the pump has stood still once.
        """
        if isinstance(order, SetRateOrder) and self.why_not(order) is None:
            self._keep(None, now)
            self._changed_ms = None
        if isinstance(order, StopOrder):
            self._keep(None, now)
            self._stopping, self._changed_ms = True, now  # it overtakes a rate that has not left
        return super().command(order, now)

    def unanswered(self, name: str, now: Ms) -> list[Out]:
        """The rate on the pump may have been changed meanwhile: it is read before it is kept alive again."""
        if name == SET_RATE:
            self._changed_ms = now
        out = super().unanswered(name, now)
        self._keep(None, now)
        return out

    # --- what the pump says -------------------------------------------------------------------------------------

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        return _reply_of(frame)

    def status_of(self, parts: Mapping[str, object], now: Ms) -> Sequence[Out]:
        said = {name: part for name, part in parts.items() if isinstance(part, Part)}
        states = {part.state for part in said.values()}
        state = RUNNING if RUNNING in states else said[TOTAL].state
        infusing = INFUSING.get(state) if states <= {state, STANDBY, RUNNING} else None
        rate, total = said[RATE].number, said[TOTAL].number
        self._stopping &= not (infusing is False and self._is_fresh())
        self._keep(rate if infusing and self._is_fresh() and not self._stopping else None, now)
        alarms = tuple(AlarmCode(s, STATES.get(s, s), s in STATES) for s in sorted(states - INFUSING.keys()))
        status = PumpStatus(
            infusing,
            None if rate is None else rate * TENTH_ML_UL,
            None if total is None else total * TENTH_ML_UL,
            None,
            Integrity.SUM8,
            alarming=bool(alarms),
            mode=state,
        )
        return [status, *self.said.alarms(alarms, now)]

    # --- control ------------------------------------------------------------------------------------------------

    def _is_fresh(self) -> bool:
        """Was this round's rate asked for after the last change of the rate?"""
        changed_ms, read_ms = self._changed_ms, self._round_ms
        return changed_ms is not None and read_ms is not None and read_ms >= changed_ms

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        if reply.name == SET_RATE:
            self._changed_ms = now
            self.line.ask_by(STATE, now)
        if reply.name == KEEP_ALIVE:
            reply = self._judged(reply, now)
        return super().answered(reply, request, now)

    def _judged(self, reply: Reply, now: Ms) -> Reply:
        """A refusal to keep a rate alive may only mean that somebody has just changed it: it is read and tried again.

        Refused again, nobody listens to us. The queries tell the same at once, if they are refused too.
        """
        self._denied = 0 if reply.ok else self._denied + 1
        if reply.ok:
            return reply
        self._keep(None, now)
        if self._denied < DENIALS:
            self.line.ask_by(STATE, now)
            return reply
        return replace(reply, control=ControlState.REFUSED, detail=LOCAL_RUN)

    def _keep(self, rate: int | None, now: Ms) -> None:
        """Keep this rate alive from now on, or none."""
        if rate is None:
            self.line.forget(KEEP_ALIVE)
        elif self._kept is None and self._wants_control:
            self.line.ask(KEEP_ALIVE, now)
        self._kept = rate

    def _hear_control(self, reply: Reply, request: Request | None, order_id: str | None, now: Ms) -> list[Out]:
        said = super()._hear_control(reply, request, order_id, now)
        if self._kept is None:
            self.line.forget(KEEP_ALIVE)
        return said


@lru_cache(maxsize=64)  # most replies are those of the round before
def _reply_of(data: bytes) -> Reply | Garbled:
    """What a whole frame says; it says the same whenever it comes."""
    found = _REPLY.fullmatch(data.decode("latin-1"))
    if found is None:
        return garbled("not a reply of this pump", data)
    ack, name, state, digits = found.groups()
    part = Part(state, int(digits) if digits else None) if name in Graseby3400.status else None
    ok = ack == "OK" or (name == STOP and state == STANDBY)  # it stands already: nothing is left to be refused
    control, why = _control(ack, name, state)
    return Reply(name, part, ok=ok, detail=why or f"{ack} {name} {state}", control=control)


def _control(ack: str, name: str, state: str) -> tuple[ControlState | None, str]:
    """What a reply tells about who commands the pump, and in words why a host does not.

    A refused rate may only be too high for the syringe or no longer the present one, and a refused stop come too late.
    """
    if state not in (STANDBY, RUNNING, ALARM):
        return ControlState.REFUSED, f"{UNKNOWN_STATE}: {state}"
    if ack == "CE" and state != ALARM and name not in (SET_RATE, KEEP_ALIVE) and (name, state) != (STOP, STANDBY):
        return ControlState.REFUSED, LOCAL_RUN if state == RUNNING else LOCAL_HOLD
    granted = ack == "OK" and (name == KEEP_ALIVE or (name == STATE and state != RUNNING))
    return (ControlState.GRANTED if granted else None), ""
