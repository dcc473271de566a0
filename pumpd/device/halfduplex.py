"""One question at a time on a line where only the host asks: what is due, what is pending, what a stop may jump. Pure.

Every question has a name and a time when it is next due; the one that has waited longest is asked when the line
is free. Orders come before questions. Urgent bytes go out whatever is pending: the pending exchange is abandoned,
but stays in flight, so that its late reply is known for what it is (pumpd.device.exchange).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pumpd.device.exchange import InFlight, Request
from pumpd.device.facts import CommandOutcome, Outcome, Send
from pumpd.units import Ms


@dataclass(frozen=True, slots=True)
class Order:
    """An order that waits for the line: the name its reply will carry, its message, its id."""

    name: str
    message: str
    order_id: str


class HalfDuplex:
    """The exchanges of one request/reply device."""

    __slots__ = (
        "_ahead", "_busy_ms", "_due", "_encode", "_flight", "_in_flight", "_late_ms", "_mute", "_orders", "_rank",
        "_timeout_ms", "pending",
    )  # fmt: skip

    def __init__(
        self,
        timeout_ms: int,
        late_ms: int,
        priority: Sequence[str],
        encode: Callable[[str], bytes],
        busy_ms: int | None = None,
        *,
        mute: bool = False,
    ) -> None:
        """late_ms: see InFlight. priority: names of the questions, first wins when equally due.

        mute: nothing is ever asked (a receive-only tap); every reply that is overheard answers nobody.

        timeout_ms: an order's outcome is unknown after that. busy_ms: the line is free again after that long
        without a reply (default: timeout_ms); a reply that comes later is still known for what it is.
        """
        self._timeout_ms = timeout_ms
        self._busy_ms = timeout_ms if busy_ms is None else busy_ms
        self._late_ms = late_ms
        self._flight = InFlight(late_ms)
        self._in_flight = self._flight.requests
        self._mute = mute
        self._rank = {name: rank for rank, name in enumerate(priority)}
        self._encode = encode
        self._due: dict[str, Ms] = {}
        self._orders: deque[Order] = deque()
        self.pending: Request | None = None  # what waits for its reply; None: the line is free
        self._ahead: str | None = None

    def ask(self, name: str, at: Ms) -> None:
        """Ask this at `at` (replaces an earlier wish)."""
        if not self._mute:
            self._due[name] = at

    def ask_by(self, name: str, at: Ms) -> None:
        """Ask this no later than `at`, if it is asked at all."""
        if name in self._due:
            self._due[name] = Ms(min(at, self._due[name]))

    def ask_ahead(self, name: str, now: Ms) -> None:
        """Ask this before every other question, and after what is pending now."""
        if not self._mute:
            self._ahead = name
            self._due[name] = now

    def asks(self, name: str) -> bool:
        """Will this be asked, now or later?"""
        return name in self._due

    def forget(self, name: str) -> None:
        """Ask this no more."""
        self._due.pop(name, None)
        if self._ahead == name:
            self._ahead = None

    def forget_all(self) -> None:
        """No question is due and no order waits; what was sent stays in flight."""
        self._due.clear()
        self._orders.clear()
        self._ahead = None

    def enqueue(self, order: Order) -> None:
        """An order for its turn: before every question, after what is pending now."""
        self._orders.append(order)

    def drop_queued(self) -> list[Order]:
        """Orders not yet sent, which are now not going to be."""
        dropped = list(self._orders)
        self._orders.clear()
        return dropped

    def urgent(self, name: str, order_id: str, send: Send, now: Ms) -> list[Send | CommandOutcome]:
        """The order's bytes, made beforehand, at once; whatever was pending is abandoned."""
        return self._send(name, name, order_id, send, now)

    def answered(self, name: str, now: Ms) -> Request | None:
        """Whose reply a message of this name is; None: nobody asked."""
        pending = self.pending
        if pending is None and not self._in_flight:
            return None  # of a tap, every time
        request = self._flight.answered(name, now)
        if pending is None or (request is None and now < pending.sent_ms + self._late_ms):
            return request  # nothing has left the flight
        if pending is request or pending not in self._flight:
            self.pending = None
        return request

    def overdue(self, now: Ms) -> tuple[str | None, list[CommandOutcome]]:
        """The name of the pending exchange if it has just timed out, and orders whose outcome stays unknown."""
        unknown = [_unknown(request) for request in self._flight.overdue_orders(now)]
        if self.pending is None or self._free_ms(self.pending) > now:
            return None, unknown
        name, self.pending = self.pending.name, None
        return name, unknown

    def may_be_answered(self, name: str, now: Ms) -> bool:
        """Is an earlier request of this name still without its reply?"""
        return self._flight.has(name, now)

    def oldest(self, names: Collection[str], now: Ms) -> str | None:
        """Which of these has waited longest for its reply: whose is an answer that does not say what it answers."""
        return self._flight.oldest(names, now)

    def is_ahead(self, name: str) -> bool:
        """Is this the question that was put before all others?"""
        return self._ahead == name

    def ordered(self) -> bool:
        """Does something wait for the line that was ordered: an order, or a question put before all others?"""
        return bool(self._orders) or self._ahead is not None

    def next_question(self, now: Ms) -> str | None:
        """The question to ask now; None while the line is busy, an order waits, or nothing is due."""
        if self.pending is not None or self._orders:
            return None
        if self._ahead is not None:
            return self._ahead
        found, first = None, (now + 1, 0)
        for name, at in self._due.items():
            if at <= now and (place := (at, self._rank[name])) < first:
                found, first = name, place
        return found

    def next_order(self, now: Ms) -> list[Send | CommandOutcome]:
        """The bytes of the order that has waited longest, if the line is free."""
        if self.pending is not None or not self._orders:
            return []
        order = self._orders.popleft()
        return self._send(order.name, order.message, order.order_id, Send(self._encode(order.message)), now)

    def send_question(self, name: str, message: str, now: Ms) -> list[Send | CommandOutcome]:
        if self._ahead == name:
            self._ahead = None
        return self._send(name, message, None, Send(self._encode(message)), now)

    def next_deadline(self) -> Ms | None:
        """When a time-out or a due question wants attention."""
        pending, order_ms = self.pending, self._flight.next_order_due() if self._in_flight else None
        if pending is not None:
            line_ms = Ms(pending.sent_ms + self._busy_ms)
        elif self._due:
            line_ms = min(self._due.values())
        else:
            return order_ms
        return line_ms if order_ms is None or line_ms < order_ms else order_ms

    def _free_ms(self, pending: Request) -> Ms:
        return Ms(pending.sent_ms + self._busy_ms)

    def _send(self, name: str, message: str, order_id: str | None, send: Send, now: Ms) -> list[Send | CommandOutcome]:
        self.pending = request = Request(name, now, Ms(now + self._timeout_ms), order_id, message)
        out: list[Send | CommandOutcome] = [send]
        pushed_out = self._flight.add(request)
        if pushed_out is not None and pushed_out.order_id is not None and not pushed_out.told:
            out.append(_unknown(pushed_out))
        return out


def _unknown(request: Request) -> CommandOutcome:
    return CommandOutcome(request.order_id or "", Outcome.UNKNOWN, f"no answer to {request.name}")
