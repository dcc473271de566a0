"""Alarm conditions of the bed as a whole: monitoring lost while ketamine runs (INT-08), pumpd's own faults. Pure."""

from __future__ import annotations

from pumpd.safety.alarm_table import Condition
from pumpd.safety.breathing import is_unwatched, last_heard_running
from pumpd.safety.ceiling import is_governed
from pumpd.safety.policy import AlarmKind, BedPolicy, Priority
from pumpd.safety.quality import NOTHING, RESPIRATORY, held_now, is_live, stale_from
from pumpd.safety.self_alarms import self_condition
from pumpd.safety.state import Draft


def watches(policy: BedPolicy) -> frozenset[str]:
    """The signals whose loss leaves breathing unwatched: CO2 and RR, or SpO2 where the bed has nothing better."""
    configured = {signal for monitor in policy.monitors for signal in monitor.signals}
    breathing = RESPIRATORY & configured
    return frozenset(breathing or ({"spo2"} & configured))


def note_blindness(d: Draft) -> None:
    """Remember since when no respiratory source is live."""
    for monitor in d.policy.monitors:
        samples, stale_ms = d.samples.get(monitor.device, NOTHING), stale_from(d, monitor)
        for name in RESPIRATORY:
            sample = samples.get(name)
            if sample is not None and is_live(name, sample, stale_ms):
                d.blind_ms = None
                return
    if d.breath.held and sees_no_breath(d):
        d.blind_ms = None
        return
    watched = watches(d.policy)
    seeing = any(
        name in watched and is_live(name, sample, stale_from(d, monitor))
        for monitor in d.policy.monitors
        for name, sample in d.samples.get(monitor.device, NOTHING).items()
    )
    d.blind_ms = None if seeing or not watched else (d.now if d.blind_ms is None else d.blind_ms)


def sees_no_breath(d: Draft) -> bool:
    """A monitor that holds its values because there is no breath does see breathing: it is missing (RSP-05)."""
    return any(
        (good_ms := d.samples[monitor.device][name].good_ms) is not None and good_ms > stale_from(d, monitor)
        for monitor in d.policy.monitors
        for name in held_now(d, monitor)
    )


def drug_runs(d: Draft) -> bool:
    """A governed pump was last heard infusing, or not understood."""
    return any(is_governed(pump) and last_heard_running(d.pumps[pump.device]) for pump in d.policy.pumps)


def bed_conditions(d: Draft) -> dict[str, Condition]:
    found: dict[str, Condition] = {}
    if is_unwatched(d) and drug_runs(d):
        seconds = d.policy.times.monitoring_lost_ms // 1000
        text = f"Breathing is not monitored for {seconds} s while ketamine runs: watch the patient, restore a sensor"
        found["b/monitoring_lost"] = Condition(
            "monitoring_lost", None, Priority.HIGH, AlarmKind.TECHNICAL, text, limit=f"{seconds} s"
        )
    for code, detail in d.faults.items():
        found[f"b/self:{code}"] = self_condition(code, detail)
    return found
