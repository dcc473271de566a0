"""What the bed's limits and its protocol have against an infusion that somebody asks for. Pure; it commands nothing.

The same rules as for a plan that a person makes, and for a rate that a person asks for: nothing is set aside here that
nobody has set aside at the bed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pumpd.clinical.entries import InfusionPlan
from pumpd.safety import ceiling, planning, titration
from pumpd.safety.caps import weight_g
from pumpd.safety.course_state import Plan
from pumpd.safety.infusions import newly_planned
from pumpd.safety.limits import Limit
from pumpd.safety.policy import BedPolicy, PumpPolicy
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule
from pumpd.safety.protocol_words import limit_words, rate_words
from pumpd.safety.set_aside import binding, ongoing
from pumpd.safety.start import PERCENT, PLAN
from pumpd.safety.state import BedState, Draft, open_draft, pump_policy

LIMITS = frozenset({ProtocolRule.START_RATE.value, ProtocolRule.SUB_ANAESTHETIC.value})


class Kind(StrEnum):
    """limit: a number of the request is too great; state: this infusion may not be given now, at any rate."""

    LIMIT = "limit"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Against:
    """One reason, with its number and whose it is."""

    kind: Kind
    words: str


@dataclass(frozen=True, slots=True)
class Asked:
    """start: a new infusion, else another rate of the running one. dose_ng_h: rounded up.

    total_ng: what it shall give, rounded up; None where that is not said.
    """

    pump: str
    start: bool
    dose_ng_h: int
    total_ng: int | None = None


def against(state: BedState, now: int, policy: BedPolicy, asked: Asked) -> tuple[Against, ...]:
    """Every reason of the bed's soft limit, caps and protocol. The hard limit is the caller's to judge as well."""
    d, pump = open_draft(state, policy, max(now, state.now_ms)), pump_policy(policy, asked.pump)
    weight = weight_g(d)
    if pump is None or pump.drug is None or not ceiling.is_governed(pump) or weight is None:
        return ()
    rate_ug_kg_h = titration.ug_kg_h(asked.dose_ng_h, weight)
    found = over_soft(pump.drug.soft, rate_ug_kg_h)
    if asked.start:
        return (*found, *against_start(d, asked, rate_ug_kg_h, weight))
    return (*found, *against_rate(d, pump, asked))


def over_soft(soft: Limit | None, rate_ug_kg_h: int) -> tuple[Against, ...]:
    if soft is None or rate_ug_kg_h <= soft.ug_kg_h:
        return ()
    return (Against(Kind.LIMIT, f"{rate_words(rate_ug_kg_h)} is above the soft ceiling {limit_words(soft)}"),)


def against_rate(d: Draft, pump: PumpPolicy, asked: Asked) -> tuple[Against, ...]:
    """Lowering is always allowed; a rise as if a person had asked for it."""
    conc = pump.concentration_ug_ml
    if not conc:
        return ()
    words = titration.request_reasons(d, pump, d.pumps[pump.device], -(-asked.dose_ng_h // conc))
    return tuple(Against(Kind.LIMIT, one) for one in words)


def against_start(d: Draft, asked: Asked, rate_ug_kg_h: int, weight: int) -> tuple[Against, ...]:
    """As if this infusion were planned now, and whether it is the one that a person has planned."""
    protocol = d.policy.protocol
    dose_ug_kg = 1 if asked.total_ng is None else -(-asked.total_ng // weight)
    plan = InfusionPlan(max(1, dose_ug_kg), max(1, rate_ug_kg_h))
    found = [Against(Kind.LIMIT, words) for words in planning.cap_reasons(d, plan)]
    if protocol is None:
        return tuple(found)
    for rule, words in planning.rule_failings(d, protocol, plan, ongoing(d)).items():
        found += [Against(Kind.LIMIT if rule in LIMITS else Kind.STATE, one) for one in bound(d, rule, words)]
    return (*found, *(Against(Kind.STATE, words) for words in bound(d, PLAN, off_plan(d, protocol, rate_ug_kg_h))))


def bound(d: Draft, rule: str, words: str) -> list[str]:
    """The words, unless there are none or a named person has set the rule aside."""
    return list(binding(d, {rule: words}).values()) if words else []


def off_plan(d: Draft, protocol: ProtocolPolicy, rate_ug_kg_h: int) -> str:
    """That no person has planned the next infusion, or with another rate than is asked for; "" where one has."""
    plan: Plan | None = d.course.plan
    if plan is None or not newly_planned(d):
        return f"no infusion is planned, which is set by {protocol.set_by}"
    highest = plan.start_ug_kg_h * (PERCENT + protocol.over_percent)
    lowest = plan.start_ug_kg_h * (PERCENT - protocol.under_percent)
    if lowest <= rate_ug_kg_h * PERCENT <= highest:
        return ""
    return f"{rate_words(rate_ug_kg_h)} is asked for, planned {rate_words(plan.start_ug_kg_h)} by {plan.by}"
