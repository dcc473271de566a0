"""A monitor's quiet frame: every value is fresh, in its quiet span, and no further from the last one than it can move.

See pumpd.safety.glance. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress, repeat
from operator import is_not

from pumpd.device.facts import Reading, Vitals
from pumpd.safety.calm_policy import Calm, CalmMonitor
from pumpd.safety.quiet_frame import is_alarmed, is_calm_device, moved_on
from pumpd.safety.samples import withheld
from pumpd.safety.state import BedState, DeviceState, refreshed
from pumpd.safety.vital_state import Breath, Sample

NO_TIME = repeat(None)
PLACES = range(2**16)


def after_vitals(state: BedState, calm: Calm, monitor: CalmMonitor, vitals: Vitals, now: int) -> BedState | None:
    """The bed after this frame; None: the long way has to tell."""
    name, every = monitor.device, state.samples
    if monitor.chain != calm.chain and not begins(state, calm, monitor):
        return None
    readings, before = vitals.readings, every[name]
    if readings != monitor.readings and not follow(monitor, readings):
        monitor.chain = 0  # what is remembered of it may be half this frame's
        return None
    times = repeat(now)
    samples = dict(zip(monitor.names, map(Sample, monitor.values, monitor.qualities, times, times, NO_TIME)))  # noqa: B905
    for at in monitor.without:
        samples[monitor.names[at]] = withheld(readings[at], before[monitor.names[at]], now)
    steady_ms = None
    if monitor.steady:
        steady_ms = now if state.steady_ms is None else state.steady_ms
    device = state.devices[name]
    devices = {**state.devices, name: refreshed(device, now, device.serial)}
    calm.vitals_due_ms = vitals_due_ms = now + monitor.fresh_ms
    every = {**every, name: samples}
    return moved_on(calm, state, now, devices, every, state.pumps, vitals_due_ms, state.pumps_due_ms, steady_ms)


def follow(monitor: CalmMonitor, readings: tuple[Reading, ...]) -> bool:
    """Does this frame renew each of the samples before, quietly? Then its values are remembered: those that had a value
    have one, and the others have none (they were never measured: nobody misses them). Frames keep their order.
    """
    names, values, last = monitor.names, monitor.values, monitor.readings
    if len(readings) != len(names):
        return False
    for at in compress(PLACES, map(is_not, readings, last)) if last else range(len(names)):
        reading, before = readings[at], values[at]
        value = reading.value_milli
        if reading.signal != names[at]:
            return False
        if value != before:
            if value is None or before is None:
                return False
            low, high, jump = monitor.spans[names[at]]
            if not low <= value <= high or not -jump <= value - before <= jump:
                return False
        values[at], monitor.qualities[at] = value, reading.quality
    monitor.readings = readings
    return True


def begins(state: BedState, calm: Calm, monitor: CalmMonitor) -> bool:
    """Was all quiet before the first frame of this monitor in the chain?"""
    name = monitor.device
    samples = state.samples.get(name)
    if samples is None or state.rules or not is_calm_monitor(state, monitor, state.devices[name], samples, calm):
        return False
    if any(sample.value_milli is None and sample.good_ms is not None for sample in samples.values()):
        return False  # somebody misses that value
    monitor.chain, monitor.readings, monitor.names = calm.chain, (), tuple(samples)
    monitor.values = [sample.value_milli for sample in samples.values()]
    monitor.qualities = [sample.quality for sample in samples.values()]
    monitor.without = tuple(at for at, value in enumerate(monitor.values) if value is None)
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
