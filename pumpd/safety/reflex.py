"""The shortcut of a stop: for a status report that certainly stops its pump, the stop order that `step` will decide.

`step` judges a bed in hundreds of small operations and finds the words of the alarm; none of that has to be waited
for when one comparison tells that the pump runs above its hard ceiling, or again after a stop without a resume. The
shell asks here first, sends the stop, and steps then; the step decides the same order with the same id. Whenever
anything makes that less than certain the answer is None and the stop leaves after the step. Pure.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.facts import ControlState, Integrity, PumpStatus
from pumpd.safety.decisions import InterlockState, Resume
from pumpd.safety.events import Patient
from pumpd.safety.interlock import cannot_stop
from pumpd.safety.policy import BedPolicy, Enforcement, PumpPolicy, WeightRange
from pumpd.safety.state import BedState, DeviceState, PumpState, mismatch, order_name, pump_policy


def stop_at_once(state: BedState, device: str, status: PumpStatus, now: int, policy: BedPolicy) -> str | None:
    """The id of the first order that `step` decides for this report if that is surely a stop, else None.

    Arguments as for `step`, with the event Heard(device, status).
    """
    if status.infusing is False:
        return None
    p = state.pumps.get(device)
    if p is None or not (_must_stand(p) or _may_breach(p, status)):
        return None
    pump = pump_policy(policy, device)
    if pump is None or not _is_plain(state, now, policy) or _is_refused(pump, state.devices[device], status):
        return None
    if _must_stand(p):
        certain = p.lock.state is InterlockState.STOP_VERIFIED or cannot_stop(pump, p) is None
    else:
        certain = _breaches(pump, state.patient, policy.weight, status)
    if not certain:
        return None
    return order_name(state.bed, state.order_n + 1)


def _must_stand(p: PumpState) -> bool:
    """Stopped and not reset, or reset and not resumed: any report but "not infusing" trips it (INT-03)."""
    state = p.lock.state
    return state is InterlockState.STOP_VERIFIED or (state is InterlockState.ARMED and p.lock.resume is Resume.NEEDED)


def _may_breach(p: PumpState, status: PumpStatus) -> bool:
    """Armed, and the report is one that is believed at once (CEI-06)."""
    return (
        p.lock.state is InterlockState.ARMED
        and p.control is not ControlState.REFUSED
        and status.integrity is Integrity.CRC16
        and status.rate_ul_h is not None
    )


def _is_plain(state: BedState, now: int, policy: BedPolicy) -> bool:
    """Nothing else is due and the state knows just this policy's devices: the step begins with the report itself."""
    if not state.started or (state.due_ms is not None and state.due_ms <= max(now, state.now_ms)):
        return False
    pumps, monitors, known = policy.pumps, policy.monitors, state.devices
    if len(known) != len(pumps) + len(monitors):
        return False
    return all(pump.device in state.pumps for pump in pumps) and all(monitor.device in known for monitor in monitors)


def _is_refused(pump: PumpPolicy, device: DeviceState, status: PumpStatus) -> bool:
    """Is the device that says this not the configured one (QUA-05)?"""
    said = device if status.serial in (None, device.serial) else replace(device, serial=status.serial)
    return mismatch(pump.serial, pump.model, said) is not None


def _breaches(pump: PumpPolicy, patient: Patient | None, believable: WeightRange, status: PumpStatus) -> bool:
    """Is the dose judged, pumpd allowed and able to stop this pump, and the rate above the hard ceiling?"""
    drug, conc, caps = pump.drug, pump.concentration_ug_ml, pump.capabilities
    if drug is None or not drug.governed or drug.hard is None or conc is None or conc <= 0 or patient is None:
        return False
    low, high, weight = drug.conc_min_ug_ml, drug.conc_max_ug_ml, patient.weight_g
    if (low is not None and conc < low) or (high is not None and conc > high):
        return False
    if weight is None or not believable.min_g <= weight <= believable.max_g or status.rate_ul_h is None:
        return False
    if pump.enforcement is not Enforcement.STOP or not (caps.can_stop and caps.can_read_back):
        return False
    return status.rate_ul_h * conc > drug.hard.ug_kg_h * weight
