"""A protocol's limits in words, each with who set it. Pure."""

from __future__ import annotations

from collections.abc import Callable

from pumpd.safety.limits import Limit
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule
from pumpd.units import MS_PER_H, MS_PER_MIN, MS_PER_S, exact, format_dose_mg_kg_h, plain


def dose_words(ug_kg: int) -> str:
    """ "0.5 mg/kg"."""
    return f"{plain(exact(ug_kg, 1000))} mg/kg"


def mass_words(ng: int) -> str:
    """ "35 mg", never rounded to less than a microgram."""
    return f"{plain(exact(ng // 1000, 1000))} mg"


def rate_words(ug_kg_h: int) -> str:
    """ "0.1 mg/kg/h"."""
    return format_dose_mg_kg_h(exact(ug_kg_h, 1000))


def limit_words(limit: Limit) -> str:
    """ "0.1 mg/kg/h set by protocol ldk 1"."""
    return f"{rate_words(limit.ug_kg_h)} set by {limit.set_by}"


def time_words(ms: int) -> str:
    """ "4 h 30 min", "15 min", "20 s"; what is left of the smaller unit is dropped."""
    hours, minutes = ms // MS_PER_H, ms % MS_PER_H // MS_PER_MIN
    if not hours and not minutes:
        return f"{ms // MS_PER_S} s"
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
    return " ".join(part for part in parts if part)


def band_words(protocol: ProtocolPolicy) -> str:
    """The sub-anaesthetic band with the anaesthetic dose that it is a part of."""
    low, high = protocol.sub_anaesthetic_low_ug_kg, protocol.sub_anaesthetic_high_ug_kg
    return (
        f"the sub-anaesthetic {plain(exact(low, 1000))} to {dose_words(high)} "
        f"({protocol.sub_anaesthetic_source}) set by {protocol.set_by}"
    )


RULES: dict[ProtocolRule, Callable[[ProtocolPolicy], str]] = {
    ProtocolRule.START_RATE: lambda p: f"start at no more than {limit_words(p.start)}",
    ProtocolRule.STEP_SIZE: lambda p: f"steps of no more than {limit_words(p.step)}",
    ProtocolRule.STEP_INTERVAL: lambda p: (
        f"no less than {time_words(p.step_interval_ms)} between increases, set by {p.set_by}"
    ),
    ProtocolRule.START_VITALS: lambda p: f"vital signs before a start, set by {p.set_by}",
    ProtocolRule.ADJUNCT: lambda p: f"a recorded adjunct, set by {p.set_by}",
    ProtocolRule.CHECKLIST: lambda p: f"contra-indications asked for and absent, set by {p.set_by}",
    ProtocolRule.PLAN: lambda p: f"a plan for every infusion, set by {p.set_by}",
    ProtocolRule.SUB_ANAESTHETIC: lambda p: f"no dose above {band_words(p)}",
    ProtocolRule.INFUSION_COUNT: lambda p: (
        f"{p.max_infusions} infusions in {time_words(p.course_ms)}, set by {p.set_by}"
    ),
    ProtocolRule.COURSE_WINDOW: lambda p: f"{time_words(p.course_ms)} from the first infusion on, set by {p.set_by}",
}


def rule_words(protocol: ProtocolPolicy, rule: ProtocolRule) -> str:
    """What the rule asks, its number, and who set it."""
    return RULES[rule](protocol)
