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
from pumpd.safety.policy import BedPolicy, DrugPolicy, Enforcement, PumpPolicy, WeightRange
from pumpd.safety.state import BedState, DeviceState, PumpState, mismatch, order_name, pump_policy


def stop_at_once(state: BedState, device: str, status: PumpStatus, now: int, policy: BedPolicy) -> str | None:
    """The id of the first order that `step` decides for this report if that is surely a stop, else None.

    Arguments as for `step`, with the event Heard(device, status).
    """
    if status.infusing is False:
        return None
    p, pump = state.pumps.get(device), pump_policy(policy, device)
    if p is None or pump is None:
        return None
    if _must_stand(p):
        certain = p.lock.state is InterlockState.STOP_VERIFIED or cannot_stop(pump, p) is None
    else:  # asked of every report: what is nearly always false comes first
        certain = _breaches(pump, state.patient, policy.weight, status) and _may_breach(p, status)
    if not certain or not _is_plain(state, now, policy) or _is_refused(pump, state.devices[device], status):
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
    """Is the rate above the hard ceiling of a dose that is judged, at a pump that pumpd may and can stop?"""
    drug, conc, rate = pump.drug, pump.concentration_ug_ml, status.rate_ul_h
    if rate is None or conc is None or drug is None or drug.hard is None or patient is None or patient.weight_g is None:
        return False
    weight = patient.weight_g
    return (
        rate * conc > drug.hard.ug_kg_h * weight
        and _is_judged(pump, drug, conc)
        and (believable.min_g <= weight <= believable.max_g)
    )


def _is_judged(pump: PumpPolicy, drug: DrugPolicy, conc: int) -> bool:
    """Governed, at a concentration that the library has, and to be stopped."""
    low, high, caps = drug.conc_min_ug_ml, drug.conc_max_ug_ml, pump.capabilities
    if not drug.governed or conc <= 0 or (low is not None and conc < low) or (high is not None and conc > high):
        return False
    return pump.enforcement is Enforcement.STOP and caps.can_stop and caps.can_read_back
