"""Which pumps breathing stops, and why: a respiratory interlock rule (INT-07), or nobody watching (INT-08). Pure."""

from __future__ import annotations

from pumpd.safety.ceiling import is_governed, may_infuse
from pumpd.safety.policy import MonitoringLost, PumpPolicy, RespiratoryStop
from pumpd.safety.state import Draft, PumpState


def follows_breathing(d: Draft, pump: PumpPolicy) -> bool:
    """Does a respiratory interlock stop this pump? Ketamine always, opioids where the site says so (INT-07)."""
    if is_governed(pump):
        return True
    with_opioids = d.policy.respiratory_stop is RespiratoryStop.KETAMINE_AND_OPIOIDS
    return with_opioids and pump.drug is not None and pump.drug.opioid


def is_unwatched(d: Draft) -> bool:
    """Has no respiratory source been live for as long as a bed may be without (INT-08)?"""
    return d.blind_ms is not None and d.now - d.blind_ms >= d.policy.times.monitoring_lost_ms


def last_heard_running(p: PumpState) -> bool:
    """It was last heard infusing, or not understood. A pump that was never heard is none that runs unwatched."""
    return p.report is not None and p.report.infusing is not False


def unwatched_stop(d: Draft, pump: PumpPolicy) -> str | None:
    """Why this pump must not run unwatched, or None: the site only wants an alarm, or the pump has no ketamine."""
    if d.policy.monitoring_lost is not MonitoringLost.STOP or not is_unwatched(d) or not is_governed(pump):
        return None
    return f"breathing has not been monitored for {d.policy.times.monitoring_lost_ms // 1000} s"


def stop_cause(d: Draft, pump: PumpPolicy, p: PumpState) -> str | None:
    """Why breathing stops this pump now, in words, or None."""
    if d.stop_rule is not None and follows_breathing(d, pump) and may_infuse(p):
        return d.stop_rule
    return unwatched_stop(d, pump) if d.blind_ms is not None and last_heard_running(p) else None
