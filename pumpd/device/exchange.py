"""Whose reply is it? Requests in flight on a half-duplex line whose replies name only their command. Pure.

A reply that comes after its time-out must never be taken for the answer to a younger request: a stop would
count as verified by a status that was asked for before it. So every request stays here until it is
answered, buried or too old, and a reply belongs to the OLDEST request of its name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from pumpd.units import Ms


@dataclass(slots=True, eq=False)
class Request:
    """One request on the wire. `told`: its order has already been given an outcome."""

    name: str
    sent_ms: Ms
    due_ms: Ms
    order_id: str | None = None
    message: str = ""
    told: bool = False


class InFlight:
    """Requests that may still be answered, oldest first."""

    __slots__ = ("_late_ms", "requests")

    def __init__(self, late_ms: int, most: int = 32) -> None:
        """late_ms: after that long no reply is expected any more."""
        self._late_ms = late_ms
        self.requests: deque[Request] = deque(maxlen=most)  # the same one always: whether it is empty is asked often

    def add(self, request: Request) -> Request | None:
        """Remember a request that is being sent; returns the oldest one if it had to make room."""
        requests = self.requests
        pushed_out = requests[0] if len(requests) == requests.maxlen else None
        requests.append(request)
        return pushed_out

    def answered(self, name: str, now: Ms) -> Request | None:
        """The oldest request of that name, which is now answered; None: nobody asked.

        Queries sent before an answered query are buried: the device takes one at a time and in order, so
        their replies cannot come any more. An order's reply buries nothing and orders are never buried.
        """
        requests = self.requests
        if not requests:
            return None
        first = requests[0]
        if first.sent_ms + self._late_ms <= now:
            self._forget_old(now)
        elif first.name == name:  # nothing is older: nothing is buried
            return requests.popleft()
        for found in requests:
            if found.name == name:
                return self._take_out(found)
        return None

    def _take_out(self, found: Request) -> Request:
        """The request, with what it buries gone."""
        requests = list(self.requests)
        index = requests.index(found)
        younger = requests[index + 1 :]
        older = [r for r in requests[:index] if found.order_id is not None or r.order_id is not None]
        self.requests.clear()
        self.requests += [*older, *younger]
        return found

    def has(self, name: str, now: Ms) -> bool:
        """Is a request of that name still without its reply, and young enough to get one?"""
        self._forget_old(now)
        for request in self.requests:  # noqa: SIM110 - asked with every frame: a generator costs more than all else
            if request.name == name:
                return True
        return False

    def oldest(self, names: Collection[str], now: Ms) -> str | None:
        """The name of the oldest request with one of these names that may still be answered."""
        self._forget_old(now)
        return next((request.name for request in self.requests if request.name in names), None)

    def overdue_orders(self, now: Ms) -> list[Request]:
        """Orders past their time-out that have no outcome yet; they count as told from now on."""
        overdue = [r for r in self.requests if r.order_id is not None and not r.told and r.due_ms <= now]
        for request in overdue:
            request.told = True
        return overdue

    def next_order_due(self) -> Ms | None:
        """When the next order without an outcome becomes unknown."""
        first = None
        for request in self.requests:  # spelled out: asked with every frame, and hardly ever is there an order
            if request.order_id is not None and not request.told and (first is None or request.due_ms < first):
                first = request.due_ms
        return first

    def __contains__(self, request: Request) -> bool:
        return request in self.requests  # by identity: requests have no equality of their own

    def __len__(self) -> int:
        return len(self.requests)

    def _forget_old(self, now: Ms) -> None:
        requests = self.requests
        while requests and requests[0].sent_ms + self._late_ms <= now:
            if requests[0].order_id is not None and not requests[0].told:
                break
            requests.popleft()
