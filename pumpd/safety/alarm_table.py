"""The life of an alarm instance: one table, and the functions that walk it (ALA-01..03). Pure.

            RISE            FALL (latching priority)     ACK or RESET
    (none) ------> ACTIVE ---------------------> LATCHED ------------> ENDED
                   | ^  ^ \\ FALL (not latching)    | RISE (same instance)
               ACK | |   \\  `-------> ENDED        |
                   v |    `------------------------'
             ACKNOWLEDGED --- FALL ---> ENDED
                     REALARM, WORSEN: back to ACTIVE      CLOSE (patient leaves): every state -> ENDED

An alarm that was acknowledged has been seen by a named person, so it ends with its condition; a latched one
has not, so it stays until somebody acknowledges or resets it. An instance's priority never falls.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from pumpd.safety.alarms import Acknowledgement, Alarm, AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, AudioChanged
from pumpd.safety.policy import AlarmKind, AlarmProfile, Priority
from pumpd.safety.state import Draft

OVER = frozenset({AlarmState.LATCHED, AlarmState.ENDED})  # the condition holds no more
RANK = {Priority.HIGH: 3, Priority.MEDIUM: 2, Priority.LOW: 1}


class Trigger(StrEnum):
    RISE = "rise"
    FALL = "fall"
    FALL_LATCHING = "fall_latching"
    ACK = "ack"
    RESET = "reset"
    REALARM = "realarm"
    WORSEN = "worsen"
    CLOSE = "close"


TABLE: dict[tuple[AlarmState | None, Trigger], tuple[AlarmState, Phase]] = {
    (None, Trigger.RISE): (AlarmState.ACTIVE, Phase.START),
    (AlarmState.ACTIVE, Trigger.FALL): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACTIVE, Trigger.FALL_LATCHING): (AlarmState.LATCHED, Phase.LATCH),
    (AlarmState.ACTIVE, Trigger.ACK): (AlarmState.ACKNOWLEDGED, Phase.ACKNOWLEDGE),
    (AlarmState.ACTIVE, Trigger.WORSEN): (AlarmState.ACTIVE, Phase.ESCALATE),
    (AlarmState.ACTIVE, Trigger.CLOSE): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACKNOWLEDGED, Trigger.FALL): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACKNOWLEDGED, Trigger.FALL_LATCHING): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACKNOWLEDGED, Trigger.REALARM): (AlarmState.ACTIVE, Phase.REALARM),
    (AlarmState.ACKNOWLEDGED, Trigger.WORSEN): (AlarmState.ACTIVE, Phase.ESCALATE),
    (AlarmState.ACKNOWLEDGED, Trigger.CLOSE): (AlarmState.ENDED, Phase.END),
    (AlarmState.LATCHED, Trigger.RISE): (AlarmState.ACTIVE, Phase.UPDATE),
    (AlarmState.LATCHED, Trigger.ACK): (AlarmState.ENDED, Phase.END),
    (AlarmState.LATCHED, Trigger.RESET): (AlarmState.ENDED, Phase.RESET),
    (AlarmState.LATCHED, Trigger.CLOSE): (AlarmState.ENDED, Phase.END),
}

BREAKS_AUDIO_PAUSE = frozenset({(None, Trigger.RISE), (AlarmState.LATCHED, Trigger.RISE)}) | frozenset(
    (state, Trigger.WORSEN) for state in AlarmState
)


class Condition(NamedTuple):
    """An alarm condition that holds now; `low` says that a smaller value is a worse one."""

    condition: str
    device: str | None
    priority: Priority
    kind: AlarmKind
    text: str
    value: str | None = None
    limit: str | None = None
    worst_milli: int | None = None
    low: bool = True
    rule: str | None = None


def move(d: Draft, key: str, trigger: Trigger, alarm: Alarm, before: AlarmState | None) -> None:
    """Walk one edge of the table with the alarm's new content, and say so; an edge that is not there does nothing."""
    edge = TABLE.get((before, trigger))
    if edge is None:
        return
    state, phase = edge
    if state in OVER:
        ended_ms = d.now if alarm.ended_ms is None else alarm.ended_ms
        alarm = replace(alarm, state=state, present=False, ended_ms=ended_ms)
    else:
        alarm = replace(alarm, state=state, ended_ms=None)
    if state is AlarmState.ENDED:
        d.alarms.pop(key, None)
    else:
        d.alarms[key] = alarm
    d.out.append(AlarmChanged(alarm, phase))
    if (before, trigger) in BREAKS_AUDIO_PAUSE and d.audio_until_ms is not None:
        end_audio_pause(d)


