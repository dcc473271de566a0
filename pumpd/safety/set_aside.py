"""Which infusion of the course is meant, and the rules that a named person has set aside for it. Pure.

A protocol says which of its rules may be set aside; for the others a named person can do nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pumpd.safety.answers import refuse, unexplained, unnamed
from pumpd.safety.course_state import Infusion, SetAside
from pumpd.safety.decisions import Permitted
from pumpd.safety.events import ProtocolOverride
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule
from pumpd.safety.protocol_words import rule_words
from pumpd.safety.state import Draft

ACT = "protocol_override"
NO_PROTOCOL = "this bed has no protocol"
NAMES = {rule.value: rule for rule in ProtocolRule}


def newest(d: Draft) -> Infusion | None:
    """The newest infusion of the open course, over or not."""
    infusions = d.given.infusions
    return infusions[-1] if infusions and d.course.id is not None else None


def ongoing(d: Draft) -> Infusion | None:
    """The infusion that is not over: it runs, is paused, or is being stopped."""
    last = newest(d)
    return last if last is not None and last.ended_ms is None else None


def number_meant(d: Draft) -> int:
    """The present infusion; between two the next."""
    last = newest(d)
    if last is None:
        return 1
    return last.number if last.ended_ms is None else last.number + 1


def is_set_aside(d: Draft, rule: str) -> bool:
    if not d.course.set_aside:
        return False
    number = number_meant(d)
    return any(said.rule == rule and said.infusion == number and not lapsed(d, said) for said in d.course.set_aside)


def lapsed(d: Draft, said: SetAside) -> bool:
    """What was set aside for an infusion that does not begin lapses with the time of any override (CEI-08)."""
    return ongoing(d) is None and said.at_ms + d.policy.times.soft_override_max_ms <= d.now


def lapse_ms(d: Draft) -> int | None:
    """When the first of them lapses; None: there is none, or its infusion is not over."""
    if not d.course.set_aside or ongoing(d) is not None:
        return None
    return min(said.at_ms for said in d.course.set_aside) + d.policy.times.soft_override_max_ms


def binding(d: Draft, failings: Mapping[str, str]) -> dict[str, str]:
    """Of what fails, by rule, that which nobody has set aside."""
    return {rule: words for rule, words in failings.items() if not is_set_aside(d, rule)}


def rule_reasons(protocol: ProtocolPolicy | None, rule: str) -> list[str]:
    """Why this rule cannot be set aside by anybody."""
    if protocol is None:
        return [NO_PROTOCOL]
    known = NAMES.get(rule)
    if known is None:
        return [f"there is no rule {rule}: rules are {', '.join(NAMES)}"]
    if known in protocol.overridable:
        return []
    return [f"{rule} may not be set aside ({rule_words(protocol, known)})"]


def protocol_override(d: Draft, event: ProtocolOverride) -> None:
    """Set one rule aside for the present infusion, or the next; it stays visible until that one is over, or lapses."""
    protocol = d.policy.protocol
    reasons = unnamed(event.by) + unexplained(event.reason) + rule_reasons(protocol, event.rule)
    if d.patient is None:
        reasons.append("no patient is bound")
    if reasons or protocol is None:
        refuse(d, ACT, event.rule, reasons, event.by, event.reason)
        return
    number = number_meant(d)
    words = f"for infusion {number}: {rule_words(protocol, NAMES[event.rule])}; because: {event.reason}"
    d.out.append(Permitted(ACT, event.rule, event.by, f"set aside {words}"))
    said = SetAside(event.rule, event.by, event.reason, d.now, number)
    others = (s for s in d.course.set_aside if s.rule != event.rule and s.infusion >= number)
    d.course = replace(d.course, set_aside=(*others, said))
