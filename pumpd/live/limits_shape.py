"""The limits in force at a bed as a screen draws them, each with whose it is. Pure."""

from __future__ import annotations

from msgspec import Struct

from pumpd.device.signals import SIGNALS
from pumpd.live.amounts import number
from pumpd.safety.limits import Cap, Limit
from pumpd.safety.policy import BedPolicy, DrugPolicy, Rule, Term


class TermShape(Struct):
    signal: str
    op: str
    limit: int | float
    unit: str


class RuleShape(Struct):
    """terms: all of them, and of `any` one where there are any, for delay_s. line: it is one limit of one signal, and
    can be drawn as a line. unless: it applies only while none of these signals is available."""

    id: str
    condition: str
    priority: str
    text: str
    terms: list[TermShape]
    any: list[TermShape]
    delay_s: int | float
    unless: tuple[str, ...]
    line: bool
    stops: bool
    source: str


class NamedLimitShape(Struct):
    value: int | float
    unit: str
    set_by: str


class DrugLimitsShape(Struct):
    """null: there is none. per kg, so that they hold for every weight."""

    drug: str
    label: str
    hard: NamedLimitShape | None
    soft: NamedLimitShape | None
    per_infusion: NamedLimitShape | None
    per_course: NamedLimitShape | None
    per_window: NamedLimitShape | None
    window_h: int | float | None


class LimitsShape(Struct):
    """`GET /api/v1/beds/{bed}/limits`. profile: of alarms."""

    bed: str
    profile: str
    rules: list[RuleShape]
    drugs: list[DrugLimitsShape]


def limits_shape(policy: BedPolicy) -> LimitsShape:
    """Of the policy that the kernel judges by now."""
    drugs = {pump.drug.code: pump.drug for pump in policy.pumps if pump.drug is not None and pump.drug.governed}
    rules = [_rule(rule) for rule in policy.profile.rules]
    return LimitsShape(policy.bed, policy.profile.id, rules, [_drug(drug) for drug in drugs.values()])


def _rule(rule: Rule) -> RuleShape:
    single = len(rule.all_of) == 1 and not rule.any_of and not SIGNALS[rule.all_of[0].signal].flag
    return RuleShape(
        id=rule.id,
        condition=rule.condition,
        priority=rule.priority.value,
        text=rule.text,
        terms=[_term(term) for term in rule.all_of],
        any=[_term(term) for term in rule.any_of],
        delay_s=number(rule.delay_ms, 1000),
        unless=rule.absent,
        line=single,
        stops=rule.interlock,
        source=rule.source,
    )


def _term(term: Term) -> TermShape:
    return TermShape(term.signal, term.op.value, number(term.limit_milli, 1000), SIGNALS[term.signal].unit)


def _drug(drug: DrugPolicy) -> DrugLimitsShape:
    caps = drug.caps
    return DrugLimitsShape(
        drug=drug.code,
        label=drug.label,
        hard=_limit(drug.hard),
        soft=_limit(drug.soft),
        per_infusion=None if caps is None else _cap(caps.per_infusion),
        per_course=None if caps is None else _cap(caps.per_course),
        per_window=None if caps is None else _cap(caps.per_window),
        window_h=None if caps is None or caps.per_window is None else number(caps.window_ms * 10 // 3_600_000, 10),
    )


def _limit(limit: Limit | None) -> NamedLimitShape | None:
    return None if limit is None else NamedLimitShape(number(limit.ug_kg_h, 1000), "mg/kg/h", limit.set_by)


def _cap(cap: Cap | None) -> NamedLimitShape | None:
    return None if cap is None else NamedLimitShape(number(cap.ug_kg, 1000), "mg/kg", cap.set_by)
