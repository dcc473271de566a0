"""A course as it is reported: frozen values, each number with where it comes from. Pure.

Times are wall times (aware UTC); amounts are decimals in the unit that stands beside them. The JSON form of a report is
these shapes field by field (docs/report.md), so a field may be added, never renamed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

SCHEMA_VERSION = 1


class Figure(Struct, frozen=True):
    """One number. text: as people read it, with its unit. origin: where it comes from, in words.

    refs: the same for programs: "entry ID", "event ROW", "decision N", "policy SHA", "readings DEVICE". value None: not
    known, text says why.
    """

    value: Decimal | None
    unit: str
    text: str
    origin: str
    refs: tuple[str, ...] = ()


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


class Point(Struct, frozen=True):
    """A value at a moment."""

    at: datetime
    figure: Figure


class FlowPoint(Struct, frozen=True):
    """What a pump does from `at` on. rate None: not known. dose: the dose rate, None where it cannot be told."""

    at: datetime
    pump: str
    drug: str
    infusing: bool | None
    rate: Figure | None
    dose: Figure | None
    infusion: int


class DosePoint(Struct, frozen=True):
    """Given since the course began, at least and at most, in mg. infusion: of it, in the infusion that runs."""

    at: datetime
    low: Decimal
    high: Decimal
    infusion: int


class CeilingStep(Struct, frozen=True):
    """The ceilings in mg/kg/h that were in force from `at` on, with the rule that set each."""

    at: datetime
    hard: Decimal | None
    hard_by: str
    soft: Decimal | None
    soft_by: str


class CapLine(Struct, frozen=True):
    """A dose cap against what was given. span: "infusion 2", "course", "24 h". percent: of the cap, by `at most`.

    reached: it was given, or the cap has stopped the pump just before (what flows while a stop is in flight counts).
    """

    span: str
    cap: Figure
    set_by: str
    low: Figure
    high: Figure
    percent: Decimal
    reached: bool


class Infusion(Struct, frozen=True):
    """One infusion. phase: as it is now; why: what ended it. low, high: delivered in it (at least, at most).

    plan: what was ordered. top: the highest dose rate.
    """

    number: int
    phase: str
    pumps: tuple[str, ...]
    started: datetime | None
    ended: datetime | None
    low: Figure
    high: Figure
    per_kg: Figure | None
    plan: Figure | None
    start_rate: Figure | None
    top: Figure | None
    why: str


class BandPoint(Struct, frozen=True):
    """Predicted plasma concentration in ng/mL, lowest and highest over the models."""

    at: datetime
    low: float
    high: float


class Reference(Struct, frozen=True):
    """What literature knows: a band (low to high), or one value (both alike), in ng/mL."""

    name: str
    low: float
    high: float
    source: str


class Prediction(Struct, frozen=True):
    """A band, never a measurement. peak: its highest point. limits, doubts: why it is to be taken with care."""

    models: tuple[str, ...]
    points: tuple[BandPoint, ...]
    peak: Figure | None
    references: tuple[Reference, ...]
    limits: tuple[str, ...]
    doubts: tuple[str, ...]


class Vital(Struct, frozen=True):
    """A signal's extremes. lows, highs: per part of the course, for drawing."""

    signal: str
    label: str
    unit: str
    count: int
    lowest: Figure
    lowest_at: datetime
    highest: Figure
    highest_at: datetime
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]


class AlarmLine(Struct, frozen=True):
    """One alarm instance. priority: the highest it had. acknowledged: when a person first answered, by acknowledging or
    by resetting it latched; response: from onset to then.

    ended None: it still holds, or waits for its reset. climbed: whom it was escalated to, in order.
    """

    id: str
    condition: str
    priority: str
    kind: str
    text: str
    device: str
    onset: datetime
    ended: datetime | None
    acknowledged: datetime | None
    by: str
    reason: str
    response: Figure | None
    climbed: tuple[str, ...]
    worst: Figure | None
    ref: str


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


class Effect(Struct, frozen=True):
    """A side effect as it was found, with the dose rate that ran at that moment."""

    at: datetime
    name: str
    severity: int
    words: str
    dose: Figure | None
    by: str
    ref: str


class EffectRate(Struct, frozen=True):
    """A side effect at one dose rate: how often it was asked for there, and the worst that was found.

    psychomimetic: of the kind that depends on the dose.
    """

    name: str
    psychomimetic: bool
    dose: Figure
    asked: int
    worst: int
    words: str


class PainDay(Struct, frozen=True):
    """Pain on one day of the ward (YYYY-MM-DD): the mean of what was asked."""

    day: str
    mean: Figure
    asked: int


class Flag(Struct, frozen=True):
    """What is to be thought of because of another medicine."""

    text: str
    by: str
    ref: str


class Episode(Struct, frozen=True):
    """A PRODIGY episode of respiratory depression. ended None: it went on."""

    number: int
    began: datetime
    ended: datetime | None
    signs: tuple[str, ...]
    dose: Figure | None
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
