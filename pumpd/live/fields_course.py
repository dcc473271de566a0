"""The public JSON shapes of a course and of what is known and predicted of a patient (see fields). Pure.

Times are absolute, so that a screen counts by itself and nothing is sent while nothing happens.
"""

from __future__ import annotations

from msgspec import Struct


class RangeShape(Struct):
    """at_least and at_most are rounded outward: what was given lies between them (DOS-01)."""

    at_least: int | float
    at_most: int | float


class CapShape(Struct):
    """One dose cap. span: infusion, course or window. percent: of the limit. reached: when `at_most` gets there at the
    present rates; null where it does not."""

    span: str
    limit_mg: int | float
    limit_text: str
    set_by: str
    delivered_mg: RangeShape
    delivered_text: str
    percent: RangeShape
    reached: str | None


class LimitShape(Struct):
    """A cap, the rule that set it, and what may have been given of it. (A pump is sent every second: the rest of a cap
    stands in the course.)"""

    limit_mg: int | float
    set_by: str
    at_most_mg: int | float


class PumpCapShape(Struct):
    """The patient's caps as they bind this pump, together with whatever else gives the drug; null: no such cap."""

    per_infusion: LimitShape | None
    per_course: LimitShape | None
    per_window: LimitShape | None


class TimeToCapShape(Struct):
    """The cap that is reached first at the present rates, when, and in how many seconds as of `t` of the frame."""

    span: str
    at: str
    s: int


class InfusionShape(Struct):
    """number 0: planned. phase: planned, running, paused, completed, stopped_by_cap, aborted. why: what ended it."""

    number: int
    phase: str
    pumps: tuple[str, ...]
    started: str | None
    ended: str | None
    delivered_mg: RangeShape | None
    delivered_text: str | None
    why: str


class SetAsideShape(Struct):
    """A rule of the protocol that a named person set aside, for the present infusion or the next."""

    rule: str
    by: str


class CourseShape(Struct):
    """id null: no course is open. caps: the nearest to being reached first. missing: what the infusion lacks, in words.

    nrs_due, observe_due: when the next is due; overdue: past the protocol's grace too, which is an alarm. next_rise:
    the earliest next increase of the rate.
    """

    id: str | None
    opened: str | None
    day: int | None
    max_infusions: int
    infusions: list[InfusionShape]
    caps: list[CapShape]
    nrs_due: str | None
    nrs_overdue: bool
    observe_due: str | None
    observe_overdue: bool
    missing: tuple[str, ...]
    set_aside: list[SetAsideShape]
    next_rise: str | None


class BandShape(Struct):
    """ng/mL over the models, rounded outward. text: as a screen prints it ("40 to 75 ng/mL")."""

    low: int | float
    high: int | float
    text: str


class ConcentrationShape(Struct):
    """PREDICTED plasma ketamine, never measured. in_30_min: at the present rates; if_stopped: in 30 min, stopped now.

    q: ok, or questionable for each of doubts. limits: what the models do not know.
    """

    predicted: bool
    now: BandShape
    in_30_min: BandShape
    if_stopped: BandShape
    models: tuple[str, ...]
    limits: tuple[str, ...]
    q: str
    doubts: tuple[str, ...]
    at: str


class MmeShape(Struct):
    """Opioids administered in the last 24 h. per_day: at least; at_most: where pumps leave more possible, else null.

    incomplete: why it is not the whole. change_percent: against baseline. parts: each opioid and route with its amount,
    factor and table, in words.
    """

    per_day: int | float
    at_most: int | float | None
    text: str
    table: str
    incomplete: tuple[str, ...]
    baseline: int | float | None
    change_percent: int | float | None
    notes: tuple[str, ...]
    at: str
    parts: tuple[str, ...]


class NrsShape(Struct):
    """The last pain score; when the next is due stands in the course."""

    last: int
    at: str
    by: str
    count: int


class ClinicalShape(Struct):
    """ready false: the chart is still being read (or cannot be: why). null: there is nothing to show.

    flags: what is to be thought of because of other medicines.
    """

    ready: bool
    concentration: ConcentrationShape | None
    mme: MmeShape | None
    nrs: NrsShape | None
    why: str
    flags: tuple[str, ...]


class CurvePointShape(Struct):
    """t in the past: what follows from reported rates; else as in ConcentrationShape."""

    t: str
    on: BandShape
    stopped: BandShape


class ReferenceBandShape(Struct):
    name: str
    low: int | float
    high: int | float
    source: str


class ReferencePointShape(Struct):
    name: str
    ng_ml: int | float
    source: str


class CurveShape(Struct):
    """`GET /api/v1/beds/{bed}/concentration`. now null: nothing is predicted, and why says why."""

    unit: str
    now: ConcentrationShape | None
    points: list[CurvePointShape]
    bands: list[ReferenceBandShape]
    references: list[ReferencePointShape]
    why: str
