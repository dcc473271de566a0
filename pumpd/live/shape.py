"""What a screen or script gets to read of a bed. Pure functions from the kernel's view to the public JSON shapes.

A digit leaves here only with quality ok or questionable (QUA-01), whatever the view says: this is
the last gate before the wire. Doses are written out here with `pumpd.units`, so that no page has
a second formatter.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from msgspec import UNSET
from msgspec.structs import replace as changed

from pumpd.access.roles import Identity
from pumpd.device.facts import Quality
from pumpd.live.amounts import mass_text, number
from pumpd.live.clinical_shape import clinical_shape
from pumpd.live.course_shape import binding, course_shape, pump_cap, time_to_cap
from pumpd.live.fields import (
    AcknowledgedShape,
    AlarmShape,
    AudioPauseShape,
    BedShape,
    CeilingShape,
    DeliveredShape,
    DeviceShape,
    EscalationShape,
    OxygenShape,
    PatientShape,
    ProdigyShape,
    PumpShape,
    ValueShape,
)
from pumpd.live.stamp import Stamp, WallOf
from pumpd.live.stay import stay_of
from pumpd.live.told_shape import told_shape
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.events import Patient
from pumpd.safety.limits import Limit
from pumpd.safety.view import BedView, CapView, DeviceView, DoseView, OxygenView, PumpView, ValueView
from pumpd.units import (
    format_concentration,
    format_dose_mg_kg_h,
    format_rate_ml_h,
    format_weight,
)

BELIEVED = (Quality.OK, Quality.QUESTIONABLE)
USUAL_PACE = (5_000, 15_000)  # what a screen takes where it is not told otherwise (dashboard/js/freshness.js)


def _decimal(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def value_shape(view: ValueView, stamp: Stamp) -> ValueShape:
    """One vital sign."""
    believed = view.quality in BELIEVED and view.value_milli is not None
    quality = Quality.INVALID if view.quality in BELIEVED and not believed else view.quality
    shown = number(view.value_milli, 1000) if believed and view.value_milli is not None else None
    usual = view.pace is None or view.pace == USUAL_PACE
    live_ms, blank_ms = (UNSET, UNSET) if usual or view.pace is None else view.pace
    return ValueShape(
        shown,
        view.unit,
        quality.value,
        stamp.maybe(view.at_ms),
        stamp.age(view.at_ms),
        view.source,
        UNSET if view.origin is None else view.origin.value,
        UNSET if view.why is None else view.why,
        UNSET if view.text is None or not believed else view.text,
        live_ms,
        blank_ms,
    )


def patient_shape(patient: Patient | None, identity: Identity) -> PatientShape | None:
    """No more of who it is than identity allows."""
    if patient is None:
        return None
    weight = None if patient.weight_g is None else number(patient.weight_g, 1000)
    if identity is Identity.NONE:
        return PatientShape(None, None, None, weight)
    names = [name for name in (patient.family_name, patient.given_name) if name]
    initials = "".join(name[0].upper() for name in reversed(names))
    if identity is Identity.INITIALS:
        return PatientShape(None, None, initials, weight)
    return PatientShape(patient.mrn, ", ".join(names), initials, weight)


def _limit(limit: Limit | None) -> int | float | None:
    return None if limit is None else number(limit.ug_kg_h, 1000)


def _ceiling(view: PumpView) -> CeilingShape | None:
    if view.hard is None and view.soft is None:
        return None
    hard_by = view.hard.set_by if view.hard else None
    return CeilingShape(_limit(view.hard), _limit(view.soft), hard_by, view.soft.set_by if view.soft else None)


def _delivered(dose: DoseView | None) -> DeliveredShape | None:
    if dose is None:
        return None
    return DeliveredShape(number(dose.at_least_ng, 1_000_000), number(dose.at_most_ng, 1_000_000))


def _delivered_text(dose: DoseView | None) -> str | None:
    return None if dose is None else mass_text(dose.at_least_ng, dose.at_most_ng)


def _line2(view: PumpView, weight_g: int | None) -> str:
    """ "4 mg/mL · 72 kg": what the dose was computed with."""
    parts = [] if view.concentration_ug_ml is None else [format_concentration(view.concentration_ug_ml)]
    if weight_g is not None:
        parts.append(format_weight(weight_g))
    return " · ".join(parts)


def _rate(view: PumpView, stamp: Stamp) -> tuple[ValueShape, str | None]:
    known = view.rate_quality in BELIEVED and view.rate_ul_h is not None
    quality = Quality.INVALID if view.rate_quality in BELIEVED and not known else view.rate_quality
    rate_ul_h = view.rate_ul_h if known else None
    shown = None if rate_ul_h is None else number(rate_ul_h, 1000)
    value = ValueShape(shown, "mL/h", quality.value, stamp.maybe(view.at_ms), stamp.age(view.at_ms), view.id)
    return value, None if rate_ul_h is None else format_rate_ml_h(rate_ul_h)


def _dose(view: PumpView, rate: ValueShape) -> tuple[ValueShape, str | None]:
    """The dose is as good as the rate, and absent where it may not be computed (CEI-05)."""
    known = rate.v is not None and view.dose_mg_kg_h is not None and view.dose_mg_kg_h.is_finite()
    quality = rate.q if known or rate.v is None else Quality.INVALID.value
    dose = view.dose_mg_kg_h if known else None
    value = ValueShape(None if dose is None else _decimal(dose), "mg/kg/h", quality, rate.t, rate.age_ms, view.id)
    return value, None if dose is None else format_dose_mg_kg_h(dose)


def pump_shape(view: PumpView, weight_g: int | None, stamp: Stamp, caps: tuple[CapView, ...] = ()) -> PumpShape:
    """One pump; caps: those that bind it.

    infusing is withheld together with the rate: a stale "not infusing" would be a false comfort.
    """
    rate, rate_text = _rate(view, stamp)
    dose, dose_text = _dose(view, rate)
    conc = view.concentration_ug_ml
    return PumpShape(
        id=view.id,
        drug=view.drug,
        concentration_mg_ml=None if conc is None else number(conc, 1000),
        infusing=view.infusing if view.rate_quality in BELIEVED else None,
        rate_ml_h=rate,
        dose_mg_kg_h=dose,
        delivered_mg=_delivered(view.delivered),
        cap=pump_cap(caps),
        ceiling=_ceiling(view),
        enforcement=view.enforcement.value,
        interlock=view.interlock.value,
        interlock_cause=view.interlock_cause,
        control=None if view.control is None else view.control.value,
        override=view.override_by,
        not_verified=view.not_verified,
        weight_kg=None if weight_g is None else number(weight_g, 1000),
        rate_text=rate_text,
        dose_text=dose_text,
        line=" = ".join(text for text in (dose_text, rate_text) if text) or None,
        line2=_line2(view, weight_g),
        delivered_text=_delivered_text(view.delivered),
        drug_label=view.drug_label,
        resume=view.resume.value,
        resume_reasons=view.resume_reasons,
        resume_until=stamp.maybe(view.resume_until_ms),
        time_to_cap=time_to_cap(caps, stamp),
    )


def device_shape(view: DeviceView, stamp: Stamp) -> DeviceShape:
    since = stamp.maybe(view.since_ms)
    link, marks = view.link.value, (view.unverified, view.tap)
    return DeviceShape(view.id, view.driver, link, since, view.detail, view.garbled, *marks)


def alarm_shape(alarm: Alarm, stamp: Stamp) -> AlarmShape:
    """One alarm instance."""
    ack, step = alarm.acknowledged, alarm.escalation
    return AlarmShape(
        id=alarm.id,
        bed=alarm.bed,
        device=alarm.device,
        condition=alarm.condition,
        priority=alarm.priority.value,
        kind=alarm.kind.value,
        state=alarm.state.value,
        text=alarm.text,
        value=alarm.value,
        limit=alarm.limit,
        onset=stamp.text(alarm.onset_ms),
        present=alarm.present,
        acknowledged=AcknowledgedShape(ack.by, stamp.text(ack.at_ms), ack.reason.value, ack.note) if ack else None,
        ended=stamp.maybe(alarm.ended_ms),
        rule=alarm.rule,
        action=alarm.action,
        escalation=EscalationShape(step.to, stamp.text(step.since_ms), step.level) if step else None,
        broke_audio_pause=alarm.broke_pause,
    )


def audio_pause_shape(view: BedView) -> AudioPauseShape | None:
    return None if view.audio_paused_by is None else AudioPauseShape(view.audio_paused_by, view.audio_paused_ward)


def ended(alarm: Alarm, now_ms: int) -> Alarm:
    """An alarm that is no longer among the bed's."""
    return changed(alarm, state=AlarmState.ENDED, present=False, ended_ms=alarm.ended_ms or now_ms, escalation=None)


