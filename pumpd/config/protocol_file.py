"""The description of a protocol (config/protocols/*.toml): every key it may have. Structure only.

[course] and the tables after it belong together: a protocol either keeps courses, and then says all of it, or it only
lowers ceilings. Every table carries its source; "ours" marks a policy of this project that a ward should review.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pumpd.config.fields import (
    CeilingOverride,
    DayText,
    DoseRateUgKgH,
    DoseUgKg,
    Ident,
    LevelPgMl,
    Name,
    PositiveMs,
    Record,
    Source,
)
from pumpd.config.fields import FlowUlH as Flow
from pumpd.config.problems import did_you_mean
from pumpd.device import SIGNALS

VITALS = tuple(name for name, signal in SIGNALS.items() if not (signal.wave or signal.flag))


def _vital(name: str) -> str:
    if name not in VITALS:
        raise ValueError(f'"{name}" is no vital sign{did_you_mean(name, VITALS)}')
    return name


VitalName = Annotated[str, AfterValidator(_vital)]
PositiveDose = Annotated[DoseUgKg, Field(gt=0)]
PositiveRate = Annotated[DoseRateUgKgH, Field(gt=0)]
Percent = Annotated[float | int, Field(ge=0, le=100)]
RuleName = Literal[
    "start_rate",
    "step_size",
    "step_interval",
    "start_vitals",
    "adjunct",
    "checklist",
    "plan",
    "sub_anaesthetic",
    "infusion_count",
    "course_window",
]
RouteName = Literal["iv", "sc", "im", "oral", "sublingual", "nasal", "transdermal"]


class CourseTable(Record):
    """How many infusions, within what time of the first start; a pump that stands still for pause_ends ends one.

    extra_infusion: what happens to an infusion beyond that: it is stopped, or only alarmed.
    """

    max_infusions: Annotated[int, Field(ge=1)]
    window: PositiveMs
    pause_ends: PositiveMs
    extra_infusion: Literal["stop", "alarm"]
    source: Source


class CapTable(Record):
    """Caps that are lower than the drug library's."""

    per_infusion: PositiveDose | None = None
    per_course: PositiveDose | None = None
    per_window: PositiveDose | None = None
    source: Source


class TitrationTable(Record):
    """Greatest rate to start with, greatest single increase, least time between increases."""

    start: PositiveRate
    step: PositiveRate
    interval: PositiveMs
    source: Source


class VitalTable(Record):
    """A vital sign that must be measured before a start: the first of any that the bed reports, in range where given.

    where_measured: not required at a bed that has no monitor for it.
    """

    any: Annotated[list[VitalName], Field(min_length=1)]
    low: float | int | None = None
    high: float | int | None = None
    where_measured: bool = False
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("expected low < high")
        return self


class ObservationTable(Record):
    """While `until` after the start of an infusion has not passed, observe `every` so often; the last has no until."""

    until: PositiveMs | None = None
    every: PositiveMs
    source: Source


class DueTable(Record):
    """Something that is due every so often, and overdue after grace."""

    every: PositiveMs
    grace: PositiveMs
    source: Source


class GraceTable(Record):
    grace: PositiveMs
    source: Source


class AdjunctTable(Record):
    """drugs: codes of the drug library, of class benzodiazepine or antipsychotic.

    benzodiazepine_counts: for so long after one breathing must be measured, and an advisory stands.
    """

    required: bool
    drugs: Annotated[list[Ident], Field(min_length=1)]
    benzodiazepine_counts: PositiveMs
    source: Source


class ChecklistTable(Record):
    """What must have been asked before the first infusion."""

    contraindications: Annotated[list[Name], Field(min_length=1)]
    source: Source


class OverrideTable(Record):
    """Rules that a named person may set aside with a reason; a rule that is not listed binds."""

    rules: list[RuleName]
    source: Source


class SubAnaestheticTable(Record):
    """An order stays within this part of the named anaesthetic dose."""

    reference: Name
    reference_low: PositiveDose
    reference_high: PositiveDose
    fraction_low_percent: Percent
    fraction_high_percent: Percent
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.reference_low > self.reference_high:
            raise ValueError("expected reference_low <= reference_high")
        if not 0 < self.fraction_low_percent <= self.fraction_high_percent:
            raise ValueError("expected 0 < fraction_low_percent <= fraction_high_percent")
        return self


class RouteTable(Record):
    """Ketamine by another route: bioavailability and absorption for the predicted band, the part that counts in the
    dose windows, and what to say when the route is switched."""

    route: RouteName
    bioavailability_percent: Percent
    absorption_per_h: Annotated[float | int, Field(gt=0, le=1000)]
    window_percent: Percent
    potency: Annotated[str, Field(max_length=300)] = ""
    source: Source


class PredictedTable(Record):
    """The predicted band's lower edge above this level is an advisory."""

    level: Annotated[LevelPgMl, Field(gt=0)]
    source: Source


class DeliveryTable(Record):
    """DOS-04: delivered beside what the rate should have delivered."""

    over_percent: Annotated[int, Field(ge=1, le=100)]
    over_after: PositiveMs
    over_rate: Annotated[Flow, Field(gt=0)]
    over_rate_after: PositiveMs
    under_percent: Annotated[int, Field(ge=1, le=100)]
    under_after: PositiveMs
    source: Source


class ProtocolFile(Record):
    """A local infusion protocol: who approved it, the ceilings and caps it lowers, and how a course is given."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    name: Name
    version: Name
    approved_by: str
    approved_on: DayText = ""
    source: Source
    ceiling: CeilingOverride | None = None
    dose_cap: CapTable | None = None
    course: CourseTable | None = None
    titration: TitrationTable | None = None
    start_vital: list[VitalTable] = Field(default_factory=list)
    observation: list[ObservationTable] = Field(default_factory=list)
    observations: GraceTable | None = None
    nrs: DueTable | None = None
    adjunct: AdjunctTable | None = None
    checklist: ChecklistTable | None = None
    override: OverrideTable | None = None
    sub_anaesthetic: SubAnaestheticTable | None = None
    delivery: DeliveryTable | None = None
    predicted: PredictedTable | None = None
    route: list[RouteTable] = Field(default_factory=list)


# Required where a course is kept, and without meaning where none is.
WITH_COURSE = (
    "titration",
    "start_vital",
    "observation",
    "observations",
    "nrs",
    "adjunct",
    "checklist",
    "override",
    "sub_anaesthetic",
    "delivery",
)
OPTIONAL_WITH_COURSE = ("predicted", "route")
