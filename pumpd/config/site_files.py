"""The descriptions of the files a ward file names: drug library, protocol, times (the alarm profile: profile_file)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pumpd.config.breathing_file import BreathingTable
from pumpd.config.fields import (
    CeilingOverride,
    DoseRateUgKgH,
    DoseUgKg,
    DurationMs,
    FlowUlH,
    Ident,
    Name,
    PositiveConc,
    PositiveMs,
    PositiveVolume,
    PositiveWeight,
    Record,
    Source,
)

# --- drug library: care area -> drug -> limits


class Drug(Record):
    """A drug as the hospital spells it. governed: its dose rate is judged against the ceilings.

    class: an opioid's pump can be stopped by a respiratory interlock where the site says so (INT-07).
    """

    code: Ident
    name: Name
    label: Name
    governed: bool
    class_: Annotated[Literal["ketamine", "opioid", "other"], Field(alias="class")] = "other"
    therapy: str = ""
    aliases: list[str] = Field(default_factory=list)


class Concentration(Record):
    strength: PositiveConc
    standard: bool = False


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
    hard_max: DoseUgKg
    soft_max: DoseUgKg
    fastest: DurationMs
    source: Source


class DoseCap(Record):
    per_infusion: DoseUgKg
    counts: list[Literal["continuous", "clinician bolus", "pca"]]
    source: Source


class PumpLimits(Record):
    max_rate: FlowUlH
    kvo: FlowUlH
    source: Source


class Entry(Record):
    """One drug's limits in one care area. continuous: required of a governed drug."""

    drug: Ident
    concentration: Annotated[list[Concentration], Field(min_length=1)]
    custom_concentration: bool = False
    concentration_source: Source
    continuous: Continuous | None = None
    bolus: Bolus | None = None
    dose_cap: DoseCap | None = None
    pump: PumpLimits | None = None
    advisory: str = ""


class CareArea(Record):
    id: Ident
    name: Name
    entry: list[Entry]


class LibraryFile(Record):
    """The hospital's drug library. Only a released one may be used."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    version: Name
    status: Literal["draft", "released", "retired"]
    released_by: str
    drug: Annotated[list[Drug], Field(min_length=1)]
    care_area: Annotated[list[CareArea], Field(min_length=1)]

    def find_drug(self, code: str) -> Drug | None:
        return next((d for d in self.drug if d.code == code), None)

    def find_entry(self, care_area: str, code: str) -> Entry | None:
        entries = (e for area in self.care_area if area.id == care_area for e in area.entry)
        return next((e for e in entries if e.drug == code), None)


# --- protocol


class ProtocolFile(Record):
    """A local infusion protocol: who approved it, and the ceilings it lowers."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    name: Name
    version: Name
    approved_by: str
    source: Source
    ceiling: CeilingOverride | None = None


# --- times


class KernelTimes(Record):
    """Times of the safety kernel; the source stands beside each in the file."""

    vitals_live: PositiveMs
    vitals_withdraw: PositiveMs
    pump_stale_polls: Annotated[int, Field(ge=1)]
    pump_stale_min: PositiveMs
    stop_repeat: PositiveMs
    stop_unconfirmed: PositiveMs
    verify_read: PositiveMs
    soft_override_max: PositiveMs
    monitoring_lost: PositiveMs
    resume_steady: PositiveMs
    resume_valid: PositiveMs

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.vitals_live > self.vitals_withdraw:
            raise ValueError("expected vitals_live <= vitals_withdraw")
        return self


class WeightTable(Record):
    min: PositiveWeight
    max: PositiveWeight

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise ValueError("expected min < max")
        return self


class LinkTable(Record):
    """How a broken line is opened again; see LinkTimes."""

    backoff_first: PositiveMs
    backoff_max: PositiveMs
    connect_timeout: PositiveMs
    silent_reopen: PositiveMs
    write_buffer_bytes: Annotated[int, Field(ge=256)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.backoff_first > self.backoff_max:
            raise ValueError("expected backoff_first <= backoff_max")
        return self


class ShellTable(Record):
    """Times of the daemon itself; see ShellTimes."""

    durable: PositiveMs
    checkpoint: PositiveMs
    kernel_late: PositiveMs
    late_clear: PositiveMs
    restart_first: PositiveMs
    restart_max: PositiveMs
    drain: PositiveMs
    unwatched: PositiveMs
    silent: PositiveMs
    clock_step: PositiveMs
    clock_shown: PositiveMs
    outbox_stuck: PositiveMs

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.restart_first > self.restart_max:
            raise ValueError("expected restart_first <= restart_max")
        return self


class TimesFile(Record):
    """Times and ranges that are the same for every bed."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kernel: KernelTimes
    weight: WeightTable
    syringe: PositiveVolume
    signal_delay: DurationMs
    links: LinkTable
    shell: ShellTable
    breathing: BreathingTable | None = None
