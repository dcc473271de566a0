"""How much a profile alarms and how early: counts, merged HIGH episodes, first HIGH and first SpO2 alarm. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pumpd.evaluation.run import Evaluation
from pumpd.safety.policy import AlarmKind, AlarmProfile, Priority
from pumpd.units import MS_PER_H

MS_PER_DAY = 24 * MS_PER_H
OXIMETER = frozenset({"spo2"})


@dataclass(frozen=True, slots=True)
class Burden:
    """Alarm episodes counted over some time of recording.

    high_runs: HIGH alarms that follow one another within the merge gap are one event to the nurse who comes.
    """

    span_ms: int = 0
    counts: tuple[int, int, int] = (0, 0, 0)  # in the order of Priority
    high_runs: int = 0

    def __add__(self, other: Burden) -> Burden:
        high, medium, low = (mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return Burden(self.span_ms + other.span_ms, (high, medium, low), self.high_runs + other.high_runs)

    def count(self, priority: Priority) -> int:
        return self.counts[list(Priority).index(priority)]

    def per_hour(self, count: int) -> float:
        """`count` per hour of recording; 0 for a recording without length."""
        return count * MS_PER_H / self.span_ms if self.span_ms else 0.0

    def per_bed_day(self, count: int) -> float:
        """`count` per 24 h of recording."""
        return count * MS_PER_DAY / self.span_ms if self.span_ms else 0.0


def burden_of(evaluation: Evaluation, merge_ms: int) -> Burden:
    """merge_ms: HIGH alarms at most that far apart are one run."""
    high, medium, low = (sum(1 for one in evaluation.episodes if one.priority is each) for each in Priority)
    spans = [(one.onset_ms, evaluation.until_ms(one)) for one in evaluation.episodes if one.priority is Priority.HIGH]
    return Burden(evaluation.span_ms, (high, medium, low), merged_runs(spans, merge_ms))


def merged_runs(spans: Iterable[tuple[int, int]], merge_ms: int) -> int:
    """How many runs remain when spans at most merge_ms apart are joined."""
    runs, last = 0, None
    for start, end in sorted(spans):
        if last is None or start - last > merge_ms:
            runs += 1
        last = end if last is None else max(last, end)
    return runs


@dataclass(frozen=True, slots=True)
class Lead:
    """When a profile first signals: its first physiological HIGH, and its first alarm that needs only the oximeter."""

    first_high_ms: int | None
    first_spo2_ms: int | None

    @property
    def before_spo2_ms(self) -> int | None:
        """How much earlier the HIGH comes than the first SpO2 alarm; None where one of them never comes."""
        if self.first_high_ms is None or self.first_spo2_ms is None:
            return None
        return self.first_spo2_ms - self.first_high_ms


def lead_of(evaluation: Evaluation, profile: AlarmProfile) -> Lead:
    oximetry = {rule.id for rule in profile.rules if {term.signal for term in (*rule.all_of, *rule.any_of)} == OXIMETER}
    physiological = [one for one in evaluation.episodes if one.kind == AlarmKind.PHYSIOLOGICAL]
    return Lead(
        min((one.onset_ms for one in physiological if one.priority is Priority.HIGH), default=None),
        min((one.onset_ms for one in physiological if one.rule in oximetry), default=None),
    )


def later_ms(a: Lead, b: Lead) -> int | None:
    """How much later B's first HIGH comes than A's (negative: earlier); None where one of them has none."""
    if a.first_high_ms is None or b.first_high_ms is None:
        return None
    return b.first_high_ms - a.first_high_ms
