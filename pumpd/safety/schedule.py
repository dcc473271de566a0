"""What is due by the clock while a course is open: the pain score, and observations after a start. Pure.

Due is shown; overdue, after the protocol's grace, is a LOW alarm that ends when it is done. Stages of the observation
schedule that end (every 15 min for an hour) run to their end even when the infusion does not; the last, open one lasts
as long as the infusion.
"""

from __future__ import annotations

from pumpd.safety.alarm_table import Condition
from pumpd.safety.course_state import Infusion
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.safety.protocol_words import time_words
from pumpd.safety.set_aside import newest
from pumpd.safety.state import Draft


def nrs_due_ms(d: Draft, protocol: ProtocolPolicy) -> int | None:
    """When the next pain score is due; at the opening of a course when there is none from shortly before."""
    course = d.course
    if course.id is None or course.opened_ms is None or d.patient is None:
        return None
    if course.nrs_ms is None:
        return course.opened_ms
    return max(course.opened_ms, course.nrs_ms + protocol.nrs_every_ms)


def seen_ms(d: Draft) -> int | None:
    """When the patient was last observed: an assessment in the chart, or one of sedation or oxygen."""
    times = [said.at_ms for said in d.breath.assessed.values()]
    if d.breath.oxygen is not None:
        times.append(d.breath.oxygen.at_ms)
    if d.course.seen_ms is not None:
        times.append(d.course.seen_ms)
    return max(times, default=None)


def observe_due_ms(d: Draft, protocol: ProtocolPolicy) -> int | None:
    """When the next observation is due, None: none is."""
    infusion = newest(d)
    if infusion is None or d.patient is None:
        return None
    last = seen_ms(d)
    since = infusion.started_ms if last is None else max(last, infusion.started_ms)
    return next_after(since, infusion, protocol)


def next_after(since_ms: int, infusion: Infusion, protocol: ProtocolPolicy) -> int | None:
    """The next time after an observation at since_ms by the stage of the schedule in which that falls."""
    offset_ms = since_ms - infusion.started_ms
    for stage in protocol.observations:
        if stage.until_ms is None or offset_ms < stage.until_ms:
            over = stage.until_ms is None and infusion.ended_ms is not None
            return None if over else since_ms + stage.every_ms
    return None


def due_times(d: Draft, protocol: ProtocolPolicy) -> list[int | None]:
    """When something becomes overdue."""
    nrs, seen = nrs_due_ms(d, protocol), observe_due_ms(d, protocol)
    return [
        None if nrs is None else nrs + protocol.nrs_grace_ms,
        None if seen is None else seen + protocol.observation_grace_ms,
    ]


def conditions(d: Draft, protocol: ProtocolPolicy) -> dict[str, Condition]:
    """What is overdue now."""
    nrs_ms, seen_due_ms = due_times(d, protocol)
    found = {}
    if nrs_ms is not None and nrs_ms <= d.now:
        found["course/nrs_overdue"] = nrs_overdue(protocol)
    if seen_due_ms is not None and seen_due_ms <= d.now:
        found["course/observation_overdue"] = observation_overdue(d, protocol)
    return found


def nrs_overdue(protocol: ProtocolPolicy) -> Condition:
    every, grace = time_words(protocol.nrs_every_ms), time_words(protocol.nrs_grace_ms)
    text = f"NRS overdue: asked every {every}, overdue after {grace} more ({protocol.set_by})"
    return Condition("nrs_overdue", None, Priority.LOW, AlarmKind.ADVISORY, text, limit=f"every {every}")


def observation_overdue(d: Draft, protocol: ProtocolPolicy) -> Condition:
    grace = time_words(protocol.observation_grace_ms)
    infusion, due = newest(d), observe_due_ms(d, protocol)
    after = "" if infusion is None or due is None else f", due {time_words(due - infusion.started_ms)} after the start"
    text = f"Observation overdue{after}, overdue after {grace} more ({protocol.set_by})"
    return Condition("observation_overdue", None, Priority.LOW, AlarmKind.ADVISORY, text, limit=grace)
