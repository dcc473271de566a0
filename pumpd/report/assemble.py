"""A gathered course into its report. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import pumpd
from pumpd.clinical.chart import valid
from pumpd.clinical.chart_opioids import mme_now
from pumpd.clinical.entries import CoursePlan
from pumpd.report import acts, doses, findings, notes, outcomes, sources, watched
from pumpd.report.case import Case
from pumpd.report.gather import Gathered
from pumpd.report.model import SCHEMA_VERSION, CourseReport, Head, Patient
from pumpd.report.model_figure import Figure
from pumpd.report.prediction import prediction
from pumpd.report.tables import Tables
from pumpd.report.words import when
from pumpd.safety.decisions import CourseChanged
from pumpd.safety.events import HistoryKept, Restarted
from pumpd.units import exact, format_weight


def assemble(gathered: Gathered, tables: Tables) -> CourseReport:
    """The report; the same journal gives the same report."""
    case = Case(gathered, tables)
    given, course = tuple(doses.infusions(case)), tuple(doses.dose_points(case))
    return CourseReport(
        schema_version=SCHEMA_VERSION,
        head=_head(case),
        outcomes=tuple(outcomes.outcomes(case)),
        infusions=given,
        caps=tuple(doses.caps(case, given, course)),
        ceilings=tuple(doses.ceilings(case)),
        flows=tuple(doses.flow_points(case)),
        doses=course,
        prediction=prediction(case),
        nrs=tuple(outcomes.nrs_points(case)),
        mme=tuple(outcomes.mme_points(case)),
        mme_notes=_mme_notes(case),
        vitals=tuple(watched.vitals(case)),
        vitals_span=(case.at(case.opened_ms), gathered.until),
        alarms=tuple(watched.alarms(case)),
        effects=tuple(notes.effects(case)),
        episodes=tuple(watched.episodes(case)),
        refusals=tuple(acts.refusals(case)),
        overrides=tuple(acts.overrides(case)),
        lines=tuple(notes.lines(case)),
        policies=tuple(sources.policies(case)),
        runs=tuple(sources.runs(case)),
        tables=tables.lines,
        missing=tuple(_missing(case)),
        pain_days=tuple(findings.pain_days(case)),
        effect_rates=tuple(findings.effect_rates(case)),
        flags=tuple(findings.flags(case)),
    )


def _head(case: Case) -> Head:
    raw, run = case.raw, case.run
    opened = raw.opened.value if isinstance(raw.opened.value, CourseChanged) else None
    closed = raw.closed.value if raw.closed is not None else None
    origins = None if run is None else run.origins
    policy = case.policy(case.until_ms)
    return Head(
        course=raw.course,
        bed=raw.bed,
        bed_label=raw.bed if policy is None else policy.label,
        ward="" if origins is None else origins.ward,
        timezone="UTC" if origins is None else origins.timezone,
        generation=sources.generation(case),
        patient=_patient(case),
        opened=raw.opened.at,
        opened_by="" if opened is None else opened.by,
        planned=_context(case) is not None,
        closed=None if raw.closed is None else raw.closed.at,
        closed_by=closed.by if isinstance(closed, CourseChanged) else "",
        why="" if closed is None else closed.why,
        until=raw.until,
        context=_context(case) or "",
        made_by=f"pumpd {pumpd.__version__}",
        unverified=sources.unverified(case),
    )


def _context(case: Case) -> str | None:
    """Of the plan with which the course was opened; None: nobody planned it."""
    plans = [plan.context for note, plan in valid(case.chart, CoursePlan) if note.noted_ms <= case.until_ms]
    return plans[-1] if plans else None


def _patient(case: Case) -> Patient:
    found, weight_g = case.patient, case.weight_g(case.until_ms)
    weight = None
    if weight_g is not None:
        since = max((row.at_ms for row in case.chart.weights if row.at_ms <= case.until_ms), default=case.opened_ms)
        origin = f"as bound to the bed, {case.when(since)}"
        weight = Figure(exact(weight_g, 1000), "kg", format_weight(weight_g), origin)
    if found is None:
        return Patient(case.raw.stay.mrn, case.raw.stay.name, "", None, "", weight)
    name = f"{found.given_name} {found.family_name}".strip()
    return Patient(found.mrn, name, found.birth_date, case.age(), str(found.sex), weight)


def _mme_notes(case: Case) -> tuple[str, ...]:
    """The scope of the tables, which is to stand beside every number made with them."""
    tables = case.tables.opioids
    own = f"parenteral factors: {tables.parenteral.label} ({tables.parenteral.owner or tables.parenteral.source})"
    table = f"factors: {tables.table().label} ({tables.table().source}); {own}"
    residual = mme_now(case.chart, case.until_ms, tables).notes
    return (*tables.warnings, table, *residual)


def _missing(case: Case) -> Iterator[str]:
    """What this report does not know, said rather than hidden."""
    if not any(True for _ in outcomes.nrs_points(case)):
        yield "no pain score was charted"
    if outcomes.baseline_figure(case) is None:
        yield "no opioid baseline was charted"
    if not case.raw.vitals:
        yield "no reading of a monitor is in the journal for this course"
    lost = [flow for flow in case.flows if flow.infusing is None]
    if lost:
        yield f"{len(lost)} times it was not known what a pump did: its dose is a pair (at least, at most)"
    for gap in case.raw.gaps:
        yield f"{gap.steps} steps until {when(gap.at, case.zone)} are not in the journal: {gap.detail}"
    for step in case.in_course():
        if isinstance(step.event, Restarted) and step.event.gap_ms:
            seconds = step.event.gap_ms / 1000
            yield f"pumpd was away for {seconds:,.0f} s until {case.when(step.now_ms)}: nothing was heard meanwhile"
        if isinstance(step.event, HistoryKept):
            yield f"at {case.when(step.now_ms)} the software was another one: {step.event.detail}"
