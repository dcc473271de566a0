"""PRODIGY episodes of respiratory depression, counted and told per patient (RSP-09). Alarms are the rules'. Pure.

An episode begins when one criterion has held for its time and ends when no criterion holds any more, whether its time
is over or not: criteria that overlap are one episode.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pumpd.safety.decisions import EpisodeChanged
from pumpd.safety.doubtful import IDLE, next_state
from pumpd.safety.rules import Lead, Live
from pumpd.safety.state import Draft
from pumpd.safety.vital_state import RuleState

NOBODY: frozenset[str] = frozenset()


def count_episodes(d: Draft, live: Live, criteria: tuple[Lead, ...]) -> None:
    """Bring every criterion up to date, and count where the first one begins to be fulfilled."""
    before, runs = d.breath.runs, {}
    for signal, low, high, compiled in criteria:
        value, old = live.get(signal), before.get(compiled.rule.id, IDLE)
        if value is not None and not low <= value <= high and not d.breath.doubts:
            continue
        new = next_state(d, compiled, live, NOBODY, old)
        if new is not IDLE:
            runs[compiled.rule.id] = new
    if runs != before:
        going = bool(before) and (d.breath.in_episode or fulfilled(before))
        goes_on = fulfilled(runs) or (going and bool(runs))
        begins = goes_on and not going
        d.breath = replace(d.breath, runs=runs, episodes=d.breath.episodes + begins, in_episode=goes_on)
        if goes_on is not going:
            signs = tuple(name for name, run in runs.items() if run.active)
            d.out.append(EpisodeChanged(d.breath.episodes, goes_on, signs))


def fulfilled(runs: Mapping[str, RuleState]) -> bool:
    return any(run.active for run in runs.values())
