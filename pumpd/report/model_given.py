"""What a report says was given: flows, doses, ceilings, caps, infusions, and what that predicts. Pure.

As in model: what times and amounts mean, and that a field may be added, never renamed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from pumpd.report.model_figure import Figure


class FlowPoint(Struct, frozen=True):
    """What a pump does from `at` on. rate None: not known. dose: the dose rate, None where it cannot be told."""

    at: datetime
    pump: str
    drug: str
    infusing: bool | None
    rate: Figure | None
    dose: Figure | None
    infusion: int


class DosePoint(Struct, frozen=True):
    """Given since the course began, at least and at most, in mg. infusion: of it, in the infusion that runs."""

    at: datetime
    low: Decimal
    high: Decimal
    infusion: int


class CeilingStep(Struct, frozen=True):
    """The ceilings in mg/kg/h that were in force from `at` on, with the rule that set each."""

    at: datetime
    hard: Decimal | None
    hard_by: str
    soft: Decimal | None
    soft_by: str


class CapLine(Struct, frozen=True):
    """A dose cap against what was given. span: "infusion 2", "course", "24 h". percent: of the cap, by `at most`.

    reached: it was given, or the cap has stopped the pump just before (what flows while a stop is in flight counts).
    """

    span: str
    cap: Figure
    set_by: str
    low: Figure
    high: Figure
    percent: Decimal
    reached: bool


class Infusion(Struct, frozen=True):
    """One infusion. phase: as it is now; why: what ended it. low, high: delivered in it (at least, at most).

    plan: what was ordered. top: the highest dose rate.
    """

    number: int
    phase: str
    pumps: tuple[str, ...]
    started: datetime | None
    ended: datetime | None
    low: Figure
    high: Figure
    per_kg: Figure | None
    plan: Figure | None
    start_rate: Figure | None
    top: Figure | None
    why: str


class BandPoint(Struct, frozen=True):
    """Predicted plasma concentration in ng/mL, lowest and highest over the models."""

    at: datetime
    low: float
    high: float


class Reference(Struct, frozen=True):
    """What literature knows: a band (low to high), or one value (both alike), in ng/mL."""

    name: str
    low: float
    high: float
    source: str


class Prediction(Struct, frozen=True):
    """A band, never a measurement. peak: its highest point. limits, doubts: why it is to be taken with care."""

    models: tuple[str, ...]
    points: tuple[BandPoint, ...]
    peak: Figure | None
    references: tuple[Reference, ...]
    limits: tuple[str, ...]
    doubts: tuple[str, ...]
