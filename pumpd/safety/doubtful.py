"""A rule's memory from one evaluation to the next, also while a value it needs is missing, held or doubted. Pure.

Missing: see pumpd.safety.respiration (QUA-03).
A held value is missing, but its absence is no gap: the patient is being watched, and what is pending stays
pending (RSP-05).
A doubted value ends nothing, and starts an alarm only when the doubt is over, which it always is after
jump_max_ms; while there is no breath or EtCO2 is abnormal nothing is doubted (RSP-06).
"""

from __future__ import annotations

from pumpd.safety.quality import held_now, source_of
from pumpd.safety.rules import CompiledRule, Live, rule_holds
from pumpd.safety.state import Draft
from pumpd.safety.vital_state import RuleState

IDLE = RuleState(None, None, False)


def next_state(d: Draft, compiled: CompiledRule, live: Live, seen: frozenset[str], old: RuleState) -> RuleState:
    """What becomes of a rule or a criterion that was `old`; seen: signals that have ever had a value."""
    holds = rule_holds(compiled, live, seen)
    new = next_rule_state(compiled.rule.delay_ms, old, holds, d.now, d.policy.times.vitals_live_ms)
    return tempered(d, compiled, live, seen, old, new) if d.breath.doubts or d.breath.held else new


def next_rule_state(delay_ms: int, old: RuleState, holds: bool | None, now: int, gap_limit_ms: int) -> RuleState:
    """A rule's memory after one evaluation at `now`; delay_ms: for how long it must be true."""
    if holds is False:
        return IDLE
    if old.since_ms is None and not old.active:
        return IDLE if holds is None else RuleState(now, None, delay_ms <= 0)
    gap_ms = old.gap_ms
    too_long = gap_ms is not None and now - gap_ms >= gap_limit_ms and not old.active
    if holds is None:
        if too_long:
            return IDLE
        return old if gap_ms is not None else RuleState(old.since_ms, now, old.active)
    since_ms = now if too_long or old.since_ms is None else old.since_ms
    return RuleState(since_ms, None, old.active or now - since_ms >= delay_ms)


def doubted_now(d: Draft, live: Live) -> dict[str, int]:
    """The signals whose value that counts has jumped and may delay an alarm, with their last plausible value."""
    if not d.breath.doubts or not_breathing(d, live) or abnormal_co2(d, live):
        return {}
    return {
        name: doubt.base_milli
        for device, doubts in d.breath.doubts.items()
        for name, doubt in doubts.items()
        if doubt.until_ms > d.now and source_of(d, name) == device
    }


def undoubted(d: Draft, live: Live) -> Live:
    """The values that a text may state."""
    doubted = doubted_now(d, live)
    return {name: value for name, value in live.items() if name not in doubted} if doubted else live


def not_breathing(d: Draft, live: Live) -> bool:
    """The flag, the counter or the rate of the monitor that counts says so."""
    counted = live.get("no_breath_s", 0) >= d.policy.breathing.held_after_ms
    return bool(live.get("no_breath")) or counted or live.get("rr") == 0 or bool(held_signals(d))


def abnormal_co2(d: Draft, live: Live) -> bool:
    etco2, limits = live.get("etco2"), d.policy.breathing
    return etco2 is not None and not limits.etco2_low_milli < etco2 < limits.etco2_high_milli


def held_signals(d: Draft) -> frozenset[str]:
    return frozenset(name for monitor in d.policy.monitors for name in held_now(d, monitor))


def signals_of(compiled: CompiledRule) -> frozenset[str]:
    return frozenset(span[0] for span in (*compiled.all_of, *compiled.any_of))


def tempered(
    d: Draft, compiled: CompiledRule, live: Live, seen: frozenset[str], old: RuleState, new: RuleState
) -> RuleState:
    """The rule's next state, corrected for what is held or doubted now."""
    needed, doubted = signals_of(compiled), doubted_now(d, live)
    if doubted.keys().isdisjoint(needed) and held_signals(d).isdisjoint(needed):
        return new
    holds = rule_holds(compiled, live, seen)
    if holds is not None and holds is rule_holds(
        compiled, {**live, **doubted}, seen
    ):  # true or false before the jump too
        return new
    if holds:
        return RuleState(new.since_ms, None, old.active)
    return old if old.gap_ms is None else RuleState(old.since_ms, None, old.active)
