"""Base of drivers for pumps that only answer: a stop that waits for nothing, rates, control as a lease. Pure."""

from __future__ import annotations

from typing import ClassVar

from pumpd.device.contract import DeviceSettings
from pumpd.device.exchange import Request
from pumpd.device.facts import CommandOutcome, ControlState, Out, Outcome, PumpStatus, Send
from pumpd.device.halfduplex import Order
from pumpd.device.lease import Lease
from pumpd.device.orders import PumpOrder, ReadStatus, ReleaseControl, SetRateOrder, StopOrder
from pumpd.device.polled import PolledDevice, Reply
from pumpd.device.rates import why_not_rate
from pumpd.units import Ms

PATIENCE = 2  # unanswered requests for control until it counts as refused
CONTROL_RETRY_MS = 10_000  # how often a pump that refused control is asked again


class PolledPump(PolledDevice):
    """A pump on such a line.

    More tables: `stop_name`, `stop_message`; `rate_name` where it can set a rate (`rate_message` makes the message);
    `control_name` where it has remote control: `control_message`, `release_message`, asked again every `refresh_ms`,
    lost `lease_ms` after the last grant was asked for. Leave the names empty for what it cannot do, as its
    capabilities say, and `release_message` where nothing hands control back. Nothing here can start a pump.
    """

    stop_name: ClassVar[str] = ""
    stop_message: ClassVar[str] = ""
    rate_name: ClassVar[str] = ""
    control_name: ClassVar[str] = ""
    release_message: ClassVar[str] = ""
    refresh_ms: ClassVar[int] = 1000
    lease_ms: ClassVar[int] = 4000
    control_at_start: ClassVar[bool] = True
    """False: the driver asks itself (`self.line.ask(control_name, now)`) once a status says that it may."""

    def __init__(self, settings: DeviceSettings) -> None:
        super().__init__(settings)
        self.lease = Lease(self.lease_ms, PATIENCE)
        self._wants_control = settings.control and bool(self.control_name)
        self._asked_control = False
        self._acked_ms: Ms | None = None  # when a stop was acknowledged, and its status read begun
        self._stands = False  # by its last status it does not infuse
        self._stop_send = Send(self.frame(self.stop_message), urgent=True) if self.stop_name else None

    def control_message(self) -> str:
        """What asks for remote control, and renews it."""
        raise NotImplementedError

    def rate_message(self, rate_ul_h: int) -> str:
        """What sets the running rate; the rate is within the declared range and on its step."""
        raise NotImplementedError

    # --- the contract ---------------------------------------------------------------------------------------

    def start(self, now: Ms) -> list[Out]:
        known = self.settings.serial is None or not self.info.tells_serial
        if self._wants_control and self.control_at_start and known:
            self.line.ask(self.control_name, now)  # otherwise once it has told who it is
        return super().start(now)

    def tick(self, now: Ms) -> list[Out]:
        lost = self.lease.run_out(now)
        if lost and self._wants_control:
            self.line.ask_by(self.control_name, now)
        return [*lost, *super().tick(now)]

    def command(self, order: PumpOrder, now: Ms) -> list[Out]:
        """A stop's bytes are in the answer; other orders wait for the one exchange that may be pending."""
        if isinstance(order, StopOrder):
            return self._stop(order, now)
        if isinstance(order, ReadStatus):
            self.read_soon(now)
        elif isinstance(order, SetRateOrder):
            reason = self.why_not(order)
            if reason is not None:
                return [CommandOutcome(order.order_id, Outcome.REFUSED, reason)]
            self.line.enqueue(Order(self.rate_name, self.rate_message(order.rate_ul_h), order.order_id))
        else:
            return self._release(order, now)
        return self._next(now)

    def _release(self, order: ReleaseControl, now: Ms) -> list[Out]:
        """Ask for control no more, and hand back what is held."""
        self._wants_control = False
        self.line.forget(self.control_name)
        if not self.control_name:
            return [CommandOutcome(order.order_id, Outcome.DONE, "it has no remote control to hand back")]
        if not self.release_message:
            done = CommandOutcome(order.order_id, Outcome.DONE, "not renewed any more; nothing hands control back")
            return [done, *self.lease.give_back("on request")]
        self.line.enqueue(Order(self.control_name, self.release_message, order.order_id))
        return self._next(now)

    def finish(self, now: Ms) -> list[Out]:
        """Hand control back. Changes no infusion."""
        self._wants_control = False
        super().finish(now)
        if not self._asked_control or self.lease.released:
            return []
        sent = [Send(self.frame(self.release_message))] if self.release_message else []
        return [*sent, *self.lease.give_back("clean exit")]

    # --- orders ---------------------------------------------------------------------------------------------

    def _stop(self, order: StopOrder, now: Ms) -> list[Out]:
        """The stop, ahead of everything; orders not yet sent are not sent after it."""
        reason = self.mismatch() if self._stop_send is not None else "this pump takes no stop from a host"
        if self._stop_send is None or reason is not None:
            return [CommandOutcome(order.order_id, Outcome.REFUSED, reason or "")]
        out: list[Out] = [*self.line.urgent(self.stop_name, order.order_id, self._stop_send, now)]
        for queued in self.line.drop_queued():
            out.append(CommandOutcome(queued.order_id, Outcome.REFUSED, "overtaken by a stop"))
        return out

    def why_not(self, order: SetRateOrder) -> str | None:
        """Why this rate is not sent; None where it is."""
        if not self.rate_name:
            return "this pump takes no rate from a host"
        reason = self.mismatch() or why_not_rate(order, self.info.pump)
        if reason is None and self.control_name and not self.lease.held:
            return "remote control is not held"
        return reason

    def mismatch(self) -> str | None:
        """Why this is not the pump that the ward file names; None where it may be."""
        expected = self.settings.serial
        if None in (expected, self.serial) or expected == self.serial:
            return None
        return f"serial mismatch: expected {expected}, the pump says {self.serial}"

    # --- replies --------------------------------------------------------------------------------------------

    def more_names(self) -> tuple[str, ...]:
        return (self.control_name,) if self.control_name else ()

    def message(self, name: str) -> str:
        return self.control_message() if name == self.control_name and name else super().message(name)

    def _again(self, name: str, now: Ms) -> None:
        if name == self.control_name:
            self._asked_control = True
            self.line.ask(name, Ms(now + self.refresh_ms))
        else:
            super()._again(name, now)

    def heard(self, now: Ms) -> None:
        if self._silent and self.control_name:
            self.line.ask_by(self.control_name, now)
        super().heard(now)

    def unanswered(self, name: str, now: Ms) -> list[Out]:
        out = super().unanswered(name, now)
        if name != self.control_name or not self._wants_control:
            return out
        out += self.lease.unanswered()
        if self.lease.wants_slow_retry():
            self.line.ask(name, Ms(now + CONTROL_RETRY_MS))
        return out

    def _add_part(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        out = super()._add_part(reply, request, now)
        if out:
            self._stands = False
            for fact in out:
                self._stands = self._stands or (isinstance(fact, PumpStatus) and fact.infusing is False)
        return out

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        out: list[Out] = self._learn(reply.serial, now) if reply.serial is not None else []
        order_id = None if request is None else request.order_id
        if reply.control is not None:
            out += self._hear_control(reply, request, order_id, now)
        if request is not None and order_id is not None:
            out += self._outcomes(reply, request, now)
        return out

    def _outcomes(self, reply: Reply, request: Request, now: Ms) -> list[Out]:
        """The end of an order; a stop is idempotent, so one acknowledgement answers every stop in flight.

        A pump that stands and refuses a stop has nothing left to stop: whether that is so a status read tells.
        """
        ok = True if reply.ok is False and reply.name == self.stop_name and self._stands else reply.ok
        outcome = {True: Outcome.DONE, False: Outcome.REFUSED, None: Outcome.UNKNOWN}[ok]
        if outcome is Outcome.DONE and reply.echo is not None and reply.echo != request.message:
            outcome = Outcome.UNKNOWN
        out: list[Out] = [CommandOutcome(request.order_id or "", outcome, reply.detail)]
        if reply.name != self.stop_name or outcome is not Outcome.DONE:
            return out
        while (other := self.line.answered(self.stop_name, now)) is not None:
            out.append(CommandOutcome(other.order_id or "", outcome, reply.detail))
        self._read_after_stop(now)
        return out

    def _read_after_stop(self, now: Ms) -> None:
        """An acknowledged stop is not yet a stopped pump. Further acknowledgements leave the round to its end."""
        if self._acked_ms is None or now >= self._acked_ms + self.late_ms:
            self._acked_ms = now
            self.read_anew(now)
        else:
            self.read_soon(now)

    def _learn(self, serial: str, now: Ms) -> list[Out]:
        """A serial number was heard; a new one is another pump, whose control has to be taken anew."""
        if serial == self.serial:
            return []
        self.serial = serial
        out: list[Out] = [*self.said.identity(self.info.model, serial)]
        if not self._wants_control:
            return out
        self.line.forget(self.control_name)
        mismatch = self.mismatch()
        if mismatch is not None:
            return [*out, *self.lease.refused(mismatch)]
        self.line.ask(self.control_name, now)
        return out

    def _hear_control(self, reply: Reply, request: Request | None, order_id: str | None, now: Ms) -> list[Out]:
        if order_id is not None and reply.name == self.control_name:
            return [*self.lease.give_back("on request")] if reply.ok else []
        if not self._wants_control or self.mismatch() is not None:
            return []
        if reply.control is ControlState.GRANTED:
            return [*self.lease.granted(now if request is None else request.sent_ms)]
        self.line.ask(self.control_name, Ms(now + CONTROL_RETRY_MS))
        return [*self.lease.taken_back(reply.detail)]
