"""What a decision is about: the column by which it is found again. Pure."""

from __future__ import annotations

from pumpd.safety.decisions import (
    AlarmChanged,
    CourseChanged,
    Decision,
    FlowChanged,
    InfusionChanged,
    InterlockChanged,
    PatientClosed,
    Permitted,
    ReadStatus,
    Refused,
    SetRate,
    StopPump,
)


def subject_of(decision: Decision) -> str:
    """What a decision is about: an alarm's id, an order's id, a pump, a course, a patient."""
    match decision:
        case AlarmChanged(alarm=alarm):
            return alarm.id
        case StopPump() | SetRate() | ReadStatus():
            return decision.order_id
        case InterlockChanged(pump=pump) | FlowChanged(pump=pump):
            return pump
        case CourseChanged(course=course) | InfusionChanged(course=course):
            return course
        case Permitted(subject=subject) | Refused(subject=subject):
            return subject
        case PatientClosed(mrn=mrn):
            return mrn
        case _:
            return ""
