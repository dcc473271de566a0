"""The alarms that pumpd raises about itself (ALA-08): what each is called, how urgent it is. Pure.

The shell tells of a fault with a SelfFault; this table says what alarm that is. A code that is not here, or whose
family is not, is a MEDIUM technical alarm named by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from pumpd.safety.alarm_table import Condition
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.policy import AlarmKind, Priority


class SelfAlarm(NamedTuple):
    priority: Priority
    words: str


HISTORY: Final = "history_differs"  # other software judged the recorded past otherwise; see HistoryKept

# HIGH only where a patient's HIGH alarm reaches nobody; it latches, so that the first who looks learns of it.
# The clock concerns times that are read, never a decision: those count kernel time.
SELF_ALARMS: Final = {
    "unwatched": SelfAlarm(Priority.HIGH, "a HIGH alarm, and nobody watches this bed"),
    "no_sound": SelfAlarm(Priority.MEDIUM, "a HIGH alarm, and no screen makes a sound"),
    "outbox_stuck": SelfAlarm(Priority.MEDIUM, "messages to other systems do not leave"),
    "hl7_dead_letters": SelfAlarm(Priority.MEDIUM, "another system refused messages for good"),
    "hl7_gateway": SelfAlarm(Priority.MEDIUM, "other systems are neither heard nor told"),
    "hl7_not_listening": SelfAlarm(Priority.MEDIUM, "messages from other systems are not taken"),
    "hl7_report_owed": SelfAlarm(Priority.LOW, "the report of a course could not be made for another system"),
    "hl7_owed": SelfAlarm(Priority.MEDIUM, "an accepted message of another system could not be carried out"),
    "mqtt_link": SelfAlarm(Priority.LOW, "the MQTT broker is not reached, this ward is not seen from outside"),
    "wrong_patient": SelfAlarm(Priority.MEDIUM, "a device's messages are not of this patient"),
    "audit_failing": SelfAlarm(Priority.MEDIUM, "who does and sees what is not being recorded"),
    "clock_jump": SelfAlarm(Priority.LOW, "the clock was changed"),
    HISTORY: SelfAlarm(Priority.MEDIUM, "recorded decisions are not this software's, check pumps, alarms and doses"),
}
ONCE: Final = frozenset({"clock_jump", HISTORY})
"""Faults that are over as soon as they were seen: an acknowledgement ends them."""

UNTIL_SEEN: Final = frozenset({HISTORY})
"""Faults that only an acknowledgement ends: they outlast the daemon that found them."""


PERCEPTION: Final = frozenset({"unwatched", "no_sound"})
"""Faults of the way from an alarm to a person; they are about another alarm, so they are none to be perceived."""


def high_since_ms(alarms: Iterable[Alarm]) -> int | None:
    """Since when the oldest HIGH alarm sounds that nobody has acknowledged and whose condition lasts."""
    sounding = (a for a in alarms if a.state is AlarmState.ACTIVE and a.priority is Priority.HIGH)
    return min((a.unseen_ms or a.onset_ms for a in sounding if a.condition not in PERCEPTION), default=None)


def self_condition(code: str, detail: str) -> Condition:
    """The alarm condition of one of pumpd's own faults."""
    found = SELF_ALARMS.get(code)
    if found is None:
        family = next((alarm for name, alarm in SELF_ALARMS.items() if code.startswith(f"{name}_")), None)
        found = family or SelfAlarm(Priority.MEDIUM, code.replace("_", " "))
    text = f"pumpd: {found.words}" + (f" ({detail})" if detail else "")
    return Condition(code, None, found.priority, AlarmKind.TECHNICAL, text)
