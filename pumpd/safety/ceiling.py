"""The ceilings: what may be judged, over hard, over soft, the response, the override (CEI). Pure, exact integers."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.facts import Integrity, Outcome
from pumpd.safety.decisions import InterlockState, SetRate
from pumpd.safety.interlock import cannot_stop, send_read, trip
from pumpd.safety.limits import Limit
from pumpd.safety.policy import DrugPolicy, Enforcement, PumpPolicy
from pumpd.safety.quality import is_refused
from pumpd.safety.state import Command, Draft, PumpState, Report
from pumpd.units import (
    dose_rate_mg_kg_h,
    dose_rate_ng_h,
    exact,
    format_concentration,
    format_dose_mg_kg_h,
    format_rate_ml_h,
    format_weight,
    limit_ng_h,
    max_rate_ul_h,
)

SHOWN_MAX_UL_H = 10**12  # a number beyond any pump; a word is never so long that it cannot be computed


def is_governed(pump: PumpPolicy) -> bool:
    """Is the dose judged? A pump without a known drug may hold ketamine, so it is."""
    return pump.drug is None or pump.drug.governed


def weight_reason(d: Draft) -> str | None:
    if d.patient is None:
        return "no patient is bound"
    weight, allowed = d.patient.weight_g, d.policy.weight
    if weight is None:
        return "the patient's weight is missing"
    if not allowed.min_g <= weight <= allowed.max_g:
        limits = f"{format_weight(allowed.min_g)} to {format_weight(allowed.max_g)}"
        return f"the weight {format_weight(weight)} is out of range ({limits})"
    return None


def concentration_reason(pump: PumpPolicy) -> str | None:
    conc, drug = pump.concentration_ug_ml, pump.drug
    if conc is None or conc <= 0:
        return "the concentration is missing"
    if drug is None:
        return None
    low, high = drug.conc_min_ug_ml, drug.conc_max_ug_ml
    if (low is not None and conc < low) or (high is not None and conc > high):
        return f"the concentration {format_concentration(conc)} is out of the library's range"
    return None


def drug_reason(pump: PumpPolicy) -> str | None:
    if pump.drug is None:
        return "the drug or its library entry is missing"
    return "the hard ceiling is missing" if pump.drug.hard is None else None


def unverifiable(d: Draft, pump: PumpPolicy) -> tuple[str, ...]:
    """ALL reasons why the dose cannot be judged (CEI-05); empty when it can, or when the drug is not governed."""
    if not is_governed(pump):
        return ()
    reasons = (weight_reason(d), concentration_reason(pump), drug_reason(pump))
    return tuple(reason for reason in reasons if reason is not None)


def dose_facts(d: Draft, pump: PumpPolicy) -> tuple[DrugPolicy, Limit, int, int] | None:
    """(drug, hard limit, concentration, weight) when the dose can be judged, else None."""
    drug, conc = pump.drug, pump.concentration_ug_ml
    if drug is None or not drug.governed or drug.hard is None or conc is None or d.patient is None:
        return None
    weight = d.patient.weight_g
    if weight is None or unverifiable(d, pump):
        return None
    return drug, drug.hard, conc, weight


def over(rate_ul_h: int, limit: Limit, conc_ug_ml: int, weight_g: int) -> bool:
    """Is this rate above the limit? Exactly at the limit is not above."""
    return dose_rate_ng_h(rate_ul_h, conc_ug_ml) > limit_ng_h(limit.ug_kg_h, weight_g)


def running_rate(report: Report | None) -> int | None:
    """The reported rate of a pump that infuses or may infuse; None when it is known not to, or not known at all."""
    return None if report is None or report.infusing is False else report.rate_ul_h


def may_infuse(p: PumpState) -> bool:
    """A pump that is not known to stand still now may be infusing."""
    return p.report is None or not p.live or p.report.infusing is not False


def over_limit(d: Draft, pump: PumpPolicy, p: PumpState, limit: Limit | None) -> bool:
    """Is the running rate above this limit? A dose that cannot be judged is not; see unverifiable."""
    rate, conc, patient = running_rate(p.report), pump.concentration_ug_ml, d.patient
    if rate is None or limit is None or conc is None or patient is None or patient.weight_g is None:
        return False
    return over(rate, limit, conc, patient.weight_g) and dose_facts(d, pump) is not None


def judge_hard(d: Draft, pump: PumpPolicy, p: PumpState) -> PumpState:
    """Compare the reported rate with the hard ceiling and respond to a sure breach (CEI-03, CEI-06, CEI-07)."""
    if not over_limit(d, pump, p, pump.drug.hard if pump.drug is not None else None):
        if p.over_ms is None and p.reduce_ms is None:
            return p
        return replace(p, over_ms=None, over_sure=False, reduce_ms=None)
    if p.over_ms is None:
        p = replace(p, over_ms=d.now)
        if not is_sure(pump, p, d.now) and pump.capabilities.can_read_back:
            send_read(d, pump)
    if not p.over_sure and is_sure(pump, p, d.now):
        p = replace(p, over_sure=True)
    return respond(d, pump, p) if p.over_sure else p


def is_sure(pump: PumpPolicy, p: PumpState, now: int) -> bool:
    """crc16 at once; else a re-read that agrees; at most one poll later if nothing contradicted (CEI-06)."""
    report, over_ms = p.report, p.over_ms
    if report is None or over_ms is None:
        return False
    reread = report.requested_ms is not None and report.requested_ms >= over_ms and report.at_ms > over_ms
    return report.integrity is Integrity.CRC16 or reread or now >= over_ms + pump.poll_ms


def respond(d: Draft, pump: PumpPolicy, p: PumpState) -> PumpState:
    """Stop, reduce, or only alarm, as the bed's enforcement says."""
    if cannot_stop(pump, p) is not None or p.lock.state is not InterlockState.ARMED:
        return p
    if pump.enforcement is Enforcement.REDUCE and (rate := reduced_rate(d, pump)) is not None:
        if is_refused(pump, d.devices[pump.device]):
            return p  # another pump is on its line, which gets no rate that is meant for this one (QUA-05)
        if p.reduce_ms is None:
            return reduce_rate(d, pump, p, rate)
        if not reduction_failed(d, pump, p):
            return p
    return trip(d, pump, p, hard_words(d, pump, p))


