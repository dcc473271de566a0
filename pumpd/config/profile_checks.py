"""What must hold for the rules of an alarm profile, one by one and together. Pure.

An error is a rule file that could leave somebody without an alarm, or with one that means nothing: it is refused.
A warning is a rule that works but was probably meant otherwise. docs/alarm-profiles.md explains each check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from pumpd.config.profile_bands import Band, Gap, Side, gaps_of, sides_of
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.device import SIGNALS
from pumpd.safety.alarm_table import RANK
from pumpd.safety.policy import Priority, Rule, Term
from pumpd.safety.rules import Span, span_of
from pumpd.safety.self_alarms import SELF_ALARMS
from pumpd.units import format_milli

NO_BREATH = frozenset({"no_breath", "no_breath_s"})
# The longest own no-breath time of a monitor (Philips 20-60 s, Spacelabs 20-45 s, GE 3-30 s: their manuals).
NO_BREATH_LONGEST_MS = 60_000
# What pumpd calls its own alarms: a rule of that name would share an alarm, and how it ends, with one of them.
OWN_CONDITIONS = frozenset(SELF_ALARMS) | {
    "above_band",
    "benzodiazepine",
    "cap_near",
    "cap_reached",
    "command_refused",
    "command_unknown",
    "device_alarm",
    "device_refused",
    "extra_infusion",
    "free_flow",
    "monitor_lost",
    "monitoring_lost",
    "not_verified",
    "nrs_overdue",
    "observation_overdue",
    "over_hard",
    "over_infusion",
    "over_soft",
    "plan_given",
    "predicted_high",
    "pump_changed",
    "pump_lost",
    "route_switched",
    "sensor_off",
    "signal_lost",
    "sources_disagree",
    "spo2_alone",
    "started_without",
    "started_without_resume",
    "stop_by_hand",
    "stop_not_confirmed",
    "sum_over_hard",
    "sum_over_soft",
    "titration",
    "two_channels",
    "under_infusion",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the rule at this place of the list; key: which of its keys."""

    rule: int
    key: str
    message: str
    is_error: bool = True


def findings(rules: tuple[Rule, ...]) -> list[Finding]:
    """Everything to be said about the rules. What hangs together is judged only where each rule by itself is sound."""
    alone = [finding for index, rule in enumerate(rules) for finding in _alone(index, rule)]
    if any(finding.is_error for finding in alone):
        return alone
    sides = list(sides_of(rules))
    return [
        *alone,
        *(finding for side in sides for gap in gaps_of(side) for finding in _gap(side, gap)),
        *(finding for side in sides for finding in _order(side)),
        *_needless(rules),
        *_unwatched(rules),
    ]


# --- one rule by itself


def _alone(index: int, rule: Rule) -> Iterator[Finding]:
    if rule.condition in OWN_CONDITIONS:
        message = (
            f'"{rule.condition}" is one of pumpd\'s own alarms; expected another name, such as "own_{rule.condition}"'
        )
        yield Finding(index, "condition", message)
    yield from _never(index, rule)
    yield from _waits_twice(index, rule)
    if not rule.any_of and all(_is_everything(span_of(term)) for term in rule.all_of):
        yield Finding(index, "all", "is always true: every value that the sensor can report fulfils it")
    if rule.interlock and rule.priority is not Priority.HIGH:
        message = f"stops the ketamine but alarms {rule.priority}; a stop is a high alarm"
        yield Finding(index, "interlock", message, is_error=False)


def _never(index: int, rule: Rule) -> Iterator[Finding]:
    if (clash := _clash(rule.all_of)) is not None:
        yield Finding(index, "all", f"can never be true: the limits {clash} exclude each other")
        return
    for term in rule.any_of:
        if (clash := _clash((*rule.all_of, term))) is not None:
            yield Finding(
                index, "any", f'"{words(term)}" can never be true here: the limits {clash} exclude each other'
            )
    for term in (*rule.all_of, *rule.any_of):
        if term.signal in rule.absent:
            yield Finding(
                index, "absent", f'can never be true: "{words(term)}" needs the "{term.signal}" that is absent'
            )


def _clash(terms: tuple[Term, ...]) -> str | None:
    """The terms on one signal that no value fulfils together, in words; None where some value does."""
    for name in dict.fromkeys(term.signal for term in terms):
        own = [term for term in terms if term.signal == name]
        spans = [span_of(term) for term in own]
        if max(low for _, low, _ in spans) > min(high for _, _, high in spans):
            return " and ".join(f'"{words(term)}"' for term in own)
    return None


def _is_everything(span: Span) -> bool:
    signal, low, high = span
    return low <= SIGNALS[signal].min_milli and high >= SIGNALS[signal].max_milli


def _waits_twice(index: int, rule: Rule) -> Iterator[Finding]:
    """A monitor that says "no breath" has waited already (RSP-02): nothing may be added to its own time."""
    signals = {term.signal for term in rule.all_of}
    if signals <= NO_BREATH and rule.delay_ms > 0:
        hint = "a higher limit waits longer" if "no_breath_s" in signals else "its time is set on the monitor"
        waited = f"the monitor has waited out its own no-breath time already; {hint}"
        yield Finding(index, "delay", f'expected "0 s", found {rule.delay_ms / 1000:g} s: {waited}')
    longest = f"the longest that a monitor waits for a breath itself is {NO_BREATH_LONGEST_MS // 1000} s"
    if (
        signals == {"rr"}
        and all(span_of(term)[2] == 0 for term in rule.all_of)
        and rule.delay_ms > NO_BREATH_LONGEST_MS
    ):
        yield Finding(index, "delay", f"{rule.delay_ms / 1000:g} s without breath: {longest}")
    for term in rule.all_of:
        if term.signal == "no_breath_s" and span_of(term)[1] > NO_BREATH_LONGEST_MS:
            yield Finding(index, "all", f'"{words(term)}": {longest}')


