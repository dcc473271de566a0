"""What is asked about a stay, and the public JSON shapes of the answers. Values only.

Every answer is about the present patient's stay alone and says which (`stay`): a screen never draws two together.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from pumpd.live.fields import AlarmShape


class Kind(StrEnum):
    """What may be asked."""

    VITALS = "vitals"
    DOSES = "doses"
    EVENTS = "events"


class Query(Struct, frozen=True):
    """One question. hours None: the whole stay. mrn: who lies in the bed by the kernel's word now (None: nobody).

    stay: what the answer shall call that stay. points: how many buckets at most (vitals alone).
    """

    kind: Kind
    bed: str
    mrn: str | None
    stay: str = ""
    hours: int | None = None
    signals: tuple[str, ...] = ()
    points: int = 3000


class SeriesShape(Struct):
    """One signal, a number for each bucket; null: nothing was measured, or what was displayed was held."""

    unit: str
    min: list[float | None]
    mean: list[float | None]
    max: list[float | None]


class VitalsShape(Struct):
    """`GET /api/v1/beds/{bed}/history/vitals`: bucket i is [start + i * step_ms, start + (i + 1) * step_ms).

    stay: as the live bed calls it (its `stay`); null while the journal does not know of the patient in the bed yet: ask
    again. since: its beginning. to: the journal's last moment; nothing is known here of what came after it.
    """

    bed: str
    stay: str | None
    since: str | None
    start: str
    to: str
    step_ms: int
    series: dict[str, SeriesShape]


class RatePointShape(Struct):
    """What a pump does from t on. null: unknown (stale, lost), which is no standstill."""

    t: str
    ml_h: float | None
    mg_kg_h: float | None
    infusing: bool | None


class PumpRatesShape(Struct):
    """governed: its dose is held against the ceilings. drug: null where nobody knows."""

    pump: str
    drug: str | None
    governed: bool
    points: list[RatePointShape]


class GivenShape(Struct):
    """Given in this infusion until t (low: at least, high: at most), all pumps and what was given by hand."""

    t: str
    infusion: int
    low_mg: float
    high_mg: float


class CeilingStepShape(Struct):
    """Ceilings from t on, each with the rule that set it."""

    t: str
    hard_mg_kg_h: float | None
    hard_set_by: str
    soft_mg_kg_h: float | None
    soft_set_by: str


class CapLimitShape(Struct):
    """A cap for the patient's present weight. span: infusion or course."""

    span: str
    limit_mg: float
    set_by: str


class NrsPointShape(Struct):
    t: str
    nrs: int
    by: str


class MmePointShape(Struct):
    """MME a day as administered in the 24 h before t. incomplete: something is left out, so it is more."""

    t: str
    low: float
    high: float
    incomplete: bool


class DosesShape(Struct):
    """`GET /api/v1/beds/{bed}/history/doses`: what flowed, what was given of it, pain and opioids."""

    bed: str
    stay: str | None
    since: str | None
    start: str
    to: str
    pumps: list[PumpRatesShape]
    given: list[GivenShape]
    ceilings: list[CeilingStepShape]
    caps: list[CapLimitShape]
    nrs: list[NrsPointShape]
    mme: list[MmePointShape]


class EventShape(Struct):
    """Something that happened, in words. kind: see pumpd.history.words.KINDS. by: who, where a person did it."""

    t: str
    kind: str
    text: str
    by: str = ""
    device: str | None = None


class PastAlarmShape(Struct):
    """An alarm of the stay, at its highest priority, as it is now or was last. ended: when its condition was over.

    reset_by: who reset it latched. climbed: to whom it was signalled for want of an acknowledgement.
    """

    alarm: AlarmShape
    ended: str | None
    reset_by: str | None
    reset_reason: str
    climbed: list[str]


class EventsShape(Struct):
    """`GET /api/v1/beds/{bed}/history/events`. left_out: older ones that there was no room for."""

    bed: str
    stay: str | None
    since: str | None
    start: str
    to: str
    events: list[EventShape]
    alarms: list[PastAlarmShape]
    left_out: int = field(default=0)
