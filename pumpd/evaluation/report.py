"""Evaluations as JSON (the contract with scripts) and as cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pumpd.evaluation.burden import Burden, Lead, later_ms
from pumpd.evaluation.compare import Difference, Shift
from pumpd.evaluation.run import Episode, Evaluation
from pumpd.evaluation.study import Candidate, Study, total_burden
from pumpd.evaluation.words import CHANGE_WORDS
from pumpd.safety.policy import Priority
from pumpd.units import MS_PER_H, format_milli


def document(studies: Sequence[Study], candidates: Sequence[Candidate]) -> dict[str, Any]:
    """What `pumpd evaluate --json` prints: the first profile's alarms, and under "compare" what the second does.

    With several recordings every alarm says which one it is from, and "recordings" has the numbers of each.
    """
    found = {"profile": candidates[0].label, **_side(studies, 0)}
    if len(studies) > 1:
        found["recordings"] = [_recording(one) for one in studies]
    if len(candidates) > 1:
        found["compare"] = {"profile": candidates[1].label, **_side(studies, 1), **_comparison(studies)}
    return found


def _side(studies: Sequence[Study], side: int) -> dict[str, Any]:
    burden = total_burden(studies, side)
    return {
        "samples": sum(one.sides[side].evaluation.samples for one in studies),
        "hours": round(burden.span_ms / MS_PER_H, 6),
        "alarms": [alarm | _from(one, studies) for one in studies for alarm in alarms(one.sides[side].evaluation)],
        "per_hour": {str(each): round(burden.per_hour(burden.count(each)), 4) for each in Priority},
        "per_bed_day": {str(each): round(burden.per_bed_day(burden.count(each)), 4) for each in Priority},
        "high_merged": _merged(burden),
        "prodigy_episodes": sum(one.sides[side].evaluation.prodigy for one in studies),
        "first": [_lead(one.sides[side].lead) | _from(one, studies) for one in studies],
    }


def _from(study: Study, studies: Sequence[Study]) -> dict[str, Any]:
    return {"recording": study.name} if len(studies) > 1 else {}


def _merged(burden: Burden) -> dict[str, Any]:
    return {
        "count": burden.high_runs,
        "per_hour": round(burden.per_hour(burden.high_runs), 4),
        "per_bed_day": round(burden.per_bed_day(burden.high_runs), 4),
    }


def _lead(lead: Lead) -> dict[str, Any]:
    return {
        "high_s": _seconds(lead.first_high_ms),
        "spo2_s": _seconds(lead.first_spo2_ms),
        "high_before_spo2_s": _seconds(lead.before_spo2_ms),
    }


def _recording(study: Study) -> dict[str, Any]:
    return {
        "recording": study.name,
        "samples": study.evaluation.samples,
        "hours": round(study.evaluation.span_ms / MS_PER_H, 6),
        "alarms": [len(side.evaluation.episodes) for side in study.sides],
        "lost_high": len(study.comparison.lost_high) if study.comparison is not None else None,
    }


def _comparison(studies: Sequence[Study]) -> dict[str, Any]:
    compared = [(one, one.comparison) for one in studies if one.comparison is not None]
    differences = [(study, one) for study, comparison in compared for one in comparison.differences]
    differences.sort(key=lambda pair: not pair[1].lost_high)
    found: dict[str, Any] = {"lost_high": sum(1 for _, one in differences if one.lost_high)}
    for change in CHANGE_WORDS:
        found[str(change)] = [
            _difference(one) | _from(study, studies) for study, one in differences if one.change is change
        ]
    found["shifted_high"] = [
        _shift(shift) | _from(study, studies) for study, comparison in compared for shift in comparison.shifts
    ]
    found["first_high"] = [
        {"later_s": _seconds(later_ms(study.sides[0].lead, study.sides[1].lead))} | _from(study, studies)
        for study, _ in compared
    ]
    return found


def _difference(one: Difference) -> dict[str, Any]:
    return _episode(one.episode) | {
        "condition": one.episode.condition,
        "lost_high": one.lost_high,
        "other_priority": None if one.other is None else str(one.other),
        "covered_by": list(one.covered_by),
    }


def _shift(one: Shift) -> dict[str, Any]:
    return {"rule": one.rule, "onset_s": seconds(one.onset_ms), "later_s": seconds(one.later_ms)}


def alarms(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Every alarm episode of one recording under one profile."""
    return [_episode(one) for one in evaluation.episodes]


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "rule": episode.rule,
        "priority": str(episode.priority),
        "kind": episode.kind,
        "onset_s": seconds(episode.onset_ms),
        "end_s": _seconds(episode.end_ms),
        "worst": _seconds(episode.worst_milli),
        "interlock": episode.interlock,
    }


def _seconds(milli: int | None) -> int | float | None:
    return None if milli is None else seconds(milli)


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
