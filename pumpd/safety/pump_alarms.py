"""The alarm conditions of one pump, with their texts: cause, value, limit, and what to do by hand. Pure."""

from __future__ import annotations

from pumpd.device.facts import Outcome
from pumpd.safety import caps, ceiling
from pumpd.safety.alarm_table import Condition
from pumpd.safety.breathing import stop_cause
from pumpd.safety.decisions import InterlockState, Resume
from pumpd.safety.interlock import cannot_stop
from pumpd.safety.limits import Limit
from pumpd.safety.policy import AlarmKind, Priority, PumpPolicy
from pumpd.safety.quality import identity_condition, pump_stale_ms
from pumpd.safety.state import DeviceState, Draft, PumpState, mismatch
from pumpd.units import format_rate_ml_h

ENDS_WHEN_ACKNOWLEDGED = frozenset({"pump_changed", "command_refused"})
TECHNICAL, ADVISORY = AlarmKind.TECHNICAL, AlarmKind.ADVISORY


def scope(pump: PumpPolicy) -> str:
    return f"p:{pump.device}"


def conditions(d: Draft, pump: PumpPolicy) -> dict[str, Condition]:
    """Every condition of this pump that holds now, by key."""
    p, device = d.pumps[pump.device], d.devices[pump.device]
    found: list[Condition | None] = []
    reason = mismatch(pump.serial, pump.model, device)
    if reason is not None:
        found.append(identity_condition(pump.device, reason, pump=True))
    if device.lost:
        found.append(link_lost(d, pump, p))
    if p.report is not None and p.report.infusing is not False:
        found += [over_hard(d, pump, p), over_soft(d, pump, p), not_verified(d, pump, p)]
    if p.lock.state is InterlockState.STOP_UNCONFIRMED:
        found.append(stop_not_confirmed(d, pump, p))
    if p.lock.state is InterlockState.ALARM_ONLY:
        found += [stop_by_hand(d, pump, p), without_resume(pump, p)]
    if p.changed is not None or p.refused is not None or p.commands:
        found += events(pump, p)
    if device.alarms:
        found += own_alarms(pump, device)
    prefix = scope(pump)
    return {f"{prefix}/{c.condition}": c for c in found if c is not None}


def link_lost(d: Draft, pump: PumpPolicy, p: PumpState) -> Condition:
    """HIGH when a governed drug was infusing: it may still be."""
    seconds = pump_stale_ms(d.policy, pump) // 1000
    running = p.report is not None and p.report.infusing is not False
    urgent = running and ceiling.is_governed(pump)
    text = f"{pump.device} pump link lost: no status for {seconds} s"
    if running or p.report is None:
        text += "; the pump may still be infusing"
    priority = Priority.HIGH if urgent else Priority.MEDIUM
    return Condition("pump_lost", pump.device, priority, TECHNICAL, text, limit=f"{seconds} s")


def where(d: Draft, pump: PumpPolicy) -> str:
    """Which pump, where the bed has more than one; the tile names the bed."""
    return f" at {pump.device}" if len(d.policy.pumps) > 1 else ""


def breach(d: Draft, pump: PumpPolicy, p: PumpState, limit: Limit) -> tuple[str, str]:
    """(value, limit) as shown."""
    rate = ceiling.running_rate(p.report) or 0
    return ceiling.rate_words(d, pump, rate), f"> {ceiling.limit_words(d, pump, limit)}"


def over_hard(d: Draft, pump: PumpPolicy, p: PumpState) -> Condition | None:
    if not p.over_sure or pump.drug is None or pump.drug.hard is None:
        return None
    value, limit = breach(d, pump, p, pump.drug.hard)
    text = f"{pump.drug.label} over hard ceiling{where(d, pump)}: {value} {limit}"
    if p.lock.state is InterlockState.ALARM_ONLY:
        text += f". ALARM ONLY ({cannot_stop(pump, p)}): stop the pump by hand"
    return Condition("over_hard", pump.device, Priority.HIGH, TECHNICAL, text, value, limit, p_rate(p), low=False)


def p_rate(p: PumpState) -> int | None:
    return ceiling.running_rate(p.report)


