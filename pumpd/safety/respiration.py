"""The respiration rules: three-valued truth over live values, condition delays, alarms per condition (RSP). Pure.

Each rule is evaluated by itself (RSP-04). A term is true, false, or unknown when its value is missing:
- true: the delay runs; the rule becomes active when it has been true for delay_ms.
- false: a pending delay is forgotten and an active rule ends.
- unknown: an active rule stays active (QUA-03); a pending rule cannot fire, survives a gap shorter than
  vitals_live_ms, and starts again after a longer one.
A signal that was never seen is unknown in all_of and false in any_of (nobody has ever assessed it).
"""

from __future__ import annotations

from collections.abc import Mapping

from pumpd.device.signals import SIGNALS
from pumpd.safety.alarm_table import RANK, Condition
from pumpd.safety.policy import AlarmKind, Op, Rule, Term
from pumpd.safety.quality import live_values, seen_signals
from pumpd.safety.state import Draft, RuleState
from pumpd.units import format_milli

WORDS = {Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">=", Op.EQ: "="}
IDLE = RuleState(None, None, False)
Live = Mapping[str, tuple[int, str]]


def compare(op: Op, value: int, limit: int) -> bool:
    """value op limit; `is` tests, because an enum's hash is slow and this runs some twenty times a frame."""
    if op is Op.LT:
        return value < limit
    if op is Op.LE:
        return value <= limit
    if op is Op.GT:
        return value > limit
    if op is Op.GE:
        return value >= limit
    return value == limit


def term_holds(term: Term, live: Live) -> bool | None:
    """True, false, or None when the value is missing."""
    found = live.get(term.signal)
    return None if found is None else compare(term.op, found[0], term.limit_milli)


def rule_holds(rule: Rule, live: Live, seen: set[str]) -> bool | None:
    """Three-valued truth of the whole rule now."""
    truth: bool | None = True
    for term in rule.all_of:
        found = live.get(term.signal)
        if found is None:
            truth = None
        elif not compare(term.op, found[0], term.limit_milli):
            return False
    for signal in rule.absent:
        if signal in live:
            return False
    return any_holds(rule, live, seen, truth) if rule.any_of else truth


def any_holds(rule: Rule, live: Live, seen: set[str], truth: bool | None) -> bool | None:
    """all_of's truth (true or unknown) combined with: one term of any_of."""
    unknown = False
    for term in rule.any_of:
        holds = term_holds(term, live)
        if holds:
            return truth
        unknown = unknown or (holds is None and term.signal in seen)
    return None if unknown else False


def next_rule_state(rule: Rule, old: RuleState, holds: bool | None, now: int, gap_limit_ms: int) -> RuleState:
    """The rule's memory after one evaluation at `now`."""
    if holds is False:
        return IDLE
    if old.since_ms is None and not old.active:
        return IDLE if holds is None else RuleState(now, None, rule.delay_ms <= 0)
    gap_ms = old.gap_ms
    too_long = gap_ms is not None and now - gap_ms >= gap_limit_ms and not old.active
    if holds is None:
        if too_long:
            return IDLE
        return old if gap_ms is not None else RuleState(old.since_ms, now, old.active)
    since_ms = now if too_long or old.since_ms is None else old.since_ms
    return RuleState(since_ms, None, old.active or now - since_ms >= rule.delay_ms)


def evaluate(d: Draft) -> Live:
    """Bring every rule up to date; returns the live values that were judged."""
    live = live_values(d)
    seen: set[str] | None = None
    gap_ms = d.policy.times.vitals_live_ms
    for rule in d.policy.profile.rules:
        if rule.any_of and seen is None:
            seen = seen_signals(d)
        holds = rule_holds(rule, live, seen or set())
        old = d.rules.get(rule.id, IDLE)
        if holds is False and old is IDLE:
            continue
        new = next_rule_state(rule, old, holds, d.now, gap_ms)
        if new.since_ms is None and not new.active:
            d.rules.pop(rule.id, None)
        elif new != old:
            d.rules[rule.id] = new
    return live


def active_rules(d: Draft) -> list[Rule]:
    if not d.rules:
        return []
    return [rule for rule in d.policy.profile.rules if (state := d.rules.get(rule.id)) is not None and state.active]


def conditions(d: Draft, live: Live) -> dict[str, Condition]:
    """One condition per rule.condition: of its active rules the most urgent one gives text and priority."""
    found: dict[str, Rule] = {}
    for rule in active_rules(d):
        best = found.get(rule.condition)
        if best is None or RANK[rule.priority] > RANK[best.priority]:
            found[rule.condition] = rule
    return {f"v/{name}": condition_of(d, rule, live) for name, rule in found.items()}


def condition_of(d: Draft, rule: Rule, live: Live) -> Condition:
    """Text names cause, value and limit. A value that went missing is said to be missing, never repeated."""
    shown = [(term, live.get(term.signal)) for term in shown_terms(rule, live)]
    limit = ", ".join(limit_words(term) for term, _ in shown)
    value = ", ".join(value_words(term, found) for term, found in shown)
    first_term, first = shown[0]
    facts = "; ".join(f"{SIGNALS[t.signal].label} {value_words(t, f)} {limit_words(t)}" for t, f in shown)
    delay = f" for {rule.delay_ms // 1000} s" if rule.delay_ms else ""
    return Condition(
        rule.condition,
        first[1] if first is not None else None,
        rule.priority,
        AlarmKind.PHYSIOLOGICAL,
        f"{rule.text}: {facts}{delay}",
        value,
        limit,
        first[0] if first is not None else None,
        first_term.op in (Op.LT, Op.LE, Op.EQ),
        rule.id,
    )


def shown_terms(rule: Rule, live: Live) -> list[Term]:
    """The terms worth naming: those of all_of, and those of any_of that hold.

    A lower bound that only keeps another rule's values out (RR >= 1 beside RR <= 5) is not the limit that was broken.
    """
    upper = {term.signal for term in rule.all_of if term.op in (Op.LT, Op.LE)}
    named = [term for term in rule.all_of if term.op in (Op.LT, Op.LE, Op.EQ) or term.signal not in upper]
    return [*named, *(term for term in rule.any_of if term_holds(term, live))] or list(rule.any_of)


def value_words(term: Term, found: tuple[int, str] | None) -> str:
    return "missing" if found is None else format_milli(found[0])


def limit_words(term: Term) -> str:
    return f"{WORDS[term.op]} {format_milli(term.limit_milli)} {SIGNALS[term.signal].unit}".rstrip()


def stop_rule(d: Draft) -> str | None:
    """The first active interlock rule in words, or None."""
    for rule in active_rules(d):
        if rule.interlock:
            named = shown_terms(rule, {})
            terms = " and ".join(f"{SIGNALS[t.signal].label} {limit_words(t)}" for t in named)
            return f"{rule.text} ({terms})" if terms else rule.text
    return None
