"""Which values may be believed, shown and judged: freshness, sensor range, sensor off, identity (QUA). Pure.

A value is live while it is younger than its monitor's live time (pumpd.safety.freshness); then it is shown grey
(questionable, with its age) until it is withdrawn with a technical alarm. Only a live value is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from pumpd.device.signals import SIGNALS
from pumpd.safety.alarm_table import Condition
from pumpd.safety.freshness import live_ms, withdraw_ms
from pumpd.safety.policy import AlarmKind, BedPolicy, MonitorPolicy, Priority, PumpPolicy
from pumpd.safety.rules import plan_of
from pumpd.safety.state import DeviceState, Draft, mismatch
from pumpd.safety.vital_state import Sample

EPISODIC = frozenset(name for name, signal in SIGNALS.items() if signal.episodic)
# What one sensor measures, and what a monitor makes of it: when the first is missing, so is the rest.
SENSORS = {"etco2": "CO2", "spo2": "SpO2"}
MEASURED_BY = dict.fromkeys(("rr", "fico2", "no_breath", "no_breath_s", "ipi"), "etco2") | {"pulse": "spo2"}
WORST_COUNTS = frozenset({"no_breath", "no_breath_s"})  # missing breath; where the rate is missing, so is this
NOTHING: Mapping[str, Sample] = MappingProxyType({})
RESPIRATORY = frozenset({"rr", "etco2"})  # a source that sees breathing; SpO2 alone does not


def stale_from(d: Draft, monitor: MonitorPolicy) -> int:
    """A value of this monitor that came then, or before, is not live."""
    return d.now - live_ms(d.policy.times, monitor)


def is_live(name: str, sample: Sample, stale_ms: int) -> bool:
    """May the value be judged? stale_ms: stale_from. An assessment such as POSS stays valid until the next one."""
    return sample.value_milli is not None and (name in EPISODIC or sample.at_ms > stale_ms)


def live_values(d: Draft) -> dict[str, int]:
    """Per signal the value that counts: the first live one in the bed's order of monitors (RSP-07).

    Of missing breath the worst word counts, whoever says it: a source that believes to see breath (a moving chest)
    does not contradict one that sees no air. A source that says it sees no breath has not failed: what it holds is
    missing, and no other source speaks for it.
    """
    found: dict[str, int] = {}
    held = d.breath.held
    blocked: set[str] = set()
    for monitor in d.policy.monitors:
        stale_ms = stale_from(d, monitor)
        samples = d.samples.get(monitor.device, NOTHING)
        for name, sample in samples.items():
            value = sample.value_milli
            if value is None or not (sample.at_ms > stale_ms or name in EPISODIC):
                continue
            if name not in found or (name in WORST_COUNTS and value > found[name]):
                found[name] = value
        if held:
            blocked |= {name for name in held_now(d, monitor) if name not in found}
            found = {name: value for name, value in found.items() if name not in blocked}
    if found.get("rr") == 0:
        uncontradict(d, found)
    if d.breath.assessed:
        found |= {name: said.value_milli for name, said in d.breath.assessed.items() if not newer_sample(d, name)}
    return found


def uncontradict(d: Draft, found: dict[str, int]) -> None:
    """A source that shows RR 0 and has no word of its own for missing breath is not answered by one that sees breath:
    nobody's `there is breath` counts then, so that the rule for RR 0 alone applies."""
    source = source_of(d, "rr")
    monitor = next((monitor for monitor in d.policy.monitors if monitor.device == source), None)
    if monitor is None:
        return
    own, stale_ms = d.samples.get(monitor.device, NOTHING), stale_from(d, monitor)
    if any(name in own and is_live(name, own[name], stale_ms) for name in WORST_COUNTS):
        return
    sees_breath_below = {"no_breath": 1, "no_breath_s": d.policy.breathing.held_after_ms}
    for name, least in sees_breath_below.items():
        if found.get(name, least) < least:
            del found[name]


def held_now(d: Draft, monitor: MonitorPolicy) -> list[str]:
    """Signals that this monitor holds now, and goes on reporting (RSP-05)."""
    stale_ms, samples = stale_from(d, monitor), d.samples.get(monitor.device, NOTHING)
    held = d.breath.held.get(monitor.device, {})
    return [name for name in held if name in samples and samples[name].at_ms > stale_ms]


def newer_sample(d: Draft, signal: str) -> bool:
    """Has a monitor said something of it after the person who assessed it?"""
    at_ms = d.breath.assessed[signal].at_ms
    found = (d.samples.get(monitor.device, NOTHING).get(signal) for monitor in d.policy.monitors)
    return any(sample is not None and sample.value_milli is not None and sample.at_ms > at_ms for sample in found)


def source_of(d: Draft, signal: str) -> str | None:
    """The monitor whose value of this signal counts now; None: there is none, or a person assessed it."""
    if signal in d.breath.assessed and not newer_sample(d, signal):
        return None
    if signal in WORST_COUNTS:
        return worst_source(d, signal)
    for monitor in d.policy.monitors:
        sample = d.samples.get(monitor.device, NOTHING).get(signal)
        if sample is not None and is_live(signal, sample, stale_from(d, monitor)):
            return monitor.device
        if signal in held_now(d, monitor):
            return None
    return None


def worst_source(d: Draft, signal: str) -> str | None:
    """The monitor that says the highest live value, the first of equals in the bed's order."""
    found, worst = "", -1
    for monitor in d.policy.monitors:
        sample = d.samples.get(monitor.device, NOTHING).get(signal)
        live = sample is not None and is_live(signal, sample, stale_from(d, monitor))
        if sample is not None and live and (sample.value_milli or 0) > worst:
            found, worst = monitor.device, sample.value_milli or 0
    return found or None


