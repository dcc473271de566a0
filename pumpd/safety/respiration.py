"""The respiration rules: three-valued truth over live values, condition delays, alarms per condition (RSP). Pure.

Each rule is evaluated by itself (RSP-04). A term is true, false, or unknown when its value is missing:
- true: the delay runs; the rule becomes active when it has been true for delay_ms.
- false: a pending delay is forgotten and an active rule ends.
- unknown: an active rule stays active (QUA-03); a pending rule cannot fire, survives a gap shorter than
  vitals_live_ms, and starts again after a longer one.
A signal that was never seen is unknown in all_of and false in any_of (nobody has ever assessed it).
"""

from __future__ import annotations

from pumpd.device.signals import SIGNALS
from pumpd.safety.alarm_table import RANK, Condition
from pumpd.safety.doubtful import IDLE, next_state, undoubted
from pumpd.safety.episodes import count_episodes
from pumpd.safety.policy import AlarmKind, Op, Rule, Term
from pumpd.safety.quality import live_values, seen_signals, source_of
from pumpd.safety.rules import CompiledRule, Live, Watch, plan_of, term_holds, watch_of
from pumpd.safety.state import Draft
from pumpd.units import format_milli

FALLING = frozenset({Op.LT, Op.LE, Op.EQ})


def evaluate(d: Draft) -> Live:
    """Bring every rule up to date; returns the values that were judged, without those that are in doubt."""
    live = live_values(d)
    watch = watch_of(d.policy.profile, d.policy.breathing)
    if not d.rules and not d.breath.runs and is_quiet(live, watch):
        return live
    judge(d, live)
    count_episodes(d, live, watch.criteria)
    return undoubted(d, live) if d.breath.doubts else live


def is_quiet(live: Live, watch: Watch) -> bool:
    """No value can make any rule true. (One that is missing can neither.)"""
    for signal, low, high in watch.quiet:
        value = live.get(signal)
        if value is not None and not low <= value <= high:
            return False
    return True


def judge(d: Draft, live: Live) -> None:
    """Bring every rule up to date."""
    rules, doubts = d.rules, d.breath.doubts
    for signal, low, high, compiled in plan_of(d.policy.profile).leads:
        value = live.get(signal)
        if value is None or low <= value <= high or doubts:
            judge_rule(d, compiled, live)
        elif rules:  # its leading term is false, and with it the rule
            rules.pop(compiled.rule.id, None)


def judge_rule(d: Draft, compiled: CompiledRule, live: Live) -> None:
    """Bring one rule up to date. (An idle rule is one that is not in the draft.)"""
    rule_id = compiled.rule.id
    seen = seen_signals(d) if compiled.any_of else frozenset()
    old = d.rules.get(rule_id, IDLE)
    new = next_state(d, compiled, live, seen, old)
    if new is IDLE:
        d.rules.pop(rule_id, None)
    elif new is not old:
        d.rules[rule_id] = new


def active_rules(d: Draft) -> list[Rule]:
    """The active rules in the profile's order."""
    if not any(state.active for state in d.rules.values()):
        return []
    return [rule for rule in d.policy.profile.rules if (state := d.rules.get(rule.id)) is not None and state.active]


def conditions(d: Draft, active: list[Rule], live: Live) -> dict[str, Condition]:
    """One condition per rule.condition: of its active rules the most urgent one gives text and priority."""
    found: dict[str, Rule] = {}
    for rule in active:
        best = found.get(rule.condition)
        if best is None or RANK[rule.priority] > RANK[best.priority]:
            found[rule.condition] = rule
    return {f"v/{name}": condition_of(d, rule, live) for name, rule in found.items()}


def condition_of(d: Draft, rule: Rule, live: Live) -> Condition:
    """Text names cause, value and limit. A value that went missing is said to be missing, never repeated."""
    terms = shown_terms(rule, live)
    first = terms[0]
    return Condition(
        rule.condition,
        source_of(d, first.signal) if first.signal in live else None,
        rule.priority,
        AlarmKind.PHYSIOLOGICAL,
        rule_words(rule, terms, live),
        ", ".join(value_words(term, live) for term in terms),
        ", ".join(limit_words(term) for term in terms),
        live.get(first.signal),
        first.op in FALLING,
        rule.id,
        rule.action,
    )


def shown_terms(rule: Rule, live: Live) -> list[Term]:
    """The terms worth naming: those of all_of, and those of any_of that hold.

    A lower bound that only keeps another rule's values out (RR >= 1 beside RR <= 5) is not the limit that was broken.
    """
    upper = {term.signal for term in rule.all_of if term.op in (Op.LT, Op.LE)}
    named = [term for term in rule.all_of if term.op in FALLING or term.signal not in upper]
    return [*named, *(term for term in rule.any_of if term_holds(term, live))] or list(rule.any_of)


def rule_words(rule: Rule, terms: list[Term], live: Live) -> str:
    """ "SpO2 low: SpO2 88 < 90 % for 15 s"; a monitor's own alarm has no number: "No breath (monitor's alarm)"."""
    delay = f" for {rule.delay_ms // 1000} s" if rule.delay_ms else ""
    if all(SIGNALS[term.signal].flag for term in terms):
        missing = "" if any(term.signal in live for term in terms) else "; now missing"
        return f"{rule.text} (monitor's alarm{missing}){delay}"
    return f"{rule.text}: {'; '.join(fact_words(term, live) for term in terms)}{delay}"


def fact_words(term: Term, live: Live) -> str:
    """ "RR 6 < 8 /min", "RR 0 /min" (an equal limit says nothing new), "No breath (monitor's alarm)"."""
    signal = SIGNALS[term.signal]
    value = value_words(term, live)
    if signal.flag:
        return f"{signal.label} ({limit_words(term)}{'' if term.signal in live else ', now missing'})"
    if term.op is Op.EQ and term.signal in live:
        return f"{signal.label} {value} {signal.unit}".rstrip()
    return f"{signal.label} {value} {limit_words(term)}"


def value_words(term: Term, live: Live) -> str:
    value = live.get(term.signal)
    if value is None:
        return "missing"
    return ("yes" if value else "no") if SIGNALS[term.signal].flag else format_milli(value)


def limit_words(term: Term) -> str:
    signal = SIGNALS[term.signal]
    if signal.flag:
        return "monitor's alarm"
    return f"{term.op} {format_milli(term.limit_milli)} {signal.unit}".rstrip()


def stop_words(active: list[Rule]) -> str | None:
    """The first active interlock rule in words, or None."""
    for rule in active:
        if rule.interlock:
            return f"{rule.text} ({' and '.join(map(stop_term_words, shown_terms(rule, {})))})"
    return None


def stop_term_words(term: Term) -> str:
    signal = SIGNALS[term.signal]
    return limit_words(term) if signal.flag else f"{signal.label} {limit_words(term)}"
