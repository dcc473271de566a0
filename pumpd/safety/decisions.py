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
    """An act was refused, with ALL its reasons; each names the limit and whose it is. by, why: as the person gave."""

    act: str
    subject: str
    reasons: tuple[str, ...]
    by: str = ""
    why: str = ""


class InfusionPhase(StrEnum):
    """State of one infusion of a course, derived from what the pumps report, never typed in."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED_BY_CAP = "stopped_by_cap"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class InfusionChanged:
    """An infusion of the course is in another phase. number counts from 1 in the course.

    low_ng, high_ng: delivered in it so far (at least, at most), all pumps and routes that count. why: what ended it.
    """

    course: str
    number: int
    phase: InfusionPhase
    pump: str
    low_ng: int
    high_ng: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class CourseChanged:
    """A course was opened (open True), or is over."""

    course: str
    open: bool
    mrn: str
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class FlowChanged:
    """What flows changed, or a mark of time passed (every quarter of an hour while it flows): the timeline of doses.

    infusing, rate_ul_h: as the pump reports from now on, None where unknown (stale, lost). low_ng, high_ng: given to
    this patient by this pump so far; None where mass cannot be told. infusion: number in the course, 0 outside of one.
    """

    pump: str
    drug: str | None
    infusing: bool | None
    rate_ul_h: int | None
    conc_ug_ml: int | None
    low_ng: int | None
    high_ng: int | None
    infusion: int = 0


@dataclass(frozen=True, slots=True)
class EpisodeChanged:
    """A PRODIGY episode of this patient began (open True), or is over (RSP-09). number counts from 1.

    signs: ids of the criteria that are fulfilled now. An episode that goes on when its patient leaves is never over.
    """

    number: int
    open: bool
    signs: tuple[str, ...] = ()


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
    | InfusionChanged
    | CourseChanged
    | FlowChanged
    | EpisodeChanged
    | PatientClosed
)
