"""Judging the start of an infusion at the pump, and what it was started without until that is supplied. Pure.

An infusion that was started without a plan, an adjunct, ... is told of (MEDIUM) and counted; one that is more than the
protocol allows, or comes after the course's time, is HIGH, and is stopped where the protocol says so.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pumpd.safety.alarm_table import Condition
from pumpd.safety.breathing import last_heard_running
from pumpd.safety.caps import running, weight_g
from pumpd.safety.ceiling import is_governed
from pumpd.safety.channels import by_hand
from pumpd.safety.course_state import Infusion
from pumpd.safety.decisions import InfusionPhase
from pumpd.safety.policy import AlarmKind, Priority, PumpPolicy
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule
from pumpd.safety.protocol_words import rate_words
from pumpd.safety.set_aside import binding, lapsed, number_meant, ongoing
from pumpd.safety.start_checks import (
    care_failings,
    count_failing,
    counted_ms,
    start_rate_failing,
    vital_failings,
    window_failing,
)
from pumpd.safety.state import Draft, PumpState
from pumpd.safety.titration import flow_ng_h, ug_kg_h

PLAN, START_RATE, VITALS = ProtocolRule.PLAN.value, ProtocolRule.START_RATE.value, ProtocolRule.START_VITALS.value
COUNT, WINDOW = ProtocolRule.INFUSION_COUNT.value, ProtocolRule.COURSE_WINDOW.value
NO_PLAN = "no plan for it"
PERCENT = 100


def note_start(d: Draft, infusion: Infusion, protocol: ProtocolPolicy) -> None:
    """A new infusion was seen: count it, and write down what it was started without."""
    before = counted_ms(d, protocol)
    d.course = replace(
        d.course,
        judged=infusion.number,
        starts_ms=(*before, infusion.started_ms),
        set_aside=tuple(said for said in d.course.set_aside if said.infusion >= infusion.number),
        last_ng_h=None,
        last_rise_ms=infusion.started_ms,
        steep={},
        steep_from_ng_h=None,
        extra={},
        missing={},
    )
    extra = count_failing(d, protocol, before)
    d.course = replace(
        d.course,
        extra={} if extra is None else binding(d, {COUNT: extra}),
        missing=binding(d, start_failings(d, infusion, protocol)),
    )


def start_failings(d: Draft, infusion: Infusion, protocol: ProtocolPolicy) -> dict[str, str]:
    """What this infusion is started without, by rule. Its first rate is judged once it is known (`note_first_rate`)."""
    found = {} if infusion.plan is not None else {PLAN: NO_PLAN}
    return found | care_failings(d, protocol)


def note_first_rate(d: Draft, protocol: ProtocolPolicy) -> None:
    """The first rate of the infusion that can be told: against the start limit, and against its plan."""
    if d.course.last_ng_h is not None or ongoing(d) is None or not flow_ng_h(d):
        return
    found = {START_RATE: start_rate_words(d, protocol), PLAN: off_plan(d, protocol)}
    said = binding(d, {rule: words for rule, words in found.items() if words is not None})
    if said:
        d.course = replace(d.course, missing={**d.course.missing, **said})


def rate_now(d: Draft) -> int | None:
    """The dose rate of all governed pumps, rounded up; None where it cannot be told."""
    flow, weight = flow_ng_h(d), weight_g(d)
    return None if flow is None or weight is None else ug_kg_h(flow, weight)


def start_rate_words(d: Draft, protocol: ProtocolPolicy) -> str | None:
    rate = rate_now(d)
    return None if rate is None else start_rate_failing(rate, protocol.start)


def off_plan(d: Draft, protocol: ProtocolPolicy) -> str | None:
    """Why this is not the planned rate: it differs by more than over- or under-infusion may; None without a plan."""
    rate, plan, infusion = rate_now(d), d.course.plan, ongoing(d)
    if rate is None or plan is None or infusion is None or infusion.plan != plan.entry:
        return None
    highest = plan.start_ug_kg_h * (PERCENT + protocol.over_percent)
    lowest = plan.start_ug_kg_h * (PERCENT - protocol.under_percent)
    if lowest <= rate * PERCENT <= highest:
        return None
    return f"started with {rate_words(rate)}, planned {rate_words(plan.start_ug_kg_h)} by {plan.by}"


# --- while it runs


def keep_up(d: Draft, protocol: ProtocolPolicy) -> None:
    """Drop what has been supplied or set aside since, and all of it when the infusion is over."""
    infusion = ongoing(d)
    if infusion is None:
        rest(d)
        return
    if d.course.missing:
        left = {rule: words for rule, words in binding(d, d.course.missing).items() if is_missing(d, rule, protocol)}
        if left != d.course.missing:
            d.course = replace(d.course, missing=left)
    steep = binding(d, d.course.steep)
    if len(steep) != len(d.course.steep):
        d.course = replace(d.course, steep=steep, steep_from_ng_h=d.course.steep_from_ng_h if steep else None)
    note_extra(d, infusion, protocol)


def rest(d: Draft) -> None:
    """Between two infusions nothing is missing, and what was set aside for the last one, or long ago, no longer is."""
    course, next_one = d.course, number_meant(d)
    if course.missing or course.extra or course.steep:
        d.course = replace(course, missing={}, extra={}, steep={}, steep_from_ng_h=None)
    kept = tuple(said for said in course.set_aside if said.infusion >= next_one and not lapsed(d, said))
    if kept != course.set_aside:
        d.course = replace(d.course, set_aside=kept)


def is_missing(d: Draft, rule: str, protocol: ProtocolPolicy) -> bool:
    still = STILL.get(rule)
    return rule in care_failings(d, protocol) if still is None else still(d, protocol)


def is_unplanned(d: Draft, protocol: ProtocolPolicy) -> bool:
    """Still without a plan, or still not at the planned rate. (A plan that is made later asks nothing of the start.)"""
    infusion = ongoing(d)
    if d.course.missing.get(PLAN) == NO_PLAN:
        return infusion is None or infusion.plan is None
    return off_plan(d, protocol) is not None


STILL: dict[str, Callable[[Draft, ProtocolPolicy], bool]] = {
    PLAN: is_unplanned,
    START_RATE: lambda d, protocol: start_rate_words(d, protocol) is not None,
    VITALS: lambda d, protocol: bool(vital_failings(d, protocol)),
}


def note_extra(d: Draft, infusion: Infusion, protocol: ProtocolPolicy) -> None:
    """The count was judged at the start; the course's time can be over while it runs, or before it goes on."""
    runs = infusion.phase is InfusionPhase.RUNNING
    extra = too_many(d, protocol) if runs else binding(d, d.course.extra)
    if extra != d.course.extra:
        d.course = replace(d.course, extra=extra)


