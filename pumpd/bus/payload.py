"""What the messages hold: JSON, as structs. Pure. Fields may be added, never renamed; a reader ignores what it does not
know. A patient is `stay` alone: a word that only the ward's own key can make, the same for one patient's whole stay.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

FRAME_EXPIRY_S: Final = 15
"""A broker throws a frame away that it could not deliver for so long. Readers believe it for 5 s only."""
HEALTH_PERIOD_S: Final = 10
HEALTH_EXPIRY_S: Final = 3 * HEALTH_PERIOD_S


class State(Struct, frozen=True, gc=False):
    """Retained. reason: up, stopped (cleanly), lost (the last will, said by the broker). session: of the connection."""

    online: bool
    reason: str
    session: str
    ver: str
    cfg_sha: str
    t: str


class DeviceBirth(Struct, frozen=True, gc=False):
    id: str
    driver: str
    kind: str


class PumpBirth(Struct, frozen=True, gc=False):
    """Ceilings as they are in force; None: none, or not for this drug."""

    id: str
    drug: str | None
    hard_mg_kg_h: int | float | None
    soft_mg_kg_h: int | float | None
    enforcement: str


class BedBirth(Struct, frozen=True, gc=False):
    id: str
    label: str
    devices: tuple[DeviceBirth, ...]
    pumps: tuple[PumpBirth, ...]


class MetricBirth(Struct, frozen=True, gc=False):
    """A signal that may ever be in a frame. mdc: IEEE 11073 code, 0 where none is known."""

    name: str
    unit: str
    label: str
    mdc: int


class Birth(Struct, frozen=True, gc=False):
    """Retained. alarms: ids of all that stand now: a reader drops any other of this ward. page: the ward's own page."""

    session: str
    t: str
    ward: str
    name: str
    generation: str
    timezone: str
    journal: str
    beds: tuple[BedBirth, ...]
    metrics: tuple[MetricBirth, ...]
    alarms: tuple[str, ...]
    page: str | None = None


class Health(Struct, frozen=True, gc=False):
    """Retained, expires. backfill: events of an outage that are still to be sent."""

    session: str
    t: str
    beds: int
    monitored: int
    frames: int
    frames_dropped: int
    events: int
    historical: int
    backfill: bool


class DevState(Struct, frozen=True, gc=False):
    """Retained. state: online, degraded (it says what cannot be believed), offline."""

    session: str
    bed: str
    id: str
    state: str
    since: str | None
    t: str


class Vital(Struct, frozen=True, gc=False):
    """v is None unless q is ok or questionable. age_ms: at the frame's making. live_ms: until which age it is live."""

    v: int | float | None
    q: str
    u: str
    t: str | None
    age_ms: int | None
    source: str | None
    live_ms: int = 5_000


class PumpNow(Struct, frozen=True, gc=False):
    """infusing None: unknown, it may be infusing."""

    id: str
    drug: str | None
    infusing: bool | None
    rate_ml_h: int | float | None
    dose_mg_kg_h: int | float | None
    q: str
    age_ms: int | None
    interlock: str


class Frame(Struct, frozen=True, gc=False):
    """One bed, one second. seq counts the bed's frames of this session without gaps; ms: the ward's own kernel time,
    by which a reader sees that a frame was on its way for long whatever the clocks say."""

    session: str
    seq: int
    ms: int
    t: str
    stay: str | None
    monitored: bool
    vitals: dict[str, Vital]
    pumps: tuple[PumpNow, ...]


class Acked(Struct, frozen=True, gc=False):
    at: str
    reason: str


class AlarmNow(Struct, frozen=True, gc=False):
    """An alarm as it stands. What people wrote of it, and their names, stay in the ward."""

    id: str
    bed: str
    device: str | None
    condition: str
    priority: str
    kind: str
    state: str
    text: str
    value: str | None
    limit: str | None
    onset: str
    present: bool
    acknowledged: Acked | None
    session: str = ""


class EventOut(Struct, frozen=True, gc=False):
    """One thing that happened, once. id: the same whenever it is told, from the journal's own numbers. now_ms: of the
    ward's time line. historical: told later than it happened; never for displays.
    """

    id: str
    bed: str
    seq: int
    kind: str
    t: str
    now_ms: int
    historical: bool
    body: dict[str, Any]


class VitalsPast(Struct, frozen=True, gc=False):
    """What was measured from `start` on, in buckets of every_s: [low, mean, high] in thousandths, None: nothing."""

    id: str
    bed: str
    start: str
    every_s: int
    points: dict[str, list[tuple[int, int, int] | None]]
    historical: bool = True


class Again(Struct, frozen=True, gc=False):
    """What somebody asks of a ward: everything that stands, and what has happened since then, once more as history."""

    events_since: str | None = None


T = TypeVar("T")
_encoder = msgspec.json.Encoder()
_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def encode(payload: Struct) -> bytes:
    return _encoder.encode(payload)


def decode(data: bytes, kind: type[T]) -> T | None:
    """None for anything that is not one: a broker may hold what another program wrote."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        found: T = decoder.decode(data)
    except msgspec.MsgspecError:
        return None
    return found
