"""Orders (RDE^O11, OMP^O09, ORM^O01) at the beds: what was ordered stands beside the pump, which is told nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import structlog

from pumpd.gateways import GatewayPort, Hl7Settings, PeerSettings, Received
from pumpd.safety.told_events import OrderEnded, OrderTold
from pumpd_hl7.acks import Problem
from pumpd_hl7.admissions import submit
from pumpd_hl7.beside import beside
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.orders import ENDS, Order, read_orders
from pumpd_hl7.profiles.pcd01 import wrong_patient
from pumpd_hl7.profiles.people import Refused
from pumpd_hl7.profiles.standing import order_ids, standing

log = structlog.get_logger(__name__)
US_PER_MS = 1000
REPLACES = frozenset(("NW", "XO", "XX", "RO", "RU"))
"""What it said before of the same order no longer holds, also where it is no infusion any more."""


class Orders:
    """Receiver of orders. One of a patient who is at no bed of ours is kept in the journal and stands nowhere."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort, offsets_min: Mapping[str, int]) -> None:
        """offsets_min: by peer what a time means that does not say its zone."""
        self._port, self._offsets_min = port, offsets_min
        self._percent = settings.compare.rate_percent

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        found = await beside(message, read_orders, message, peer.utc_offset_min)
        if isinstance(found, Refused):
            return found.problems
        for order, bed in self._beds(found):
            problem = wrong_patient(order.person, self._port.patient(bed))
            if problem is not None:
                return [problem]
        return []

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """Again is harmless: an order stands once, under its own number."""
        found = await beside(message, read_orders, message, self._offsets_min.get(received.peer, 0))
        for order, bed in () if isinstance(found, Refused) else self._beds(found):
            event = self._event(order, received.peer)
            log.info(
                "hl7_order", peer=received.peer, control=order.control, bed=bed, stands=isinstance(event, OrderTold)
            )
            if event is not None:
                await submit(self._port, bed, event, message.kind[0], received)

    def _beds(self, orders: Sequence[Order]) -> Iterator[tuple[Order, str]]:
        for order in orders:
            for bed in self._port.beds:
                patient = self._port.patient(bed)
                if patient is not None and patient.mrn == order.person.mrn:
                    yield order, bed

    def _event(self, order: Order, peer: str) -> OrderTold | OrderEnded | None:
        if order.control in ENDS:
            return OrderEnded(order_ids(order, peer), peer)
        found = standing(order, peer, self._port.opioids, self._kernel_ms, self._percent)
        if found is not None:
            return OrderTold(found)
        return OrderEnded(order_ids(order, peer), peer) if order.control in REPLACES else None

    def _kernel_ms(self, at_us: int) -> int:
        """The kernel's time of a wall time."""
        return self._port.now_ms() - (self._port.wall_us() - at_us) // US_PER_MS