def reduced_rate(d: Draft, pump: PumpPolicy) -> int | None:
    """The ceiling rate, rounded down to the pump's step and compared again; None when it cannot be commanded."""
    facts, caps = dose_facts(d, pump), pump.capabilities
    if facts is None or not caps.can_set_rate:
        return None
    _, hard, conc, weight = facts
    rate = max_rate_ul_h(hard.ug_kg_h, weight, conc, caps.rate_step_ul_h)
    if rate <= 0 or rate < caps.rate_min_ul_h or over(rate, hard, conc, weight):
        return None
    return rate


def reduce_rate(d: Draft, pump: PumpPolicy, p: PumpState, rate: int) -> PumpState:
    order_id = d.order_id()
    d.out.append(SetRate(pump.device, order_id, rate, rate, hard_words(d, pump, p)))
    command = Command(order_id, rate, d.now, reduce=True)
    return replace(p, reduce_ms=d.now, commands=(*p.commands, command))


def reduce_wait_ms(d: Draft, pump: PumpPolicy) -> int:
    """How long a reduction may take to show in a report: one command repeat, one verifying read, one poll."""
    return d.policy.times.stop_repeat_ms + d.policy.times.verify_read_ms + pump.poll_ms


def reduction_failed(d: Draft, pump: PumpPolicy, p: PumpState) -> bool:
    bad = (Outcome.REFUSED, Outcome.UNKNOWN)
    if any(command.reduce and command.outcome in bad for command in p.commands):
        return True
    return p.reduce_ms is not None and d.now >= p.reduce_ms + reduce_wait_ms(d, pump)


def keep_override(d: Draft, pump: PumpPolicy, p: PumpState, together: bool) -> PumpState:
    """End a soft override when the rate has fallen to soft or below, the infusion ended, or its time is over.

    together: the bed's pumps are above soft by their sum, which the override confirms too.
    """
    override = p.override
    if override is None or p.report is None:
        return p
    above = together or over_limit(d, pump, p, pump.drug.soft if pump.drug is not None else None)
    ended = p.report.infusing is False or (override.used and not above)
    if ended or d.now >= override.at_ms + d.policy.times.soft_override_max_ms:
        return replace(p, override=None)
    return replace(p, override=replace(override, used=True)) if above and not override.used else p


def rate_words(d: Draft, pump: PumpPolicy, rate_ul_h: int) -> str:
    """ "2 mg/kg/h (140 mL/h)", or the rate alone where the dose cannot be computed."""
    facts = dose_facts(d, pump)
    rate_ul_h = min(rate_ul_h, SHOWN_MAX_UL_H)
    if facts is None:
        return format_rate_ml_h(rate_ul_h)
    dose = dose_rate_mg_kg_h(rate_ul_h, facts[2], facts[3])
    return f"{format_dose_mg_kg_h(dose)} ({format_rate_ml_h(rate_ul_h)})"


def limit_words(d: Draft, pump: PumpPolicy, limit: Limit) -> str:
    """ "1 mg/kg/h (70 mL/h) set by ward 4B": a rate that is barely over still differs from it in mL/h."""
    facts = dose_facts(d, pump)
    flow = "" if facts is None else f" ({format_rate_ml_h(max_rate_ul_h(limit.ug_kg_h, facts[3], facts[2]))})"
    return f"{format_dose_mg_kg_h(exact(limit.ug_kg_h, 1000))}{flow} set by {limit.set_by}"


def hard_words(d: Draft, pump: PumpPolicy, p: PumpState) -> str:
    """Cause, value, limit and who set it."""
    rate = running_rate(p.report)
    if pump.drug is None or pump.drug.hard is None or rate is None:
        return "over the hard ceiling"
    value, limit = rate_words(d, pump, rate), limit_words(d, pump, pump.drug.hard)
    return f"{pump.drug.label} over hard ceiling: {value} > {limit}"
