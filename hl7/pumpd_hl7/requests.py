"""Requests for infusions (PCD-03): judged, shown at the bed, answered. No pump is ever told of one.

The reply leaves through the outbox of the destination whose application is the asking system's, on a connection of its
own; its control id follows from the request's, so that a request that is dealt with twice is answered once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256

import structlog

from pumpd.gateways import GatewayPort, Hl7Settings, Outgoing, PeerSettings, Received, SendSettings
from pumpd.safety.told_events import NoticeTold, RequestTold
from pumpd_hl7.acks import Problem
from pumpd_hl7.beside import beside
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.profiles.pcd03 import Request, read_pcd03, reply
from pumpd_hl7.profiles.people import Refused
from pumpd_hl7.profiles.request_words import shown
from pumpd_hl7.profiles.verifying import Place, pump_of, verify

log = structlog.get_logger(__name__)
UNSUPPORTED_EVENT, UNKNOWN_KEY = 201, 204


class Requests:
    """Receiver of RGV^O15."""

    def __init__(
        self, settings: Hl7Settings, port: GatewayPort, offsets_min: Mapping[str, int], wake: Callable[[], None]
    ) -> None:
        """offsets_min: by peer what a time means that does not say its zone. wake: something was queued."""
        self._settings, self._port, self._offsets_min, self._wake = settings, port, offsets_min, wake

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        """Refused where it cannot be read, or where its reply could not be sent."""
        if message.kind[1] != "O15":
            return [Problem(UNSUPPORTED_EVENT, f"RGV^{message.kind[1]} is not taken by this version", "MSH", 1, 9)]
        if self._destination(message) is None:
            return [Problem(UNKNOWN_KEY, "there is no destination for a reply to this application", "MSH", 1, 3)]
        found = await beside(message, read_pcd03, message, peer.utc_offset_min)
        return found.problems if isinstance(found, Refused) else ()

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """The reply is queued; the pump hears nothing."""
        offset_min, to = self._offsets_min.get(received.peer, 0), self._destination(message)
        request = await beside(message, read_pcd03, message, offset_min)
        if isinstance(request, Refused) or to is None:
            return
        port = self._port
        place = pump_of(request, [port.view(bed) for bed in port.beds], port.devices)
        now_us = port.wall_us()
        name = f"RRG{sha256('|'.join(received.key).encode()).hexdigest()[:16]}"
        problems = self._verified(request, place, now_us, name)
        bed, pump = ("", "") if place is None else (place[0].id, place[1].id)
        log.info("hl7_infusion_request", bed=bed, pump=pump, against=[problem.code for problem in problems])
        await self._show(request, place, problems, name, received.peer)
        raw = reply(self._sender(to), message, problems, name, now_us)
        await port.store.queue([Outgoing(to.id, name, "RRG", raw, now_us, urgent=True, bed=bed)])
        self._wake()

    def _verified(self, request: Request, place: Place | None, now_us: int, name: str) -> tuple[Problem, ...]:
        if place is None:
            return verify(request, None, now_us)
        bed, pump = place[0].id, place[1].id
        shown = (one.request for one in self._port.kept(bed).requests if one.request.pump == pump)
        newer = any(one.id != name and one.asked_us > request.asked_us for one in shown)
        percent = self._settings.compare.weight_percent
        return verify(request, place, now_us, partial(self._port.against, bed), percent, newer)

    async def _show(
        self, request: Request, place: Place | None, problems: Sequence[Problem], name: str, peer: str
    ) -> None:
        """At the pump's bed; one for a pump that nobody has is told of at the patient's bed."""
        if place is not None:
            await self._port.submit(place[0].id, RequestTold(shown(request, place, problems, name, peer)))
            return
        for bed in self._port.beds:
            patient = self._port.patient(bed)
            if patient is not None and patient.mrn == request.person.mrn:
                text = "An infusion was asked for at a pump that no bed of this ward has; it was refused."
                await self._port.submit(bed, NoticeTold(f"{peer}:unknown_pump", peer, text))

    def _destination(self, message: Message) -> SendSettings | None:
        asking = message.get("MSH", 3)
        return next((to for to in self._settings.send if asking and to.application.split("^")[0] == asking), None)

    def _sender(self, to: SendSettings) -> Sender:
        ours = self._settings
        return Sender(ours.application, ours.facility, to.application, to.facility, self._port.generation)