def too_many(d: Draft, protocol: ProtocolPolicy) -> dict[str, str]:
    """Why the present infusion may not run, by rule."""
    late = window_failing(d, protocol)
    return binding(d, d.course.extra if late is None else {**d.course.extra, WINDOW: late})


def stop_cause(d: Draft, pump: PumpPolicy, p: PumpState) -> str | None:
    """Why this pump may not run now, in words, where the protocol has an extra infusion stopped."""
    protocol, extra = d.policy.protocol, d.course.extra
    if not extra or protocol is None or not protocol.extra_stop:
        return None
    return "; ".join(extra.values()) if is_governed(pump) and last_heard_running(p) else None


def forbids(d: Draft, pump: PumpPolicy) -> list[str]:
    """Why a start of this pump would be stopped again: the present infusion is one too many, or the next would be."""
    protocol = d.policy.protocol
    if protocol is None or not protocol.extra_stop or not is_governed(pump):
        return []
    if ongoing(d) is not None:
        return list(too_many(d, protocol).values())
    count = count_failing(d, protocol, counted_ms(d, protocol))
    return [] if count is None else list(binding(d, {COUNT: count}).values())


def conditions(d: Draft) -> dict[str, Condition]:
    """Started without (MEDIUM), more than the protocol allows (HIGH)."""
    found, course = {}, d.course
    if course.missing:
        text = f"Infusion {course.judged} started without: {'; '.join(course.missing.values())}"
        words = Condition("started_without", None, Priority.MEDIUM, AlarmKind.TECHNICAL, text)
        found["course/started_without"] = words
    if course.extra:
        why = f"{'; '.join(course.extra.values())}{by_hand(d, running(d))}"
        text = f"Infusion {course.judged} is more than the protocol allows: {why}"
        found["course/extra_infusion"] = Condition("extra_infusion", None, Priority.HIGH, AlarmKind.TECHNICAL, text)
    return found
