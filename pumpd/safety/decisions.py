"""What the kernel decides. Frozen values; the shell carries them out in order. There is no decision to start a pump."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pumpd.safety.alarms import Alarm, Phase


class InterlockState(StrEnum):
    """INT-01. ALARM_ONLY: the pump cannot be stopped by pumpd (capability, or control refused)."""

    ARMED = "armed"
    TRIPPED = "tripped"
    STOP_ACKED = "stop_acked"
    STOP_VERIFIED = "stop_verified"
    STOP_UNCONFIRMED = "stop_unconfirmed"
    ALARM_ONLY = "alarm_only"


class Resume(StrEnum):
    """INT-03. May a person start this pump? allowed: until its time is over, a trip, or the pump infuses."""

    NOT_NEEDED = "not_needed"
    NEEDED = "needed"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class StopPump:
    """Send stop bytes now, ahead of everything. Emitted again until the stop is verified."""

    pump: str
    order_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class SetRate:
    """Command an absolute rate; the driver refuses rate_ul_h > ceiling_ul_h. Durable before its first byte."""

    pump: str
    order_id: str
    rate_ul_h: int
    ceiling_ul_h: int
    cause: str


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """Read the pump's status now (verification, or the re-read of CEI-06)."""

    pump: str
    order_id: str


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    """The alarm as it now is, and what happened to it."""

    alarm: Alarm
    phase: Phase


@dataclass(frozen=True, slots=True)
class InterlockChanged:
    pump: str
    state: InterlockState
    cause: str


@dataclass(frozen=True, slots=True)
class AudioChanged:
    """Audio pause of the bed: until_ms None means sound is on. ward: the whole ward was paused.

    broken_by: the alarm instance whose new or higher condition ended the pause before its time.
    """

    until_ms: int | None
    by: str | None
    ward: bool = False
    broken_by: str | None = None


@dataclass(frozen=True, slots=True)
class Permitted:
    """An act was accepted (its effects are the other decisions of the same step).

    note: what differs from the request, in words ("rounded down to ..."); empty when nothing does.
    """

    act: str
    subject: str
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An act was refused, with ALL its reasons."""

    act: str
    subject: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientClosed:
    """The old patient's alarms, doses and displays are closed (QUA-06)."""

    mrn: str


Decision = (
    StopPump
    | SetRate
    | ReadStatus
    | AlarmChanged
    | InterlockChanged
    | AudioChanged
    | Permitted
    | Refused
    | PatientClosed
)
