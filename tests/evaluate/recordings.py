"""Synthetic recordings at 1 Hz with known episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pumpd.config.default_times import default_times
from pumpd.config.defaults import default_dir
from pumpd.config.profile import load_profile
from pumpd.evaluation import Evaluation, bench_policy, evaluate
from pumpd.evaluation.recording import parse_recording
from pumpd.evaluation.run import TRUSTING
from pumpd.evaluation.study import Bench, Candidate, Study, study
from pumpd.safety.policy import AlarmProfile

NORMAL = {"rr": "14", "spo2": "97", "etco2": "38", "pulse": "72"}
QUIET = {"no_breath_s": "0", "no_breath": "0"}  # of a column that some row has
Row = dict[str, str] | None


def rows(seconds: int, of: Callable[[int], Row]) -> list[str]:
    """CSV lines: NORMAL changed by of(t); a second for which it gives None is not in the recording."""
    columns = list(NORMAL)
    body = []
    for t in range(seconds):
        row = of(t)
        if row is not None:
            columns += [name for name in row if name not in columns]
            body.append((t, row))
    lines = [",".join(["t_s", *columns])]
    for t, row in body:
        values = {**QUIET, **NORMAL, **row}
        lines.append(",".join([str(t), *(values.get(name, "") for name in columns)]))
    return lines


def during(start: int, end: int, **values: str) -> Callable[[int], Row]:
    """These values from start (inclusive) to end (exclusive)."""
    return lambda t: values if start <= t < end else {}


def shipped(name: str) -> AlarmProfile:
    profile = load_profile(default_dir() / "alarms" / f"{name}.toml")
    assert isinstance(profile, AlarmProfile)
    return profile


ADULT = shipped("adult")


def changed(rule_id: str, *without: None, **fields: Any) -> AlarmProfile:
    """The adult profile with one rule changed, or (None instead of fields) away."""
    kept = [rule for rule in ADULT.rules if rule.id != rule_id or not without]
    assert any(rule.id == rule_id for rule in ADULT.rules)
    rules = tuple(replace(rule, **fields) if rule.id == rule_id else rule for rule in kept)
    return replace(ADULT, id="changed", rules=rules)


def run(lines: Iterable[str]) -> Evaluation:
    times, weight = default_times()
    recording = parse_recording("x.csv", lines)
    return evaluate(recording.rows, bench_policy(ADULT, times, weight, recording.signals))


def candidate(profile: AlarmProfile) -> Candidate:
    return Candidate(profile.id, profile, f"{profile.id}.toml", "0" * 64)


def study_of(lines: Iterable[str], *profiles: AlarmProfile, name: str = "x.csv") -> Study:
    """Both profiles on the lines, HIGH alarms merged within a minute, with the signals."""
    bench = Bench(*default_times(), 60_000, TRUSTING)
    return study(parse_recording(name, lines), [candidate(one) for one in profiles], bench, traced=True)


def found(evaluation: Evaluation, *, technical: bool = False) -> list[tuple[str, str, int, int | None]]:
    """(rule, priority, onset s, end s) of each episode."""
    return [
        (e.rule, str(e.priority), e.onset_ms // 1000, None if e.end_ms is None else e.end_ms // 1000)
        for e in evaluation.episodes
        if technical or e.kind == "physiological"
    ]
