"""A course as it is reported: frozen values, each number with where it comes from. Pure.

Times are wall times (aware UTC); amounts are decimals in the unit that stands beside them. The JSON form of a report is
these shapes field by field (docs/report.md), so a field may be added, never renamed.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pumpd.report.model_figure import Figure, Point
from pumpd.report.model_found import AlarmLine, Effect, EffectRate, Episode, Flag, PainDay, Vital
from pumpd.report.model_given import CapLine, CeilingStep, DosePoint, FlowPoint, Infusion, Prediction

SCHEMA_VERSION = 1


class Patient(Struct, frozen=True):
    """As bound last within the stay. age: in whole years at the opening; None where the birth date is no date."""

    mrn: str
    name: str
    birth_date: str
    age: int | None
    sex: str
    weight: Figure | None


class Head(Struct, frozen=True):
    """What the report is about. closed None: the course still runs, and everything is as of `until`.

    generation: real, demo, or unknown for a journal that did not record it. made_by: the software that drew this.
    context: as the plan says it. files: digest by path, of the configuration that the last run of the course read.
    unverified: devices whose driver was under development.
    """

    course: str
    bed: str
    bed_label: str
    ward: str
    timezone: str
    generation: str
    patient: Patient
    opened: datetime
    opened_by: str
    planned: bool
    closed: datetime | None
    closed_by: str
    why: str
    until: datetime
    context: str
    made_by: str
    unverified: tuple[str, ...] = ()


class Outcome(Struct, frozen=True):
    """One line of the outcome table."""

    name: str
    baseline: Figure | None
    end: Figure | None
    change: Figure | None
    note: str = ""


class Refusal(Struct, frozen=True):
    """An act that was refused. why: as the person gave it; reasons: all of them, each with its limit and whose."""

    at: datetime
    who: str
    act: str
    subject: str
    why: str
    reasons: tuple[str, ...]
    ref: str


class Override(Struct, frozen=True):
    """A limit or rule that a named person set aside. limit: what it would have been, and source whose it is."""

    at: datetime
    who: str
    act: str
    subject: str
    why: str
    limit: str
    source: str
    ref: str


class Line(Struct, frozen=True):
    """Something that was noted: adjuncts, co-medication, doses by hand, moods, follow-up, ...

    section: what it belongs to. figure: its number, where it has one. corrects: the entry that it replaces, why: the
    reason that was given for that. replaced: by a later entry.
    """

    section: str
    at: datetime
    text: str
    by: str
    ref: str
    figure: Figure | None = None
    corrects: str = ""
    why: str = ""
    replaced: str = ""


class PolicyLine(Struct, frozen=True):
    """Limits and protocol that were in force from `at` on, one text for each; sha: of the policy in the journal."""

    at: datetime
    sha: str
    texts: tuple[str, ...]


class RunLine(Struct, frozen=True):
    """A start of the daemon. config_sha: of its ward file; files: digest of every file that it read, by path.

    unverified: names of the drivers under development that a bed used.
    """

    at: datetime
    software: str
    config_sha: str
    generation: str
    library: str
    files: tuple[tuple[str, str], ...]
    unverified: tuple[str, ...] = ()


class TableLine(Struct, frozen=True):
    """A file of factors or models that this report was computed with; in_use: what is known of it at the bedside."""

    name: str
    version: str
    sha: str
    in_use: str


class CourseReport(Struct, frozen=True):
    """The whole report. missing: what it cannot say, in words. mme_notes: the tables' scope, to stand beside them."""

    schema_version: int
    head: Head
    outcomes: tuple[Outcome, ...]
    infusions: tuple[Infusion, ...]
    caps: tuple[CapLine, ...]
    ceilings: tuple[CeilingStep, ...]
    flows: tuple[FlowPoint, ...]
    doses: tuple[DosePoint, ...]
    prediction: Prediction | None
    nrs: tuple[Point, ...]
    mme: tuple[Point, ...]
    mme_notes: tuple[str, ...]
    vitals: tuple[Vital, ...]
    vitals_span: tuple[datetime, datetime]
    alarms: tuple[AlarmLine, ...]
    effects: tuple[Effect, ...]
    episodes: tuple[Episode, ...]
    refusals: tuple[Refusal, ...]
    overrides: tuple[Override, ...]
    lines: tuple[Line, ...]
    policies: tuple[PolicyLine, ...]
    runs: tuple[RunLine, ...]
    tables: tuple[TableLine, ...]
    missing: tuple[str, ...]
    pain_days: tuple[PainDay, ...] = ()
    effect_rates: tuple[EffectRate, ...] = ()
    flags: tuple[Flag, ...] = ()
