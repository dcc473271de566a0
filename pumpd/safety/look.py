"""What a screen may show of a bed (QUA-01); the vital signs: look_vitals. Pure.

A pump's rate is shown only while its status is live.
"""

from __future__ import annotations

from decimal import Decimal

from pumpd.device.facts import Quality
from pumpd.safety import ceiling, resume
from pumpd.safety.advisories import oxygen
from pumpd.safety.alarm_table import RANK
from pumpd.safety.decisions import Resume
from pumpd.safety.dose import delivered_ng, undocumented_nl
from pumpd.safety.events import LinkState
from pumpd.safety.look_course import course_view
from pumpd.safety.look_told import told_view
from pumpd.safety.look_vitals import is_vital_live, values
from pumpd.safety.policy import BedPolicy, MonitorPolicy, PumpPolicy
from pumpd.safety.pump_alarms import not_verified_reasons
from pumpd.safety.quality import pump_stale_ms
from pumpd.safety.state import BedState, Draft, PumpState, mismatch, open_draft
from pumpd.safety.view import BedView, DeviceView, DoseView, PumpView
from pumpd.units import dose_rate_mg_kg_h


def view(state: BedState, now: int, policy: BedPolicy) -> BedView:
    """The bed at `now`: alarms with the most urgent first, then the oldest."""
    d = open_draft(state, policy, now)
    alarms = sorted(state.alarms.values(), key=lambda a: (-RANK[a.priority], a.onset_ms, a.id))
    pumps = tuple(pump_view(d, pump) for pump in policy.pumps)
    weight_g = None if state.patient is None else state.patient.weight_g
    return BedView(
        id=policy.bed,
        label=policy.label,
        patient=state.patient,
        values=values(d),
        pumps=pumps,
        devices=device_views(d),
        alarms=tuple(alarms),
        monitored=is_monitored(d),
        audio_paused_until_ms=state.audio_until_ms,
        audio_paused_by=state.audio_by,
        audio_paused_ward=state.audio_ward,
        audio_pause_max_ms=policy.profile.audio_pause_max_ms,
        oxygen=oxygen(state, policy),
        episodes=state.breath.episodes,
        course=course_view(d),
        told=told_view(state.told, pumps, weight_g, d.now),
    )


def is_shown_live(d: Draft, pump: PumpPolicy, p: PumpState) -> bool:
    """A pump's status may be shown: live, and not older than its limit at this very moment."""
    return p.live and p.report is not None and d.now - p.report.at_ms < pump_stale_ms(d.policy, pump)


def pump_view(d: Draft, pump: PumpPolicy) -> PumpView:
    p = d.pumps[pump.device]
    report = p.report if is_shown_live(d, pump, p) else None
    rate = None if report is None else report.rate_ul_h
    drug, needed = pump.drug, resume.shown(pump, p)
    return PumpView(
        id=pump.device,
        drug=None if drug is None else drug.code,
        concentration_ug_ml=pump.concentration_ug_ml,
        infusing=None if report is None else report.infusing,
        rate_ul_h=rate,
        rate_quality=rate_quality(p, rate),
        dose_mg_kg_h=dose_shown(d, pump, rate, None if report is None else report.infusing),
        at_ms=None if p.report is None else p.report.at_ms,
        delivered=delivered(d, pump, p),
        hard=None if drug is None else drug.hard,
        soft=None if drug is None else drug.soft,
        enforcement=pump.enforcement,
        interlock=p.lock.state,
        interlock_cause=p.lock.cause,
        control=p.control,
        override_by=None if p.override is None else p.override.by,
        not_verified=not_verified_reasons(d, pump, p),
        drug_label=None if drug is None else drug.label,
        resume=needed,
        resume_reasons=tuple(resume.reasons(d, pump, p)) if needed is Resume.NEEDED else (),
        resume_until_ms=p.lock.resume_until_ms,
        governed=ceiling.is_governed(pump),
    )


def rate_quality(p: PumpState, rate: int | None) -> Quality:
    if rate is not None:
        return Quality.OK
    return Quality.INVALID if p.live and p.report is not None and p.report.rate_ul_h is None else Quality.STALE


def dose_shown(d: Draft, pump: PumpPolicy, rate: int | None, infusing: bool | None) -> Decimal | None:
    """The running dose rate; 0 for a pump that stands still; None when it may not be computed."""
    facts = ceiling.dose_facts(d, pump)
    if facts is None or rate is None:
        return None
    return dose_rate_mg_kg_h(0 if infusing is False else min(rate, ceiling.SHOWN_MAX_UL_H), facts[2], facts[3])


def delivered(d: Draft, pump: PumpPolicy, p: PumpState) -> DoseView | None:
    conc = pump.concentration_ug_ml
    if conc is None or conc <= 0:
        return None
    low, high = delivered_ng(p.dose, conc, undocumented_nl(pump, p, d.now))
    return DoseView(low, high)


def device_views(d: Draft) -> tuple[DeviceView, ...]:
    found = []
    known: tuple[PumpPolicy | MonitorPolicy, ...] = (*d.policy.pumps, *d.policy.monitors)
    for device in known:
        state = d.devices[device.device]
        reason = mismatch(device.serial, device.model, state)
        link = state.link if reason is None else LinkState.REFUSED
        detail = state.detail if reason is None else reason
        marks = device.unverified, device.tap
        found.append(DeviceView(device.device, device.driver, link, state.since_ms, detail, state.garbled, *marks))
    return tuple(found)


def is_monitored(d: Draft) -> bool:
    """A vital sign is live; at a bed without monitors: a pump is."""
    if not d.policy.monitors:
        return any(is_shown_live(d, pump, d.pumps[pump.device]) for pump in d.policy.pumps)
    return is_vital_live(d)
