"""Deliberate bugs in the ladder, in priorities that rise and fall, and in the audio pause (ALA-02 to ALA-05)."""

from __future__ import annotations

from tests.model.mutate import Mutant

ALARM_MUTANTS = (
    Mutant(
        "acknowledged for ever",
        "alarm_table",
        "    return alarm.acknowledged.at_ms + realarm_ms(profile, alarm.priority)",
        "    return None",
    ),
    # the ladder
    Mutant(
        "the ladder is forgotten",
        "ladder",
        "    return since_ms + profile.escalation[level].after_ms",
        "    return None",
    ),
    Mutant(
        "the ladder goes on after the acknowledgement",
        "ladder",
        "UNSEEN = frozenset({AlarmState.ACTIVE, AlarmState.LATCHED})",
        "UNSEEN = frozenset({AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED, AlarmState.LATCHED})",
    ),
    Mutant(
        "a latched alarm that nobody has seen does not climb",
        "ladder",
        "UNSEEN = frozenset({AlarmState.ACTIVE, AlarmState.LATCHED})",
        "UNSEEN = frozenset({AlarmState.ACTIVE})",
    ),
    Mutant(
        "a re-alarm goes on where the ladder stood before the acknowledgement",
        "ladder",
        "replace(alarm, unseen_ms=None, escalation=None)",
        "replace(alarm, escalation=None)",
    ),
    Mutant(
        "the ladder is climbed faster than its times",
        "ladder",
        "since_ms + profile.escalation[level].after_ms",
        "since_ms + profile.escalation[level].after_ms // 2",
    ),
    Mutant(
        "no deadline for the ladder's next step",
        "kernel",
        "        due += [due_ms(d.policy.profile, alarm) for alarm in d.alarms.values()]\n",
        "        due += [due_ms(d.policy.profile, alarm) for alarm in d.alarms.values() if alarm.acknowledged]\n",
    ),
    Mutant(
        "every step of the ladder is told as the first",
        "ladder",
        "    return replace(alarm, escalation=Escalation(level, profile.escalation[level].to, now))",
        "    return replace(alarm, escalation=Escalation(0, profile.escalation[0].to, now), unseen_ms=now)",
    ),
    # priorities
    Mutant(
        "a HIGH that nobody has seen melts into MEDIUM",
        "alarm_table",
        "    return Trigger.EASE_LATCHING if alarm.priority in d.policy.profile.latch else Trigger.EASE",
        "    return Trigger.EASE",
    ),
    Mutant(
        "a latched HIGH comes back as MEDIUM",
        "alarm_table",
        "        move(d, key, Trigger.RISE, renewed(alarm, c, kept), alarm.state)",
        "        move(d, key, Trigger.RISE, renewed(alarm, c, c.priority), alarm.state)",
    ),
    Mutant(
        "an acknowledged alarm gets worse in silence",
        "alarm_table",
        "(AlarmState.ACKNOWLEDGED, Trigger.WORSEN): (AlarmState.ACTIVE, Phase.ESCALATE)",
        "(AlarmState.ACKNOWLEDGED, Trigger.WORSEN): (AlarmState.ACKNOWLEDGED, Phase.UPDATE)",
    ),
    Mutant(
        "a condition that was milder for a while comes back without a signal",
        "alarm_table",
        "    (AlarmState.ACKNOWLEDGED, Trigger.EASE_LATCHING): (AlarmState.ACKNOWLEDGED, Phase.DEESCALATE),\n",
        "",
    ),
    Mutant(
        "acknowledging one alarm acknowledges them all",
        "alarm_table",
        "    alarm = d.alarms[key]\n    move(d, key, Trigger.ACK",
        "    for key, alarm in list(d.alarms.items()):\n        move(d, key, Trigger.ACK",
    ),
    # the audio pause
    Mutant(
        "a worsening does not break the audio pause",
        "alarm_table",
        "    (state, Trigger.WORSEN) for state in AlarmState\n",
        "    (state, Trigger.WORSEN) for state in ()\n",
    ),
    Mutant(
        "a step of the ladder breaks the audio pause",
        "alarm_table",
        "BREAKS_AUDIO_PAUSE = frozenset({(None, Trigger.RISE)",
        "BREAKS_AUDIO_PAUSE = frozenset({(AlarmState.ACTIVE, Trigger.CLIMB), (None, Trigger.RISE)",
    ),
    Mutant(
        "the alarm that breaks a pause is not named",
        "alarm_table",
        "        end_audio_pause(d, alarm.id)",
        "        end_audio_pause(d)",
    ),
    Mutant(
        "an audio pause on a pause adds up",
        "people",
        "d.now + event.seconds * MS_PER_S, event.by",
        "max(d.now, d.audio_until_ms or 0) + event.seconds * MS_PER_S, event.by",
    ),
)
