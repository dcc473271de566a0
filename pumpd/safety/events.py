"""Everything that can happen at one bed, as the kernel hears it. Frozen values, no clock, no I/O.

The shell stamps each with `now_ms` (an argument of `step`, not a field) and journals it, so that
a recorded day can be fed through the kernel again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from pumpd.clinical.entries import AnyEntry
from pumpd.device.facts import (
    CommandOutcome,
    Control,
    DeviceAlarms,
    Garbled,
    Identity,
    PumpStatus,
    Silent,
    Vitals,
)
from pumpd.safety.alarms import AckReason
from pumpd.safety.kept import Kept
from pumpd.safety.policy import BedPolicy
from pumpd.safety.told_events import (
    AlarmReported,
    NoticeTold,
    OrderEnded,
    OrderTold,
    RequestTold,
    ToldSettled,
    Word,
)


class LinkState(StrEnum):
    """State of a device's line as screens show it."""

    UP = "up"
    DOWN = "down"
    SILENT = "silent"
    REFUSED = "refused"


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Patient:
    """Bound by ADT or by a named person, never by what a device claims (QUA-06)."""

    mrn: str
    family_name: str
    given_name: str
    birth_date: str
    sex: Sex
    weight_g: int | None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has reached the kernel's next deadline. Hears nothing."""


class Heard(Struct, frozen=True, gc=False):
    """A fact from one device of this bed. (A Struct: one is made for every frame.)"""

    device: str
    fact: PumpStatus | Vitals | DeviceAlarms | CommandOutcome | Control | Identity | Garbled | Silent


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A device's line came up, went down, fell silent or was refused."""

    device: str
    state: LinkState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OrderSent:
    """The commander has put an order's bytes on the line."""

    device: str
    order_id: str


@dataclass(frozen=True, slots=True)
class PatientBound:
    """A patient is bound to the bed. A different mrn first closes all of the old patient's alarms and doses.

    formerly: an mrn by which this same patient was known until now (records were merged); "": none.
    word: the message that says so, None where a person does.
    """

    patient: Patient
    by: str
    formerly: str = ""
    word: Word | None = None


@dataclass(frozen=True, slots=True)
class PatientReleased:
    """Discharge or transfer. word: as of PatientBound."""

    by: str
    reason: str
    word: Word | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A named user acknowledges one alarm instance; a note is required with reason other."""

    alarm_id: str
    by: str
    reason: AckReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class AlarmReset:
    """A named user clears one latched alarm whose condition is over."""

    alarm_id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AudioPaused:
    """Sound of this bed's present alarms off for at most the policy's longest pause.

    ward: the same pause was asked for at every bed of the ward.
    """

    by: str
    seconds: int
    ward: bool = False


@dataclass(frozen=True, slots=True)
class RateRequested:
    """A named user or an order asks for an absolute rate at a running pump."""

    request_id: str
    pump: str
    rate_ul_h: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """A named user stops a pump by hand."""

    pump: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class InterlockReset:
    """A named user re-arms a tripped interlock; never starts the pump (INT-03)."""

    pump: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """A named user asks that a stopped and reset pump may be started again at the pump; starts nothing (INT-03)."""

    pump: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SoftOverride:
    """A named user confirms a rate above the soft ceiling (CEI-08)."""

    pump: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """What a named person found at the bedside; None: not assessed now. All of it is taken, or none.

    poss: 1 to 4 on Pasero's scale; asleep: its S, asleep and easy to arouse, instead of a number. rass: -5 to 4.
    oxygen: the patient is on supplemental oxygen, or is not.
    """

    by: str
    poss: int | None = None
    asleep: bool = False
    rass: int | None = None
    oxygen: bool | None = None


@dataclass(frozen=True, slots=True)
class Charted:
    """A named person writes into the patient's chart; the kernel keeps what it judges by, the journal all of it.

    id: given by the shell, unique in the journal. at_ms: kernel time at which it happened (None: now, and
    of a correction when that happened which it corrects). corrects: the id of the entry that this one replaces;
    reason: why (needed for a correction).
    """

    id: str
    entry: AnyEntry
    by: str
    at_ms: int | None = None
    corrects: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProtocolOverride:
    """A named person sets aside one rule of the protocol, where the protocol allows it, with a reason.

    rule: a ProtocolRule. It holds for the present infusion (before a start: for the next).
    """

    rule: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Predicted:
    """The shell's prediction of the plasma concentration (pumpd.clinical.pk), so that the kernel can advise on it.

    Band over the models in picograms per millilitre (1 ng/mL is 1000): (lowest, highest) now and 30 min on. Advisory
    only: nothing is stopped by it.
    """

    now_pg_ml: tuple[int, int]
    soon_pg_ml: tuple[int, int]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyReplaced:
    """New limits from now on; the shell passes the same policy to every later step."""

    policy: BedPolicy
    by: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The daemon was away. gap_ms is already contained in now; gap_certain False when only wall time tells it."""

    gap_ms: int
    gap_certain: bool


@dataclass(frozen=True, slots=True)
class SelfFault:
    """pumpd speaks of itself (ALA-08): code such as journal_failing, kernel_late; active False ends it."""

    code: str
    detail: str
    active: bool


@dataclass(frozen=True, slots=True)
class HistoryKept:
    """Judged by this software the recorded past came out otherwise: what the record says counts.

    Comes after the last recorded step and at its time. detail: what differs, in words, for the alarm that tells a
    person. patient: who is bound by the record. kept: what else replaces the state's own (see Kept).
    """

    detail: str
    patient: Patient | None
    kept: Kept


Event = (
    Tick
    | Heard
    | LinkChanged
    | OrderSent
    | PatientBound
    | PatientReleased
    | Acknowledged
    | AlarmReset
    | AudioPaused
    | RateRequested
    | StopRequested
    | InterlockReset
    | ResumeRequested
    | SoftOverride
    | Assessed
    | Charted
    | ProtocolOverride
    | Predicted
    | RequestTold
    | OrderTold
    | OrderEnded
    | NoticeTold
    | ToldSettled
    | AlarmReported
    | PolicyReplaced
    | Restarted
    | SelfFault
    | HistoryKept
)
