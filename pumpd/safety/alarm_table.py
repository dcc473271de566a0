"""The life of an alarm instance: one table, and the functions that walk it (ALA-01..05). Pure.

            RISE            FALL (latching priority)     ACK or RESET
    (none) ------> ACTIVE ---------------------> LATCHED ------------> ENDED
                   | ^  ^ \\ FALL (not latching)    | RISE (same instance)
               ACK | |   \\  `-------> ENDED        |
                   v |    `------------------------'
             ACKNOWLEDGED --- FALL ---> ENDED
                     REALARM, WORSEN: back to ACTIVE      CLOSE (patient leaves): every state -> ENDED

An alarm that was acknowledged has been seen by a named person, so it ends with its condition; a latched one
has not, so it stays until somebody acknowledges or resets it.

Priority. WORSEN raises it at once and sounds again, whatever was acknowledged. EASE (a milder rule of the same
condition still holds) lowers it only where nothing can be lost by that: when the alarm was acknowledged, or when its
priority does not latch. A latching alarm that nobody has seen keeps its priority, and its words beside those of the
milder condition. What was lowered is raised, and sounds, when the condition is worse again.

CLIMB: the ladder of a HIGH that waits for a person, see pumpd.safety.ladder. CHANGE: other values, same priority.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec.structs import replace

from pumpd.safety import ladder
from pumpd.safety.actions import action_of
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
    EASE = "ease"
    EASE_LATCHING = "ease_latching"
    CHANGE = "change"
    CLIMB = "climb"
    CLOSE = "close"


TABLE: dict[tuple[AlarmState | None, Trigger], tuple[AlarmState, Phase]] = {
    (None, Trigger.RISE): (AlarmState.ACTIVE, Phase.START),
    (AlarmState.ACTIVE, Trigger.FALL): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACTIVE, Trigger.FALL_LATCHING): (AlarmState.LATCHED, Phase.LATCH),
    (AlarmState.ACTIVE, Trigger.ACK): (AlarmState.ACKNOWLEDGED, Phase.ACKNOWLEDGE),
    (AlarmState.ACTIVE, Trigger.WORSEN): (AlarmState.ACTIVE, Phase.ESCALATE),
    (AlarmState.ACTIVE, Trigger.EASE): (AlarmState.ACTIVE, Phase.DEESCALATE),
    (AlarmState.ACTIVE, Trigger.CHANGE): (AlarmState.ACTIVE, Phase.UPDATE),
    (AlarmState.ACTIVE, Trigger.CLIMB): (AlarmState.ACTIVE, Phase.ESCALATE),
    (AlarmState.ACTIVE, Trigger.CLOSE): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACKNOWLEDGED, Trigger.FALL): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACKNOWLEDGED, Trigger.FALL_LATCHING): (AlarmState.ENDED, Phase.END),
    (AlarmState.ACKNOWLEDGED, Trigger.REALARM): (AlarmState.ACTIVE, Phase.REALARM),
    (AlarmState.ACKNOWLEDGED, Trigger.WORSEN): (AlarmState.ACTIVE, Phase.ESCALATE),
    (AlarmState.ACKNOWLEDGED, Trigger.EASE): (AlarmState.ACKNOWLEDGED, Phase.DEESCALATE),
    (AlarmState.ACKNOWLEDGED, Trigger.EASE_LATCHING): (AlarmState.ACKNOWLEDGED, Phase.DEESCALATE),
    (AlarmState.ACKNOWLEDGED, Trigger.CHANGE): (AlarmState.ACKNOWLEDGED, Phase.UPDATE),
    (AlarmState.ACKNOWLEDGED, Trigger.CLOSE): (AlarmState.ENDED, Phase.END),
    (AlarmState.LATCHED, Trigger.RISE): (AlarmState.ACTIVE, Phase.UPDATE),
    (AlarmState.LATCHED, Trigger.ACK): (AlarmState.ENDED, Phase.END),
    (AlarmState.LATCHED, Trigger.RESET): (AlarmState.ENDED, Phase.RESET),
    (AlarmState.LATCHED, Trigger.CLIMB): (AlarmState.LATCHED, Phase.ESCALATE),
    (AlarmState.LATCHED, Trigger.CLOSE): (AlarmState.ENDED, Phase.END),
}

BREAKS_AUDIO_PAUSE = frozenset({(None, Trigger.RISE), (AlarmState.LATCHED, Trigger.RISE)}) | frozenset(
    (state, Trigger.WORSEN) for state in AlarmState
)


class Condition(NamedTuple):
    """An alarm condition that holds now; `low` says that a smaller value is a worse one.

    action: what to do; without it that of the condition's own entry in pumpd.safety.actions.
    """

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
    action: str = ""


def move(d: Draft, key: str, trigger: Trigger, alarm: Alarm, before: AlarmState | None) -> None:
    """Walk one edge of the table with the alarm's new content, and say so; an edge that is not there does nothing."""
    edge = TABLE.get((before, trigger))
    if edge is None:
        return
    state, phase = edge
    ended_ms = (d.now if alarm.ended_ms is None else alarm.ended_ms) if state in OVER else None
    breaks = (before, trigger) in BREAKS_AUDIO_PAUSE and d.audio_until_ms is not None
    alarm = replace(
        alarm,
        state=state,
        present=alarm.present and state not in OVER,
        ended_ms=ended_ms,
        broke_pause=breaks or (alarm.broke_pause and state in ladder.UNSEEN),
    )
    alarm = ladder.placed(alarm, d.policy.profile, d.now)
    if state is AlarmState.ENDED:
        d.alarms.pop(key, None)
    else:
        d.alarms[key] = alarm
    d.out.append(AlarmChanged(alarm, phase))
    if breaks:
        end_audio_pause(d, alarm.id)


