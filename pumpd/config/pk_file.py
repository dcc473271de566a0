"""The description of pharmacokinetics.toml: how plasma concentrations are predicted. Structure and meaning."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pumpd.clinical.pk_models import KnownBand, KnownPoint, Pharmacokinetics, PkModel
from pumpd.config.fields import Ident, Name, PositiveMs, PositiveWeight, Record, Source

MIN_PER_H = 60
Number = Annotated[float | int, Field(gt=0, allow_inf_nan=False)]


class MicroConstants(Record):
    """Rate constants of a two- or three-compartment model, 1/min: k12 from the central compartment to side 2, ..."""

    k10: Number
    k12: Number
    k21: Number
    k13: Number | None = None
    k31: Number | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.k13 is None) != (self.k31 is None):
            raise ValueError("k13 and k31 belong together")
        if self.k31 == self.k21:
            raise ValueError("expected k21 and k31 to differ: make one compartment of them")
        return self


class ModelTable(Record):
    """One model at the reference weight: volume (L) and per_min, or volumes (L) and clearances (L/h), centre first."""

    name: Name
    source: Source
    clearance_exponent: Annotated[float | int, Field(gt=0, le=1)]
    volume: Number | None = None
    per_min: MicroConstants | None = None
    volumes: Annotated[list[Number], Field(min_length=2, max_length=3)] | None = None
    clearances: Annotated[list[Number], Field(min_length=2, max_length=3)] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        micro, macro = (self.volume, self.per_min), (self.volumes, self.clearances)
        if None not in micro and macro == (None, None):
            return self
        if self.volumes is None or self.clearances is None or micro != (None, None):
            raise ValueError('expected "volume" with "per_min", or "volumes" with "clearances"')
        if len(self.volumes) != len(self.clearances):
            raise ValueError("expected a clearance for each of the volumes")
        _differ(self.volumes, self.clearances)
        return self


def _differ(volumes: list[Number], clearances: list[Number]) -> None:
    backs = [clearance / volume for volume, clearance in zip(volumes, clearances, strict=True)][1:]
    if len(set(backs)) < len(backs):
        raise ValueError("expected side compartments that differ in clearance / volume: make one of them")


class BandTable(Record):
    """ng/mL, from low to high, with what they are known for."""

    name: Name
    low: Number
    high: Number
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError("expected low < high")
        return self


class PointTable(Record):
    """One published concentration, ng/mL."""

    name: Name
    concentration: Number
    source: Source


class ValidityTable(Record):
    """Outside of these the prediction is questionable."""

    age_years_min: Annotated[int, Field(ge=0, le=120)]
    weight_min: PositiveWeight
    weight_max: PositiveWeight
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.weight_min >= self.weight_max:
            raise ValueError("expected weight_min < weight_max")
        return self


class ShownTable(Record):
    """How often (the kernel forgets a prediction after 5 min) and how far ahead.

    nothing_below: ng/mL; doubt_percent: of what was delivered; doubt_least: mg.
    """

    every: Annotated[PositiveMs, Field(ge=1000, le=120_000)]
    soon: PositiveMs
    curve: PositiveMs
    step: Annotated[PositiveMs, Field(ge=60_000)]
    nothing_below: Number
    doubt_percent: Annotated[int, Field(ge=1, le=100)]
    doubt_least: Number
    source: Source


class PkFile(Record):
    """How the plasma concentration of a drug is predicted; for display and advice only."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    version: Name
    drugs: Annotated[list[Ident], Field(min_length=1)]
    reference_weight: PositiveWeight
    limits: Annotated[list[Name], Field(min_length=1)]
    validity: ValidityTable
    shown: ShownTable
    model: Annotated[list[ModelTable], Field(min_length=2, description="a band needs two models")]
    band: list[BandTable] = Field(default_factory=list)
    point: list[PointTable] = Field(default_factory=list)


def pharmacokinetics(file: PkFile) -> Pharmacokinetics:
    """What the prediction takes."""
    reference_kg = file.reference_weight / 1000
    validity, shown = file.validity, file.shown
    return Pharmacokinetics(
        models=tuple(_model(table, reference_kg) for table in file.model),
        bands=tuple(KnownBand(band.name, band.low, band.high, band.source) for band in file.band),
        points=tuple(KnownPoint(point.name, point.concentration, point.source) for point in file.point),
        drugs=tuple(file.drugs),
        limits=tuple(file.limits),
        age_years_min=validity.age_years_min,
        weight_min_g=validity.weight_min,
        weight_max_g=validity.weight_max,
        every_ms=shown.every,
        soon_ms=shown.soon,
        curve_ms=shown.curve,
        step_ms=shown.step,
        nothing_below_ng_ml=shown.nothing_below,
        doubt_percent=shown.doubt_percent,
        doubt_least_mg=shown.doubt_least,
    )


def _model(table: ModelTable, reference_kg: float) -> PkModel:
    central, out, sides = _by_rates(table) if table.per_min is not None else _by_clearances(table)
    return PkModel(table.name, table.source, reference_kg, central, out, sides, table.clearance_exponent)


Parts = tuple[float, float, tuple[tuple[float, float], ...]]
"""Central volume, k10, (k1j, kj1) of each side compartment: litres and 1/h."""


def _by_rates(table: ModelTable) -> Parts:
    assert table.per_min is not None
    assert table.volume is not None
    k = table.per_min
    pairs = [(k.k12, k.k21)] if k.k13 is None or k.k31 is None else [(k.k12, k.k21), (k.k13, k.k31)]
    return table.volume, k.k10 * MIN_PER_H, tuple((out * MIN_PER_H, back * MIN_PER_H) for out, back in pairs)


def _by_clearances(table: ModelTable) -> Parts:
    assert table.volumes is not None
    assert table.clearances is not None
    central = table.volumes[0]
    sides = zip(table.volumes[1:], table.clearances[1:], strict=True)
    return central, table.clearances[0] / central, tuple((flow / central, flow / volume) for volume, flow in sides)