def seen_signals(d: Draft) -> frozenset[str]:
    """Signals that have ever had a value; a missing one of these is unknown, not absent."""
    return frozenset(d.breath.assessed) | frozenset(
        name
        for samples in d.samples.values()
        for name, sample in samples.items()
        if sample.value_milli is not None or sample.good_ms is not None
    )


def pump_stale_ms(policy: BedPolicy, pump: PumpPolicy) -> int:
    """How long a pump may be silent before its rate is withdrawn (QUA-02)."""
    times = policy.times
    return max(times.pump_stale_polls * pump.poll_ms, times.pump_stale_min_ms)


def is_refused(policy: MonitorPolicy | PumpPolicy, device: DeviceState) -> bool:
    return mismatch(policy.serial, policy.model, device) is not None


def identity_condition(name: str, reason: str, pump: bool) -> Condition:
    return Condition(
        "device_refused",
        name,
        Priority.HIGH if pump else Priority.MEDIUM,
        AlarmKind.TECHNICAL,
        f"{name} refused: {reason}; its values are not used and it gets no commands",
    )


def monitor_conditions(d: Draft, monitor: MonitorPolicy) -> dict[str, Condition]:
    """Technical alarms of one monitor: refused, lost, sensor off, signal lost; and its own alarms as advisories."""
    name = monitor.device
    device = d.devices[name]
    reason = mismatch(monitor.serial, monitor.model, device)
    found: dict[str, Condition] = {}
    if reason is not None:
        found[f"v/device_refused@{name}"] = identity_condition(name, reason, pump=False)
    elif device.lost:
        seconds = withdraw_ms(d.policy.times, monitor) // 1000
        text = f"{name} lost: no vital signs for {seconds} s"
        found[f"v/monitor_lost@{name}"] = Condition(
            "monitor_lost", name, Priority.MEDIUM, AlarmKind.TECHNICAL, text, limit=f"{seconds} s"
        )
    else:
        signal_conditions(d, monitor, found)
    for alarm in device.alarms:
        found[f"v/device_alarm:{alarm.code}@{name}"] = Condition(
            f"device_alarm:{alarm.code}", name, Priority.LOW, AlarmKind.ADVISORY, f"{name} reports {alarm.text}"
        )
    return found


def signal_conditions(d: Draft, monitor: MonitorPolicy, found: dict[str, Condition]) -> None:
    """Sensor off (after the live time, or on withdrawal), value withdrawn: for signals that had a value before."""
    name = monitor.device
    stale_ms, withdrawn_ms = stale_from(d, monitor), d.now - withdraw_ms(d.policy.times, monitor)
    off: set[str] = set()
    lost: set[str] = set()
    for signal, sample in d.samples.get(name, NOTHING).items():
        good_ms, off_ms = sample.good_ms, sample.off_ms
        if good_ms is None or good_ms > stale_ms or signal in EPISODIC:
            continue
        withdrawn = good_ms <= withdrawn_ms
        if off_ms is not None and (withdrawn or off_ms <= stale_ms):
            off.add(signal)
        elif withdrawn:
            lost.add(signal)
    if off:
        found.update(sensors_off(d, name, off))
    if lost:
        found.update(signals_lost(d, monitor, lost))


def by_cause(d: Draft, monitor: str, missing: set[str]) -> dict[str, str]:
    """Label by signal: one for each cause, not one for each signal.

    Signals that no rule and no screen needs are left out, and so are those that come out of a measurement which
    is itself missing; when nothing of it is left, it has the name of its sensor.
    """
    needed = plan_of(d.policy.profile).needed
    rate = d.samples[monitor].get("rr")
    breathless = WORST_COUNTS if "rr" in missing or (rate is not None and rate.value_milli == 0) else frozenset()
    told = sorted(name for name in missing & needed - breathless if MEASURED_BY.get(name) not in missing)
    left = {MEASURED_BY.get(name) for name in (d.samples[monitor].keys() - missing) & needed}
    return {name: SIGNALS[name].label if name in left else SENSORS.get(name, SIGNALS[name].label) for name in told}


def sensors_off(d: Draft, monitor: str, off: set[str]) -> dict[str, Condition]:
    return {
        f"v/sensor_off:{signal}@{monitor}": Condition(
            f"sensor_off:{signal}", monitor, Priority.MEDIUM, AlarmKind.TECHNICAL, f"{label} sensor off at {monitor}"
        )
        for signal, label in by_cause(d, monitor, off).items()
    }


def signals_lost(d: Draft, monitor: MonitorPolicy, lost: set[str]) -> dict[str, Condition]:
    name, seconds = monitor.device, withdraw_ms(d.policy.times, monitor) // 1000
    return {
        f"v/signal_lost:{signal}@{name}": Condition(
            f"signal_lost:{signal}",
            name,
            Priority.MEDIUM,
            AlarmKind.TECHNICAL,
            f"{label} lost: no valid value from {name} for {seconds} s",
            limit=f"{seconds} s",
        )
        for signal, label in by_cause(d, name, lost).items()
    }


def note_losses(d: Draft) -> None:
    """Mark devices that have been silent for too long as lost, and their values as not live."""
    for pump in d.policy.pumps:
        mark_lost(d, pump.device, pump_stale_ms(d.policy, pump))
    for monitor in d.policy.monitors:
        mark_lost(d, monitor.device, withdraw_ms(d.policy.times, monitor))


def mark_lost(d: Draft, name: str, limit_ms: int) -> None:
    device = d.devices[name]
    if device.lost or device.heard_ms is None or d.now - device.heard_ms < limit_ms:
        return
    d.devices[name] = replace(device, lost=True)
    if name in d.pumps:
        d.pumps[name] = replace(d.pumps[name], live=False)