def end_audio_pause(d: Draft, broken_by: str | None = None) -> None:
    d.audio_until_ms, d.audio_by, d.audio_ward = None, None, False
    d.out.append(AudioChanged(None, None, broken_by=broken_by))


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
        action=c.action or action_of(c.condition),
    )
    move(d, key, Trigger.RISE, alarm, None)


def worse(old: int | None, new: int | None, low: bool) -> int | None:
    """The worse of two values; None is no value."""
    if old is None or new is None:
        return new if old is None else old
    return min(old, new) if low else max(old, new)


def renewed(alarm: Alarm, c: Condition, priority: Priority) -> Alarm:
    """The alarm at this priority with the condition's present text, values and rule, and its worst value.

    Above the condition's own priority (a milder one holds, and nobody has seen the alarm) it goes on saying what it
    was, and what to do about that.
    """
    milder = priority is not c.priority
    was = (alarm.was or alarm.text) if milder else None
    return replace(
        alarm,
        priority=priority,
        text=f"{c.text} (was {priority.upper()}: {was})" if milder else c.text,
        value=c.value,
        limit=c.limit,
        present=True,
        worst_milli=worse(alarm.worst_milli, c.worst_milli, c.low),
        rule=c.rule,
        action=alarm.action if milder else c.action or action_of(c.condition),
        was=was,
    )


def higher(one: Priority, other: Priority) -> Priority:
    return one if RANK[one] >= RANK[other] else other


def hold(d: Draft, key: str, alarm: Alarm, c: Condition) -> None:
    """The condition of a live alarm holds now: returned, worsened, eased, changed, or simply still there."""
    if alarm.present and alarm.text == c.text and alarm.priority is c.priority:
        return
    kept = higher(alarm.priority, c.priority)
    if alarm.state is AlarmState.LATCHED:
        move(d, key, Trigger.RISE, renewed(alarm, c, kept), alarm.state)
    elif kept is not alarm.priority:
        move(d, key, Trigger.WORSEN, replace(renewed(alarm, c, kept), acknowledged=None), alarm.state)
    elif kept is not c.priority and (alarm.state, easing(d, alarm)) in TABLE:
        move(d, key, easing(d, alarm), renewed(alarm, c, c.priority), alarm.state)
    else:
        change(d, key, alarm, renewed(alarm, c, kept))


def easing(d: Draft, alarm: Alarm) -> Trigger:
    return Trigger.EASE_LATCHING if alarm.priority in d.policy.profile.latch else Trigger.EASE


def change(d: Draft, key: str, alarm: Alarm, new: Alarm) -> None:
    """Other words or values at the same priority: told when the worst value, the rule, or what it was has changed."""
    if new == alarm:
        return
    worse_or_other = new.worst_milli != alarm.worst_milli or new.rule != alarm.rule or new.was != alarm.was
    if worse_or_other or new.worst_milli is None:
        move(d, key, Trigger.CHANGE, new, alarm.state)
    else:
        d.alarms[key] = new


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


def due_ms(profile: AlarmProfile, alarm: Alarm) -> int | None:
    """When time alone moves the alarm: an acknowledged one that persists sounds again, an unseen HIGH climbs."""
    if alarm.state is not AlarmState.ACKNOWLEDGED or alarm.acknowledged is None:
        return ladder.climb_due_ms(profile, alarm)
    return alarm.acknowledged.at_ms + realarm_ms(profile, alarm.priority)


def let_time_pass(d: Draft) -> None:
    """Do what is due: re-alarms (ALA-03), and every step of the ladder that was reached, one by one (ALA-05)."""
    profile = d.policy.profile
    for key in list(d.alarms):
        alarm = d.alarms[key]
        while (due := due_ms(profile, alarm)) is not None and due <= d.now:
            if alarm.state is AlarmState.ACKNOWLEDGED:
                move(d, key, Trigger.REALARM, replace(alarm, acknowledged=None), alarm.state)
            else:
                move(d, key, Trigger.CLIMB, ladder.climbed(profile, alarm, d.now), alarm.state)
            alarm = d.alarms[key]


def acknowledge(d: Draft, key: str, ack: Acknowledgement) -> None:
    alarm = d.alarms[key]
    move(d, key, Trigger.ACK, replace(alarm, acknowledged=ack), alarm.state)


def close_all(d: Draft) -> None:
    """The patient leaves: every alarm of this bed ends (QUA-06); what still holds starts anew as another instance."""
    for key, alarm in list(d.alarms.items()):
        move(d, key, Trigger.CLOSE, alarm, alarm.state)
