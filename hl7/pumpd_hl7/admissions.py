"""ADT at the beds: who is bound where. The events come one after the other, each durable before the next.

A transfer in the middle of an infusion closes the old patient's display, dose and alarms with its own step before the
new patient's step begins. A daemon that ends between the two does the message again: the bed remembers whom that very
message released, with weight and orders, until the message is carried out to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

import structlog

from pumpd.gateways import GatewayPort, Hl7Settings, PeerSettings, Received
from pumpd.safety.decisions import Refused as Denied
from pumpd.safety.events import Event, Patient
from pumpd.safety.told_events import NoticeTold, OrderTold, ToldSettled, Word
from pumpd.safety.told_state import Placed
from pumpd_hl7.acks import Problem
from pumpd_hl7.beside import beside
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.adt import Adt, Ignored, Merge, read_adt
from pumpd_hl7.profiles.binding import Changes, Places, events_of
from pumpd_hl7.profiles.older import History, Recorded, ahead_us, recorded, time_words
from pumpd_hl7.profiles.people import Refused

log = structlog.get_logger(__name__)
MINUTE_US = 60_000_000


class NotDone(RuntimeError):
    """A bed refused what a message asks for: it has changed meanwhile, and is looked at anew."""


async def submit(port: GatewayPort, bed: str, event: Event, of: str, received: Received) -> None:
    """Durable at the bed. Raises NotDone where the bed refuses; until it is done after all, the bed says so.

    of: the message in a few words, without a patient's name.
    """
    notice = f"{received.peer}:refused:{message_id(received)}"
    decisions = await port.submit(bed, event)
    refused = [decision for decision in decisions if isinstance(decision, Denied)]
    if refused:
        reasons = "; ".join(refused[0].reasons)
        text = f"{of} of {received.peer} was accepted and could not be applied: {reasons}"
        if not any(one.id == notice for one in port.kept(bed).notices):  # it is tried again and again
            await port.submit(bed, NoticeTold(notice, received.peer, text))
        raise NotDone(f"{type(event).__name__} was refused at bed {bed}: {reasons}")
    if any(one.id == notice for one in port.kept(bed).notices):
        await port.submit(bed, ToldSettled(notice, received.peer, accepted=True))


def message_id(received: Received) -> str:
    """The same each time the message is carried out."""
    return sha256("|".join(received.key).encode()).hexdigest()[:16]


class Admissions:
    """Implements Receiver for ADT."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort) -> None:
        self._locations, self._port = settings.locations, port
        self._clock_us = settings.compare.clock_ms * 1000
        peers = () if settings.listen is None else settings.listen.peers
        self._offsets_min = {peer.id: peer.utc_offset_min for peer in peers}

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        read = await beside(message, read_adt, message)
        return read.problems if isinstance(read, Refused) else ()

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """Binds and releases. Again is harmless: what is so already is not said again."""
        read = await beside(message, read_adt, message)
        said = recorded(message, self._offsets_min.get(received.peer, 0))
        if isinstance(read, Refused):
            return
        history = self._history()
        gone = {bed: one.left for bed, one in history.left_by(message_id(received)).items() if one.left is not None}
        bound = {bed: self._port.patient(bed) for bed in self._port.beds}
        changes = events_of(read, Places(bound, self._locations, gone), f"ADT {read.trigger} of {received.peer}")
        ahead = ahead_us(said, received.received_us, self._clock_us)
        word = Word(received.peer, message_id(received), None if said is None or ahead else said.first_us)
        if ahead and changes.events:
            await self._tell_ahead(changes, received, ahead)
        elif said is not None and self._is_older(read, changes, history, word, said):
            await self._tell_older(read, changes, received, said)
            return
        await self._carry_out(read, changes, word, received)
        await self._bring_orders(self._history().left_by(word.id), received)

    def _history(self) -> History:
        placed = {bed: self._port.kept(bed).placed for bed in self._port.beds}
        return History(placed, self._port.wall_us, self._clock_us)

    def _is_older(self, read: Adt, changes: Changes, history: History, word: Word, said: Recorded) -> bool:
        """A40 changes what a patient is called, not where somebody is: it is never too late for that."""
        if isinstance(read, Ignored | Merge) or not changes.events:
            return False
        return history.is_older(word, said, read.person.mrn, {bed for bed, _event in changes.events})

    async def _carry_out(self, read: Adt, changes: Changes, word: Word, received: Received) -> None:
        for bed, event in changes.events:
            await submit(self._port, bed, replace(event, word=word), f"ADT {read.trigger}", received)
        log.info("hl7_adt", trigger=read.trigger, beds=[bed for bed, _event in changes.events], why=changes.why)

    async def _bring_orders(self, left: dict[str, Placed], received: Received) -> None:
        """The patient's orders go with the patient; those that are there already are not brought again."""
        for one in left.values():
            for bed in self._port.beds:
                if self._is_in(bed, one.mrn):
                    there = {standing.order.id for standing in self._port.kept(bed).orders}
                    for order in one.orders:
                        if order.id not in there:
                            await submit(self._port, bed, OrderTold(order), "an order", received)

    def _is_in(self, bed: str, mrn: str) -> bool:
        patient: Patient | None = self._port.patient(bed)
        return patient is not None and patient.mrn == mrn

    async def _tell_older(self, read: Adt, changes: Changes, received: Received, said: Recorded) -> None:
        beds = _beds(changes)
        log.warning("hl7_adt_older", trigger=read.trigger, peer=received.peer, beds=beds, said_us=said.first_us)
        when = time_words(said.first_us)
        text = f"ADT {read.trigger} of {received.peer}, recorded {when}, is older than the present binding: not applied"
        for bed in beds:
            await self._port.submit(bed, NoticeTold(f"{received.peer}:older", received.peer, text))

    async def _tell_ahead(self, changes: Changes, received: Received, ahead: int) -> None:
        minutes = ahead // MINUTE_US
        text = (
            f"The clock of {received.peer} is {minutes} min ahead of ours (or its utc_offset is wrong): "
            "an old message that it sends again cannot be told from a new one"
        )
        for bed in _beds(changes):
            await self._port.submit(bed, NoticeTold(f"{received.peer}:ahead", received.peer, text))


def _beds(changes: Changes) -> list[str]:
    found: Iterable[str] = (bed for bed, _event in changes.events)
    return list(dict.fromkeys(found))
