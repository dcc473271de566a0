"""Alarm rules as they are judged: every term a span of values, each rule led by its narrowest one. Pure.

A profile is compiled once; a value outside a rule's leading span makes the whole rule false, which is all that
is asked of most rules on most frames.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pumpd.device.signals import SIGNALS
from pumpd.safety.policy import AlarmProfile, Breathing, Criterion, Op, Rule, Term
from pumpd.safety.remembered import KEPT, by_identity

Live = Mapping[str, int]  # the live value of each signal, in thousandths of its unit
Span = tuple[str, int, int]  # (signal, lowest, highest): the values, in whole thousandths, for which a term holds
SHOWN = frozenset({"rr", "spo2", "etco2", "pulse", "hr"})  # what every screen shows of a bed


class CompiledRule(Struct, frozen=True):
    """A rule, or a criterion of an episode, with its terms as spans."""

    rule: Rule | Criterion
    all_of: tuple[Span, ...]
    any_of: tuple[Span, ...]


Lead = tuple[str, int, int, CompiledRule]  # the leading span, and what it leads


class Plan(Struct, frozen=True):
    """A profile's rules in their order, each with its leading span; needed: signals that a rule or a screen uses."""

    leads: tuple[Lead, ...]
    by_id: Mapping[str, Rule]
    needed: frozenset[str]


def span_of(term: Term) -> Span:
    """The values that fulfil the term: < and <= differ by the limit itself. Values beyond the sensor's range
    never get as far as a rule (QUA-01)."""
    signal = SIGNALS[term.signal]
    low, high, limit = signal.min_milli, signal.max_milli, term.limit_milli
    if term.op is Op.LT:
        high = limit - 1
    elif term.op is Op.LE:
        high = limit
    elif term.op is Op.GT:
        low = limit + 1
    elif term.op is Op.GE:
        low = limit
    else:
        low = high = limit
    return term.signal, low, high


def term_holds(term: Term, live: Live) -> bool | None:
    """True, false, or None when the value is missing."""
    return span_holds(span_of(term), live)


def span_holds(span: Span, live: Live) -> bool | None:
    signal, low, high = span
    value = live.get(signal)
    return None if value is None else low <= value <= high


def rule_holds(compiled: CompiledRule, live: Live, seen: frozenset[str]) -> bool | None:
    """Three-valued truth of the whole rule now; seen: signals that have ever had a value."""
    truth: bool | None = True
    for signal, low, high in compiled.all_of:
        value = live.get(signal)
        if value is None:
            truth = None
        elif not low <= value <= high:
            return False
    for signal in compiled.rule.absent:
        if signal in live:
            return False
    return any_holds(compiled.any_of, live, seen, truth) if compiled.any_of else truth


def any_holds(spans: tuple[Span, ...], live: Live, seen: frozenset[str], truth: bool | None) -> bool | None:
    """all_of's truth (true or unknown) combined with: one term of any_of."""
    unknown = False
    for span in spans:
        holds = span_holds(span, live)
        if holds:
            return truth
        unknown = unknown or (holds is None and span[0] in seen)
    return None if unknown else False


class Watch(Struct, frozen=True):
    """What a bed's breathing is watched for. quiet: the values of each leading signal for which no rule and no
    criterion can be true; while every live value is quiet and nothing is pending, nothing needs to be judged."""

    criteria: tuple[Lead, ...]
    quiet: tuple[Span, ...]


def compiled_rule(rule: Rule | Criterion) -> Lead:
    """The rule led by that one of its all_of terms which the fewest values fulfil."""
    compiled = CompiledRule(rule, tuple(map(span_of, rule.all_of)), tuple(map(span_of, rule.any_of)))
    signal, low, high = min(compiled.all_of, key=lambda span: span[2] - span[1])
    return signal, low, high, compiled


def compiled_profile(profile: AlarmProfile) -> Plan:
    used = {term.signal for rule in profile.rules for term in (*rule.all_of, *rule.any_of)}
    by_id = {rule.id: rule for rule in profile.rules}
    return Plan(tuple(map(compiled_rule, profile.rules)), by_id, SHOWN | used)


@by_identity
def plan_of(profile: AlarmProfile) -> Plan:
    """The compiled profile."""
    return compiled_profile(profile)


_watches: dict[tuple[int, int], tuple[AlarmProfile, Breathing, Watch]] = {}


def watch_of(profile: AlarmProfile, breathing: Breathing) -> Watch:
    """The compiled criteria beside the compiled profile; remembered in the same way."""
    key = (id(profile), id(breathing))
    known = _watches.get(key)
    if known is not None and known[0] is profile and known[1] is breathing:
        return known[2]
    if len(_watches) >= KEPT:
        _watches.clear()
    criteria = tuple(map(compiled_rule, breathing.episodes))
    watch = Watch(criteria, quiet_spans((*plan_of(profile).leads, *criteria)))
    _watches[key] = (profile, breathing, watch)
    return watch


def quiet_spans(leads: tuple[Lead, ...]) -> tuple[Span, ...]:
    """Per leading signal the widest stretch of values outside every lead; an empty one (1 to 0) where there is none."""
    found = []
    for name in dict.fromkeys(lead[0] for lead in leads):
        signal = SIGNALS[name]
        taken = sorted((low, high) for of, low, high, _ in leads if of == name)
        start, best = signal.min_milli, (1, 0)
        for low, high in [*taken, (signal.max_milli + 1, signal.max_milli + 1)]:
            best = max(best, (start, low - 1), key=lambda span: span[1] - span[0])
            start = max(start, high + 1)
        found.append((name, *best))
    return tuple(found)
