"""What a rule may conclude while a value it needs is held or doubted (RSP-05, RSP-06). Pure.

A held value is missing, but its absence is no gap: the patient is being watched, and what is pending stays pending.
A doubted value ends nothing, and starts an alarm only when the doubt is over, which it always is after
jump_max_ms; while there is no breath or EtCO2 is abnormal nothing is doubted.
"""

from __future__ import annotations

from pumpd.safety.quality import held_now, source_of
from pumpd.safety.rules import CompiledRule, Live, rule_holds
from pumpd.safety.state import Draft
from pumpd.safety.vital_state import RuleState

IDLE = RuleState(None, None, False)


def doubted_now(d: Draft, live: Live) -> frozenset[str]:
    """The signals whose value that counts has jumped, and may delay an alarm."""
    if not d.breath.doubts or not_breathing(d, live) or abnormal_co2(d, live):
        return frozenset()
    return frozenset(
        name
        for device, doubts in d.breath.doubts.items()
        for name, doubt in doubts.items()
        if doubt.until_ms > d.now and source_of(d, name) == device
    )


def not_breathing(d: Draft, live: Live) -> bool:
    """The flag, the counter or the rate of the monitor that counts says so."""
    counted = live.get("no_breath_s", 0) >= d.policy.breathing.held_after_ms
    return bool(live.get("no_breath")) or counted or live.get("rr") == 0 or bool(held_signals(d))


def abnormal_co2(d: Draft, live: Live) -> bool:
    etco2, limits = live.get("etco2"), d.policy.breathing
    return etco2 is not None and not limits.etco2_low_milli <= etco2 <= limits.etco2_high_milli


def held_signals(d: Draft) -> frozenset[str]:
    return frozenset(name for device in d.breath.held for name in held_now(d, device))


def signals_of(compiled: CompiledRule) -> frozenset[str]:
    return frozenset(span[0] for span in (*compiled.all_of, *compiled.any_of))


def tempered(
    d: Draft, compiled: CompiledRule, live: Live, seen: frozenset[str], old: RuleState, new: RuleState
) -> RuleState:
    """The rule's next state, corrected for what is held or doubted now."""
    needed = signals_of(compiled)
    doubted = doubted_now(d, live) & needed
    if not doubted and not held_signals(d) & needed:
        return new
    sure = {name: value for name, value in live.items() if name not in doubted}
    if rule_holds(compiled, sure, seen) is not None:  # it needs none of them to be true or false
        return new
    if rule_holds(compiled, live, seen):
        return RuleState(new.since_ms, None, old.active)
    return old if old.gap_ms is None else RuleState(old.since_ms, None, old.active)
