"""The ladder of a HIGH alarm that waits for a person (ALA-05): bedside, charge nurse, ward, at fixed times. Pure.

It waits from the moment it sounds (start, worsening to HIGH, re-alarm) until somebody acknowledges or resets it,
whether its condition lasts or it is latched. The times are the profile's and nothing shortens them: what anybody
looked at, or how often it has happened, plays no part.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety.alarms import Alarm, AlarmState, Escalation
from pumpd.safety.policy import AlarmProfile, Priority

UNSEEN = frozenset({AlarmState.ACTIVE, AlarmState.LATCHED})


def waits(alarm: Alarm) -> bool:
    """Does this HIGH wait for a person?"""
    return alarm.priority is Priority.HIGH and alarm.state in UNSEEN


def placed(alarm: Alarm, profile: AlarmProfile, now: int) -> Alarm:
    """The alarm on the foot of the ladder if it begins to wait, off it if it does not wait, else where it stands."""
    if not waits(alarm):
        return alarm if alarm.unseen_ms is None else replace(alarm, unseen_ms=None, escalation=None)
    if alarm.unseen_ms is not None:
        return alarm
    foot = profile.escalation[0] if profile.escalation else None
    at_once = None if foot is None or foot.after_ms > 0 else Escalation(0, foot.to, now)
    return replace(alarm, unseen_ms=now, escalation=at_once)


def climb_due_ms(profile: AlarmProfile, alarm: Alarm) -> int | None:
    """When the alarm reaches its next step; None at the top, and for one that does not wait."""
    level = next_level(alarm)
    if not waits(alarm) or level >= len(profile.escalation):
        return None
    since_ms = alarm.onset_ms if alarm.unseen_ms is None else alarm.unseen_ms
    return since_ms + profile.escalation[level].after_ms


def climbed(profile: AlarmProfile, alarm: Alarm, now: int) -> Alarm:
    """The alarm on its next step, which must exist."""
    level = next_level(alarm)
    return replace(alarm, escalation=Escalation(level, profile.escalation[level].to, now))


def next_level(alarm: Alarm) -> int:
    return 0 if alarm.escalation is None else alarm.escalation.level + 1
