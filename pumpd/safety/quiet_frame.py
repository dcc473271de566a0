"""What quiet frames of monitors and pumps have in common (pumpd.safety.glance). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pumpd.device.facts import DeviceAlarms
from pumpd.safety.calm_policy import Calm
from pumpd.safety.state import BedState, DeviceState, PumpState, mismatch
from pumpd.safety.vital_state import Sample


def is_calm_device(device: DeviceState, serial: str | None, model: str | None) -> bool:
    """It is there, it is the one that the ward file names, and it has no alarm of its own."""
    if device.lost or device.alarms:
        return False
    return (serial is None and model is None) or mismatch(serial, model, device) is None


def is_alarmed(state: BedState, scope: str) -> bool:
    """Is there an alarm of this scope whose condition was there? (One that is over waits for a person only.)"""
    return any(alarm.present and key.partition("/")[0] == scope for key, alarm in state.alarms.items())


def after_alarms(state: BedState, calm: Calm, name: str, said: DeviceAlarms, now: int) -> BedState | None:
    """The bed after a device has said once more that it has no alarm; None: the long way has to tell.

    Nothing is new, so that nothing moves but the time. A device that was heard in the chain has no alarm.
    """
    device = calm.monitors.get(name) or calm.pumps.get(name)
    if said.alarms or device is None or device.chain != calm.chain:
        return None
    same = state.devices, state.samples, state.pumps
    return moved_on(calm, state, now, *same, state.vitals_due_ms, state.pumps_due_ms, state.steady_ms)


def moved_on(
    calm: Calm,
    state: BedState,
    now: int,
    devices: Mapping[str, DeviceState],
    samples: Mapping[str, Mapping[str, Sample]],
    pumps: Mapping[str, PumpState],
    vitals_due_ms: int | None,
    pumps_due_ms: int | None,
    steady_ms: int | None,
) -> BedState:
    """The state with these parts changed, the chain's last. (Spelled out: the generic replace takes twice as long.)"""
    due_ms = calm.other_due_ms
    due_ms = min(due_ms, calm.vitals_due_ms)
    due_ms = min(due_ms, calm.pumps_due_ms)
    calm.due_ms = due_ms
    calm.last = moved = BedState(
        state.bed,
        now,
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
        due_ms,
        vitals_due_ms,
        pumps_due_ms,
        state.audio_ward,
        state.breath,
        steady_ms,
        state.given,
        state.course,
        state.told,
    )
    return moved