def end_audio_pause(d: Draft) -> None:
    d.audio_until_ms = d.audio_by = None
    d.out.append(AudioChanged(None, None))


def start(d: Draft, key: str, c: Condition) -> None:
    d.alarm_n += 1
    alarm = Alarm(
        id=f"{d.bed}-a{d.alarm_n}",
        bed=d.bed,
        device=c.device,
        condition=c.condition,
        priority=c.priority,
        kind=c.kind,
        state=AlarmState.ACTIVE,
        text=c.text,
        value=c.value,
        limit=c.limit,
        onset_ms=d.now,
        present=True,
        worst_milli=c.worst_milli,
        rule=c.rule,
    )
    move(d, key, Trigger.RISE, alarm, None)


def worse(old: int | None, new: int | None, low: bool) -> int | None:
    """The worse of two values; None is no value."""
    if old is None or new is None:
        return new if old is None else old
    return min(old, new) if low else max(old, new)


def renewed(alarm: Alarm, c: Condition) -> Alarm:
    """The alarm with the condition's present text and value, its worst value, and its highest priority."""
    priority = c.priority if RANK[c.priority] > RANK[alarm.priority] else alarm.priority
    return replace(
        alarm,
        priority=priority,
        text=c.text,
        value=c.value,
        limit=c.limit,
        present=True,
        worst_milli=worse(alarm.worst_milli, c.worst_milli, c.low),
        rule=c.rule,
    )


def hold(d: Draft, key: str, alarm: Alarm, c: Condition) -> None:
    """The condition of a live alarm holds now: returned, worsened, changed, or simply still there."""
    if alarm.present and alarm.text == c.text and alarm.priority is c.priority:
        return
    new = renewed(alarm, c)
    if alarm.state is AlarmState.LATCHED:
        move(d, key, Trigger.RISE, new, alarm.state)
    elif new.priority is not alarm.priority:
        move(d, key, Trigger.WORSEN, replace(new, acknowledged=None), alarm.state)
    elif new != alarm:
        d.alarms[key] = new
        if new.worst_milli != alarm.worst_milli or new.rule != alarm.rule or new.worst_milli is None:
            d.out.append(AlarmChanged(new, Phase.UPDATE))


def fall(d: Draft, key: str, alarm: Alarm) -> None:
    latches = alarm.priority in d.policy.profile.latch
    trigger = Trigger.FALL_LATCHING if latches else Trigger.FALL
    move(d, key, trigger, replace(alarm, present=False), alarm.state)


def reconcile(d: Draft, scope: str, conditions: dict[str, Condition]) -> None:
    """Make the live alarms of one scope (the key's first part) match the conditions that hold now."""
    if d.alarms:
        for key, alarm in list(d.alarms.items()):
            if alarm.present and key not in conditions and key.partition("/")[0] == scope:
                fall(d, key, alarm)
    for key, condition in conditions.items():
        live = d.alarms.get(key)
        if live is None:
            start(d, key, condition)
        else:
            hold(d, key, live, condition)


def realarm_ms(profile: AlarmProfile, priority: Priority) -> int:
    if priority is Priority.HIGH:
        return profile.realarm_high_ms
    return profile.realarm_medium_ms if priority is Priority.MEDIUM else profile.realarm_low_ms


def realarm_due_ms(profile: AlarmProfile, alarm: Alarm) -> int | None:
    """When an acknowledged alarm whose condition persists sounds again (ALA-03)."""
    if alarm.state is not AlarmState.ACKNOWLEDGED or alarm.acknowledged is None:
        return None
    return alarm.acknowledged.at_ms + realarm_ms(profile, alarm.priority)


def realarm(d: Draft) -> None:
    for key, alarm in list(d.alarms.items()):
        due_ms = realarm_due_ms(d.policy.profile, alarm)
        if due_ms is not None and due_ms <= d.now:
            move(d, key, Trigger.REALARM, replace(alarm, acknowledged=None), alarm.state)


def acknowledge(d: Draft, key: str, ack: Acknowledgement) -> None:
    alarm = d.alarms[key]
    move(d, key, Trigger.ACK, replace(alarm, acknowledged=ack), alarm.state)


def close_all(d: Draft) -> None:
    """The patient leaves: every alarm of this bed ends (QUA-06); what still holds starts anew as another instance."""
    for key, alarm in list(d.alarms.items()):
        move(d, key, Trigger.CLOSE, alarm, alarm.state)
