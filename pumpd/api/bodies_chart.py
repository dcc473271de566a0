"""What people write into a chart, as validated bodies; each says which entry it becomes. Words are checked by `words`.

An amount is either milligrams or micrograms; it becomes whole micrograms exactly, or is refused.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from pumpd.api.bodies import Body, Name
from pumpd.clinical.entries import (
    Adjunct,
    AnyEntry,
    Assessment,
    Checklist,
    Comedication,
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
    Route,
    SideEffect,
)
from pumpd.safety.events import Assessed
from pumpd.units import scaled

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Amount = Annotated[Decimal, Field(gt=0, allow_inf_nan=False, max_digits=12, decimal_places=6)]

ROUTE_WORDS = {
    "i.v.": Route.INTRAVENOUS,
    "intravenous": Route.INTRAVENOUS,
    "s.c.": Route.SUBCUTANEOUS,
    "subcutaneous": Route.SUBCUTANEOUS,
    "i.m.": Route.INTRAMUSCULAR,
    "intramuscular": Route.INTRAMUSCULAR,
    "po": Route.ORAL,
    "p.o.": Route.ORAL,
    "by mouth": Route.ORAL,
    "sl": Route.SUBLINGUAL,
    "intranasal": Route.NASAL,
    "patch": Route.TRANSDERMAL,
}
SEVERITY = {"absent": 0, "none": 0, "mild": 1, "moderate": 2, "severe": 3}


def whole(value: Decimal, scale: int, what: str) -> int:
    """value x scale as a whole number. Raises ValueError where digits would be lost."""
    number = scaled(value, scale)
    if number is None:
        raise ValueError(f"{what} is too fine: at most {len(str(scale)) - 1} decimals")
    return number


def not_true(score: object) -> object:
    """true and false are no numbers here, though Python takes them for some."""
    if isinstance(score, bool):
        raise ValueError("a score is a number")
    return score


class Charting(Body):
    """One entry. at: when it happened, with a time zone; now, where it is left out."""

    at: datetime | None = None
    corrects: Name | None = Field(None, description="id of the entry that this one replaces")
    reason: Note = Field("", description="why; needed for a correction")

    @field_validator("at")
    @classmethod
    def _with_zone(cls, at: datetime | None) -> datetime | None:
        if at is not None and at.tzinfo is None:
            raise ValueError("needs a time zone, such as 2026-01-15T10:15:30Z")
        return at

    def entry(self) -> AnyEntry:
        """The entry that this is; its words are checked elsewhere."""
        raise NotImplementedError


class SideEffectBody(BaseModel):
    """severity: 0 absent, 1 mild, 2 moderate, 3 severe; or the word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    severity: int = Field(1, ge=0, le=3)

    @field_validator("severity", mode="before")
    @classmethod
    def _as_written(cls, severity: object) -> object:
        return SEVERITY.get(severity.strip().lower(), severity) if isinstance(severity, str) else not_true(severity)


class AssessmentBody(Charting):
    """What was found at the bedside; at least one of them. A number may be text ("3"); poss "S": asleep.

    poss, rass and oxygen judge sedation and are always of now; the rest may have been found earlier (`at`).
    """

    nrs: int | None = Field(None, description="Pain, 0 to 10")
    pain: tuple[Name, ...] = Field((), description="Pain characteristics of the ward's vocabulary")
    poss: int | Literal["S"] | None = Field(None, description="POSS: S (asleep, easy to arouse), 1, 2, 3 or 4")
    rass: int | None = Field(None, description="RASS: -5 to 4")
    oxygen: bool | None = Field(None, description='on supplemental oxygen: "on" or "off"')
    side_effects: tuple[SideEffectBody, ...] = ()
    satisfaction: int | None = Field(None, description="0 to 10")
    tolerance: Note = ""
    mood: Note = ""
    note: Note = ""

    @field_validator("poss", mode="before")
    @classmethod
    def _as_nurses_write_it(cls, poss: object) -> object:
        return poss.strip().upper() if isinstance(poss, str) else poss

    @field_validator("poss", "rass", "nrs", "satisfaction", mode="before")
    @classmethod
    def _no_truth(cls, score: object) -> object:
        return not_true(score)

    def assessed(self) -> Assessed | None:
        """What the kernel's rules see at once; None where nothing of it was assessed."""
        if self.poss is None and self.rass is None and self.oxygen is None:
            return None
        poss = None if self.poss == "S" else self.poss
        return Assessed(self.by, poss, self.poss == "S", self.rass, self.oxygen)

    def entry(self) -> Assessment:
        effects = tuple(SideEffect(one.name, one.severity) for one in self.side_effects)
        return Assessment(self.nrs, self.pain, effects, self.satisfaction, self.tolerance, self.mood, self.note)


