"""The patient's course: opened by a plan or by itself, judged while it lasts, over with its time. Pure.

The kernel calls `settle` whenever anything but a quiet frame was heard, once the bed's doses and infusions are up to
date (pumpd.safety.accounting). A quiet frame can change nothing here but a vital sign that was missing at a start.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety import prediction, schedule, start, titration
from pumpd.safety.alarm_table import Condition, reconcile
from pumpd.safety.alarms import Alarm
from pumpd.safety.course_state import Course
from pumpd.safety.decisions import InfusionPhase
from pumpd.safety.infusions import close_course
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.safety.protocol_words import time_words
from pumpd.safety.set_aside import lapse_ms, ongoing
from pumpd.safety.start_checks import ends_ms, is_benzodiazepine_given
from pumpd.safety.state import Draft

SCOPE = "course"
LOW, ADVISORY = Priority.LOW, AlarmKind.ADVISORY
PUMP_ROUTE = "iv"  # an infusion is intravenous
BENZODIAZEPINE = "benzodiazepine given: watch breathing closely"


def settle(d: Draft) -> None:
    """Judge the course on what is known now."""
    protocol = d.policy.protocol
    if protocol is None:  # a course that was opened under another policy can still be ended
        reconcile(d, SCOPE, {})
        if d.course.due_ms is not None:
            d.course = replace(d.course, due_ms=None)
        return
    prediction.forget(d)
    renew(d)
    judge(d, protocol)
    close_when_over(d, protocol)
    reconcile(d, SCOPE, conditions(d, protocol))
    note_deadline(d, protocol)


def settle_missing(d: Draft) -> None:
    """After a pump's status that changes nothing else: only a vital sign can have been supplied by a quiet frame."""
    before, protocol = d.course, d.policy.protocol
    if protocol is not None and start.VITALS in before.missing:
        start.keep_up(d, protocol)
        if d.course is not before:
            reconcile(d, SCOPE, conditions(d, protocol))


def judge(d: Draft, protocol: ProtocolPolicy) -> None:
    infusion = ongoing(d)
    if infusion is not None:
        if infusion.number > d.course.judged:
            note_route(d, PUMP_ROUTE, infusion.started_ms)
            start.note_start(d, infusion, protocol)
        start.note_first_rate(d, protocol)
        titration.note_flow(d, protocol)
    start.keep_up(d, protocol)


def renew(d: Draft) -> None:
    """What was judged of another course is not of this one."""
    course = d.course
    if course.id is not None and course.judged_course != course.number:
        d.course = replace(without_start(course), judged=0, judged_course=course.number)


def without_start(course: Course) -> Course:
    """The course with nothing judged of its infusion; what was set aside for an infusion to come stays."""
    return replace(course, missing={}, extra={}, steep={}, steep_from_ng_h=None, last_ng_h=None, last_rise_ms=None)


def close_when_over(d: Draft, protocol: ProtocolPolicy) -> None:
    """A course is over with its time; an infusion that still runs then is judged as one too many, and ends first."""
    ends = ends_ms(d, protocol)
    if ends is not None and ends <= d.now and ongoing(d) is None:
        close(d, "pumpd", f"{time_words(protocol.course_ms)} are over, set by {protocol.set_by}")


def close(d: Draft, by: str, why: str) -> None:
    close_course(d, by, why)
    d.course = replace(without_start(d.course), set_aside=())


def patient_came(d: Draft) -> None:
    """Nobody was bound until now. (An infusion that began before is this patient's from now on.)"""
    d.course = replace(d.course, bound_ms=d.now)


def patient_left(d: Draft) -> None:
    """What was charted and judged was this patient's; its course is closed already."""
    d.course = Course(number=d.course.number)


# --- routes


def note_route(d: Draft, route: str, at_ms: int) -> None:
    """Ketamine was given by this route; another than before is told of until somebody has seen it."""
    course = d.course
    if course.route == route:
        if course.route_ms is None or at_ms > course.route_ms:
            d.course = replace(course, route_ms=at_ms)
        return
    earlier = course.route_ms is not None and at_ms < course.route_ms
    old, new = (route, course.route) if earlier else (course.route, route)
    words = None if old is None else switch_words(d, old, new or route)
    kept = (course.route, course.route_ms) if earlier else (route, at_ms)
    d.course = replace(course, route=kept[0], route_ms=kept[1], switched=words or course.switched)


def switch_words(d: Draft, old: str, new: str) -> str:
    """What the routes' policies say of their potency."""
    protocol = d.policy.protocol
    routes = () if protocol is None else protocol.routes
    said = [policy.potency for name in (new, old) for policy in routes if policy.route == name and policy.potency]
    return f"Ketamine by another route, {old} before, {new} now: {said[0] if said else 'the doses are not the same'}"


# --- alarms


def conditions(d: Draft, protocol: ProtocolPolicy) -> dict[str, Condition]:
    """Every condition of the course that holds now, by key."""
    return (
        start.conditions(d)
        | titration.conditions(d)
        | (schedule.conditions(d, protocol) if d.course.id is not None else {})
        | prediction.conditions(d, protocol)
        | notices(d)
    )


def notices(d: Draft) -> dict[str, Condition]:
    """Advisories: a benzodiazepine while ketamine flows, another route, a dose above the sub-anaesthetic band."""
    infusion, found = ongoing(d), {}
    if infusion is not None and infusion.phase is InfusionPhase.RUNNING and is_benzodiazepine_given(d):
        text = f"{BENZODIAZEPINE.capitalize()} (ketamine runs)"
        found["course/benzodiazepine"] = Condition("benzodiazepine", None, LOW, ADVISORY, text)
    if d.course.switched is not None:
        found["course/route_switched"] = Condition("route_switched", None, LOW, ADVISORY, d.course.switched)
    if d.course.above is not None:
        found["course/above_band"] = Condition("above_band", None, Priority.MEDIUM, ADVISORY, d.course.above)
    return found


def acknowledged(d: Draft, alarm: Alarm) -> None:
    """An advisory of something that happened ends when it was seen."""
    if alarm.condition == "titration":
        d.course = replace(d.course, steep={}, steep_from_ng_h=None)
    elif alarm.condition == "route_switched":
        d.course = replace(d.course, switched=None)
    elif alarm.condition == "above_band":
        d.course = replace(d.course, above=None)


# --- time


def note_deadline(d: Draft, protocol: ProtocolPolicy) -> None:
    """When time alone next changes something here."""
    due = [prediction.gone_ms(d), lapse_ms(d)]
    if d.course.id is not None:
        due += [*schedule.due_times(d, protocol), ends_ms(d, protocol)]
        if d.course.benzodiazepine_ms is not None:
            due.append(d.course.benzodiazepine_ms + protocol.benzodiazepine_ms)
    first = min((at for at in due if at is not None and at > d.now), default=None)
    if first != d.course.due_ms:
        d.course = replace(d.course, due_ms=first)
