"""The shortcut of a quiet frame: values and times move on, and nothing else can have changed.

Nearly every frame is such a one. `step` judges a bed in hundreds of small operations; where a bed is calm (no rule
runs, nothing is held, doubted, stale, lost or alarmed of what the frame concerns, nothing is due) and every value of
the frame stays where no rule, no limit and no cap can catch it, the bed after the step is known: it is made here, the
same to the last field (tests/safety/test_glance.py and every bed of the model, of the properties and of the simulated
day hold it against the long way). Whenever anything makes that less than certain the answer is None, and the long way
is gone. What is calm of a policy: calm_policy. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from pumpd.device.facts import ControlState, PumpStatus, Reading, Vitals
from pumpd.safety.alarm_table import due_ms
from pumpd.safety.calm_policy import KNOWN, Calm, CalmMonitor, CalmPump, Span, calm_of
from pumpd.safety.dose import UL_H_MS_PER_NL, advance, counted
from pumpd.safety.events import Event, Heard, Patient
from pumpd.safety.flow import is_unchanged
from pumpd.safety.interlock import STOPPING
from pumpd.safety.policy import BedPolicy
from pumpd.safety.samples import withheld
from pumpd.safety.state import BedState, DeviceState, Dose, PumpState, Report, mismatch, refreshed
from pumpd.safety.vital_state import Breath, Sample

Samples = dict[str, Sample]


def glance(state: BedState, event: Event, now: int, policy: BedPolicy) -> BedState | None:
    """The bed after `event`, where that is a frame that decides nothing; None: `step` has to tell.

    Arguments as for `step`.
    """
    if type(event) is not Heard or state.due_ms is None or state.stop_rule is not None or state.blind_ms is not None:
        return None
    if now < state.now_ms or state.due_ms <= now or not state.started:
        return None
    calm, fact = KNOWN.get(id(policy)), event.fact
    if calm is None or calm.policy is not policy:
        calm = calm_of(policy)
    if state.devices is not calm.last_devices and state.devices.keys() != calm.devices:
        return None
    if state.pumps is not calm.last_pumps and state.pumps.keys() != calm.pumps.keys():
        return None
    if type(fact) is Vitals:
        monitor = calm.monitors.get(event.device)
        return None if monitor is None else after_vitals(state, calm, monitor, fact, now)
    if type(fact) is PumpStatus:
        pump = calm.pumps.get(event.device)
        return None if pump is None else after_status(state, calm, pump, fact, now)
    return None


# --- a monitor's frame


def after_vitals(state: BedState, calm: Calm, monitor: CalmMonitor, vitals: Vitals, now: int) -> BedState | None:
    """Every value is fresh, in its quiet span, and no further from the last one than it can move."""
    name, breath, alarms = monitor.device, state.breath, state.alarms
    device, before = state.devices[name], state.samples.get(name)
    if before is None or state.rules:
        return None
    last, steady = monitor.last
    if last != (before, device, breath, alarms):
        if not is_calm_monitor(state, monitor, device, before, calm.policy.oxygen):
            return None
        steady = sees_all(before, monitor.required)
    samples = renewed(before, vitals.readings, now, monitor.spans)
    if samples is None:
        return None
    steady_ms = None
    if steady:
        steady_ms = now if state.steady_ms is None else state.steady_ms
    vitals_due_ms = now + monitor.fresh_ms
    due = next_due(state, now, state.vitals_due_ms, vitals_due_ms, state.pumps_due_ms, calm.policy)
    device = refreshed(device, now, device.serial)
    calm.last_devices = devices = {**state.devices, name: device}
    monitor.last = ((samples, device, breath, alarms), steady)
    every = {**state.samples, name: samples}
    return moved_on(state, now, devices, every, state.pumps, due, vitals_due_ms, state.pumps_due_ms, steady_ms)


def is_calm_monitor(
    state: BedState, monitor: CalmMonitor, device: DeviceState, samples: Mapping[str, Sample], oxygen: bool
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
    return not (oxygen or breath.oxygen is not None) or sees(samples, monitor.co2)


def renewed(
    before: Mapping[str, Sample], readings: tuple[Reading, ...], now: int, spans: Mapping[str, Span]
) -> Samples | None:
    """The samples after a frame that renews each of the quiet ones before; None where one is missing, or not quiet.

    Those that had a value have one, and the others have none.
    """
    if len(before) != len(readings):
        return None
    samples = {**before}
    for reading, name in zip(readings, before):  # noqa: B905 - asked above; frames keep their order
        value, last = reading.value_milli, samples[name].value_milli
        if reading.signal != name:
            return None
        if value is None:
            if last is not None or samples[name].good_ms is not None:
                return None
            samples[name] = withheld(reading, samples[name], now)  # never measured: nobody misses it
            continue
        if value != last:
            low, high, jump = spans[name]
            if last is None or not low <= value <= high or not -jump <= value - last <= jump:
                return None
        samples[name] = Sample(value, reading.quality, now, now, None)
    return samples


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


# --- a pump's status


def after_status(state: BedState, calm: Calm, pump: CalmPump, status: PumpStatus, now: int) -> BedState | None:
    """The pump goes on as it did, below every limit; only its counter and its times move."""
    name, rate, infusing, volume = pump.device, status.rate_ul_h, status.infusing, status.volume_ul
    device, p, patient, alarms = state.devices[name], state.pumps[name], state.patient, state.alarms
    given, course, old, serial = state.given, state.course, p.report, device.serial
    if old is None or rate is None or old.rate_ul_h != rate or old.infusing is not infusing:
        return None
    if status.serial is not None and status.serial != serial:
        return None
    if pump.last != (p, device, patient, alarms, given, course) and not is_calm(state, pump, p, device):
        return None
    if volume is not None and volume < 0:
        volume = None
    report = Report(infusing, rate, volume, now, status.requested_ms, status.integrity, serial)
    dose = carried_on(pump, p, old, report)
    p = PumpState(p.lock, report, True, p.control, None, False, None, None, (), None, None, dose)
    if not (is_unchanged(given.flows.get(name), p) if calm.tracked else calm.alone and not given.flows):
        return None
    pumps_due_ms = now + pump.stale_ms if calm.alone else all_due_ms(state, calm, pump, now)
    if pumps_due_ms is None:
        return None
    due_ms = next_due(state, now, state.pumps_due_ms, pumps_due_ms, state.vitals_due_ms, calm.policy)
    device = refreshed(device, now, serial)
    pump.last = (p, device, patient, alarms, given, course)
    calm.last_devices = devices = {**state.devices, name: device}
    calm.last_pumps = pumps = {**state.pumps, name: p}
    vitals_due_ms, steady_ms = state.vitals_due_ms, state.steady_ms
    return moved_on(state, now, devices, state.samples, pumps, due_ms, vitals_due_ms, pumps_due_ms, steady_ms)


def carried_on(pump: CalmPump, p: PumpState, old: Report, new: Report) -> Dose:
    """`advance`, the short way where the counter goes on as well."""
    dose, rate, volume = p.dose, new.rate_ul_h, new.volume_ul
    count = dose.count_ul
    if volume is None or count is None or volume < count or dose.straddles or dose.step_nl != pump.counter_step_nl:
        return advance(dose, pump.policy, p, new, gap=False)
    if rate is None or old.serial != new.serial:
        return advance(dose, pump.policy, p, new, gap=False)
    high_ul_h, low_ul_h, dt_ms = rate + pump.shown_step_ul_h, rate - pump.shown_step_ul_h, new.at_ms - old.at_ms
    if new.infusing is False:
        high_ul_h = low_ul_h = 0
    # as ceil_nl, and rounded down
    by_rate_nl = -(-high_ul_h * dt_ms // UL_H_MS_PER_NL)
    return counted(dose, volume, by_rate_nl, low_ul_h * dt_ms // UL_H_MS_PER_NL if low_ul_h > 0 else 0, gap=False)


def all_due_ms(state: BedState, calm: Calm, pump: CalmPump, now: int) -> int | None:
    """When a pump is next due, with this one heard now; None where another pump's times take a closer look."""
    first_ms = now + pump.stale_ms
    for other in calm.pumps.values():
        if other is pump:
            continue
        if not has_no_times(state.pumps[other.device]):
            return None
        device = state.devices[other.device]
        lost_ms = now if device.lost or device.heard_ms is None else device.heard_ms + other.stale_ms
        if now < lost_ms < first_ms:
            first_ms = lost_ms
    return first_ms