def over_soft(d: Draft, pump: PumpPolicy, p: PumpState) -> Condition | None:
    soft = pump.drug.soft if pump.drug is not None else None
    if soft is None or pump.drug is None or p.override is not None or p.over_ms is not None:
        return None
    if not ceiling.over_limit(d, pump, p, soft):
        return None
    value, limit = breach(d, pump, p, soft)
    text = f"{pump.drug.label} over soft ceiling{where(d, pump)}: {value} {limit}; confirm with a reason"
    return Condition("over_soft", pump.device, Priority.MEDIUM, TECHNICAL, text, value, limit, p_rate(p), low=False)


def not_verified_reasons(d: Draft, pump: PumpPolicy, p: PumpState) -> tuple[str, ...]:
    """Why a running infusion cannot be judged (CEI-05)."""
    report = p.report
    if report is None or report.infusing is False or not ceiling.is_governed(pump):
        return ()
    reasons = ceiling.unverifiable(d, pump)
    uncapped = caps.unjudged(d, pump) if reasons else None
    reasons = reasons if uncapped is None else (*reasons, uncapped)
    return (*reasons, "the pump's rate is unknown") if report.rate_ul_h is None else reasons


def not_verified(d: Draft, pump: PumpPolicy, p: PumpState) -> Condition | None:
    reasons = not_verified_reasons(d, pump, p)
    if not reasons:
        return None
    text = f"Infusion not verified{where(d, pump)}: {'; '.join(reasons)}"
    return Condition("not_verified", pump.device, Priority.MEDIUM, TECHNICAL, text)


def stop_not_confirmed(d: Draft, pump: PumpPolicy, p: PumpState) -> Condition:
    seconds = d.policy.times.stop_unconfirmed_ms // 1000
    text = (
        f"STOP NOT CONFIRMED: {d.policy.label}, pump {pump.device}, after {seconds} s. "
        f"Clamp the line and stop the pump by hand. Cause: {p.lock.cause}"
    )
    return Condition("stop_not_confirmed", pump.device, Priority.HIGH, TECHNICAL, text, limit=f"{seconds} s")


def stop_by_hand(d: Draft, pump: PumpPolicy, p: PumpState) -> Condition | None:
    """Breathing wants the pump stopped, and pumpd cannot."""
    cause = stop_cause(d, pump, p)
    if cause is None:
        return None
    text = f"Stop {pump.device} by hand, ALARM ONLY ({cannot_stop(pump, p)}): {cause}"
    return Condition("stop_by_hand", pump.device, Priority.HIGH, TECHNICAL, text)


def without_resume(pump: PumpPolicy, p: PumpState) -> Condition | None:
    """It was stopped, nobody asked for a resume, it infuses, and pumpd can no longer stop it (INT-03)."""
    if p.lock.resume is not Resume.NEEDED or p.report is None or p.report.infusing is False:
        return None
    text = f"{pump.device} runs again without a resume, ALARM ONLY ({cannot_stop(pump, p)}): stop the pump by hand"
    return Condition("started_without_resume", pump.device, Priority.HIGH, TECHNICAL, text)


def events(pump: PumpPolicy, p: PumpState) -> list[Condition | None]:
    """A change at the pump, a refused command (both until acknowledged), a command whose outcome is unknown."""
    name = pump.device
    found: list[Condition | None] = []
    if p.changed is not None:
        found.append(Condition("pump_changed", name, Priority.LOW, ADVISORY, f"{name} {p.changed}"))
    if p.refused is not None:
        found.append(Condition("command_refused", name, Priority.LOW, ADVISORY, f"{name}: {p.refused}"))
    unknown = [c for c in p.commands if c.outcome is Outcome.UNKNOWN]
    if unknown:
        rate = format_rate_ml_h(unknown[-1].rate_ul_h)
        text = f"{name}: it is unknown whether the pump took the rate {rate}"
        found.append(Condition("command_unknown", name, Priority.MEDIUM, TECHNICAL, text))
    return found


def own_alarms(pump: PumpPolicy, device: DeviceState) -> list[Condition | None]:
    """The pump's own alarms, unknown codes as they came."""
    return [
        Condition(f"device_alarm:{a.code}", pump.device, Priority.MEDIUM, TECHNICAL, f"{pump.device} reports {a.text}")
        for a in device.alarms
    ]
