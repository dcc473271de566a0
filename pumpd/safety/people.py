"""What people do with patients and alarms: bind, release, acknowledge, reset, pause. Pure.

Every refusal lists all its reasons; a blank name is no name.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety import course, told
from pumpd.safety.alarm_table import Trigger, acknowledge, close_all, move
from pumpd.safety.alarms import Acknowledgement, AckReason, Alarm, AlarmState
from pumpd.safety.answers import refuse, unexplained, unnamed
from pumpd.safety.decisions import AudioChanged, PatientClosed, Permitted
from pumpd.safety.dose import between_reports, widened, zeroed
from pumpd.safety.events import (
    Acknowledged,
    AlarmReset,
    AudioPaused,
    PatientBound,
    PatientReleased,
)
from pumpd.safety.infusions import first_patient, patient_leaves
from pumpd.safety.interlock import without_permission
from pumpd.safety.pump_alarms import ENDS_WHEN_ACKNOWLEDGED
from pumpd.safety.quality import EPISODIC
from pumpd.safety.rules import plan_of
from pumpd.safety.self_alarms import ONCE
from pumpd.safety.state import Draft
from pumpd.safety.vital_state import Sample

MS_PER_S = 1000


def patient_bound(d: Draft, event: PatientBound) -> None:
    """Bind by ADT or by a named person; another mrn first closes all that belongs to the old patient (QUA-06).

    A record that was merged into another is still the same patient: doses, caps and alarms go on.
    """
    reasons = unnamed(event.by) + ([] if event.patient.mrn.strip() else ["the patient has no mrn"])
    if reasons:
        refuse(d, "bind", event.patient.mrn, reasons, event.by)
        return
    first = d.patient is None
    if d.patient is None:
        d.breath = replace(d.breath, runs={}, episodes=0)
        for name, p in d.pumps.items():
            d.pumps[name] = replace(p, dose=widened(p.dose, between_reports(p, d.now)))
    elif d.patient.mrn not in (event.patient.mrn, event.formerly):
        close_patient(d)
    d.patient = event.patient
    if first:
        first_patient(d, event.by)
    if d.course.bound_ms is None:
        course.patient_came(d)
    told.note_bound(d, event.patient.mrn, event.word)
    d.out.append(Permitted("bind", event.patient.mrn, event.by))


def patient_released(d: Draft, event: PatientReleased) -> None:
    """Discharge or transfer: alarms, doses and displays of the patient are closed."""
    reasons = unnamed(event.by) + ([] if d.patient is not None else ["no patient is bound"])
    if reasons:
        refuse(d, "release", d.bed, reasons, event.by, event.reason)
        return
    subject = "" if d.patient is None else d.patient.mrn
    told.note_released(d, event.word)
    close_patient(d)
    d.out.append(Permitted("release", subject, event.by))


def outlasts_patient(d: Draft, signal: str, sample: Sample) -> bool:
    """Is it the bed's as much as the patient's? What was measured now and then (a cuff, a score) was of whoever left,
    and a sensor that nothing needs and that measures no more was his too."""
    return signal not in EPISODIC and (sample.value_milli is not None or signal in plan_of(d.policy.profile).needed)


def close_patient(d: Draft) -> None:
    """A trip stays: the pump is still the pump. What still holds is a new alarm of nobody's or the next patient's."""
    if d.patient is not None:
        patient_leaves(d, "the patient left")
        close_all(d)
        d.out.append(PatientClosed(d.patient.mrn))
    course.patient_left(d)
    told.patient_leaves(d)
    d.patient, d.steady_ms = None, None
    d.rules.clear()
    for name, samples in d.samples.items():
        d.samples[name] = {signal: s for signal, s in samples.items() if outlasts_patient(d, signal, s)}
    d.breath = replace(d.breath, doubts={}, assessed={}, oxygen=None, runs={}, episodes=0)
    for name, p in d.pumps.items():
        lock = without_permission(p.lock)
        d.pumps[name] = replace(
            p, dose=zeroed(p.dose, between_reports(p, d.now)), override=None, changed=None, refused=None, lock=lock
        )


def close_orphans(d: Draft, scopes: set[str]) -> None:
    """End the alarms of pumps that are no longer part of the bed."""
    for key, alarm in list(d.alarms.items()):
        scope = key.partition("/")[0]
        if scope.startswith("p:") and scope not in scopes:
            move(d, key, Trigger.CLOSE, alarm, alarm.state)


def find(d: Draft, alarm_id: str) -> tuple[str, Alarm] | None:
    for key, alarm in d.alarms.items():
        if alarm.id == alarm_id:
            return key, alarm
    return None


def acknowledged(d: Draft, event: Acknowledged) -> None:
    """Touches this one instance and not its condition (ALA-03); an advisory of an event ends with it."""
    found = find(d, event.alarm_id)
    reasons = unnamed(event.by)
    if event.reason is AckReason.OTHER and not event.note.strip():
        reasons.append("the reason 'other' needs a note")
    if found is None:
        reasons.append("no live alarm has this id")
    elif found[1].state is AlarmState.ACKNOWLEDGED:
        reasons.append("the alarm is already acknowledged")
    if reasons or found is None:
        refuse(d, "acknowledge", event.alarm_id, reasons, event.by, event.note.strip() or event.reason)
        return
    d.out.append(Permitted("acknowledge", event.alarm_id, event.by))
    acknowledge(d, found[0], Acknowledgement(event.by, d.now, event.reason, event.note))
    forget_event(d, found[1])


def forget_event(d: Draft, alarm: Alarm) -> None:
    if alarm.condition in ONCE:
        d.faults.pop(alarm.condition, None)
    if alarm.condition in ENDS_WHEN_ACKNOWLEDGED and alarm.device in d.pumps:
        p = d.pumps[alarm.device]
        d.pumps[alarm.device] = replace(
            p,
            changed=None if alarm.condition == "pump_changed" else p.changed,
            refused=None if alarm.condition == "command_refused" else p.refused,
        )
    course.acknowledged(d, alarm)


def alarm_reset(d: Draft, event: AlarmReset) -> None:
    """Clear one latched alarm; refused while its condition lasts."""
    found = find(d, event.alarm_id)
    reasons = unnamed(event.by) + unexplained(event.reason)
    if found is None:
        reasons.append("no live alarm has this id")
    elif found[1].state is not AlarmState.LATCHED:
        reasons.append("the alarm's condition is not over")
    if reasons or found is None:
        refuse(d, "reset", event.alarm_id, reasons, event.by, event.reason)
        return
    d.out.append(Permitted("reset", event.alarm_id, event.by))
    move(d, found[0], Trigger.RESET, found[1], found[1].state)


def audio_paused(d: Draft, event: AudioPaused) -> None:
    """Sound off for 1 s to the profile's longest pause; there is no permanent off (ALA-04)."""
    longest_s = d.policy.profile.audio_pause_max_ms // MS_PER_S
    reasons = unnamed(event.by)
    if not 1 <= event.seconds <= longest_s:
        reasons.append(f"an audio pause lasts 1 to {longest_s} s")
    if reasons:
        refuse(d, "audio_pause", d.bed, reasons, event.by)
        return
    d.audio_until_ms, d.audio_by, d.audio_ward = d.now + event.seconds * MS_PER_S, event.by, event.ward
    d.out.append(Permitted("audio_pause", d.bed, event.by))
    d.out.append(AudioChanged(d.audio_until_ms, event.by, event.ward))
