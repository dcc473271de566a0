"""A monitor's quiet frame: every value is fresh, in its quiet span, and no further from the last one than it can move.

See pumpd.safety.glance. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from operator import is_not

from pumpd.device.facts import Quality, Reading, Vitals
from pumpd.safety.calm_policy import Calm, CalmMonitor
from pumpd.safety.quiet_frame import is_alarmed, is_calm_device
from pumpd.safety.state import BedState, DeviceState
from pumpd.safety.vital_state import Breath, Sample

PLACES = range(2**16)


def pass_over_vitals(calm: Calm, monitor: CalmMonitor, vitals: Vitals, now: int) -> bool:
    """Is the frame a quiet one? Then it is the monitor's last."""
    if monitor.chain != calm.chain and not begins(calm, monitor):
        return False
    readings = vitals.readings
    if readings != monitor.readings:
        if not follows(monitor, readings):
            return False
        if monitor.without:
            note_off(monitor, readings, now)
        monitor.readings = readings
    monitor.heard_ms, monitor.moved = now, True
    if not monitor.steady:
        calm.steady_ms = None
    elif calm.steady_ms is None:
        calm.steady_ms = now
    calm.vitals_due_ms = calm.said_vitals_due_ms = due_ms = now + monitor.fresh_ms
    due_ms = due_ms if due_ms < calm.pumps_due_ms else calm.pumps_due_ms  # min() takes longer
    calm.due_ms = due_ms if due_ms < calm.other_due_ms else calm.other_due_ms
    calm.now_ms, calm.moved = now, True
    return True


def follows(monitor: CalmMonitor, readings: tuple[Reading, ...]) -> bool:
    """Does this frame renew each of the samples before, quietly? Those that had a value have one, and the others have
    none (they were never measured: nobody misses them). Frames keep their order.
    """
    names, last = monitor.names, monitor.readings
    if len(readings) != len(names):
        return False
    for at in compress(PLACES, map(is_not, readings, last)) if last else range(len(names)):
        reading = readings[at]
        value, before = reading.value_milli, last[at].value_milli if last else monitor.values[at]
        if reading.signal != names[at]:
            return False
        if value != before:
            if value is None or before is None:
                return False
            low, high, jump = monitor.spans[names[at]]
            if not low <= value <= high or not -jump <= value - before <= jump:
                return False
    return True


def note_off(monitor: CalmMonitor, readings: tuple[Reading, ...], now: int) -> None:
    """Since when do signals without a value say that their sensor is off? As pumpd.safety.samples.withheld."""
    off_ms = monitor.off_ms
    for n, at in enumerate(monitor.without):
        if readings[at].quality is not Quality.OFF:
            off_ms[n] = None
        elif off_ms[n] is None:
            off_ms[n] = now


def begins(calm: Calm, monitor: CalmMonitor) -> bool:
    """Was all quiet before the first frame of this monitor in the chain?"""
    state = calm.state
    samples = None if state is None else state.samples.get(monitor.device)
    if state is None or samples is None or state.rules:
        return False
    if not is_calm_monitor(state, monitor, state.devices[monitor.device], samples, calm):
        return False
    if any(sample.value_milli is None and sample.good_ms is not None for sample in samples.values()):
        return False  # somebody misses that value
    monitor.chain, monitor.moved, monitor.readings, monitor.names = calm.chain, False, (), tuple(samples)
    monitor.values = tuple(sample.value_milli for sample in samples.values())
    monitor.without = tuple(at for at, value in enumerate(monitor.values) if value is None)
    monitor.off_ms = [sample.off_ms for sample in samples.values() if sample.value_milli is None]
    monitor.steady = sees_all(samples, monitor.required)
    return True


def is_calm_monitor(
    state: BedState, monitor: CalmMonitor, device: DeviceState, samples: Mapping[str, Sample], calm: Calm
) -> bool:
    """Was all quiet before this frame? (Which signals have a value, a frame that is passed over leaves as it was.)"""
    breath = state.breath
    if breath.runs or breath.held or breath.doubts or breath.differ:
        return False
    if not is_calm_device(device, monitor.serial, monitor.model) or is_alarmed(state, "v"):
        return False
    if not sees(samples, monitor.sees) or not is_quiet_beside(breath, samples, monitor):
        return False
    for name, sample in samples.items():
        span, value = monitor.spans.get(name), sample.value_milli
        if span is None or (value is not None and not span[0] <= value <= span[1]):  # what is no number is in no span
            return False
    return not (calm.policy.oxygen or breath.oxygen is not None) or sees(samples, monitor.co2)


def sees(samples: Mapping[str, Sample], names: tuple[str, ...]) -> bool:
    """Has one of these signals a value?"""
    for name in names:
        sample = samples.get(name)
        if sample is not None and sample.value_milli is not None:
            return True
    return False


def sees_all(samples: Mapping[str, Sample], names: tuple[str, ...]) -> bool:
    for name in names:
        sample = samples.get(name)
        if sample is None or sample.value_milli is None:
            return False
    return True


def is_quiet_beside(breath: Breath, samples: Mapping[str, Sample], monitor: CalmMonitor) -> bool:
    """What people assessed is judged like a value: is each of them quiet, and of no signal that a monitor has?"""
    for name, said in breath.assessed.items():
        if name in samples or name in monitor.required:
            return False
        span = monitor.spans.get(name)
        if span is None or not span[0] <= said.value_milli <= span[1]:
            return False
    return True