class AmountBody(Charting):
    """Exactly one of amount_mg and amount_mcg."""

    amount_mg: Amount | None = None
    amount_mcg: Amount | None = None

    @model_validator(mode="after")
    def _readable(self) -> AmountBody:
        if self.amount_mg is not None and self.amount_mcg is not None:
            raise ValueError("amount_mg or amount_mcg, not both")
        self.amount_ug()
        return self

    def amount_ug(self) -> int | None:
        if self.amount_mg is not None:
            return whole(self.amount_mg, 1000, "amount_mg")
        return None if self.amount_mcg is None else whole(self.amount_mcg, 1, "amount_mcg")


def as_route(route: object) -> object:
    """The route as wards write it."""
    word = route.strip().lower() if isinstance(route, str) else route
    return ROUTE_WORDS.get(word, word) if isinstance(word, str) else word


class OpioidBody(AmountBody):
    """One of: an administration (drug, route, amount), a patch put on (drug, patch_mcg_h), a patch taken off."""

    drug: Name | None = None
    route: Route | None = None
    patch_mcg_h: Amount | None = None
    patch_off: Name | None = Field(None, description="id of the entry of the patch")

    @field_validator("route", mode="before")
    @classmethod
    def _as_written(cls, route: object) -> object:
        return as_route(route)

    @model_validator(mode="after")
    def _one_thing(self) -> OpioidBody:
        lacking = self._lacking()
        if lacking:
            raise ValueError("; ".join(lacking))
        return self

    def _lacking(self) -> list[str]:
        given = self.amount_ug() is not None
        if given + (self.patch_mcg_h is not None) + (self.patch_off is not None) != 1:
            return ["say one of: an amount (amount_mg or amount_mcg), patch_mcg_h, patch_off"]
        if self.patch_off is not None:
            return ["patch_off goes without drug and route"] if self.drug or self.route else []
        found = [] if self.drug else ["drug: required"]
        if given and self.route in (None, Route.TRANSDERMAL):
            found.append("route: required (a patch is given as patch_mcg_h)")
        if self.patch_mcg_h is not None and self.route not in (None, Route.TRANSDERMAL):
            found.append("route: a patch is transdermal")
        if self.patch_mcg_h is not None and scaled(self.patch_mcg_h, 1000) is None:
            found.append("patch_mcg_h: at most 3 decimals")
        return found

    def entry(self) -> OpioidGiven | PatchOn | PatchOff:
        if self.patch_off is not None:
            return PatchOff(self.patch_off)
        drug = self.drug or ""
        if self.patch_mcg_h is not None:
            return PatchOn(drug, whole(self.patch_mcg_h, 1000, "patch_mcg_h"))
        return OpioidGiven(drug, self.route or Route.ORAL, self.amount_ug() or 0)


class DoseBody(AmountBody):
    """Ketamine beside the pump, as base."""

    drug: Literal["ketamine"] = "ketamine"
    route: Route

    @field_validator("route", mode="before")
    @classmethod
    def _as_written(cls, route: object) -> object:
        return as_route(route)

    @model_validator(mode="after")
    def _some(self) -> DoseBody:
        if self.amount_ug() is None:
            raise ValueError("amount_mg: required (or amount_mcg)")
        return self

    def entry(self) -> KetamineGiven:
        return KetamineGiven(self.route, self.amount_ug() or 0)


class AdjunctBody(AmountBody):
    """benzodiazepine: needed where the drug is not one of the library's."""

    drug: Name
    benzodiazepine: bool | None = None
    note: Note = ""

    def entry(self) -> Adjunct:
        return Adjunct(self.drug, bool(self.benzodiazepine), self.amount_ug(), self.note)


class ComedicationBody(Charting):
    """sedating: needed where the drug is not one of the library's."""

    drug: Name
    sedating: bool | None = None
    note: Note = ""

    def entry(self) -> Comedication:
        return Comedication(self.drug, bool(self.sedating), self.note)


class ChecklistBody(Charting):
    """answers: each contra-indication of the protocol, and whether it is present."""

    answers: dict[str, bool]

    def entry(self) -> Checklist:
        return Checklist(tuple(self.answers.items()))