def is_calm(state: BedState, pump: CalmPump, p: PumpState, device: DeviceState) -> bool:
    """Did the pump run below every limit before this report, with nothing to say about it?"""
    old = p.report
    if old is None or old.rate_ul_h is None or not is_calm_pump(p, pump) or is_capped(state):
        return False
    if not is_below(pump, state.patient, old.rate_ul_h, old.infusing) or is_alarmed(state, pump.scope):
        return False
    return is_calm_device(device, pump.policy.serial, pump.policy.model)


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


# --- both


def is_calm_device(device: DeviceState, serial: str | None, model: str | None) -> bool:
    """It is there, it is the one that the ward file names, and it has no alarm of its own."""
    if device.lost or device.alarms:
        return False
    return (serial is None and model is None) or mismatch(serial, model, device) is None


def is_alarmed(state: BedState, scope: str) -> bool:
    """Is there an alarm of this scope whose condition was there? (One that is over waits for a person only.)"""
    for key, alarm in state.alarms.items():  # noqa: SIM110 - asked of every frame; a generator takes longer
        if alarm.present and key.partition("/")[0] == scope:
            return True
    return False


def next_due(
    state: BedState, now: int, before_ms: int | None, moved_ms: int, other_ms: int | None, policy: BedPolicy
) -> int:
    """The earliest time after now at which something happens by itself, now that one of its parts has moved."""
    first = state.due_ms
    if first is not None and (before_ms is None or first < before_ms):  # another part was the first
        return first if first < moved_ms else moved_ms
    first = moved_ms
    for at in (other_ms, state.audio_until_ms, state.given.due_ms, state.course.due_ms):
        if at is not None and now < at < first:
            first = at
    if not state.alarms:
        return first
    for alarm in state.alarms.values():
        at = due_ms(policy.profile, alarm)
        if at is not None and now < at < first:
            first = at
    return first


def moved_on(
    state: BedState,
    now: int,
    devices: Mapping[str, DeviceState],
    samples: Mapping[str, Mapping[str, Sample]],
    pumps: Mapping[str, PumpState],
    due_ms: int | None,
    vitals_due_ms: int | None,
    pumps_due_ms: int | None,
    steady_ms: int | None,
) -> BedState:
    """The state with these parts changed. (Spelled out: the generic replace takes twice as long.)"""
    return BedState(
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
