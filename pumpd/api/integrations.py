"""Other systems (HL7): who is connected, what waits, what was refused for good and who settles that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Protocol

import msgspec
from fastapi import APIRouter, Query, Response

from pumpd.access.principal import Principal
from pumpd.api.bodies import Body
from pumpd.api.errors import REFUSALS, ApiError
from pumpd.api.needs import INTEGRATION, SETTLE, versioned
from pumpd.api.people import named
from pumpd.api.routes import answered
from pumpd.api.withheld import without_names
from pumpd.gateways import DeadLetter, PeerState
from pumpd.journal import JournalUnavailable
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.stamp import wall_text
from pumpd.live.told_shape import NoticeShape, told_shape
from pumpd.safety.events import Patient

MOST = 500


class IntegrationPort(Protocol):
    """The daemon's gateway, as the page asks for it."""

    def peers(self) -> Sequence[PeerState]: ...

    async def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        """The newest first. Raises JournalUnavailable."""
        ...

    async def settle(self, number: int, by: str, replay: bool) -> bool:
        """Send it again or discard it. False: there is none of that number. Raises JournalUnavailable."""
        ...


class PeerShape(msgspec.Struct):
    """direction: in (it connects to us) or out. last: of its last message. depth: messages that wait; dead: refused.

    problem: of its newest message ("": none); last_problem, problem_at: of the last one that had any.
    """

    id: str
    direction: str
    connected: bool
    last: str | None
    messages: int
    depth: int
    dead: int
    problem: str
    last_problem: str
    problem_at: str | None


class DeadLetterShape(msgspec.Struct):
    """A message that its destination refused for good; what it said of a patient is not told here."""

    number: int
    destination: str
    id: str
    kind: str
    bed: str
    made: str
    refused: str
    why: str


class BedNoticeShape(NoticeShape):
    """A notice about messages, with the bed at which a named person settles it."""

    bed: str


class IntegrationsShape(msgspec.Struct):
    """used: the ward file has HL7 tables. notices: what was received and not done as it says, the newest first."""

    time: str
    used: bool
    peers: list[PeerShape]
    dead_letters: list[DeadLetterShape]
    notices: list[BedNoticeShape] = []


Notices = Callable[[], Iterable[BedNoticeShape]]
Patients = Callable[[], Iterable[Patient]]


def patients_of(hub: LiveHub, bed_ids: Iterable[str]) -> list[Patient]:
    """Who lies in the ward now."""
    views = [view for bed in bed_ids if (view := hub.view(bed)) is not None]
    return [view.patient for view in views if view.patient is not None]


def notices_of(hub: LiveHub, bed_ids: Iterable[str]) -> list[BedNoticeShape]:
    """Of every bed."""
    found, stamp = [], hub.stamp()
    for bed in bed_ids:
        view = hub.view(bed)
        for one in () if view is None else told_shape(view.told, stamp).notices:
            found.append(BedNoticeShape(one.id, one.source, one.at, one.text, one.count, bed))
    return sorted(found, key=lambda one: one.at, reverse=True)


def integration_routes(
    port: IntegrationPort | None, time: Callable[[], str], notices: Notices = list, patients: Patients = list
) -> APIRouter:
    """What may be read; what another system says of these patients in its own words only by who may know them."""
    router = versioned(422, 503)

    @router.get("/integrations", summary="Other systems: connections, queues, dead letters")
    async def get_integrations(
        dead: Annotated[int, Query(ge=0, le=MOST)] = 100, who: Principal = INTEGRATION
    ) -> Response:
        if port is None:
            return answered(encode(IntegrationsShape(time(), False, [], [])))
        here = [*patients()]
        peers, shapes = [_peer(state) for state in port.peers()], [_letter(one) for one in await _letters(port, dead)]
        for peer in peers:
            peer.problem = without_names(peer.problem, here, who.identity)
        for letter in shapes:
            letter.why = without_names(letter.why, here, who.identity)
        return answered(encode(IntegrationsShape(time(), True, peers, shapes, [*notices()])))

    return router


def integration_acts(port: IntegrationPort | None, time: Callable[[], str]) -> APIRouter:
    """What a named person may do about a dead letter; both are recorded."""
    router = versioned(*REFUSALS)

    async def settle(number: int, body: Body, replay: bool) -> Response:
        try:
            done = port is not None and await port.settle(number, body.by, replay)
        except JournalUnavailable as error:
            raise ApiError(503, "not_durable", str(error), temporary=True) from None
        if not done:
            raise ApiError(404, "unknown_dead_letter", f"there is no dead letter {number}: it has been settled already")
        return answered(encode({"ok": True, "time": time(), "alarms": [], "notes": []}))

    @router.post("/integrations/dead-letters/{number}/replay", summary="Send a refused message again")
    async def replay(number: int, body: Body, who: Principal = SETTLE) -> Response:
        return await settle(number, named(body, who), replay=True)

    @router.post("/integrations/dead-letters/{number}/discard", summary="Give a refused message up; it stays recorded")
    async def discard(number: int, body: Body, who: Principal = SETTLE) -> Response:
        return await settle(number, named(body, who), replay=False)

    return router


async def _letters(port: IntegrationPort, most: int) -> Sequence[DeadLetter]:
    try:
        return await port.dead_letters(most)
    except JournalUnavailable as error:
        raise ApiError(503, "journal_failing", str(error), temporary=True) from None


def _peer(state: PeerState) -> PeerShape:
    counts = (state.messages, state.depth, state.dead)
    problems = (state.problem, state.last_problem, _time(state.problem_us))
    return PeerShape(state.id, state.direction, state.connected, _time(state.last_us), *counts, *problems)


def _time(wall_us: int | None) -> str | None:
    return None if wall_us is None else wall_text(wall_us)


def _letter(one: DeadLetter) -> DeadLetterShape:
    message = one.message
    return DeadLetterShape(
        one.number,
        message.destination,
        message.id,
        message.kind,
        message.bed,
        wall_text(message.made_us),
        wall_text(one.refused_us),
        one.why,
    )
