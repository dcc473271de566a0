"""The description of a drug library: care area -> drug -> limits. Structure only; library_checks has the meaning."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pumpd.config.fields import (
    ConcUgMl,
    DayText,
    DoseRateUgKgH,
    DoseUgKg,
    DurationMs,
    FlowUlH,
    Ident,
    MassUg,
    Name,
    PositiveConc,
    PositiveMs,
    PositiveVolume,
    Record,
    Source,
)

DrugClass = Literal["ketamine", "opioid", "benzodiazepine", "antipsychotic", "other"]
Counted = Literal["continuous", "clinician bolus", "pca"]
COUNTED: tuple[Counted, ...] = ("continuous", "clinician bolus", "pca")


class Salt(Record):
    """What the label of a vial may say instead of the base: so much of the base is so much of the salt."""

    name: Name
    base: Annotated[MassUg, Field(gt=0)]
    equals: Annotated[MassUg, Field(gt=0)]
    source: Source


class Drug(Record):
    """A drug as the hospital spells it. governed: its dose rate is judged against the ceilings.

    label: in tall-man letters where a list has them (label_source). class: an opioid's pump can be stopped by a
    respiratory interlock where the site says so (INT-07); a benzodiazepine or antipsychotic is an adjunct. salt: where
    strengths could be read as a salt; every strength of this file is the base.
    """

    code: Ident
    name: Name
    label: Name
    governed: bool
    class_: Annotated[DrugClass, Field(alias="class")] = "other"
    label_source: str = ""
    therapy: str = ""
    aliases: list[Name] = Field(default_factory=list)
    salt: Salt | None = None


class Concentration(Record):
    """A strength that may be in the syringe; amount in volume where the library says how it is made."""

    strength: PositiveConc
    standard: bool = False
    amount: MassUg | None = None
    volume: PositiveVolume | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (self.amount is None) is not (self.volume is None):
            raise ValueError("expected amount and volume together, or neither")
        if self.amount is not None and Fraction(self.amount * 1000, self.volume or 1) != self.strength:
            raise ValueError("amount / volume is not the strength")
        return self


class CustomConcentration(Record):
    """Other strengths than the listed ones, from min to max."""

    min: PositiveConc
    max: ConcUgMl
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise ValueError("expected min < max")
        return self


class Continuous(Record):
    """Limits of a continuous infusion: soft may be confirmed by a named user, hard never."""

    hard_max: DoseRateUgKgH
    soft_max: DoseRateUgKgH
    soft_min: DoseRateUgKgH
    initial: DoseRateUgKgH
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.soft_min <= self.initial <= self.soft_max <= self.hard_max:
            raise ValueError("expected 0 < soft_min <= initial <= soft_max <= hard_max")
        return self


class Bolus(Record):
    """fastest: a bolus takes at least so long."""

    hard_max: DoseUgKg
    soft_max: DoseUgKg
    fastest: DurationMs
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.soft_max <= self.hard_max:
            raise ValueError("expected 0 < soft_max <= hard_max")
        return self


class DoseCap(Record):
    """CEI-09: what may be delivered in one infusion, one course, and any span of window. warn_percent: of a cap."""

    per_infusion: Annotated[DoseUgKg, Field(gt=0)]
    per_course: Annotated[DoseUgKg, Field(gt=0)] | None = None
    window: PositiveMs | None = None
    per_window: Annotated[DoseUgKg, Field(gt=0)] | None = None
    warn_percent: Annotated[int, Field(ge=50, le=99)] = 90
    counts: list[Counted]
    source: Source

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.window is None) is not (self.per_window is None):
            raise ValueError("expected window and per_window together, or neither")
        for key in ("per_course", "per_window"):
            value = getattr(self, key)
            if value is not None and value < self.per_infusion:
                raise ValueError(f"expected per_infusion <= {key}")
        if lacking := [name for name in COUNTED if name not in self.counts]:
            raise ValueError(f"a cap that does not count {' and '.join(lacking)} lets an overdose through; list all")
        return self


class PumpLimits(Record):
    """What the pump itself should be set to: its greatest rate, and the rate that keeps a vein open (0: none)."""

    max_rate: FlowUlH
    kvo: FlowUlH
    source: Source


class Entry(Record):
    """One drug's limits in one care area. continuous: required of a governed drug."""

    drug: Ident
    concentration: Annotated[list[Concentration], Field(min_length=1)]
    custom_concentration: CustomConcentration | None = None
    concentration_source: Source
    continuous: Continuous | None = None
    bolus: Bolus | None = None
    dose_cap: DoseCap | None = None
    pump: PumpLimits | None = None
    advisory: str = ""

    def strengths(self) -> tuple[int, int]:
        """Least and greatest strength that may be in the syringe."""
        listed = [one.strength for one in self.concentration]
        custom = self.custom_concentration
        allowed = listed if custom is None else [*listed, custom.min, custom.max]
        return min(allowed), max(allowed)

    def allows(self, strength: int) -> bool:
        """Whether this strength is listed, or within what may be made besides."""
        custom = self.custom_concentration
        listed = any(one.strength == strength for one in self.concentration)
        return listed or (custom is not None and custom.min <= strength <= custom.max)


class CareArea(Record):
    """Where these limits hold."""

    id: Ident
    name: Name
    entry: list[Entry]


class UnitCheckTable(Record):
    """A rate that is one of factors away from the drug's initial rate, within a factor of tolerance, is questioned.

    The bounds keep every factor's band away from the initial rate itself: 10 / 3 is more than 3.
    """

    factors: Annotated[list[Annotated[int, Field(ge=10, le=10_000)]], Field(min_length=1)]
    tolerance: Annotated[float | int, Field(gt=1, le=3)]
    source: Source


class LibraryFile(Record):
    """The hospital's drug library. Only a released one whose sha256 is that of its content may be used."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    version: Name
    status: Literal["draft", "released", "retired"]
    released_by: str = ""
    released_on: DayText = ""
    retired_by: str = ""
    retired_on: DayText = ""
    note: str = ""
    sha256: str = ""
    unit_check: UnitCheckTable | None = None
    drug: Annotated[list[Drug], Field(min_length=1)]
    care_area: Annotated[list[CareArea], Field(min_length=1)]

    def find_drug(self, code: str) -> Drug | None:
        """The drug of that code; aliases are not codes."""
        return next((d for d in self.drug if d.code == code), None)

    def find_alias(self, word: str) -> Drug | None:
        """The drug that people call so, whatever the case: by code, label, name or alias."""
        wanted = word.strip().casefold()
        return next((d for d in self.drug if wanted in names_of(d)), None)

    def find_entry(self, care_area: str, code: str) -> Entry | None:
        """The limits of that drug in that care area."""
        entries = (e for area in self.care_area if area.id == care_area for e in area.entry)
        return next((e for e in entries if e.drug == code), None)


def names_of(drug: Drug) -> list[str]:
    """Everything a drug is called, in one case, without repeats."""
    return list(dict.fromkeys(name.casefold() for name in (drug.code, drug.label, drug.name, *drug.aliases)))
