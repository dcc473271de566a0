"""The description of opioids.toml: names of opioids and factors to MME. Structure, and the values of each row."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from pumpd.clinical.entries import Route
from pumpd.clinical.mme_tables import Band, Factor, Per
from pumpd.config.fields import Ident, Name, PositiveMs, Record, Source
from pumpd.config.quantity import Dimension

AMOUNT = Dimension("an amount", "mcg", {"mg": 1000, "mcg": 1}, "20 mg")
EXAMPLE = "1.5 per mg"
_MME = re.compile(r"(\d+(?:\.\d+)?) per (\S+)")


def _rate(text: str) -> str:
    rate_of(text)
    return text


def _ug(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError(f'expected an amount in quotes with its unit such as "{AMOUNT.example}"')
    return AMOUNT.parse(value)


def rate_of(text: str) -> tuple[Fraction, Per]:
    """ "2.4 per mcg/h" as (12/5, Per.MCG_H), exactly. Raises ValueError."""
    match = _MME.fullmatch(text)
    if match is None:
        raise ValueError(f'expected MME per unit such as "{EXAMPLE}", found "{text}"')
    number, unit = match.groups()
    if unit not in tuple(Per):
        raise ValueError(f'unit "{unit}" is none of {", ".join(Per)}')
    if not Fraction(number):
        raise ValueError("expected more than 0: leave out what has no factor, so that a total says it is incomplete")
    return Fraction(number), Per(unit)


Mme = Annotated[str, AfterValidator(_rate), Field(examples=[EXAMPLE])]
AmountUg = Annotated[
    int,
    BeforeValidator(_ug),
    Field(gt=0),
    WithJsonSchema({"type": "string", "examples": [AMOUNT.example]}),
]
RouteName = Literal["iv", "sc", "im", "oral", "sublingual", "nasal", "transdermal"]
Parenteral = Literal["iv", "sc", "im"]
PARENTERAL = ("iv", "sc", "im")


class WarningTable(Record):
    """A limit of validity that is shown with every number."""

    text: Annotated[str, Field(min_length=1, max_length=400)]
    source: Source


class DrugTable(Record):
    """A drug by its code. counts: false where it contributes 0 MME and is no opioid (ketamine)."""

    code: Ident
    label: Name
    aliases: list[Name] = Field(default_factory=list)
    counts: bool = True


class StepTable(Record):
    """A step of a factor by the day's total: above the step before, up to and with up_to; none: no upper end."""

    up_to: AmountUg | None = None
    mme: Mme


class FactorRow(Record):
    """One drug by these routes: mme, or a scale by the day's total. source: where it is not the table's."""

    drug: Ident
    routes: Annotated[list[RouteName], Field(min_length=1)]
    mme: Mme | None = None
    scale: Annotated[list[StepTable], Field(min_length=2)] | None = None
    source: Source | None = None
    note: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.mme is None) == (self.scale is None):
            raise ValueError("expected either mme or scale")
        patch = self.routes == ["transdermal"]
        pers = {rate_of(text)[1] for text in self._rates()}
        if patch != (pers == {Per.MCG_H}) or (patch and self.scale is not None):
            raise ValueError('a patch is "per mcg/h" with routes = ["transdermal"], everything else per mg or per mcg')
        if len(pers) > 1:
            raise ValueError("expected one unit in all steps of a scale")
        _rising(self.scale or [])
        return self

    def _rates(self) -> list[str]:
        return [step.mme for step in self.scale or []] + ([self.mme] if self.mme is not None else [])

    def factor(self, source: str) -> Factor:
        """As the core takes it; source: the table's."""
        rates = [rate_of(text) for text in self._rates()]
        ends = [step.up_to for step in self.scale] if self.scale is not None else [None]
        bands = tuple(Band(end, rate) for end, (rate, _) in zip(ends, rates, strict=True))
        routes = tuple(Route(name) for name in self.routes)
        return Factor(self.drug, routes, rates[0][1], bands, self.source or source, self.note)


def _rising(steps: list[StepTable]) -> None:
    """A larger total is never fewer MME, and every step has an upper end but perhaps the last."""
    ends = [step.up_to for step in steps[:-1]]
    lasts = [step.up_to for step in steps[-1:] if step.up_to is not None]
    known = [end for end in [*ends, *lasts] if end is not None]
    if None in ends or known != sorted(set(known)):
        raise ValueError("expected each step's up_to above the one before; only the last may have none")
    rates = [rate_of(step.mme)[0] for step in steps]
    if rates != sorted(rates):
        raise ValueError("expected factors that do not fall: a larger total would be fewer MME")


class FactorsTable(Record):
    """A published table of factors."""

    id: Ident
    label: Name
    source: Source
    factor: Annotated[list[FactorRow], Field(min_length=1)]


class ParenteralTable(FactorsTable):
    """The site's own factors for iv, sc and im. owner: who answers for them; pumps: the route of a pump."""

    owner: Name
    pumps: Parenteral
    factor: list[FactorRow]


class ResidualTable(Record):
    """How long a patch goes on acting after it was taken off."""

    from_: Annotated[PositiveMs, Field(alias="from")]
    to: PositiveMs
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.from_ > self.to:
            raise ValueError("expected from <= to")
        return self


class OpioidFile(Record):
    """Opioids in MME. table: the one in use unless the ward file says another."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    version: Name
    table: Ident
    warning: Annotated[list[WarningTable], Field(min_length=1)]
    drug: Annotated[list[DrugTable], Field(min_length=1)]
    factors: Annotated[list[FactorsTable], Field(min_length=1)]
    parenteral: ParenteralTable
    patch_residual: ResidualTable
