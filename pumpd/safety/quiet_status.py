"""A pump's quiet status: it goes on as it did, below every limit; only its counter and its times move.

See pumpd.safety.glance. Pure.
"""

from __future__ import annotations

from pumpd.device.facts import ControlState, PumpStatus
from pumpd.safety.calm_policy import Calm, CalmPump
from pumpd.safety.course_state import Flow
from pumpd.safety.dose import UL_H_MS_PER_NL, advance, counted
from pumpd.safety.events import Patient
from pumpd.safety.flow import is_unchanged
from pumpd.safety.interlock import STOPPING
from pumpd.safety.quiet_frame import is_alarmed, is_calm_device, reported
from pumpd.safety.state import BedState, Dose, PumpState, Report


def pass_over_status(calm: Calm, pump: CalmPump, status: PumpStatus, now: int) -> bool:
    """Is this report of a pump that runs as it did a quiet one? Then it is its last."""
    if pump.chain != calm.chain and not begins(calm, pump):
        return False
    serial, volume, old = pump.serial, status.volume_ul, pump.report
    assert old is not None
    if status.serial is not None and status.serial != serial:
        return False
    if volume is not None and volume < 0:
        volume = None
    report = Report(status.infusing, status.rate_ul_h, volume, now, status.requested_ms, status.integrity, serial)
    dose = carried_on(calm, pump, old, report)
    flow = pump.flow
    if flow is not None and not (flow.live and is_unchanged(flow, report, dose)):
        return False
    pumps_due_ms = now + pump.stale_ms if calm.alone else all_due_ms(calm, pump, now)
    if pumps_due_ms is None:
        return False
    pump.report, pump.dose, pump.moved = report, dose, True
    calm.pumps_due_ms = calm.said_pumps_due_ms = pumps_due_ms
    due_ms = pumps_due_ms if pumps_due_ms < calm.vitals_due_ms else calm.vitals_due_ms  # min() takes longer
    calm.due_ms = due_ms if due_ms < calm.other_due_ms else calm.other_due_ms
    calm.now_ms, calm.moved = now, True
    return True


def begins(calm: Calm, pump: CalmPump) -> bool:
    """Did the pump run below every limit before its first report in the chain, with nothing to say about it?"""
    state = calm.state
    assert state is not None
    flows = state.given.flows
    flow: Flow | None = flows.get(pump.device) if calm.tracked else None
    if (flow is None) if calm.tracked else (flows or not calm.alone):
        return False
    p, device = state.pumps[pump.device], state.devices[pump.device]
    if not is_calm(state, pump, p) or not is_calm_device(device, pump.policy.serial, pump.policy.model):
        return False
    pump.chain, pump.moved, pump.flow = calm.chain, False, flow
    pump.report, pump.dose, pump.serial = p.report, p.dose, device.serial
    return True


def carried_on(calm: Calm, pump: CalmPump, old: Report, new: Report) -> Dose:
    """`advance`, the short way where the counter goes on as well."""
    dose, rate, volume = pump.dose, new.rate_ul_h, new.volume_ul
    count = dose.count_ul
    if volume is None or count is None or volume < count or dose.straddles or dose.step_nl != pump.counter_step_nl:
        return advanced(calm, pump, new)
    if rate is None or old.serial != new.serial:
        return advanced(calm, pump, new)
    high_ul_h, low_ul_h, dt_ms = rate + pump.shown_step_ul_h, rate - pump.shown_step_ul_h, new.at_ms - old.at_ms
    if new.infusing is False:
        high_ul_h = low_ul_h = 0
    # as ceil_nl, and rounded down
    by_rate_nl = -(-high_ul_h * dt_ms // UL_H_MS_PER_NL)
    return counted(dose, volume, by_rate_nl, low_ul_h * dt_ms // UL_H_MS_PER_NL if low_ul_h > 0 else 0, gap=False)


def advanced(calm: Calm, pump: CalmPump, new: Report) -> Dose:
    assert calm.state is not None
    return advance(pump.dose, pump.policy, reported(pump, calm.state.pumps[pump.device]), new, gap=False)


def all_due_ms(calm: Calm, pump: CalmPump, now: int) -> int | None:
    """When a pump is next due, with this one heard now; None where another pump's times take a closer look."""
    state = calm.state
    assert state is not None
    first_ms = now + pump.stale_ms
    for other in calm.pumps.values():
        if other is pump:
            continue
        if not has_no_times(state.pumps[other.device]):
            return None
        device = state.devices[other.device]
        heard_ms = device.heard_ms
        if other.moved and other.chain == calm.chain and other.report is not None:
            heard_ms = other.report.at_ms
        lost_ms = now if device.lost or heard_ms is None else heard_ms + other.stale_ms
        if now < lost_ms < first_ms:
            first_ms = lost_ms
    return first_ms


def is_calm(state: BedState, pump: CalmPump, p: PumpState) -> bool:
    """Is the pump below every limit, with nothing to say about it?"""
    old = p.report
    if old is None or old.rate_ul_h is None or not is_calm_pump(p, pump) or is_capped(state):
        return False
    return is_below(pump, state.patient, old.rate_ul_h, old.infusing) and not is_alarmed(state, pump.scope)


def is_calm_pump(p: PumpState, pump: CalmPump) -> bool:
    """Nothing is pending or told of this pump, and its interlock stands as it does where nothing ever happened."""
    if p.over_ms is not None or p.over_sure or p.reduce_ms is not None or p.override is not None or p.commands:
        return False
    if p.changed is not None or p.refused is not None or p.dose.conc_ug_ml != pump.policy.concentration_ug_ml:
        return False
    return p.live and p.lock == pump.lock and (p.control is not ControlState.REFUSED or not pump.can_stop)


def is_below(pump: CalmPump, patient: Patient | None, rate_ul_h: int, infusing: bool | None) -> bool:
    """Is the dose judged, where it has to be, and not above its lower ceiling?"""
    if infusing is False or not pump.governed:
        return infusing is not None
    if infusing is None or patient is None or patient.weight_g is None or pump.limit_ug_kg_h is None:
        return False
    weight, conc = patient.weight_g, pump.policy.concentration_ug_ml
    if conc is None or not pump.weight.min_g <= weight <= pump.weight.max_g:
        return False
    return rate_ul_h * conc <= pump.limit_ug_kg_h * weight


def is_capped(state: BedState) -> bool:
    """Has a cap, the sum of the pumps or the course something to say to a pump that runs?"""
    given, course = state.given, state.course
    return given.stop is not None or given.sum_stop is not None or bool(course.extra) or bool(course.missing)


def has_no_times(p: PumpState) -> bool:
    """Nothing at this pump waits for a time but its next report."""
    if p.over_ms is not None or p.reduce_ms is not None or p.override is not None:
        return False
    return p.lock.resume_until_ms is None and p.lock.state not in STOPPING
