"""Monitors that report more seldom than the ward's live time, and what that means for alarms (QUA-02). Pure."""

from __future__ import annotations

from pumpd.safety.bed_alarms import watches
from pumpd.safety.freshness import live_ms, withdraw_ms
from pumpd.safety.policy import BedPolicy, MonitorPolicy


def slow_warnings(policy: BedPolicy) -> list[tuple[int, str]]:
    """Which monitor of the bed, and what a person should know who relies on it."""
    times = policy.times
    slow = [(m, one) for m, one in enumerate(policy.monitors) if live_ms(times, one) > times.vitals_live_ms]
    return [(m, _words(policy, monitor)) for m, monitor in slow]


def _words(policy: BedPolicy, monitor: MonitorPolicy) -> str:
    times, every = policy.times, _seconds(monitor.period_ms)
    live = live_ms(times, monitor)
    said = (
        f"{monitor.device} reports every {every}: its values count for {_seconds(live)} and are blank after "
        f"{_seconds(withdraw_ms(times, monitor))}; what it sees, missing breath too, alarms up to {every} late"
    )
    if not watches(policy) & set(monitor.signals):
        return said
    return f"{said}, and breathing that nobody watches after {_seconds(live + times.monitoring_lost_ms)}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g} s"
