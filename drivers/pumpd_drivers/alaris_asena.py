"""Driver of the Alaris Asena GH, CC, TIVA and PK syringe pumps. No I/O, no clock: bytes and `now` in, facts out.

Polls the status and the alarms, holds remote control as a lease where the ward file asks for it, stops, sets
the rate. The messages themselves are in alaris_asena_wire. Nothing here can start the pump.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from pumpd.device import (
    CommandOutcome,
    DeviceAlarms,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Identity,
    Out,
    Outcome,
    PumpOrder,
    PumpStatus,
    ReadStatus,
    Send,
    SetRateOrder,
    Silent,
    StopOrder,
)
from pumpd.device.framing import LineFramer, garbled
from pumpd.device.halfduplex import Order
from pumpd.device.lease import Lease
from pumpd.device.rates import why_not_rate
from pumpd.units import Ms
from pumpd_drivers import alaris_asena_wire as wire
from pumpd_drivers.alaris_asena_questions import CONTROL_RETRY_MS, ONCE, ONCE_RETRY_MS, Questions, Reply
from pumpd_drivers.alaris_asena_wire import ALARM, CONTROL, LEASE, PROTOCOL, RATE, SERIAL, STATUS, STOP

LEASE_MS = 4000  # until COMMS_RESPONSE_MAX tells; 4000 is what a real pump answered
PATIENCE = 2  # infupy asks again once before it gives up
ALARM_REPEAT_MS = 5000  # ours: an unchanged set of alarms is said again that often

MODEL = "Asena"
_STATUS_REPLY = f"{STATUS}^"
_STOP_BYTES = Send(wire.frame(STOP), urgent=True)


class AlarisAsena:
    """One pump. At most one exchange waits for its reply, except that a stop goes out at once."""

    __slots__ = (
        "_alarming", "_alarms", "_alarms_ms", "_asked_control", "_expected", "_framer", "_hear_reply", "_lease",
        "_line", "_questions", "_serial", "_wants_control",
    )  # fmt: skip

    info: ClassVar[DriverInfo] = wire.INFO

    def __init__(self, settings: DeviceSettings) -> None:
        self._expected, self._wants_control = settings.serial, settings.control
        self._framer = LineFramer(start=b"!", end=b"\r", abort=b"\x1b")
        self._questions = Questions(settings.poll_ms or self.info.poll_ms, mute=settings.receive_only)
        self._line = self._questions.line
        self._serial: str | None = None
        self._lease = Lease(LEASE_MS, PATIENCE)
        self._alarms: DeviceAlarms | None = None
        self._alarms_ms = Ms(0)
        self._alarming = self._asked_control = False
        self._hear_reply: dict[str, Callable[[Reply, Ms], list[Out]]] = {
            ALARM: self._hear_alarms,
            SERIAL: self._hear_serial,
            PROTOCOL: self._hear_protocol,
            LEASE: self._hear_lease,
            STOP: self._hear_stop,
            RATE: self._hear_rate,
            CONTROL: self._hear_control,
        }

    def start(self, now: Ms) -> list[Out]:
        """Ask who it is, then everything else as replies come."""
        self._questions.begin(now)
        return self._next(now)

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        framer = self._framer
        if wire.END not in data:  # an unfinished frame changes nothing; what is due meanwhile is for tick
            return [*framer.hold(data)]
        out: list[Out] = []
        data, framer.rest = framer.rest + data, b""
        found = wire.quick_status(data)
        if found is not None:
            self._hear_status(found, now, out)
            data = data[found.end() :]
            if wire.END not in data and not self._line.ordered():
                # a stop may follow from this status: it does not wait for the next question, which is for tick
                if data:
                    out += framer.hold(data)
                return out
        self._take(framer.feed(data), now, out)
        return out + self._next(now)

    def _take(self, parts: list[bytes | Garbled], now: Ms, out: list[Out]) -> None:
        """Whatever the framer has found."""
        for inside in parts:
            if isinstance(inside, Garbled):
                out.append(inside)
                continue
            message = wire.message_of(inside)
            if isinstance(message, Garbled):
                out.append(message)
            elif message.startswith(_STATUS_REPLY) or message == STATUS:
                self._hear_status(message, now, out)
            else:
                out += self._hear(message, now)

    def tick(self, now: Ms) -> list[Out]:
        timed_out, unknown = self._line.overdue(now)
        out: list[Out] = [*unknown]
        if timed_out is not None:
            self._questions.unanswered(timed_out, now)
            out += self._control_unanswered(now) if timed_out == CONTROL else []
        if self._questions.falls_silent(now):
            out.append(Silent("no answer"))
        lost = self._lease.run_out(now)
        if lost:
            self._line.ask_by(CONTROL, now)
        return [*out, *lost, *self._next(now)]

    def next_deadline(self) -> Ms | None:
        return self._questions.next_deadline()

    def command(self, order: PumpOrder, now: Ms) -> list[Out]:
        """A stop's bytes are in the answer; other orders wait for the one exchange that may be pending."""
        if isinstance(order, StopOrder):
            return self._stop(order, now)
        if isinstance(order, ReadStatus):
            self._line.ask_ahead(STATUS, now)
        elif isinstance(order, SetRateOrder):
            reason = self._why_not(order)
            if reason is not None:
                return [CommandOutcome(order.order_id, Outcome.REFUSED, reason)]
            self._line.enqueue(Order(RATE, wire.rate_message(order.rate_ul_h), order.order_id))
        else:
            self._wants_control = False
            self._line.forget(CONTROL)
            self._line.enqueue(Order(CONTROL, wire.DISABLE, order.order_id))
        return self._next(now)

    def finish(self, now: Ms) -> list[Out]:
        """Hand control back, so that the pump raises no communication time-out. Changes no infusion."""
        self._line.forget_all()
        self._wants_control = False
        if not self._asked_control or self._lease.released:
            return []
        return [Send(wire.frame(wire.DISABLE)), *self._lease.give_back("clean exit")]

    # --- orders -------------------------------------------------------------------------------------------

    def _stop(self, order: StopOrder, now: Ms) -> list[Out]:
        """The stop, ahead of everything; rates not yet sent are not sent after it."""
        mismatch = self._mismatch()
        if mismatch is not None:
            return [CommandOutcome(order.order_id, Outcome.REFUSED, mismatch)]
        sent = self._line.urgent(STOP, order.order_id, _STOP_BYTES, now)
        late = [queued.order_id for queued in self._line.drop_queued()]
        return [*sent, *(CommandOutcome(order_id, Outcome.REFUSED, "overtaken by a stop") for order_id in late)]

    def _why_not(self, order: SetRateOrder) -> str | None:
        """Why this rate is not sent."""
        reason = why_not_rate(order, self.info.pump)
        return reason if reason is not None or self._lease.held else "remote control is not held"

    def _next(self, now: Ms) -> list[Out]:
        """What goes out if the line is free: an order, else the question that has waited longest."""
        sent = self._line.next_order(now)
        name = self._questions.next(now)
        if name is None:
            return [*sent]
        self._asked_control |= name == CONTROL
        return [*sent, *self._line.send_question(name, wire.question(name, self._serial or ""), now)]

    def _control_unanswered(self, now: Ms) -> list[Out]:
        """The request for control has timed out; a pump that does not answer it is asked more slowly."""
        if not self._wants_control:
            return []
        said = self._lease.unanswered()
        if self._lease.wants_slow_retry():
            self._line.ask(CONTROL, Ms(now + CONTROL_RETRY_MS))
        return [*said]

    # --- replies ------------------------------------------------------------------------------------------

    def _hear(self, message: str, now: Ms) -> list[Out]:
        """A message whose CRC is right; one that we have no use for only shows that the pump is there."""
        name, *fields = message.split("^")
        self._questions.heard(now)
        request = self._line.answered(name, now)
        if name in ONCE:
            self._line.forget(name)
        hear = self._hear_reply.get(name)
        return hear(Reply(message, fields, request), now) if hear is not None else []

    def _hear_status(self, said: str | re.Match[str], now: Ms, out: list[Out]) -> None:
        """A reply to INF, as a message or as its fields: the shortest way, for a stop may follow from it."""
        self._questions.heard(now)
        request = self._line.answered(STATUS, now)
        requested_ms = None if request is None else request.sent_ms
        status = wire.status_of(said, requested_ms) if isinstance(said, str) else wire.taken_status(said, requested_ms)
        if type(status) is PumpStatus:
            if status.alarming or self._alarming:
                self._line.ask_by(ALARM, now)
            if status.serial != self._serial:
                out += self._learn(status.serial or "", now)
        out.append(status)

    def _hear_alarms(self, reply: Reply, now: Ms) -> list[Out]:
        alarms = wire.alarms_of(reply.message)
        if isinstance(alarms, Garbled):
            return [alarms]
        if alarms == self._alarms and now - self._alarms_ms < ALARM_REPEAT_MS:
            return []
        self._alarms, self._alarms_ms, self._alarming = alarms, now, bool(alarms.alarms)
        return [alarms]

    def _hear_serial(self, reply: Reply, now: Ms) -> list[Out]:
        serial = wire.serial_of(reply.fields)
        if serial is None:
            self._line.ask(SERIAL, Ms(now + ONCE_RETRY_MS))
            return [garbled("serial number is not believable", reply.message.encode())]
        return self._learn(serial, now)

    def _hear_protocol(self, reply: Reply, now: Ms) -> list[Out]:
        return [Identity(MODEL, self._serial, "^".join(reply.fields)[:64])]

    def _hear_lease(self, reply: Reply, now: Ms) -> list[Out]:
        lease_ms = wire.lease_ms_of(reply.fields)
        if lease_ms is not None:
            self._lease.length_ms = lease_ms
            self._questions.refresh_within(lease_ms)
        return []

    def _hear_stop(self, reply: Reply, now: Ms) -> list[Out]:
        """The exact echo is the acknowledgement; a stop is idempotent, so one echo answers every stop in flight."""
        out: list[Out] = []
        request = reply.request
        done = reply.message == STOP
        while request is not None:
            outcome = Outcome.DONE if done else Outcome.REFUSED
            out.append(CommandOutcome(request.order_id or "", outcome, reply.message))
            request = self._line.answered(STOP, now) if done else None
        if done:
            self._line.ask_ahead(STATUS, now)  # an acknowledged stop is not yet a stopped pump
        return out

    def _hear_rate(self, reply: Reply, now: Ms) -> list[Out]:
        """The pump echoes the rate that it took."""
        if reply.request is None:
            return []
        taken = wire.rate_ul_h_of(reply.fields)
        asked = wire.rate_ul_h_of(reply.request.message.split("^")[1:])
        outcome = Outcome.REFUSED if taken is None else Outcome.DONE if taken == asked else Outcome.UNKNOWN
        return [CommandOutcome(reply.order_id or "", outcome, reply.message)]

    # --- who it is, and remote control --------------------------------------------------------------------

    def _mismatch(self) -> str | None:
        if None in (self._expected, self._serial) or self._expected == self._serial:
            return None
        return f"serial mismatch: expected {self._expected}, the pump says {self._serial}"

    def _learn(self, serial: str, now: Ms) -> list[Out]:
        """A serial number was heard; a new one is another pump, whose control has to be taken anew."""
        if serial == self._serial:
            return []
        self._serial = serial
        self._line.forget(SERIAL)
        self._line.forget(CONTROL)
        out: list[Out] = [Identity(MODEL, serial)]
        mismatch = self._mismatch()
        if self._wants_control and mismatch is not None:
            return [*out, *self._lease.refused(mismatch)]
        if self._wants_control:
            self._line.ask(CONTROL, now)
        return out

    def _hear_control(self, reply: Reply, now: Ms) -> list[Out]:
        state, *rest = reply.fields or [""]
        permitted = "PERMIT" in rest
        if reply.order_id is not None:
            return self._hear_release(reply, permitted and state == "DISABLED")
        if not self._wants_control or self._mismatch() is not None:
            return []
        if permitted and state == "ENABLED":
            return [*self._lease.granted(now if reply.request is None else reply.request.sent_ms)]
        self._line.ask(CONTROL, Ms(now + CONTROL_RETRY_MS))
        return [*self._lease.refused(reply.message)]

    def _hear_release(self, reply: Reply, released: bool) -> list[Out]:
        outcome = Outcome.DONE if released else Outcome.REFUSED
        said = self._lease.give_back("on request") if released else []
        return [CommandOutcome(reply.order_id or "", outcome, reply.message), *said]
