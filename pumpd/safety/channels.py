"""Two pumps with a governed drug at one bed: their sum is judged by the ceilings (CEI-11). Pure, exact integers."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.facts import Integrity, Outcome
from pumpd.safety import ceiling
from pumpd.safety.alarm_table import Condition
from pumpd.safety.caps import running
from pumpd.safety.interlock import cannot_stop
from pumpd.safety.limits import Limit
from pumpd.safety.policy import AlarmKind, Priority, PumpPolicy
from pumpd.safety.state import Draft, PumpState
from pumpd.units import dose_rate_ng_h, exact, format_dose_mg_kg_h, limit_ng_h


def judged(d: Draft) -> list[PumpPolicy]:
    """The running pumps whose dose rate is known; the others are told of as not verified."""
    return [
        pump
        for pump in running(d)
        if ceiling.dose_facts(d, pump) is not None and ceiling.running_rate(d.pumps[pump.device].report) is not None
    ]


def sum_ng_h(d: Draft, pumps: list[PumpPolicy]) -> int:
    rates = ((ceiling.running_rate(d.pumps[p.device].report) or 0, p.concentration_ug_ml or 0) for p in pumps)
    return sum(dose_rate_ng_h(rate, conc) for rate, conc in rates)


def tightest(limits: list[Limit | None]) -> Limit | None:
    return min((limit for limit in limits if limit is not None), key=lambda limit: limit.ug_kg_h, default=None)


def hard(pumps: list[PumpPolicy]) -> Limit | None:
    return tightest([pump.drug.hard for pump in pumps if pump.drug is not None])


def soft(pumps: list[PumpPolicy]) -> Limit | None:
    return tightest([pump.drug.soft for pump in pumps if pump.drug is not None])


def above(d: Draft, pumps: list[PumpPolicy], limit: Limit | None) -> bool:
    weight_g = None if d.patient is None else d.patient.weight_g
    if limit is None or weight_g is None or len(pumps) < 2:
        return False
    return sum_ng_h(d, pumps) > limit_ng_h(limit.ug_kg_h, weight_g)


def judge(d: Draft) -> None:
    """Remember since when, and whether surely, the pumps together are above the hard ceiling (as CEI-06 of one)."""
    pumps = judged(d)
    limit = hard(pumps)
    if limit is None or not above(d, pumps, limit):
        if d.given.sum_ms is not None:
            d.given = replace(d.given, sum_ms=None, sum_stop=None)
        return
    since_ms = d.now if d.given.sum_ms is None else d.given.sum_ms
    stop = d.given.sum_stop
    if stop is None and is_sure(d, pumps, since_ms):
        stop = over_words(d, pumps, limit, "hard")
    if since_ms != d.given.sum_ms or stop != d.given.sum_stop:
        d.given = replace(d.given, sum_ms=since_ms, sum_stop=stop)


def wait_ms(pumps: list[PumpPolicy]) -> int:
    return max(pump.poll_ms for pump in pumps)


def is_sure(d: Draft, pumps: list[PumpPolicy], since_ms: int) -> bool:
    """Every report has a strong check, or it has stood for one poll."""
    reports = [d.pumps[pump.device].report for pump in pumps]
    strong = all(report is not None and report.integrity is Integrity.CRC16 for report in reports)
    return strong or d.now >= since_ms + wait_ms(pumps)


def due_ms(d: Draft) -> int | None:
    given = d.given
    return None if given.sum_ms is None or given.sum_stop is not None else given.sum_ms + wait_ms(judged(d))


def over_words(d: Draft, pumps: list[PumpPolicy], limit: Limit, which: str) -> str:
    """ "ketamine over hard ceiling, p1 and p2 together: 1.2 mg/kg/h > 1 mg/kg/h set by library"."""
    label = pumps[0].drug.label if pumps[0].drug is not None else "drug"
    value, allowed = sum_words(d, pumps), limit_words(limit)
    return f"{label} over {which} ceiling, {' and '.join(p.device for p in pumps)} together: {value} > {allowed}"


def sum_words(d: Draft, pumps: list[PumpPolicy]) -> str:
    weight_g = None if d.patient is None else d.patient.weight_g
    dose = exact(sum_ng_h(d, pumps), 1000) / (weight_g or 1)
    return format_dose_mg_kg_h(dose)


def limit_words(limit: Limit | None) -> str:
    return "" if limit is None else f"{format_dose_mg_kg_h(exact(limit.ug_kg_h, 1000))} set by {limit.set_by}"


def conditions(d: Draft) -> dict[str, Condition]:
    """The sum over a ceiling, and the advisory that two pumps run."""
    pumps = running(d)
    if len(pumps) < 2:
        return {}
    names = " and ".join(pump.device for pump in pumps)
    label = pumps[0].drug.label if pumps[0].drug is not None else "a drug"
    text = f"{label} on two channels: {names}; their doses are summed"
    found = {"d/two_channels": Condition("two_channels", None, Priority.LOW, AlarmKind.ADVISORY, text)}
    known = judged(d)
    limit = soft(known)
    if d.given.sum_stop is not None:
        text = f"{d.given.sum_stop}{by_hand(d, pumps)}"
        found["d/sum_over_hard"] = Condition("sum_over_hard", None, Priority.HIGH, AlarmKind.TECHNICAL, text)
    elif limit is not None and d.given.sum_ms is None and above(d, known, limit) and not overridden(d, pumps):
        found["d/sum_over_soft"] = soft_condition(d, known, limit)
    return found


def above_soft(d: Draft) -> bool:
    """Are the pumps together above the soft ceiling?"""
    pumps = judged(d) if len(d.policy.pumps) > 1 else []
    return above(d, pumps, soft(pumps))


def overridden(d: Draft, pumps: list[PumpPolicy]) -> bool:
    """Has a named person confirmed a rate above soft at one of them, not too long ago?"""
    overrides = (d.pumps[pump.device].override for pump in pumps)
    longest_ms = d.policy.times.soft_override_max_ms
    return any(override is not None and d.now < override.at_ms + longest_ms for override in overrides)


def by_hand(d: Draft, pumps: list[PumpPolicy]) -> str:
    """Which of these pumps a person has to stop, and why, in words; "" where pumpd can stop them all."""
    alone = [(p.device, cannot_stop(p, d.pumps[p.device])) for p in pumps]
    return "".join(f". ALARM ONLY ({why}): stop {device} by hand" for device, why in alone if why is not None)


def soft_condition(d: Draft, pumps: list[PumpPolicy], limit: Limit) -> Condition:
    text = f"{over_words(d, pumps, limit, 'soft')}; confirm with a reason"
    value, allowed = sum_words(d, pumps), f"> {limit_words(limit)}"
    worst = sum_ng_h(d, pumps) // 1000
    return Condition(
        "sum_over_soft", None, Priority.MEDIUM, AlarmKind.TECHNICAL, text, value, allowed, worst, low=False
    )


def others(d: Draft, pump: PumpPolicy) -> list[PumpPolicy]:
    """The bed's other governed pumps that run."""
    return [other for other in running(d) if other.device != pump.device]


def others_ng_h(d: Draft, pump: PumpPolicy) -> int:
    """The flow of mass at them, as last reported or as commanded since."""
    return sum(
        dose_rate_ng_h(highest_ul_h(d.pumps[other.device]), other.concentration_ug_ml or 0) for other in others(d, pump)
    )


def highest_ul_h(p: PumpState) -> int:
    """The reported rate, or a greater one that was commanded and that no report has resolved yet."""
    commanded = (command.rate_ul_h for command in p.commands if command.outcome is not Outcome.REFUSED)
    return max((ceiling.running_rate(p.report) or 0, *commanded))


def above_with(d: Draft, pump: PumpPolicy, rate_ul_h: int, limit: Limit | None) -> bool:
    """Would this rate here, with what runs at the others, be above the limit? Exactly at the limit is not above."""
    weight_g = None if d.patient is None else d.patient.weight_g
    if limit is None or weight_g is None:
        return False
    flow = dose_rate_ng_h(rate_ul_h, pump.concentration_ug_ml or 0) + others_ng_h(d, pump)
    return flow > limit_ng_h(limit.ug_kg_h, weight_g)
