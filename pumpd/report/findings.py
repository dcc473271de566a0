"""What a reader looks for across a chart: pain by day, side effects by dose rate, medicines to think of. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from pumpd.clinical.chart_views import (
    KETAMINE,
    AtRate,
    DayMean,
    EffectSeen,
    by_dose_rate,
    daily_means,
    medicines,
    nrs_series,
    side_effects,
)
from pumpd.clinical.mme_words import rounded
from pumpd.report.case import Case
from pumpd.report.model_figure import Figure
from pumpd.report.model_found import EffectRate, Flag, PainDay
from pumpd.units import plain

UG_PER_MG = 1000


def pain_days(case: Case) -> Iterator[PainDay]:
    """The mean of each day of the course on which somebody asked, by the ward's days."""
    scores = [one for one in nrs_series(case.chart) if case.opened_ms <= one.at_ms <= case.until_ms]
    for day in daily_means(scores, lambda at_ms: case.at(at_ms).astimezone(case.zone).date().isoformat()):
        yield PainDay(day.day, _mean(case, day), len(day.scores))


def _mean(case: Case, day: DayMean[str]) -> Figure:
    value = rounded(day.mean, 1)
    each = "; ".join(f"{one.value}: {case.entry(one.note)}" for one in day.scores)
    refs = tuple(f"entry {one.note.id}" for one in day.scores)
    return Figure(value, "NRS", plain(value), f"mean of {len(day.scores)}: {each}", refs)


def effect_rates(case: Case) -> Iterator[EffectRate]:
    """Each side effect of the course against the dose rate at which it was asked for, absent ones too."""
    drug = case.governed(case.until_ms)
    codes = KETAMINE if drug is None else (drug.code,)
    seen = side_effects(case.chart, case.tables.vocabulary, codes)
    inside = [one for one in seen if case.opened_ms <= one.at_ms <= case.until_ms]
    words = {one.name: one for one in inside}
    for row in by_dose_rate(inside):
        yield _at_rate(case, row, words[row.name], [one for one in inside if _is_of(one, row)])


def _is_of(seen: EffectSeen, row: AtRate) -> bool:
    return (seen.name, seen.dose_ug_kg_h) == (row.name, row.dose_ug_kg_h)


def _at_rate(case: Case, row: AtRate, word: EffectSeen, seen: list[EffectSeen]) -> EffectRate:
    value = rounded(Fraction(row.dose_ug_kg_h, UG_PER_MG), 4)
    each = "; ".join(f"severity {one.severity}: {case.entry(one.note)}" for one in seen)
    refs = tuple(f"entry {one.note.id}" for one in seen)
    dose = Figure(value.normalize() if value else Decimal(0), "mg/kg/h", f"{plain(value)} mg/kg/h", each, refs)
    names = case.tables.vocabulary.severities
    worst = names[row.worst] if row.worst in range(len(names)) else str(row.worst)
    return EffectRate(word.label, word.psychomimetic, dose, row.asked, row.worst, worst)


def flags(case: Case) -> Iterator[Flag]:
    """Other medicines that add to sedation, or hide a fast heart rate."""
    for one in medicines(case.chart, case.tables.vocabulary, case.tables.opioids):
        if one.note.at_ms <= case.until_ms and (one.sedating or one.blunts_tachycardia):
            yield Flag(one.text, one.note.by, f"entry {one.note.id}")
