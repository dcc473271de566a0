"""An evaluation as JSON (the contract with scripts) and as lines for a table."""

from __future__ import annotations

from typing import Any

from pumpd.evaluation.run import Episode, Evaluation
from pumpd.safety.policy import Priority
from pumpd.units import MS_PER_H, format_milli


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The shape that `pumpd evaluate --json` prints."""
    return {
        "samples": evaluation.samples,
        "hours": round(evaluation.span_ms / MS_PER_H, 6),
        "alarms": [_episode(episode) for episode in evaluation.episodes],
        "per_hour": {str(priority): round(evaluation.per_hour(priority), 4) for priority in Priority},
    }


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "rule": episode.rule,
        "priority": str(episode.priority),
        "kind": episode.kind,
        "onset_s": seconds(episode.onset_ms),
        "end_s": None if episode.end_ms is None else seconds(episode.end_ms),
        "worst": None if episode.worst_milli is None else seconds(episode.worst_milli),
        "interlock": episode.interlock,
    }


def seconds(milli: int) -> int | float:
    """Thousandths as a JSON number: 30 for 30_000, 30.5 for 30_500."""
    return milli // 1000 if milli % 1000 == 0 else milli / 1000


def cells(episode: Episode) -> tuple[str, ...]:
    """One row of the table: priority, rule, interlock, onset, end, length, worst."""
    end = "still" if episode.end_ms is None else f"{seconds(episode.end_ms)}"
    length = "" if episode.end_ms is None else f"{seconds(episode.end_ms - episode.onset_ms)}"
    worst = "" if episode.worst_milli is None else format_milli(episode.worst_milli)
    interlock = "stop" if episode.interlock else ""
    return (str(episode.priority), episode.rule, interlock, f"{seconds(episode.onset_ms)}", end, length, worst)