# --- rules together


def _gap(side: Side, gap: Gap) -> Iterator[Finding]:
    """Values treated milder than better ones. A value between two whole numbers is a warning: most monitors report
    whole ones. At zero of a rate or of CO2 nothing is measured, which the no-breath rules speak of."""
    where = f"{side.signal} {side.words(gap.low, gap.high)}"
    at = (gap.outer or gap.inner).index
    if _is_only_zero(side, gap):
        return
    if not gap.holds_a_whole_number():
        if gap.cover is None and gap.outer is not None and gap.outer.rule.condition == gap.inner.rule.condition:
            message = (
                f"{where}: no rule; between {gap.outer.rule.id} and {gap.inner.rule.id} no whole number is left out"
            )
            yield Finding(at, "all", message, is_error=False)
    elif gap.cover is not None:
        message = f"{where}: only {gap.cover.named()}, but {gap.inner.named()} holds at better values"
        yield Finding(gap.inner.index, "all", message)
    elif gap.outer is None:
        yield Finding(
            gap.inner.index, "all", f"{where}: no rule; these values are worse than those of {gap.inner.rule.id}"
        )
    else:
        yield Finding(at, "all", f"{where}: no rule; between {gap.outer.rule.id} and {gap.inner.rule.id}")


def _is_only_zero(side: Side, gap: Gap) -> bool:
    """The sensor's own zero, unless a rule of its own speaks of just that value."""
    at_zero = side.falling and side.worst == 0 and gap.low == 0 and gap.high < 1000
    return at_zero and (gap.cover is None or gap.cover.high > 0)


def _order(side: Side) -> Iterator[Finding]:
    """Of two rules of a condition the more urgent one has the worse limit, and waits no longer."""
    for urgent, mild in permutations(side.bands, 2):
        if urgent.rule.condition != mild.rule.condition or urgent.rank <= mild.rank:
            continue
        if urgent.high > mild.high:
            first = f"{urgent.named()} begins at {side.inner(urgent)}, {mild.named()} only at {side.inner(mild)}"
            yield Finding(mild.index, "all", f"{first}: the milder rule must begin before the more urgent one")
        elif urgent.high < mild.high:
            yield from _nested(side, urgent, mild)


def _nested(side: Side, urgent: Band, mild: Band) -> Iterator[Finding]:
    if urgent.rule.delay_ms > mild.rule.delay_ms:
        waits = (
            f"{urgent.named()} waits {urgent.rule.delay_ms / 1000:g} s, {mild.named()} {mild.rule.delay_ms / 1000:g} s"
        )
        yield Finding(urgent.index, "delay", f"{waits}: a worse value must not wait longer")
    if mild.low > urgent.low and mild.rule.delay_ms > 0:
        message = (
            f"{mild.rule.id} ends where {urgent.rule.id} goes on: a value that swings between them starts both "
            f"delays anew; let it hold for all of {side.inner(mild)}"
        )
        yield Finding(mild.index, "all", message, is_error=False)


def _needless(rules: tuple[Rule, ...]) -> Iterator[Finding]:
    """Rules that never show, for another one of their condition holds with them, as urgent and no slower.

    Of two that are alike it is the later one.
    """
    said: set[int] = set()
    for index, rule in reversed(list(enumerate(rules))):
        for at, other in enumerate(rules):
            if at != index and at not in said and _outdoes(other, rule):
                said.add(index)
                message = f"never shows: {other.id} holds whenever it does, is as urgent and waits no longer"
                yield Finding(index, "id", message, is_error=False)
                break


def _outdoes(other: Rule, rule: Rule) -> bool:
    return (
        other.condition == rule.condition
        and RANK[other.priority] >= RANK[rule.priority]
        and other.delay_ms <= rule.delay_ms
        and (other.interlock or not rule.interlock)
        and set(other.absent) <= set(rule.absent)
        and all(any(_within(span_of(own), span_of(term)) for own in rule.all_of) for term in other.all_of)
        and (not other.any_of or (bool(rule.any_of) and set(rule.any_of) <= set(other.any_of)))
    )


def _within(inner: Span, outer: Span) -> bool:
    return inner[0] == outer[0] and outer[1] <= inner[1] and inner[2] <= outer[2]


def _unwatched(rules: tuple[Rule, ...]) -> Iterator[Finding]:
    """A profile that says nothing about no breath at all."""
    watched = any(
        term.signal in NO_BREATH or (term.signal == "rr" and span_of(term)[1] == 0)
        for rule in rules
        for term in rule.all_of
    )
    if not watched:
        yield Finding(0, "all", "no rule of this profile holds when there is no breath", is_error=False)


def words(term: Term) -> str:
    """The term as it is written: rr <= 5."""
    return f"{term.signal} {term.op} {format_milli(term.limit_milli)}"


def key_path(finding: Finding) -> KeyPath:
    """Where the finding stands in the file."""
    return ("rule", finding.rule, finding.key)
