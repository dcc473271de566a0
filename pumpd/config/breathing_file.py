"""[breathing] of the times file: how respiratory values are believed, and what an episode is. Structure and meaning."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from pumpd.config.fields import DurationMs, Ident, PositiveMs, Record, Source
from pumpd.config.problems import did_you_mean
from pumpd.config.profile import parse_term
from pumpd.device import SIGNALS
from pumpd.safety.policy import Amount, Breathing, Criterion

JUMP_DELAY_LONGEST_MS = 10_000  # RSP-06: a file may shorten the delay, never lengthen it


def _known(name: str) -> str:
    if name not in SIGNALS:
        raise ValueError(f'unknown signal "{name}"{did_you_mean(name, SIGNALS)}')
    return name


def _signal(name: str) -> str:
    signal = SIGNALS[_known(name)]
    if signal.flag or signal.wave or signal.episodic:
        raise ValueError(f'"{name}" is not a number that is measured all the time')
    return name


def _short(delay_ms: int) -> int:
    if delay_ms > JUMP_DELAY_LONGEST_MS:
        raise ValueError("a jump delays an alarm by at most 10 s")
    return delay_ms


def _term(text: str) -> str:
    parse_term(text)
    return text


SignalName = Annotated[str, AfterValidator(_signal)]
Amounts = dict[SignalName, Annotated[int, Field(gt=0)]]


class JumpTable(Record):
    """per_second: the greatest believable change of a signal in a second, in its unit (RSP-06)."""

    delay_max: Annotated[PositiveMs, AfterValidator(_short)]
    etco2_low: int
    etco2_high: int
    per_second: Amounts
    source: Source

    @model_validator(mode="after")
    def _ordered(self) -> JumpTable:
        if not 0 <= self.etco2_low < self.etco2_high:
            raise ValueError("expected 0 <= etco2_low < etco2_high")
        return self


class DisagreeTable(Record):
    """by: two live sources of a signal that differ by more, in its unit, disagree (RSP-07)."""

    after: PositiveMs
    by: Amounts
    source: Source


class EpisodeTable(Record):
    """One criterion of an episode of respiratory depression (RSP-09); terms as in a rule of an alarm profile."""

    id: Ident
    all: Annotated[list[Annotated[str, AfterValidator(_term)]], Field(min_length=1)]
    absent: list[Annotated[str, AfterValidator(_known)]] = Field(default_factory=list)
    lasts: DurationMs
    source: Source


class BreathingTable(Record):
    """held_after: a no-breath counter from this on contradicts a rate that the monitor still displays (RSP-05)."""

    held_after: PositiveMs
    source: Source
    jump: JumpTable | None = None
    disagree: DisagreeTable | None = None
    episode: list[EpisodeTable] = Field(default_factory=list)


def breathing(table: BreathingTable | None) -> Breathing:
    """What the kernel takes; what a file leaves out is not watched for."""
    if table is None:
        return Breathing()
    jump, disagree, none = table.jump, table.disagree, Breathing()
    return Breathing(
        held_after_ms=table.held_after,
        jumps=() if jump is None else _amounts(jump.per_second),
        jump_max_ms=none.jump_max_ms if jump is None else jump.delay_max,
        etco2_low_milli=0 if jump is None else jump.etco2_low * 1000,
        etco2_high_milli=0 if jump is None else jump.etco2_high * 1000,
        differences=() if disagree is None else _amounts(disagree.by),
        difference_ms=none.difference_ms if disagree is None else disagree.after,
        episodes=tuple(_criterion(episode) for episode in table.episode),
    )


def _amounts(table: Amounts) -> tuple[Amount, ...]:
    return tuple(Amount(name, number * 1000) for name, number in table.items())


def _criterion(table: EpisodeTable) -> Criterion:
    terms = tuple(parse_term(text) for text in table.all)
    return Criterion(table.id, terms, table.lasts, absent=tuple(table.absent), source=table.source)
