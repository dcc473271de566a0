"""Event type -> what it changes. Handlers write down and answer; `kernel.settle` judges afterwards. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from pumpd.device.facts import (
    CommandOutcome,
    Control,
    DeviceAlarms,
    Garbled,
    Identity,
    PumpStatus,
    Quality,
    Vitals,
)
from pumpd.safety import (
    accounting,
    assessments,
    charting,
    events,
    history,
    people,
    prediction,
    requests,
    resume,
    set_aside,
    told,
    told_events,
)
from pumpd.safety import pump as pumps
from pumpd.safety.freshness import withdraw_ms
from pumpd.safety.policy import MonitorPolicy, PumpPolicy
from pumpd.safety.quality import is_refused
from pumpd.safety.samples import forget, take_vitals
from pumpd.safety.self_alarms import UNTIL_SEEN
from pumpd.safety.state import DeviceState, Draft, monitor_policy, pump_policy, refreshed
from pumpd.safety.vital_state import Sample


def apply(d: Draft, event: events.Event) -> None:
    """Run the event's handler; Tick and OrderSent change nothing by themselves."""
    handler = HANDLERS.get(type(event))
    if handler is not None:
        handler(d, event)


def begin(d: Draft) -> None:
    """The first step: watching starts now, so that a device that never speaks is noticed."""
    for name, device in d.devices.items():
        d.devices[name] = replace(device, heard_ms=d.now)


def heard(d: Draft, event: events.Heard) -> None:
    """A fact of one of this bed's devices; others are ignored. Only PumpStatus and Vitals count as heard."""
    pump = pump_policy(d.policy, event.device)
    if pump is not None:
        heard_from_pump(d, pump, event.fact)
        return
    monitor = monitor_policy(d.policy, event.device)
    if monitor is not None:
        heard_from_monitor(d, monitor, event.fact)


def heard_from_pump(d: Draft, pump: PumpPolicy, fact: object) -> None:
    if isinstance(fact, PumpStatus):
        pumps.hear_status(d, pump, fact)
    elif isinstance(fact, CommandOutcome):
        pumps.hear_outcome(d, pump, fact)
    elif isinstance(fact, Control):
        pumps.hear_control(d, pump, fact)
    else:
        heard_from_any(d, pump.device, fact)
        if is_refused(pump, d.devices[pump.device]):
            pumps.forget(d, pump)


def heard_from_monitor(d: Draft, monitor: MonitorPolicy, fact: object) -> None:
    name = monitor.device
    if isinstance(fact, Vitals):
        d.devices[name] = refreshed(d.devices[name], d.now, d.devices[name].serial)
        if not is_refused(monitor, d.devices[name]):
            take_vitals(d, monitor, fact)
        return
    heard_from_any(d, name, fact)
    if is_refused(monitor, d.devices[name]):
        d.samples[name] = {signal: unbelieved(sample) for signal, sample in d.samples.get(name, {}).items()}
        forget(d, name)


def heard_from_any(d: Draft, name: str, fact: object) -> None:
    """Identity, alarms and garbled bytes; none of them is a sign of life."""
    device = d.devices[name]
    if isinstance(fact, Identity):
        serial = device.serial if fact.serial is None else fact.serial
        model = device.model if fact.model is None else fact.model
        d.devices[name] = replace(device, serial=serial, model=model)
    elif isinstance(fact, DeviceAlarms):
        d.devices[name] = replace(device, alarms=tuple({a.code: a for a in fact.alarms}.values()))
    elif isinstance(fact, Garbled):
        d.devices[name] = replace(device, garbled=device.garbled + 1)


def unbelieved(sample: Sample) -> Sample:
    """The sample without its value."""
    return replace(sample, value_milli=None, quality=Quality.STALE, off_ms=None)


def link_changed(d: Draft, event: events.LinkChanged) -> None:
    device = d.devices.get(event.device)
    if device is None:
        return
    since_ms = device.since_ms if device.link is event.state else d.now
    d.devices[event.device] = replace(device, link=event.state, since_ms=since_ms, detail=event.detail)
    pump = pump_policy(d.policy, event.device)
    if pump is not None and event.state in (events.LinkState.DOWN, events.LinkState.REFUSED):
        pumps.line_down(d, pump)


