"""Baseline, end and change of pain, opioids and satisfaction, and their course over time. Pure.

Baseline of an assessed number: the mean of what was charted in the 24 h before the first infusion began; where nothing
was, the last before it. End: the mean of the last 24 h of the course.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from pumpd.clinical.chart import Noted, valid
from pumpd.clinical.chart_opioids import administered, baseline, mme_now, opioid_uses, patches
from pumpd.clinical.entries import Assessment
from pumpd.clinical.mme import DAY_MS, Mme, Part
from pumpd.clinical.mme_words import change_percent, mme_text, part_text, plain_signed, rounded
from pumpd.report.case import Case
from pumpd.report.model import Outcome
from pumpd.report.model_figure import Figure, Point
from pumpd.report.words import when
from pumpd.units import MS_PER_H, plain

STEP_MS = 6 * MS_PER_H  # of the drawn line of MME, beside every administration
Score = tuple[Noted, int]


def outcomes(case: Case) -> Iterator[Outcome]:
    """The outcome table."""
    yield _scored(case, "Pain (NRS 0 to 10)", "NRS", lambda found: found.nrs)
    yield _opioids(case)
    yield from _each_opioid(case)
    yield _scored(case, "Satisfaction (0 to 10)", "satisfaction", lambda found: found.satisfaction)


def _scores(case: Case, of: Callable[[Assessment], int | None], from_ms: int, until_ms: int) -> list[Score]:
    return [
        (note, score)
        for note, entry in valid(case.chart, Assessment)
        if from_ms < note.at_ms <= until_ms and (score := of(entry)) is not None
    ]


def first_infusion_ms(case: Case) -> int:
    """When the first infusion began; before there is one: the end."""
    begun = [row.at_ms for row in case.chart.infusions if row.course == case.raw.course and row.number]
    return min(begun, default=case.until_ms)


def _scored(case: Case, name: str, unit: str, of: Callable[[Assessment], int | None]) -> Outcome:
    began = first_infusion_ms(case)
    before = _scores(case, of, began - DAY_MS, began) or _scores(case, of, -1, began)[-1:]
    after = _scores(case, of, max(began, case.until_ms - DAY_MS), case.until_ms)
    first, last = (_mean(case, unit, found) for found in (before, after))
    change = None
    if first is not None and last is not None and first.value is not None and last.value is not None:
        difference = last.value - first.value
        change = Figure(difference, unit, plain_signed(difference), f"{last.text} less {first.text}")
    return Outcome(name, first, last, change)


def _mean(case: Case, unit: str, scores: list[Score]) -> Figure | None:
    """One score says itself; of several the mean, to one decimal, with each of them."""
    if not scores:
        return None
    refs = tuple(f"entry {note.id}" for note, _ in scores)
    if len(scores) == 1:
        note, score = scores[0]
        return Figure(Decimal(score), unit, str(score), f"{unit} {score}: {case.entry(note)}", refs)
    mean = (Decimal(sum(score for _, score in scores)) / len(scores)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    each = "; ".join(f"{score}: {case.entry(note)}" for note, score in scores)
    return Figure(mean, unit, plain(mean), f"mean of {len(scores)} in 24 h: {each}", refs)


def nrs_points(case: Case) -> Iterator[Point]:
    """Every pain score of the stay up to the end."""
    for note, score in _scores(case, lambda found: found.nrs, -1, case.until_ms):
        figure = Figure(
            Decimal(score), "NRS", f"NRS {score}", f"NRS {score}: {case.entry(note)}", (f"entry {note.id}",)
        )
        yield Point(case.at(note.at_ms), figure)


def _opioids(case: Case) -> Outcome:
    first, end = baseline_figure(case), mme_figure(case, case.until_ms)
    return Outcome("Opioids (MME a day)", first, end, _mme_change(first, end))


def baseline_figure(case: Case) -> Figure | None:
    """As a person charted it with the plan; else what was administered in the 24 h before the course."""
    closed = case.raw.closed
    told = baseline(case.chart, None if closed is None else closed.now_ms)
    if told is None:
        return mme_figure(case, case.opened_ms)
    value = Decimal(told.mme_milli) / 1000
    text, table = mme_value(value), case.tables.opioids.table().label
    origin = f"baseline as charted with the course plan, {case.entry(told.note)}; pumpd did not compute it"
    own = mme_now(case.chart, case.opened_ms, case.tables.opioids)
    if own.parts:
        origin += f" (administrations of the 24 h before that are charted make {mme_text(own)})"
    return Figure(
        value, "MME/day", f"{text} MME/day", f"{origin}. The end is counted with {table}", (f"entry {told.note.id}",)
    )


def mme_value(value: Decimal) -> str:
    """One decimal always, as both documents of this protocol write it ("310.0")."""
    return f"{value.quantize(Decimal('0.1'), ROUND_HALF_UP):,f}"


def mme_figure(case: Case, at_ms: int) -> Figure:
    """As administered in the 24 h before, with every part of the sum; an incomplete total says at least."""
    total = mme_now(case.chart, at_ms, case.tables.opioids)
    value = rounded(total.high, 1)
    low = rounded(total.low, 1)
    span = mme_value(value) if low == value else f"{mme_value(low)} to {mme_value(value)}"
    text = f"{span} MME/day" if total.complete else f"at least {mme_value(low)} MME/day (incomplete)"
    return Figure(value if total.complete else None, "MME/day", text, mme_origin(case, total), mme_refs(total))


def mme_refs(total: Mme) -> tuple[str, ...]:
    return tuple(f"entry {one}" for part in total.parts for one in part.entries)


def mme_origin(case: Case, total: Mme) -> str:
    """ "sum of what was given in the 24 h to ...: oxyCODONE oral 40 mg x 1.5 = 60 MME (CDC 2022; entries ...)"."""
    until = case.when(total.now_ms)
    parts = [_part(case, part) for part in total.parts]
    gaps = [f"not in it: {gap.why}" for gap in total.gaps]
    words = "; ".join([*parts, *gaps, *total.notes]) or "nothing was charted"
    return f"sum of what was given in the 24 h to {until} ({total.table}): {words}"


def _part(case: Case, part: Part) -> str:
    by = {note.id: note.by for note in case.chart.notes}
    people = ", ".join(f"{one} by {by[one]}" if one in by else f"pump {one}" for one in part.entries)
    return f"{part_text(part, part.table)}: {people}"


def _mme_change(first: Figure | None, end: Figure) -> Figure | None:
    if first is None or first.value is None:
        return None
    if end.value is None:
        return Figure(None, "%", "not known", "the total at the end is incomplete")
    percent = change_percent(Fraction(first.value), Fraction(end.value))
    if percent is None:
        return None
    origin = f"({mme_value(end.value)} - {mme_value(first.value)}) / {mme_value(first.value)}"
    return Figure(percent, "%", f"{plain_signed(percent)} %", origin, (*first.refs, *end.refs))


def _each_opioid(case: Case) -> Iterator[Outcome]:
    """One line for each drug that was given: what it made at the opening and at the end, and when it was stopped."""
    tables = case.tables.opioids
    begin, end = (mme_now(case.chart, at_ms, tables) for at_ms in (case.opened_ms, case.until_ms))
    for use in opioid_uses(case.chart, case.until_ms, tables):
        first, last = (_of_drug(case, total, use.code or use.label) for total in (begin, end))
        yield Outcome(f"of it {use.label}", first, last, None, _stopped(case, use.code or use.label, use.stopped_ms))


def _of_drug(case: Case, total: Mme, code: str) -> Figure:
    """code: or the name, of a drug that is not in the tables."""
    parts = [part for part in total.parts if part.drug == code]
    value = rounded(sum((part.high for part in parts), Fraction(0)), 1)
    origin = "; ".join(_part(case, part) for part in parts) or "none was charted"
    missing = [gap.why for gap in total.gaps if gap.drug == code]
    refs = tuple(f"entry {one}" for part in parts for one in part.entries)
    if missing:
        return Figure(None, "MME/day", "not known", "; ".join(missing), refs)
    day = f"in the 24 h to {case.when(total.now_ms)}: {origin}"
    return Figure(value, "MME/day", f"{mme_value(value)} MME/day", day, refs)


def _stopped(case: Case, drug: str, stopped_ms: int | None) -> str:
    if stopped_ms is None:
        return ""
    words = f"stopped {when(case.at(stopped_ms), case.zone)}"
    residual = case.tables.opioids.residual
    hours = f"{residual.from_ms / MS_PER_H:g} to {residual.to_ms / MS_PER_H:g} h"
    worn = [one for one in patches(case.chart) if one.off_ms == stopped_ms]
    return f"{words}; a patch goes on acting for {hours} after removal, which is not counted" if worn else words


def mme_points(case: Case) -> Iterator[Point]:
    """MME a day along the course: at every administration, at every change of a patch, and every six hours."""
    given = [one.at_ms for one in administered(case.chart)]
    given += [at for one in patches(case.chart) for at in (one.on_ms, one.off_ms) if at is not None]
    inside = {at for at in given if case.opened_ms <= at <= case.until_ms}
    times = {case.opened_ms, *range(case.opened_ms, case.until_ms, STEP_MS), case.until_ms, *inside}
    if not given:
        return
    for at_ms in sorted(times):
        total = mme_now(case.chart, at_ms, case.tables.opioids)
        text = f"{mme_value(rounded(total.high, 1))} MME/day" + ("" if total.complete else " at least (incomplete)")
        figure = Figure(rounded(total.high, 1), "MME/day", text, mme_origin(case, total), mme_refs(total))
        yield Point(case.at(at_ms), figure)
