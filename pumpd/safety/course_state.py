"""What the kernel remembers of a course and of what was given in it; parts of BedState. Frozen Structs. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pumpd.safety.decisions import InfusionPhase


class Mark(Struct, frozen=True, array_like=True):
    """The patient's total (at least, at most) at a moment at which every pump's counter run was closed: what is given
    after it is the difference, exactly."""

    at_ms: int
    low_ng: int
    high_ng: int


class Infusion(Struct, frozen=True):
    """One infusion of the course. mark: the totals when it began; low_ng, high_ng: given in it, once it is over.

    pumps: that have given in it. paused_ms: no pump infuses since then.
    """

    number: int
    phase: InfusionPhase
    pumps: tuple[str, ...]
    started_ms: int
    mark: Mark
    paused_ms: int | None = None
    ended_ms: int | None = None
    low_ng: int | None = None
    high_ng: int | None = None
    why: str = ""


class Manual(Struct, frozen=True, array_like=True):
    """A dose of ketamine by hand that still counts in a window. ng: what counts of it; entry: its id."""

    entry: str
    at_ms: int
    ng: int


class Given(Struct, frozen=True):
    """What was given to this patient. course: totals when the course began. marks: the sliding window's, oldest first.

    gone_low_ng, gone_high_ng: by pumps that are no longer part of the bed.
    """

    infusions: tuple[Infusion, ...] = ()
    course: Mark | None = None
    marks: tuple[Mark, ...] = ()
    manual: tuple[Manual, ...] = ()
    gone_low_ng: int = 0
    gone_high_ng: int = 0
    due_ms: int | None = None


class Plan(Struct, frozen=True):
    """The planned next infusion."""

    entry: str
    dose_ug_kg: int
    start_ug_kg_h: int
    by: str
    at_ms: int


class SetAside(Struct, frozen=True):
    """A rule of the protocol that a named person set aside. infusion: the number for which it holds."""

    rule: str
    by: str
    reason: str
    at_ms: int
    infusion: int


class Course(Struct, frozen=True):
    """The course of the patient in the bed. id None: none is open.

    judged: the newest infusion that was judged at its start; missing: what it was started without, by rule.
    last_ug_kg_h, last_rise_ms: the dose rate that titration steps from, and when it last rose. checked_ms, adjunct_ms,
    nrs_ms, seen_ms: the last checklist, adjunct, pain score, observation. present: contra-indications that are present.
    entries: the newest entries by id with what a correction of them has to undo.
    predicted: the band's lower edge now, in pg/mL.
    """

    id: str | None = None
    opened_ms: int | None = None
    by: str = ""
    planned: bool = False
    plan: Plan | None = None
    judged: int = 0
    missing: Mapping[str, str] = {}
    set_aside: tuple[SetAside, ...] = ()
    last_ug_kg_h: int | None = None
    last_rise_ms: int | None = None
    steep: str | None = None
    checked_ms: int | None = None
    present: tuple[str, ...] = ()
    adjunct_ms: int | None = None
    benzodiazepine: bool = False
    nrs_ms: int | None = None
    seen_ms: int | None = None
    route: str | None = None
    switched: str | None = None
    entries: Mapping[str, str] = {}
    predicted: tuple[int, int] | None = None
    number: int = 0
