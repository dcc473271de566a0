"""The description of the times file: times and ranges that are the same for every bed."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pumpd.config.breathing_file import BreathingTable
from pumpd.config.fields import DurationMs, PositiveMs, PositiveVolume, PositiveWeight, Record


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
    stop_flight: PositiveMs
    infusion_ends: PositiveMs
    vitals_live_reports: Annotated[int, Field(ge=1, le=2)]  # no value is believed that two reports have not renewed
    vitals_withdraw_reports: Annotated[int, Field(ge=1, le=5)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.vitals_live > self.vitals_withdraw:
            raise ValueError("expected vitals_live <= vitals_withdraw")
        if self.vitals_live_reports > self.vitals_withdraw_reports:
            raise ValueError("expected vitals_live_reports <= vitals_withdraw_reports")
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