def oxygen_shape(view: OxygenView | None, stamp: Stamp) -> OxygenShape | None:
    """Supplemental oxygen, null while nobody has said."""
    return None if view is None else OxygenShape(view.on, view.by, stamp.maybe(view.at_ms))


def prodigy_shape(view: BedView) -> ProdigyShape:
    return ProdigyShape(view.episodes)


def values_shape(view: BedView, stamp: Stamp) -> dict[str, ValueShape]:
    return {name: value_shape(value, stamp) for name, value in view.values.items()}


def pumps_shape(view: BedView, stamp: Stamp) -> list[PumpShape]:
    weight_g = view.patient.weight_g if view.patient else None
    return [pump_shape(pump, weight_g, stamp, binding(view, pump)) for pump in view.pumps]


def bed_shape(view: BedView, now_ms: int, wall_of: WallOf, identity: Identity = Identity.NONE) -> BedShape:
    """A whole bed as `GET /api/v1/beds/{bed}` gives it."""
    stamp = Stamp(now_ms, wall_of)
    return BedShape(
        id=view.id,
        label=view.label,
        patient=patient_shape(view.patient, identity),
        stay=stay_of(view.patient),
        values=values_shape(view, stamp),
        pumps=pumps_shape(view, stamp),
        devices=[device_shape(device, stamp) for device in view.devices],
        monitored=view.monitored,
        audio_paused_until=stamp.maybe(view.audio_paused_until_ms),
        audio_pause=audio_pause_shape(view),
        oxygen=oxygen_shape(view.oxygen, stamp),
        prodigy=prodigy_shape(view),
        course=course_shape(view, stamp),
        clinical=clinical_shape(view.clinical, stamp),
        told=told_shape(view.told, stamp),
    )


def _withdrawn(pump: PumpView) -> PumpView:
    return replace(pump, infusing=None, rate_ul_h=None, rate_quality=Quality.STALE, dose_mg_kg_h=None)


def unmonitored(view: BedView) -> BedView:
    """The bed with nobody behind it: every figure withdrawn, alarms kept, monitored false."""
    values = {
        name: replace(value, value_milli=None, quality=Quality.STALE if value.quality in BELIEVED else value.quality)
        for name, value in view.values.items()
    }
    pumps = tuple(_withdrawn(pump) for pump in view.pumps)
    told = replace(view.told, orders=tuple(replace(order, differs=()) for order in view.told.orders))
    return replace(view, values=values, pumps=pumps, monitored=False, course=None, clinical=None, told=told)


def empty_bed(bed_id: str) -> BedView:
    """A configured bed that no kernel has ever stood behind."""
    return BedView(bed_id, bed_id, None, {}, (), (), (), False, None)
