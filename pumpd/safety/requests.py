"""What people and orders ask of a pump: rate, stop, reset, soft override. Pure.

A request is permitted, or refused with ALL its reasons. A clamp is never silent: a rate above a ceiling is
refused, and a rate between two steps of the pump is rounded down, compared again, and the answer says so.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.facts import ControlState, Outcome
from pumpd.safety import breathing, caps, ceiling, channels, interlock, titration
from pumpd.safety.answers import refuse, unexplained, unnamed
from pumpd.safety.decisions import InterlockState, Permitted, SetRate
from pumpd.safety.events import InterlockReset, RateRequested, SoftOverride, StopRequested
from pumpd.safety.policy import PumpPolicy
from pumpd.safety.quality import is_refused
from pumpd.safety.state import Command, Draft, Override, PumpState, pump_policy
from pumpd.units import format_rate_ml_h, limit_ng_h, max_rate_ul_h

NO_PUMP = "this bed has no such pump"


def device_reasons(d: Draft, pump: PumpPolicy, p: PumpState) -> list[str]:
    """Why this pump cannot be commanded now."""
    reasons = []
    if is_refused(pump, d.devices[pump.device]):
        reasons.append("the device on the line is not the configured one")
    if not p.live:
        reasons.append("the pump's status is not live")
    elif p.report is not None and p.report.infusing is not True:
        reasons.append("the pump is not infusing; a rate must not start it")
    if not (pump.capabilities.can_set_rate and pump.capabilities.can_read_back):
        reasons.append("pumpd cannot set this model's rate and read it back")
    elif pump.capabilities.lease and p.control is not ControlState.GRANTED:
        reasons.append("pumpd does not hold the pump's remote control")
    if p.lock.state not in (InterlockState.ARMED, InterlockState.ALARM_ONLY):
        reasons.append(f"the interlock is {p.lock.state.value.replace('_', ' ')}")
    elif p.lock.state is InterlockState.ALARM_ONLY:
        reasons.append("the pump is ALARM ONLY")
    if d.stop_rule is not None:
        reasons.append(f"a respiratory interlock is active: {d.stop_rule}")
    if any(c.outcome in (None, Outcome.UNKNOWN) for c in p.commands):
        reasons.append("the outcome of an earlier rate command is not known yet")
    if "journal_failing" in d.faults:
        reasons.append("the journal is failing: the command could not be recorded")
    return reasons


def number_reasons(pump: PumpPolicy, rate: object) -> list[str]:
    """Why this is no rate of the pump."""
    able = pump.capabilities
    if type(rate) is not int:
        return ["the rate is not a whole number of microlitres per hour"]
    if rate <= 0:
        return ["the rate must be above 0; to stop the pump, stop it"]
    if rate > able.rate_max_ul_h or rate - rate % able.rate_step_ul_h < max(able.rate_min_ul_h, 1):
        low, high = format_rate_ml_h(able.rate_min_ul_h), format_rate_ml_h(able.rate_max_ul_h)
        return [f"the rate is out of the pump's range {low} to {high}"]
    return []


def is_lowering(p: PumpState, rate: int) -> bool:
    """Below what the pump reports now: permitted even when the dose cannot be verified (CEI-05)."""
    report = p.report
    return p.live and report is not None and report.rate_ul_h is not None and rate < report.rate_ul_h


def ceiling_reasons(d: Draft, pump: PumpPolicy, p: PumpState, rate: int) -> list[str]:
    """Why the ceilings forbid this rate."""
    if not ceiling.is_governed(pump):
        return ["pumpd sets the rate of governed drugs only"]
    facts = ceiling.dose_facts(d, pump)
    if facts is None:
        return [] if is_lowering(p, rate) else list(ceiling.unverifiable(d, pump))
    drug, hard, conc, weight = facts
    words = ceiling.rate_words(d, pump, rate)
    if len(d.policy.pumps) > 1 and (others := channels.others(d, pump)):
        return together_reasons(d, pump, p, rate, others)
    if ceiling.over(rate, hard, conc, weight):
        return [f"{words} is above the hard ceiling {ceiling.limit_words(d, pump, hard)}"]
    if drug.soft is not None and p.override is None and ceiling.over(rate, drug.soft, conc, weight):
        return [
            f"{words} is above the soft ceiling {ceiling.limit_words(d, pump, drug.soft)}: a named override is needed"
        ]
    return []


def together_reasons(d: Draft, pump: PumpPolicy, p: PumpState, rate: int, others: list[PumpPolicy]) -> list[str]:
    """The same, with the other pumps of the bed that run a governed drug (CEI-11)."""
    unknown = [] if is_lowering(p, rate) else others
    reasons = [f"{o.device} runs too: {why}" for o in unknown for why in ceiling.unverifiable(d, o)]
    names = " and ".join(other.device for other in others)
    words = f"{ceiling.rate_words(d, pump, rate)} with what runs at {names}"
    drug = pump.drug
    if drug is not None and channels.above_with(d, pump, rate, drug.hard):
        reasons.append(f"{words} is above the hard ceiling {channels.limit_words(drug.hard)}")
    elif drug is not None and p.override is None and channels.above_with(d, pump, rate, drug.soft):
        limit = channels.limit_words(drug.soft)
        reasons.append(f"{words} is above the soft ceiling {limit}: a named override is needed")
    return reasons


def highest_rate(d: Draft, pump: PumpPolicy, rate: int) -> int:
    """The greatest rate the driver may send for this request; without a verifiable dose, the (lower) rate itself."""
    facts = ceiling.dose_facts(d, pump)
    if facts is None:
        return rate
    _, hard, conc, weight = facts
    step = pump.capabilities.rate_step_ul_h
    taken = channels.others_ng_h(d, pump) if len(d.policy.pumps) > 1 else 0
    if taken:
        left = max(0, limit_ng_h(hard.ug_kg_h, weight) - taken) // conc
        return left - left % step
    return max_rate_ul_h(hard.ug_kg_h, weight, conc, step)


def limit_reasons(d: Draft, pump: PumpPolicy, p: PumpState, rate: int) -> list[str]:
    """Why ceilings, caps and the protocol forbid this rate."""
    protocol = titration.request_reasons(d, pump, p, rate)
    return ceiling_reasons(d, pump, p, rate) + caps.forbids(d, pump, rate) + protocol


def rate_requested(d: Draft, event: RateRequested) -> None:
    pump = pump_policy(d.policy, event.pump)
    if pump is None:
        refuse(d, "rate", event.pump, (*unnamed(event.by), *unexplained(event.reason), NO_PUMP), event.by, event.reason)
        return
    p = d.pumps[pump.device]
    numbers = number_reasons(pump, event.rate_ul_h)
    rate = event.rate_ul_h if numbers else event.rate_ul_h - event.rate_ul_h % pump.capabilities.rate_step_ul_h
    asked = event.rate_ul_h if type(event.rate_ul_h) is int and event.rate_ul_h > 0 else None
    ceilings = [] if asked is None else limit_reasons(d, pump, p, asked)
    reasons = unnamed(event.by) + unexplained(event.reason) + numbers + ceilings + device_reasons(d, pump, p)
    highest = 0 if reasons else highest_rate(d, pump, rate)
    if not reasons and rate > highest:
        reasons.append("the rounded rate is above the ceiling")
    if reasons:
        refuse(d, "rate", event.pump, reasons, event.by, event.reason)
        return
    permit_rate(d, pump, event, rate, highest)


def permit_rate(d: Draft, pump: PumpPolicy, event: RateRequested, rate: int, highest: int) -> None:
    p = d.pumps[pump.device]
    rounded = f"rounded down to the pump's step: {format_rate_ml_h(rate)}" if rate != event.rate_ul_h else ""
    order_id = d.order_id()
    d.out.append(Permitted("rate", pump.device, event.by, rounded))
    d.out.append(SetRate(pump.device, order_id, rate, highest, f"requested by {event.by}: {event.reason}"))
    command = Command(order_id, rate, d.now, reduce=False)
    d.pumps[pump.device] = replace(p, commands=(*p.commands, command))


def stop_requested(d: Draft, event: StopRequested) -> None:
    """A person stops the pump: trips like any breach, and is repeated until verified."""
    pump = pump_policy(d.policy, event.pump)
    reasons = unnamed(event.by)
    if pump is None:
        refuse(d, "stop", event.pump, (*reasons, NO_PUMP), event.by, event.reason)
        return
    p = d.pumps[pump.device]
    by_hand = interlock.cannot_stop(pump, p) if p.lock.state is InterlockState.ALARM_ONLY else None
    if by_hand is not None:
        reasons.append(f"ALARM ONLY ({by_hand}): stop the pump by hand")
    if is_refused(pump, d.devices[pump.device]):
        reasons.append("the device on the line is not the configured one: stop the pump by hand")
    if reasons:
        refuse(d, "stop", event.pump, reasons, event.by, event.reason)
        return
    d.out.append(Permitted("stop", event.pump, event.by))
    d.pumps[pump.device] = interlock.trip(d, pump, p, f"stopped by {event.by}: {event.reason}")


def interlock_reset(d: Draft, event: InterlockReset) -> None:
    """Re-arm after a verified stop whose cause is over; starts nothing (INT-03)."""
    pump = pump_policy(d.policy, event.pump)
    reasons = unnamed(event.by) + unexplained(event.reason)
    if pump is None:
        refuse(d, "interlock_reset", event.pump, (*reasons, NO_PUMP), event.by, event.reason)
        return
    p = d.pumps[pump.device]
    reasons += reset_reasons(d, pump, p)
    if reasons:
        refuse(d, "interlock_reset", event.pump, reasons, event.by, event.reason)
        return
    d.out.append(Permitted("interlock_reset", event.pump, event.by))
    d.pumps[pump.device] = interlock.reset(d, pump, p)


def reset_reasons(d: Draft, pump: PumpPolicy, p: PumpState) -> list[str]:
    """Why a trip must stay: nothing to reset, not verified, or its cause persists."""
    state = p.lock.state
    if state in (InterlockState.ARMED, InterlockState.ALARM_ONLY):
        return ["the interlock is not tripped"]
    reasons = [] if state is InterlockState.STOP_VERIFIED else ["the stop is not verified"]
    if not p.live:
        reasons.append("the pump's status is not live")
    if programmed_over(d, pump, p):
        reasons.append("the pump's rate is still above the hard ceiling")
    if d.stop_rule is not None:
        reasons.append(f"a respiratory interlock is active: {d.stop_rule}")
    unwatched = breathing.unwatched_stop(d, pump)
    return reasons if unwatched is None else [*reasons, unwatched]


def programmed_over(d: Draft, pump: PumpPolicy, p: PumpState) -> bool:
    """Would the pump be over the ceiling if somebody pressed start now?"""
    facts = ceiling.dose_facts(d, pump)
    rate = None if p.report is None else p.report.rate_ul_h
    return facts is not None and rate is not None and ceiling.over(rate, facts[1], facts[2], facts[3])


def soft_override(d: Draft, event: SoftOverride) -> None:
    """A named user accepts a rate above soft, now or in the next request; never touches hard (CEI-08)."""
    pump = pump_policy(d.policy, event.pump)
    reasons = unnamed(event.by) + unexplained(event.reason)
    if pump is None:
        refuse(d, "override", event.pump, (*reasons, NO_PUMP), event.by, event.reason)
        return
    p = d.pumps[pump.device]
    facts = ceiling.dose_facts(d, pump)
    if facts is None:
        reasons += list(ceiling.unverifiable(d, pump)) or ["the drug has no ceiling here"]
    elif facts[0].soft is None:
        reasons.append("the drug has no soft ceiling here")
    if not p.live or p.report is None or p.report.infusing is False:
        reasons.append("the pump is not infusing, or its status is not live")
    if p.over_ms is not None:
        reasons.append("the rate is above the hard ceiling, which nobody can override")
    if reasons:
        refuse(d, "override", event.pump, reasons, event.by, event.reason)
        return
    d.out.append(Permitted("override", event.pump, event.by, soft_words(d, pump, event.reason)))
    d.pumps[pump.device] = replace(p, override=Override(event.by, event.reason, d.now, used=False))


def soft_words(d: Draft, pump: PumpPolicy, reason: str) -> str:
    """What is set aside, whose it is, and why."""
    soft = pump.drug.soft if pump.drug is not None else None
    return "" if soft is None else f"soft ceiling {ceiling.limit_words(d, pump, soft)} set aside: {reason}"
