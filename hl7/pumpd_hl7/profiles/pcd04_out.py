"""PCD-04: one change of one of our alarms, with every facet. Pure.

OBR-3 names the update; OBR-29 names the first message of the alarm in all that follow it (CP-151). The event's code is
taken from the table data/alarms.toml by the alarm's condition; a condition that it lacks is told as a general alarm
with its words, never left out.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pumpd.device.signals import SIGNALS
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.events import Patient
from pumpd.safety.policy import AlarmKind, Priority
from pumpd_hl7.message import escape
from pumpd_hl7.profiles.outgoing import Rows, Sender, code, header, pid, pv1
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import cwe, message, segment

GENERAL = "MDC_EVT_ALARM"
PHASE_FACET = 3
_PRIORITY = {Priority.HIGH: "PH", Priority.MEDIUM: "PM", Priority.LOW: "PL"}
_TYPE = {AlarmKind.PHYSIOLOGICAL: "SP", AlarmKind.TECHNICAL: "ST", AlarmKind.ADVISORY: "SA"}
_STATE = {
    AlarmState.ACTIVE: "active",
    AlarmState.ACKNOWLEDGED: "active",
    AlarmState.LATCHED: "latched",
    AlarmState.ENDED: "inactive",
}
_PHASE = {
    Phase.START: "start",
    Phase.UPDATE: "update",
    Phase.ESCALATE: "escalate",
    Phase.DEESCALATE: "deescalate",
    Phase.ACKNOWLEDGE: "acknowledged",
    Phase.REALARM: "update",
    Phase.LATCH: "update",  # SDPi: active to latched is an update
    Phase.RESET: "reset",
    Phase.END: "end",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a condition is in 11073 terms: the event, and the metric that it is about ("" for none)."""

    event: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """A change, and where it happened. first_id: MSH-10 of the alarm's first message ("" for that one itself).

    audio_paused: the bed's sound is off at this moment. at_us: when the change happened; onset_us: when the alarm
    began.
    """

    alarm: Alarm
    phase: Phase
    patient: Patient | None
    location: str
    at_us: int
    now_us: int
    onset_us: int
    first_id: str = ""
    audio_paused: bool = False


@cache
def kinds() -> dict[str, Kind]:
    """By condition, or by the beginning of one."""
    text = files("pumpd_hl7").joinpath("data", "alarms.toml").read_text(encoding="utf-8")
    return {name: Kind(row["event"], row.get("source", "")) for name, row in tomllib.loads(text).items()}


def kind_of(condition: str) -> Kind:
    """The longest entry that the condition begins with; a general alarm where none does."""
    found = max((name for name in kinds() if condition.startswith(name)), key=len, default="")
    return kinds()[found] if found else Kind(GENERAL)


def alarm_message(change: AlarmChange, sender: Sender, control_id: str) -> bytes:
    """The message. Without a patient PID says so: an alarm is never kept back for want of a name."""
    alarm = change.alarm
    rows, device = Rows(status="F"), sender.entity(alarm.device or alarm.bed)
    _parts(rows, alarm, device)
    _event(rows, change, device)
    for facet, ref, text in _facets(change):
        rows.text(ref, f"1.1.0.1.{facet}", text, time=time_text(change.at_us) if facet == PHASE_FACET else "")
    fields = {
        1: "1",
        3: sender.entity(control_id),
        4: code(GENERAL),
        7: time_text(change.now_us),
        29: f"^{sender.entity(change.first_id, '&')}" if change.first_id else "",
    }
    who = pid(change.patient) if change.patient is not None else segment("PID", {3: "", 5: "^^^^^^U", 31: "Y"})
    front = header(sender, "PCD-04", control_id, change.now_us), who, pv1(change.location)
    return message(*front, segment("OBR", fields), *rows.segments)


def _parts(rows: Rows, alarm: Alarm, device: str) -> None:
    of_pump = kind_of(alarm.condition).source.startswith("MDC_DEV_PUMP")
    rows.part("MDC_DEV_PUMP_INFUS_MDS" if of_pump else "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS", "1.0.0.0", device)


def _event(rows: Rows, change: AlarmChange, device: str) -> None:
    """Facets 1 and 2: what happened and to what; a physiological alarm names its event in OBX-3, others in OBX-5."""
    alarm, kind, at = change.alarm, kind_of(change.alarm.condition), time_text(change.onset_us)
    words = alarm.text
    if alarm.kind is AlarmKind.PHYSIOLOGICAL and kind.event != GENERAL:
        rows.text(kind.event, "1.1.0.1.1", words, time=at, device=device)
    else:
        number = code(kind.event).split("^", 1)[0]
        what = cwe(number, kind.event, "MDC", "", "", "", "", "", words)
        rows.coded(GENERAL, "1.1.0.1.1", what, time=at, device=device)
    _source(rows, alarm, kind)


def _source(rows: Rows, alarm: Alarm, kind: Kind) -> None:
    """Of a physiological alarm the metric with its value; of another the source's name alone."""
    if kind.source in SIGNALS and alarm.kind is AlarmKind.PHYSIOLOGICAL:
        _measured(rows, alarm, kind.source)
    elif kind.source:
        ref = SIGNALS[kind.source].refid if kind.source in SIGNALS else kind.source
        rows.coded("MDC_ATTR_ALERT_SOURCE", "1.1.0.1.2", code(ref))
    else:
        rows.coded("MDC_ATTR_ALERT_SOURCE", "1.1.0.1.2", cwe(0, alarm.device or alarm.bed, "L"))


def _measured(rows: Rows, alarm: Alarm, signal: str) -> None:
    """The value as it is shown beside its limit; an alarm without a value names the metric only."""
    ref = SIGNALS[signal].refid
    fields = {1: str(len(rows.segments) + 1), 2: "ST", 3: code(ref), 4: "1.1.0.1.2"}
    fields |= {5: escape(alarm.value or ""), 7: escape(alarm.limit or ""), 11: "F" if alarm.value else "X"}
    rows.segments.append(segment("OBX", fields))


def _facets(change: AlarmChange) -> list[tuple[int, str, str]]:
    alarm = change.alarm
    return [
        (PHASE_FACET, "MDC_ATTR_EVENT_PHASE", _PHASE[change.phase]),
        (4, "MDC_ATTR_ALARM_STATE", _STATE[alarm.state]),
        (5, "MDC_ATTR_ALARM_INACTIVATION_STATE", _inactivation(change)),
        (6, "MDC_ATTR_ALARM_PRIORITY", _PRIORITY[alarm.priority]),
        (7, "MDC_ATTR_ALERT_TYPE", _TYPE[alarm.kind]),
    ]


def _inactivation(change: AlarmChange) -> str:
    if change.alarm.state is AlarmState.ACKNOWLEDGED:
        return "alert-acknowledged"
    return "audio-paused" if change.audio_paused else "enabled"
