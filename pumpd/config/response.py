"""How long each alarm rule takes at a bed, from its condition to its signal (RSP-10). Pure.

total = condition delay + the reporting period of the slowest monitor that may feed the rule + pumpd's own part.
What a monitor waits by itself before it says "no breath" comes before the condition and is given beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pumpd.safety.policy import AlarmProfile, BedPolicy, MonitorPolicy, Priority, Rule
from pumpd.safety.rules import span_of

ASSESSED = frozenset({"poss", "rass"})  # a person enters them: no monitor, no period


@dataclass(frozen=True, slots=True)
class Response:
    """One rule at one bed.

    missing: signals without which the rule can never fire here. sources: for each signal its monitors in
    authoritative order. slowest: of those the one with the longest period; None: only a person feeds the rule.
    total_ms None: never. waits: a monitor lets time pass before the condition holds; wait_ms: how long at most,
    None where that is set on a monitor and nobody said it. max_ms: the profile's limit for this priority.
    stands_in_for: signals of this bed's monitors while which are there the rule does not apply.
    """

    rule: Rule
    missing: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]
    slowest: str | None
    period_ms: int
    signal_delay_ms: int
    waits: bool
    wait_ms: int | None
    max_ms: int | None
    stands_in_for: tuple[str, ...]

    @property
    def total_ms(self) -> int | None:
        return None if self.missing else self.rule.delay_ms + self.period_ms + self.signal_delay_ms

    @property
    def from_last_breath_ms(self) -> int | None:
        """With what the monitor has waited before; None where that is unknown or does not apply."""
        total = self.total_ms
        return None if total is None or not self.waits or self.wait_ms is None else total + self.wait_ms

    @property
    def too_slow(self) -> bool:
        return self.total_ms is not None and self.max_ms is not None and self.total_ms > self.max_ms


def responses(policy: BedPolicy, signal_delay_ms: int) -> list[Response]:
    """Every rule of the bed's profile, in its order."""
    return [response(rule, policy, signal_delay_ms) for rule in policy.profile.rules]


def response(rule: Rule, policy: BedPolicy, signal_delay_ms: int) -> Response:
    feeds = {name: _monitors(name, policy) for name in _signals(rule)}
    slowest = max((m for found in feeds.values() for m in found), key=lambda m: m.period_ms, default=None)
    waits, wait_ms = _own_wait(rule, feeds)
    return Response(
        rule=rule,
        missing=missing_signals(rule, policy),
        sources={name: tuple(monitor.device for monitor in found) for name, found in feeds.items()},
        slowest=None if slowest is None else slowest.device,
        period_ms=0 if slowest is None else slowest.period_ms,
        signal_delay_ms=signal_delay_ms,
        waits=waits,
        wait_ms=wait_ms,
        max_ms=response_max_ms(policy.profile, rule.priority),
        stands_in_for=tuple(name for name in rule.absent if _is_fed(name, policy)),
    )


def response_max_ms(profile: AlarmProfile, priority: Priority) -> int | None:
    """The longest total response time that the profile wants for this priority."""
    longest = {
        Priority.HIGH: profile.response_max_high_ms,
        Priority.MEDIUM: profile.response_max_medium_ms,
        Priority.LOW: profile.response_max_low_ms,
    }
    return longest[priority]


def missing_signals(rule: Rule, policy: BedPolicy) -> tuple[str, ...]:
    """Signals without which the rule can never fire at this bed: no monitor reports them, nobody assesses them."""
    missing = [term.signal for term in rule.all_of if not _is_fed(term.signal, policy)]
    if rule.any_of and not any(_is_fed(term.signal, policy) for term in rule.any_of):
        missing += [term.signal for term in rule.any_of]
    return tuple(dict.fromkeys(missing))


def _is_fed(signal: str, policy: BedPolicy) -> bool:
    return signal in ASSESSED or bool(_monitors(signal, policy))


def _signals(rule: Rule) -> Iterable[str]:
    return dict.fromkeys(term.signal for term in (*rule.all_of, *rule.any_of))


def _monitors(signal: str, policy: BedPolicy) -> tuple[MonitorPolicy, ...]:
    return tuple(monitor for monitor in policy.monitors if signal in monitor.signals)


def _own_wait(rule: Rule, feeds: Mapping[str, tuple[MonitorPolicy, ...]]) -> tuple[bool, int | None]:
    """Whether a monitor waits before the condition holds, and how long at most.

    A counter tells by its limit. A yes or no, and a rate that the monitor shows as 0, come after the time that is
    set on the monitor.
    """
    counted = [span_of(term)[1] for term in rule.all_of if term.signal == "no_breath_s"]
    judged = [term.signal for term in rule.all_of if term.signal == "no_breath" or _is_zero_rate(rule, term.signal)]
    times = [monitor.no_breath_ms for name in judged for monitor in feeds[name]]
    if not counted and not times:
        return False, None
    known = [time for time in times if time is not None]
    return True, None if len(known) < len(times) else max([*counted, *known])


def _is_zero_rate(rule: Rule, signal: str) -> bool:
    return signal == "rr" and any(span_of(term)[2] == 0 for term in rule.all_of if term.signal == "rr")


def response_warnings(policy: BedPolicy, signal_delay_ms: int) -> list[str]:
    """What a person should know of this bed's rules: too slow, waiting twice, or nothing here to feed them."""
    found = responses(policy, signal_delay_ms)
    return [
        *(_too_slow_words(one) for one in found if one.too_slow),
        *(_waits_twice_words(one) for one in found if _waits_twice(one)),
        *(_unfed_words(name, rules) for name, rules in _unfed(found) if policy.monitors),
    ]


def _too_slow_words(one: Response) -> str:
    total, longest = (one.total_ms or 0) / 1000, (one.max_ms or 0) / 1000
    return (
        f"rule {one.rule.id} ({one.rule.priority}) responds after {total:g} s, its profile wants at most {longest:g} s"
    )


def _waits_twice(one: Response) -> bool:
    return not one.missing and one.wait_ms is not None and 0 < one.wait_ms < one.rule.delay_ms


def _waits_twice_words(one: Response) -> str:
    own, delay = (one.wait_ms or 0) / 1000, one.rule.delay_ms / 1000
    return f"rule {one.rule.id} waits {delay:g} s, longer than the {own:g} s that the monitor has waited itself"


def _unfed(found: list[Response]) -> Iterable[tuple[str, list[Response]]]:
    """Conditions with a high alarm that nothing at this bed can raise."""
    for name in dict.fromkeys(one.rule.condition for one in found):
        high = [one for one in found if one.rule.condition == name and one.rule.priority is Priority.HIGH]
        if high and all(one.missing for one in high):
            yield name, high


def _unfed_words(condition: str, high: list[Response]) -> str:
    lacking = ", ".join(dict.fromkeys(name for one in high for name in one.missing))
    return f"no monitor here can raise the high alarm {condition}: nothing reports {lacking}"
