"""One recording under one or two alarm profiles, and the totals over several recordings. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pumpd.device import Vitals
from pumpd.evaluation.burden import Burden, Lead, burden_of, lead_of
from pumpd.evaluation.columns import Recording, RecordingError
from pumpd.evaluation.compare import Comparison, compare
from pumpd.evaluation.run import Evaluation, Watcher, bench_policy, evaluate_each
from pumpd.evaluation.trace import Trace
from pumpd.safety.policy import AlarmProfile, Breathing, Times, WeightRange
from pumpd.units import Ms


@dataclass(frozen=True, slots=True)
class Candidate:
    """A profile under evaluation. label tells it from the other one; source is the file, digest that of its bytes."""

    label: str
    profile: AlarmProfile
    source: str
    digest: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What both profiles are judged with. merge_ms: HIGH alarms at most that far apart are one run."""

    times: Times
    weight: WeightRange
    merge_ms: int
    breathing: Breathing


@dataclass(frozen=True, slots=True)
class Side:
    """What one profile makes of one recording."""

    evaluation: Evaluation
    burden: Burden
    lead: Lead


@dataclass(frozen=True, slots=True)
class Study:
    """One recording: a side per profile, their comparison when there are two, the signals when asked for."""

    name: str
    sides: tuple[Side, ...]
    comparison: Comparison | None
    trace: Trace | None

    @property
    def evaluation(self) -> Evaluation:
        """That of the first profile; samples and times are the same for all."""
        return self.sides[0].evaluation


def study(recording: Recording, candidates: Sequence[Candidate], bench: Bench, *, traced: bool = False) -> Study:
    """Judge a recording once by each candidate. Raises RecordingError, also for rows too far apart to be judged."""
    policies = [
        bench_policy(one.profile, bench.times, bench.weight, recording.signals, bench.breathing) for one in candidates
    ]
    trace = Trace(recording.signals, bench.times.vitals_live_ms) if traced else None
    pace = _Pace()
    watchers: list[Watcher] = [pace.see] if trace is None else [pace.see, trace.add]
    evaluations = evaluate_each(recording.rows, policies, watchers)
    pace.check(recording.name, evaluations[0].samples, bench.times)
    sides = tuple(
        Side(found, burden_of(found, bench.merge_ms), lead_of(found, one.profile))
        for found, one in zip(evaluations, candidates, strict=True)
    )
    comparison = compare(*evaluations) if len(evaluations) > 1 else None
    return Study(recording.name, sides, comparison, trace)


class _Pace:
    """The shortest time between two rows."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._shortest: int | None = None

    def see(self, now: Ms, _: Vitals) -> None:
        if self._last is not None and (self._shortest is None or now - self._last < self._shortest):
            self._shortest = now - self._last
        self._last = now

    def check(self, name: str, samples: int, times: Times) -> None:
        """Rows that never come while the value before still counts make every rule blind: better said than passed."""
        if samples > 2 and self._shortest is not None and self._shortest > times.vitals_live_ms:
            apart, live = self._shortest / 1000, times.vitals_live_ms / 1000
            raise RecordingError(
                f"{name}: rows are {apart:g} s apart or more, but a value counts for {live:g} s: "
                "no rule could be judged (is t_s in milliseconds?)"
            )


def total_burden(studies: Sequence[Study], side: int) -> Burden:
    """Of all recordings together."""
    return sum((one.sides[side].burden for one in studies), Burden())