def restarted(d: Draft, event: events.Restarted) -> None:
    """The daemon was away: alarms, trips, acknowledgements stay; every value is old; watching begins anew.

    pumpd's own faults were those of the daemon that is gone: the new one tells of what it finds (but see UNTIL_SEEN).
    """
    d.faults = {code: detail for code, detail in d.faults.items() if code in UNTIL_SEEN}
    for name, device in d.devices.items():
        d.devices[name] = replace(device, heard_ms=d.now, link=events.LinkState.DOWN, since_ms=d.now, detail="")
    slept_from = d.now - event.gap_ms
    for monitor in d.policy.monitors:
        if (samples := d.samples.get(monitor.device)) is not None:
            limit_ms = withdraw_ms(d.policy.times, monitor)
            d.samples[monitor.device] = {name: slept(s, slept_from, limit_ms, d.now) for name, s in samples.items()}
    d.rules = {rule: state for rule, state in d.rules.items() if state.active}
    runs = {name: run for name, run in d.breath.runs.items() if run.active}
    d.breath = replace(d.breath, held={}, doubts={}, differ={}, runs=runs)
    if d.blind_ms is not None and "b/monitoring_lost" not in d.alarms:
        d.blind_ms = min(d.blind_ms + event.gap_ms, d.now)  # a daemon that dies again and again still tells of it
    for pump in d.policy.pumps:
        pumps.restart(d, pump, event.gap_certain)


def slept(sample: Sample, slept_from: int, limit_ms: int, now: int) -> Sample:
    """A value from before the gap: stale now; withdrawn with an alarm unless it comes back in time."""
    good_ms = sample.good_ms
    if good_ms is not None:
        good_ms = now if slept_from - good_ms < limit_ms else now - limit_ms
    return replace(unbelieved(sample), good_ms=good_ms)


def policy_replaced(d: Draft, event: events.PolicyReplaced) -> None:
    """New limits from now on; alarms stay (a changed concentration is seen when the pump is judged)."""
    if d.given.flows:
        accounting.change_pumps(d, event.policy)
    d.policy = event.policy
    adopt(d)


def fits(d: Draft) -> bool:
    """Does the state know just the devices of this policy? (A restart may come with another ward file.)"""
    for pump in d.policy.pumps:
        if pump.device not in d.pumps:
            return False
    for monitor in d.policy.monitors:
        if monitor.device not in d.devices:
            return False
    return len(d.devices) == len(d.policy.pumps) + len(d.policy.monitors)


def adopt(d: Draft) -> None:
    """Take up new devices, drop those that are gone (with their alarms), forget rules that are gone."""
    if d.given.flows:  # (after policy_replaced there is nothing left to keep)
        accounting.change_pumps(d, d.policy)
    d.devices = {name: d.devices.get(name, DeviceState(heard_ms=d.now)) for name in d.policy.device_ids()}
    d.pumps = {p.device: d.pumps.get(p.device) or pumps.first_state(p) for p in d.policy.pumps}
    d.samples = {m.device: d.samples[m.device] for m in d.policy.monitors if m.device in d.samples}
    for name in {*d.breath.held, *d.breath.doubts} - d.samples.keys():
        forget(d, name)
    rules = {rule.id for rule in d.policy.profile.rules}
    d.rules = {rule: state for rule, state in d.rules.items() if rule in rules}
    people.close_orphans(d, {f"p:{p.device}" for p in d.policy.pumps})
    told.close_orphans(d)


def self_fault(d: Draft, event: events.SelfFault) -> None:
    if event.active:
        d.faults[event.code] = event.detail
    else:
        d.faults.pop(event.code, None)


HANDLERS: dict[type, Callable[[Draft, Any], None]] = {
    events.Heard: heard,
    events.LinkChanged: link_changed,
    events.PatientBound: people.patient_bound,
    events.PatientReleased: people.patient_released,
    events.Acknowledged: people.acknowledged,
    events.AlarmReset: people.alarm_reset,
    events.AudioPaused: people.audio_paused,
    events.RateRequested: requests.rate_requested,
    events.StopRequested: requests.stop_requested,
    events.InterlockReset: requests.interlock_reset,
    events.ResumeRequested: resume.resume_requested,
    events.SoftOverride: requests.soft_override,
    events.Assessed: assessments.assessed,
    events.Charted: charting.charted,
    events.ProtocolOverride: set_aside.protocol_override,
    events.Predicted: prediction.predicted,
    told_events.RequestTold: told.request_told,
    told_events.OrderTold: told.order_told,
    told_events.OrderEnded: told.order_ended,
    told_events.NoticeTold: told.notice_told,
    told_events.ToldSettled: told.told_settled,
    told_events.AlarmReported: told.alarm_reported,
    events.PolicyReplaced: policy_replaced,
    events.Restarted: restarted,
    events.SelfFault: self_fault,
    events.HistoryKept: history.history_kept,
}
