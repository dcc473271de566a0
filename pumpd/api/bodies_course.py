"""What people decide about a course, as validated bodies; each says which entry it becomes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from pumpd.api.bodies import Body, Name, Text
from pumpd.api.bodies_chart import Charting, Note, not_true, whole
from pumpd.clinical.entries import CourseEnd, CoursePlan, FollowUp, InfusionPlan

Mme = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=9, decimal_places=3)]


class CourseBody(Charting):
    """A course is opened."""

    baseline_mme: Mme | None = Field(None, description="Opioid use before the course, in MME a day")
    context: Note = ""

    def entry(self) -> CoursePlan:
        mme = None if self.baseline_mme is None else whole(self.baseline_mme, 1000, "baseline_mme")
        return CoursePlan(mme, self.context)


class InfusionBody(Charting):
    """The next infusion of the course."""

    dose_mg_kg: Decimal = Field(gt=0, allow_inf_nan=False, max_digits=9, decimal_places=3)
    start_mg_kg_h: Decimal = Field(gt=0, allow_inf_nan=False, max_digits=9, decimal_places=3)

    def entry(self) -> InfusionPlan:
        start = whole(self.start_mg_kg_h, 1000, "start_mg_kg_h")
        return InfusionPlan(whole(self.dose_mg_kg, 1000, "dose_mg_kg"), start)


class ProtocolOverrideBody(Body):
    """A rule of the protocol is set aside for one infusion, where the protocol allows it."""

    rule: Name
    reason: Text


class CourseEndBody(Charting):
    """reason: why the course ends."""

    reason: Text

    def entry(self) -> CourseEnd:
        return CourseEnd(self.reason)


class FollowUpBody(Charting):
    """After the course, months later too."""

    note: Text
    nrs: int | None = None
    mme: Mme | None = None

    @field_validator("nrs", mode="before")
    @classmethod
    def _no_truth(cls, score: object) -> object:
        return not_true(score)

    def entry(self) -> FollowUp:
        return FollowUp(self.note, self.nrs, None if self.mme is None else whole(self.mme, 1000, "mme"))
