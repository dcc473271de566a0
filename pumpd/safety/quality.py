"""Which values may be believed, shown and judged: freshness, sensor range, sensor off, identity (QUA). Pure.

A value is live while it is younger than vitals_live_ms; then it is shown grey (questionable, with its age)
until vitals_withdraw_ms, and then withdrawn with a technical alarm. Only a live value is judged.
"""

from __future__ import annotations

from dataclasses import replace

from pumpd.device.facts import Quality, Reading, Vitals
from pumpd.device.signals import SIGNALS
from pumpd.safety.alarm_table import Condition
from pumpd.safety.policy import AlarmKind, BedPolicy, MonitorPolicy, Priority, PumpPolicy
from pumpd.safety.state import DeviceState, Draft, Sample, mismatch

BELIEVED = frozenset({Quality.OK, Quality.QUESTIONABLE})
EPISODIC = frozenset(name for name, signal in SIGNALS.items() if signal.episodic)
RESPIRATORY = frozenset({"rr", "etco2"})  # a source that sees breathing; SpO2 alone does not


def taken(reading: Reading, old: Sample | None, now: int) -> Sample | None:
    """The sample after this reading; a value out of the sensor's range becomes invalid (QUA-01)."""
    value, quality = reading.value_milli, reading.quality
    signal = SIGNALS.get(reading.signal)
    if signal is None:
        return None
    if value is not None and signal.min_milli <= value <= signal.max_milli:
        return Sample(value, quality, now, now, None)
    if value is not None:
        quality = Quality.INVALID
    off_ms = None
    if quality is Quality.OFF:
        off_ms = now if old is None or old.off_ms is None else old.off_ms
    return Sample(None, quality, now, None if old is None else old.good_ms, off_ms)


def take_vitals(d: Draft, device: str, vitals: Vitals) -> None:
    """Remember every reading of a frame; a signal that the frame does not carry ages by itself."""
    samples = dict(d.samples.get(device, {}))
    for reading in vitals.readings:
        sample = taken(reading, samples.get(reading.signal), d.now)
        if sample is not None:
            samples[reading.signal] = sample
    d.samples[device] = samples


def is_live(name: str, sample: Sample, now: int, live_ms: int) -> bool:
    """May the value be judged? An assessment such as POSS stays valid until the next one."""
    if sample.value_milli is None:
        return False
    return name in EPISODIC or now - sample.at_ms < live_ms


def live_values(d: Draft) -> dict[str, tuple[int, str]]:
    """Per signal the value that counts and its monitor: the first live one in the bed's order (RSP-07)."""
    found: dict[str, tuple[int, str]] = {}
    now, live_ms = d.now, d.policy.times.vitals_live_ms
    for monitor in d.policy.monitors:
        for name, sample in d.samples.get(monitor.device, {}).items():
            value = sample.value_milli
            if value is not None and (now - sample.at_ms < live_ms or name in EPISODIC) and name not in found:
                found[name] = (value, monitor.device)
    return found


def seen_signals(d: Draft) -> set[str]:
    """Signals that have ever had a value; a missing one of these is unknown, not absent."""
    return {
        name
        for samples in d.samples.values()
        for name, sample in samples.items()
        if sample.value_milli is not None or sample.good_ms is not None
    }


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
        seconds = d.policy.times.vitals_withdraw_ms // 1000
        text = f"{name} lost: no vital signs for {seconds} s"
        found[f"v/monitor_lost@{name}"] = Condition(
            "monitor_lost", name, Priority.MEDIUM, AlarmKind.TECHNICAL, text, limit=f"{seconds} s"
        )
    else:
        signal_conditions(d, name, found)
    for alarm in device.alarms:
        found[f"v/device_alarm:{alarm.code}@{name}"] = Condition(
            f"device_alarm:{alarm.code}", name, Priority.LOW, AlarmKind.ADVISORY, f"{name} reports {alarm.text}"
        )
    return found


def signal_conditions(d: Draft, name: str, found: dict[str, Condition]) -> None:
    """Sensor off (after vitals_live_ms) and value withdrawn, for signals that had a value before."""
    times = d.policy.times
    for signal, sample in d.samples.get(name, {}).items():
        good_ms = sample.good_ms
        if good_ms is None or d.now - good_ms < times.vitals_live_ms or signal in EPISODIC:
            continue
        label = SIGNALS[signal].label
        if sample.off_ms is not None and d.now - sample.off_ms >= times.vitals_live_ms:
            found[f"v/sensor_off:{signal}@{name}"] = Condition(
                f"sensor_off:{signal}", name, Priority.MEDIUM, AlarmKind.TECHNICAL, f"{label} sensor off at {name}"
            )
        elif sample.off_ms is None and d.now - good_ms >= times.vitals_withdraw_ms:
            seconds = times.vitals_withdraw_ms // 1000
            found[f"v/signal_lost:{signal}@{name}"] = Condition(
                f"signal_lost:{signal}",
                name,
                Priority.MEDIUM,
                AlarmKind.TECHNICAL,
                f"{label} lost: no valid value from {name} for {seconds} s",
                limit=f"{seconds} s",
            )


def note_losses(d: Draft) -> None:
    """Mark devices that have been silent for too long as lost, and their values as not live."""
    for pump in d.policy.pumps:
        mark_lost(d, pump.device, pump_stale_ms(d.policy, pump))
    for monitor in d.policy.monitors:
        mark_lost(d, monitor.device, d.policy.times.vitals_withdraw_ms)


def mark_lost(d: Draft, name: str, limit_ms: int) -> None:
    device = d.devices[name]
    if device.lost or device.heard_ms is None or d.now - device.heard_ms < limit_ms:
        return
    d.devices[name] = replace(device, lost=True)
    if name in d.pumps:
        d.pumps[name] = replace(d.pumps[name], live=False)
