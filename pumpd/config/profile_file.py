"""The description of an alarm profile (config/alarms/*.toml): every key it may have. Structure only.

A new number of the profile is three lines: its key in a record here, its field in AlarmProfile, and the row in
FIELDS that joins the two. What must hold between the rules is checked in profile_checks.
"""

from __future__ import annotations

from functools import reduce
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pumpd.config.fields import DurationMs, Ident, Name, PositiveMs, Record, Source


class RuleTable(Record):
    """One alarm rule as data (RSP-01). Terms read "signal op number" with op one of < <= > >= =."""

    id: Ident
    condition: Ident
    priority: Literal["high", "medium", "low"]
    delay: DurationMs
    text: Name
    action: Annotated[str, Field(max_length=120, description="what to do about it, in a few words")] = ""
    source: Source
    all: Annotated[list[str], Field(min_length=1)]
    any: list[str] = Field(default_factory=list)
    absent: list[str] = Field(default_factory=list)
    interlock: Literal["stop"] | None = None


class PerPriority(Record):
    """A time for each priority; what is more urgent never takes longer."""

    high: PositiveMs
    medium: PositiveMs
    low: PositiveMs
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.high <= self.medium <= self.low:
            raise ValueError("expected high <= medium <= low")
        return self


class Realarm(PerPriority):
    """How long an acknowledged alarm may persist before it sounds again."""


class ResponseMax(PerPriority):
    """The longest total response time a rule of each priority may have; `pumpd check` warns beyond it (RSP-10)."""


class EscalationTable(Record):
    """One step of the ladder for a HIGH alarm that nobody acknowledges (ALA-05); `to` is free text."""

    to: Name
    after: DurationMs
    source: Source


class ProfileFile(Record):
    """An alarm profile. audio_pause_max is at most 120 s (ALA-04)."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    name: Name
    latch: list[Literal["high", "medium", "low"]]
    audio_pause_max: PositiveMs
    realarm: Realarm
    response_max: ResponseMax | None = None
    escalation: list[EscalationTable] = Field(default_factory=list)
    rule: Annotated[list[RuleTable], Field(min_length=1)]


# field of the kernel's AlarmProfile: where its value stands in the file. A key that is left out leaves the
# field at AlarmProfile's own default
FIELDS: dict[str, tuple[str, ...]] = {
    "realarm_high_ms": ("realarm", "high"),
    "realarm_medium_ms": ("realarm", "medium"),
    "realarm_low_ms": ("realarm", "low"),
    "audio_pause_max_ms": ("audio_pause_max",),
    "response_max_high_ms": ("response_max", "high"),
    "response_max_medium_ms": ("response_max", "medium"),
    "response_max_low_ms": ("response_max", "low"),
}


def plain_fields(record: ProfileFile) -> dict[str, Any]:
    """The fields of AlarmProfile that stand in the file as they are; without those that are left out."""
    found = {name: reduce(_inside, path, record) for name, path in FIELDS.items()}
    return {name: value for name, value in found.items() if value is not None}


def _inside(table: Any, key: str) -> Any:
    return None if table is None else getattr(table, key)
