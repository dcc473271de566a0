"""A report as one tidy table: a row is one value at one time. Pure.

Columns: time (ISO 8601, UTC), kind, subject, value, unit, origin. Values that are words have no unit.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pumpd.report.model import CourseReport, Outcome
from pumpd.report.model_figure import Figure, Point
from pumpd.units import plain

COLUMNS = ("time", "kind", "subject", "value", "unit", "origin")
Row = tuple[datetime, str, str, str, str, str]
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a text that begins so


def table(report: CourseReport) -> bytes:
    """CSV in UTF-8 with a header line, ordered by time."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for at, *rest in sorted(rows(report), key=lambda row: row[0]):
        writer.writerow([at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"), *rest])
    return out.getvalue().encode()


def rows(report: CourseReport) -> Iterator[Row]:
    """All rows, in no order of time."""
    yield from _course(report)
    yield from _doses(report)
    yield from _points("pain", report.nrs)
    yield from _points("opioids", report.mme)
    yield from _watched(report)
    yield from _people(report)


def _number(at: datetime, kind: str, subject: str, figure: Figure | None) -> Iterator[Row]:
    if figure is not None:
        value = figure.text if figure.value is None else plain(figure.value).replace(",", "")
        origin = figure.origin + (f" [{', '.join(figure.refs)}]" if figure.refs else "")
        yield at, kind, subject, value if figure.value is not None else _safe(value), figure.unit, _safe(origin)


def _words(at: datetime, kind: str, subject: str, text: str, origin: str) -> Row:
    return at, kind, _safe(subject), _safe(text), "", _safe(origin)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text


def _points(kind: str, points: Iterable[Point]) -> Iterator[Row]:
    for point in points:
        yield from _number(point.at, kind, point.figure.unit, point.figure)


def _course(report: CourseReport) -> Iterator[Row]:
    head, end = report.head, report.head.closed or report.head.until
    yield _words(head.opened, "course", "opened", head.course, head.opened_by)
    if head.closed is not None:
        yield _words(head.closed, "course", "closed", head.why, head.closed_by)
    yield from _number(head.opened, "patient", "weight", head.patient.weight)
    for outcome in report.outcomes:
        yield from _outcome(head.opened, end, outcome)
    for line in report.policies:
        for text in line.texts:
            yield _words(line.at, "policy", "limit", text, f"policy {line.sha}")


def _outcome(opened: datetime, end: datetime, outcome: Outcome) -> Iterator[Row]:
    yield from _number(opened, "outcome baseline", outcome.name, outcome.baseline)
    yield from _number(end, "outcome end", outcome.name, outcome.end)
    yield from _number(end, "outcome change", outcome.name, outcome.change)
    if outcome.note:
        yield _words(end, "outcome note", outcome.name, outcome.note, "")


def _doses(report: CourseReport) -> Iterator[Row]:
    for flow in report.flows:
        yield from _number(flow.at, "rate", flow.pump, flow.rate)
        yield from _number(flow.at, "dose rate", flow.pump, flow.dose)
    for dose in report.doses:
        origin = "sum over all pumps since the course was opened, and of what was given by hand"
        yield dose.at, "given at least", "course", plain(dose.low).replace(",", ""), "mg", origin
        yield dose.at, "given at most", "course", plain(dose.high).replace(",", ""), "mg", origin
    for one in report.infusions:
        at, name = one.ended or one.started or report.head.opened, f"infusion {one.number}"
        yield _words(at, "infusion", name, one.phase, one.why)
        yield from _number(at, "delivered at least", name, one.low)
        yield from _number(at, "delivered at most", name, one.high)
        yield from _number(at, "delivered", name, one.per_kg)
        yield from _number(one.started or at, "planned", name, one.plan)
        yield from _number(one.started or at, "planned first rate", name, one.start_rate)
    for cap in report.caps:
        yield from _number(report.head.until, "cap", cap.span, cap.cap)
    for point in report.prediction.points if report.prediction is not None else ():
        origin = "predicted, not measured: lowest and highest of the models"
        yield point.at, "predicted lowest", "ketamine in plasma", f"{point.low:.2f}", "ng/mL", origin
        yield point.at, "predicted highest", "ketamine in plasma", f"{point.high:.2f}", "ng/mL", origin


def _watched(report: CourseReport) -> Iterator[Row]:
    for vital in report.vitals:
        yield from _number(vital.lowest_at, "vital lowest", vital.signal, vital.lowest)
        yield from _number(vital.highest_at, "vital highest", vital.signal, vital.highest)
    for alarm in report.alarms:
        yield _words(alarm.onset, f"alarm {alarm.priority}", alarm.id, alarm.text, alarm.ref)
        if alarm.acknowledged is not None:
            yield _words(alarm.acknowledged, "alarm acknowledged", alarm.id, alarm.by, alarm.reason)
            yield from _number(alarm.acknowledged, "alarm response", alarm.id, alarm.response)
        if alarm.ended is not None:
            yield _words(alarm.ended, "alarm ended", alarm.id, "", alarm.ref)
    for episode in report.episodes:
        yield _words(episode.began, "PRODIGY episode", str(episode.number), ", ".join(episode.signs), episode.ref)


def _people(report: CourseReport) -> Iterator[Row]:
    for effect in report.effects:
        origin = f"{effect.ref} by {effect.by}: {effect.words}"
        yield effect.at, "side effect", effect.name, str(effect.severity), "severity 0 to 3", _safe(origin)
        yield from _number(effect.at, "dose rate at side effect", effect.name, effect.dose)
    for line in report.lines:
        fixed = f"; corrects {line.corrects}: {line.why}" if line.corrects else ""
        replaced = f"; replaced by {line.replaced}" if line.replaced else ""
        yield _words(line.at, line.section, line.ref, line.text, f"{line.ref} by {line.by}{fixed}{replaced}")
    for refusal in report.refusals:
        asked = f"asked by {refusal.who or 'nobody named'}: {refusal.why}; {refusal.ref}"
        for reason in refusal.reasons:
            yield _words(refusal.at, "refused", f"{refusal.act} {refusal.subject}", reason, asked)
    for override in report.overrides:
        limit = f"{override.limit} ({override.source}); {override.ref}"
        text = f"{override.who}: {override.why}"
        yield _words(override.at, "override", f"{override.act} {override.subject}", text, limit)
