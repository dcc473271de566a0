"""The messages of pumpd.live.v1, as msgspec structs: what is decoded, what is documented, what tests hold frames to.

Snapshot, delta and alarm frames are joined from cached fragments (see `frames`); their structs here
are the contract of the result.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

import msgspec
from msgspec import Struct

from pumpd.access.principal import Principal
from pumpd.live.fields import AlarmShape, BedParts, BedShape

PROTO = 1
CREDIT = 2


class Close(IntEnum):
    """WebSocket close codes of the protocol."""

    BAD_PROTO = 4400
    NOT_SIGNED_IN = 4401
    FORBIDDEN = 4403
    HELLO_TIMEOUT = 4408
    INSUFFICIENT_STATE = 4409
    SLOW = 4410
    RATE = 4429
    RESTART = 1012


class Resume(Struct):
    """What the client last had. v1 always answers with a snapshot, which is complete by nature."""

    epoch: str
    seq: int


Sound = Literal["on", "locked", "off", "none", "unknown"]
"""Does a screen make sound? locked: the browser waits for a touch; off: switched off; none: it cannot."""


class Hello(Struct, tag="hello", tag_field="type"):
    """The first message of a client. subs: empty, "ward:*" or "ward:ID", and "wave:BED" for a
    bed's curve of CO2. credit: at most 2. sound: as in status.

    token: a machine's, where it cannot send `Authorization: Bearer`.
    """

    proto: list[int]
    client: str = ""
    subs: list[str] = []
    resume: Resume | None = None
    credit: int = CREDIT
    token: str | None = None
    sound: Sound = "unknown"


class Ack(Struct, tag="ack", tag_field="type"):
    """The highest seq of a snapshot or delta that the client has rendered; gives credit back for all up to it.

    Owed for a snapshot, and whenever all credit is used: with a credit of two, for every second delta.
    """

    seq: int


class Status(Struct, tag="status", tag_field="type"):
    """What the client is for the people before it, sent when it changes. visible: the page can be seen (ALA-08)."""

    sound: Sound
    visible: bool = True


class Cmd(Struct, tag="cmd", tag_field="type"):
    """An act. args as in the body of the HTTP route of the same act, plus bed, pump or alarm; step_up: a grant."""

    id: str
    op: str
    args: dict[str, Any] = {}
    reason: str | None = None


ClientMessage = Hello | Ack | Status | Cmd


class Limits(Struct):
    credit: int
    message_bytes: int
    messages_per_min: int


class WardRef(Struct):
    """generation: real, test or demo; a screen marks everything that is not real. timezone: IANA name for its clock.

    integrations: other systems are heard or told; there is a page for that.
    """

    id: str
    name: str
    generation: str = "real"
    timezone: str = "UTC"
    integrations: bool = False


class Welcome(Struct, tag="welcome", tag_field="type"):
    """build: the page reloads itself when this changed. roles, permissions, identity: of whose screen this is.

    identity: full, initials or none; how much of who the patients are is sent. demo: nobody signed in, a demonstration
    did it by itself, and the screen says so.
    """

    proto: int
    server_time: str
    t: str
    epoch: str
    hb_ms: int
    build: str
    roles: list[str]
    limits: Limits
    ward: WardRef
    permissions: list[str] = []
    identity: str = "none"
    demo: bool = False

    def of(self, who: Principal) -> Welcome:
        """For this one's screen."""
        self.roles, self.permissions = [*who.roles], sorted(who.permissions)
        self.identity, self.demo = who.identity, who.demo
        return self


class Snapshot(Struct, tag="snapshot", tag_field="type"):
    """The whole ward. Later frames of the same epoch build on it."""

    epoch: str
    seq: int
    t: str
    time: str
    ward: WardRef
    beds: list[BedShape]
    alarms: list[AlarmShape]


class Delta(Struct, tag="delta", tag_field="type"):
    """Absolute values of what changed after `prev`, the seq of the snapshot or delta sent before this one.

    del: beds that are gone.
    """

    epoch: str
    seq: int
    prev: int
    t: str
    set: dict[str, BedParts]
    del_: list[str] = msgspec.field(name="del")


class AlarmMessage(Struct, tag="alarm", tag_field="type"):
    """One step of one alarm's life. Never conflated, in order. state "ended": take it off the list."""

    epoch: str
    seq: int
    t: str
    phase: str
    alarm: AlarmShape


class Heartbeat(Struct, tag="hb", tag_field="type"):
    """Sent when nothing else was for hb_ms. Any frame proves the connection."""

    t: str
    seq: int


class Wave(Struct, tag="wave", tag_field="type"):
    """Consecutive samples of a curve, for who asked for "wave:BED". May be dropped; never conflated with another run.

    Sample i was taken at start + i * period_ms. null: marked invalid by the device. gap: these do not follow on what
    was sent before, so no line may join them. Comes about five times a second, after everything else; two seconds
    without one mean that there is no curve.
    """

    t: str
    bed: str
    device: str
    signal: str
    unit: str
    start: str
    period_ms: int
    samples: list[float | None]
    gap: bool


class ResultError(Struct):
    """temporary: the same act may succeed later unchanged."""

    code: str
    message: str
    reasons: list[str]
    temporary: bool


class Result(Struct, tag="result", tag_field="type"):
    """Answer to the cmd of this id."""

    id: str
    ok: bool
    t: str
    data: dict[str, Any] | None = None
    error: ResultError | None = None


ServerMessage = Welcome | Snapshot | Delta | AlarmMessage | Heartbeat | Wave | Result


class WardShape(Struct):
    """`GET /api/v1/ward`."""

    epoch: str
    seq: int
    time: str
    ward: WardRef
    beds: list[BedShape]
    alarms: list[AlarmShape]


_client_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()


def decode_client(text: str | bytes) -> ClientMessage:
    """A client's message. Raises msgspec.MsgspecError for anything else."""
    return _client_decoder.decode(text)


def encode(message: object) -> bytes:
    """JSON of a message or shape."""
    return _encoder.encode(message)
