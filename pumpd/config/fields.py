"""The field types that every configuration file is described with: quantities with their unit, ids, strictness.

The description is pydantic's, so that validation and `pumpd config schema` come from the same lines.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from pumpd.config.quantity import (
    CONCENTRATION,
    DOSE,
    DOSE_RATE,
    DURATION,
    FLOW,
    LEVEL,
    MASS,
    VOLUME,
    WEIGHT,
    Dimension,
)


class Record(BaseModel):
    """A table of a file: unknown keys are errors, nothing is converted silently, nothing changes later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _quantity(dimension: Dimension) -> tuple[BeforeValidator, WithJsonSchema]:
    def read(value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError(f'expected {dimension.name} in quotes with its unit such as "{dimension.example}"')
        return dimension.parse(value)

    units = "|".join(dimension.units)
    schema = {"type": "string", "pattern": rf"^\d+(\.\d+)? ?({units})$", "examples": [dimension.example]}
    return BeforeValidator(read), WithJsonSchema(schema)


DurationMs = Annotated[int, *_quantity(DURATION)]
DoseRateUgKgH = Annotated[int, *_quantity(DOSE_RATE)]
DoseUgKg = Annotated[int, *_quantity(DOSE)]
ConcUgMl = Annotated[int, *_quantity(CONCENTRATION)]
WeightG = Annotated[int, *_quantity(WEIGHT)]
VolumeUl = Annotated[int, *_quantity(VOLUME)]
FlowUlH = Annotated[int, *_quantity(FLOW)]
MassUg = Annotated[int, *_quantity(MASS)]
LevelPgMl = Annotated[int, *_quantity(LEVEL)]


def _day(text: str) -> str:
    try:
        valid = text == "" or date.fromisoformat(text).isoformat() == text
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f'expected a day such as "2026-01-31", found "{text[:40]}"')
    return text


# a day as 2026-01-31, or "" where there is none yet
DayText = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "examples": ["2026-01-31"]})]

PositiveMs = Annotated[DurationMs, Field(gt=0)]
PositiveConc = Annotated[ConcUgMl, Field(gt=0)]
PositiveVolume = Annotated[VolumeUl, Field(gt=0)]
PositiveWeight = Annotated[WeightG, Field(gt=0)]

Name = Annotated[str, Field(min_length=1, max_length=120)]
Ident = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="letters, digits, dot, dash and underscore"),
]
Source = Annotated[str, Field(min_length=3, description="where the numbers come from")]


class CeilingOverride(Record):
    """A hard or soft ceiling of a ward, protocol, bed or pump; it may only lower the drug library's (CEI-02)."""

    hard: DoseRateUgKgH | None = None
    soft: DoseRateUgKgH | None = None
