"""Synthetic recordings at 1 Hz with known episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pumpd.config.default_times import default_times
from pumpd.config.defaults import default_dir
from pumpd.config.profile import load_profile
from pumpd.evaluation import Evaluation, bench_policy, evaluate
from pumpd.evaluation.recording import parse_recording
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


def run(lines: Iterable[str]) -> Evaluation:
    profile = load_profile(default_dir() / "alarms" / "adult.toml")
    assert isinstance(profile, AlarmProfile)
    times, weight = default_times()
    recording = parse_recording("x.csv", lines)
    return evaluate(recording.rows, bench_policy(profile, times, weight, recording.signals))


def found(evaluation: Evaluation, *, technical: bool = False) -> list[tuple[str, str, int, int | None]]:
    """(rule, priority, onset s, end s) of each episode."""
    return [
        (e.rule, str(e.priority), e.onset_ms // 1000, None if e.end_ms is None else e.end_ms // 1000)
        for e in evaluation.episodes
        if technical or e.kind == "physiological"
    ]
