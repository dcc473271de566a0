"""What quiet frames of monitors and pumps have in common, and the state after them (pumpd.safety.glance). Pure."""

from __future__ import annotations

from pumpd.device.facts import DeviceAlarms
from pumpd.safety.calm_policy import Calm, CalmMonitor, CalmPump
from pumpd.safety.state import BedState, DeviceState, PumpState, mismatch, refreshed
from pumpd.safety.vital_state import Sample


def take(calm: Calm, state: BedState) -> None:
    """The bed is this now, whatever it was: a chain may begin with it."""
    calm.state, calm.begun, calm.moved, calm.chain = state, False, False, calm.chain + 1


def is_calm_device(device: DeviceState, serial: str | None, model: str | None) -> bool:
    """It is there, it is the one that the ward file names, and it has no alarm of its own."""
    if device.lost or device.alarms:
        return False
    return (serial is None and model is None) or mismatch(serial, model, device) is None


def is_alarmed(state: BedState, scope: str) -> bool:
    """Is there an alarm of this scope whose condition was there? (One that is over waits for a person only.)"""
    return any(alarm.present and key.partition("/")[0] == scope for key, alarm in state.alarms.items())


def pass_over_alarms(calm: Calm, name: str, said: DeviceAlarms, now: int) -> bool:
    """A device says once more that it has no alarm. Nothing is new, so that nothing moves but the time.

    A device that was heard in the chain has no alarm.
    """
    device = calm.monitors.get(name) or calm.pumps.get(name)
    if said.alarms or device is None or device.chain != calm.chain:
        return False
    calm.due_ms = min(calm.other_due_ms, calm.vitals_due_ms, calm.pumps_due_ms)
    calm.now_ms, calm.moved = now, True
    return True


def settled(calm: Calm) -> BedState | None:
    """The bed with every frame that was passed over; None where it was never told of one."""
    if calm.moved:
        assert calm.state is not None
        calm.state, calm.moved = moved_on(calm, calm.state), False
    return calm.state


def moved_on(calm: Calm, state: BedState) -> BedState:
    """The state with the newest values and times. (Spelled out: the generic replace takes twice as long.)"""
    devices, samples, pumps = {**state.devices}, {**state.samples}, {**state.pumps}
    for monitor in calm.monitors.values():
        if monitor.moved and monitor.chain == calm.chain:
            monitor.moved, name = False, monitor.device
            devices[name] = refreshed(devices[name], monitor.heard_ms, devices[name].serial)
            samples[name] = samples_of(monitor)
    for pump in calm.pumps.values():
        if pump.moved and pump.chain == calm.chain and pump.report is not None:
            pump.moved, name = False, pump.device
            devices[name] = refreshed(devices[name], pump.report.at_ms, pump.serial)
            pumps[name] = reported(pump, pumps[name])
    return BedState(
        state.bed,
        calm.now_ms,
        state.patient,
        devices,
        samples,
        state.rules,
        pumps,
        state.alarms,
        state.faults,
        state.alarm_n,
        state.order_n,
        state.audio_until_ms,
        state.audio_by,
        None,
        None,
        True,
        calm.due_ms,
        calm.said_vitals_due_ms,
        calm.said_pumps_due_ms,
        state.audio_ward,
        state.breath,
        calm.steady_ms,
        state.given,
        state.course,
        state.told,
    )


def samples_of(monitor: CalmMonitor) -> dict[str, Sample]:
    """What the monitor's last frame left; a signal without a value was never measured."""
    at_ms = monitor.heard_ms
    samples = {one.signal: Sample(one.value_milli, one.quality, at_ms, at_ms, None) for one in monitor.readings}
    for place, off_ms in zip(monitor.without, monitor.off_ms, strict=True):
        one = monitor.readings[place]
        samples[one.signal] = Sample(None, one.quality, at_ms, None, off_ms)
    return samples


def reported(pump: CalmPump, p: PumpState) -> PumpState:
    """The pump after its last report: nothing is pending or told of one that is calm."""
    return PumpState(p.lock, pump.report, True, p.control, None, False, None, None, (), None, None, pump.dose)
