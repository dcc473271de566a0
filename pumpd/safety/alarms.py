"""The alarm instance. Pure. (The life cycle's table is the kernel's.)"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from pumpd.safety.policy import AlarmKind, Priority


class AckReason(StrEnum):
    """The short list of reasons to acknowledge (ALA-03)."""

    PROBE_OFF = "probe_off"
    CARE_IN_PROGRESS = "care_in_progress"
    SEEN_ESCALATED = "seen_escalated"
    FALSE_ALARM = "false_alarm"
    OTHER = "other"


class AlarmState(StrEnum):
    """active: condition present, unacknowledged. latched: condition over, awaiting a person's reset."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    LATCHED = "latched"
    ENDED = "ended"


class Phase(StrEnum):
    """What happened to the instance just now (IHE ACM event phases)."""

    START = "start"
    UPDATE = "update"
    ESCALATE = "escalate"
    DEESCALATE = "deescalate"
    ACKNOWLEDGE = "acknowledged"
    REALARM = "realarm"
    LATCH = "inactivate"
    RESET = "reset"
    END = "end"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    by: str
    at_ms: int
    reason: AckReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class Escalation:
    """How far a HIGH alarm has climbed for want of an acknowledgement (ALA-05): to step `level` of the ladder.

    to: who is signalled from since_ms on, beside those of the steps below.
    """

    level: int
    to: str
    since_ms: int


class Alarm(Struct, frozen=True, gc=False):
    """One alarm instance (ALA-01). A Struct, because a step that stops a pump makes a dozen.

    id is unique for ever within the ward; text names cause, value and limit. value and limit are as shown ("86",
    "< 90 %"); present: the condition holds now; worst_milli: the worst value since onset for a physiological alarm.
    ended_ms: the condition is over since (latched, or ended). action: what to do about it. unseen_ms: a HIGH that waits
    for a person since then (the ladder's zero); escalation: the step of the ladder that it stands on; both None when it
    does not wait. was: the text of the higher condition that nobody has seen, while only a milder one holds.
    broke_pause: it ended an audio pause (ALA-04).
    """

    id: str
    bed: str
    device: str | None
    condition: str
    priority: Priority
    kind: AlarmKind
    state: AlarmState
    text: str
    value: str | None
    limit: str | None
    onset_ms: int
    present: bool
    acknowledged: Acknowledgement | None = None
    ended_ms: int | None = None
    worst_milli: int | None = None
    rule: str | None = None
    action: str = ""
    unseen_ms: int | None = None
    escalation: Escalation | None = None
    was: str | None = None
    broke_pause: bool = False
