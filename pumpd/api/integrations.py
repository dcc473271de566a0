"""Other systems (HL7): who is connected, what waits, what was refused for good and who settles that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Protocol

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import Field

from pumpd.api.bodies import UNSIGNED, Body, Name
from pumpd.api.errors import ApiError
from pumpd.api.routes import answered
from pumpd.gateways import DeadLetter, PeerState
from pumpd.journal import JournalUnavailable
from pumpd.live.messages import encode
from pumpd.live.stamp import wall_text

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
    """direction: in (it connects to us) or out. last: of its last message. depth: messages that wait; dead: refused."""

    id: str
    direction: str
    connected: bool
    last: str | None
    messages: int
    depth: int
    dead: int
    problem: str


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


class IntegrationsShape(msgspec.Struct):
    """used: the ward file has HL7 tables."""

    time: str
    used: bool
    peers: list[PeerShape]
    dead_letters: list[DeadLetterShape]


class NamedBody(Body):
    """Who settles a dead letter; a name is needed."""

    by: Name = Field(description="Name or initials of the person who acts; needed here")


def integration_routes(port: IntegrationPort | None, time: Callable[[], str]) -> APIRouter:
    """What may be read."""
    router = APIRouter()

    @router.get("/integrations", summary="Other systems: connections, queues, dead letters")
    async def get_integrations(dead: Annotated[int, Query(ge=0, le=MOST)] = 100) -> Response:
        if port is None:
            return answered(encode(IntegrationsShape(time(), False, [], [])))
        letters = await _letters(port, dead)
        peers = [_peer(state) for state in port.peers()]
        return answered(encode(IntegrationsShape(time(), True, peers, [_letter(one) for one in letters])))

    return router


def integration_acts(port: IntegrationPort | None, time: Callable[[], str]) -> APIRouter:
    """What a named person may do about a dead letter; both are recorded."""
    router = APIRouter()

    async def settle(number: int, body: NamedBody, replay: bool) -> Response:
        if body.by == UNSIGNED:
            raise ApiError(422, "invalid", "by: a dead letter is settled by a named person")
        try:
            done = port is not None and await port.settle(number, body.by, replay)
        except JournalUnavailable as error:
            raise ApiError(503, "not_durable", str(error), temporary=True) from None
        if not done:
            raise ApiError(404, "unknown_dead_letter", f"there is no dead letter {number}: it has been settled already")
        return answered(encode({"ok": True, "time": time(), "alarms": [], "notes": []}))

    @router.post("/integrations/dead-letters/{number}/replay", summary="Send a refused message again")
    async def replay(number: int, body: NamedBody) -> Response:
        return await settle(number, body, replay=True)

    @router.post("/integrations/dead-letters/{number}/discard", summary="Give a refused message up; it stays recorded")
    async def discard(number: int, body: NamedBody) -> Response:
        return await settle(number, body, replay=False)

    return router


async def _letters(port: IntegrationPort, most: int) -> Sequence[DeadLetter]:
    try:
        return await port.dead_letters(most)
    except JournalUnavailable as error:
        raise ApiError(503, "journal_failing", str(error), temporary=True) from None


def _peer(state: PeerState) -> PeerShape:
    last = None if state.last_us is None else wall_text(state.last_us)
    return PeerShape(
        state.id, state.direction, state.connected, last, state.messages, state.depth, state.dead, state.problem
    )


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
