"""ADT at the beds: who is bound where. The events come one after the other, each durable before the next.

A transfer in the middle of an infusion closes the old patient's display, dose and alarms with its own step before the
new patient's step begins.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from pumpd.gateways import GatewayPort, Hl7Settings, PeerSettings, Received
from pumpd.safety.decisions import Refused as Denied
from pumpd_hl7.acks import Problem
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.adt import read_adt
from pumpd_hl7.profiles.binding import Places, events_of
from pumpd_hl7.profiles.people import Refused

log = structlog.get_logger(__name__)


class NotDone(RuntimeError):
    """A bed refused what an admission asks for: it has changed meanwhile, and is looked at anew."""


class Admissions:
    """Implements Receiver for ADT."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort) -> None:
        self._locations, self._port = settings.locations, port

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        read = read_adt(message)
        return read.problems if isinstance(read, Refused) else ()

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """Binds and releases. Again is harmless: what is so already is not said again."""
        read = read_adt(message)
        if isinstance(read, Refused):
            return
        bound = {bed: self._port.patient(bed) for bed in self._port.beds}
        changes = events_of(read, Places(bound, self._locations), f"ADT {read.trigger} of {received.peer}")
        for bed, event in changes.events:
            decisions = await self._port.submit(bed, event)
            if any(isinstance(decision, Denied) for decision in decisions):
                raise NotDone(f"{type(event).__name__} was refused at bed {bed}")
        log.info("hl7_adt", trigger=read.trigger, beds=[bed for bed, _event in changes.events], why=changes.why)
