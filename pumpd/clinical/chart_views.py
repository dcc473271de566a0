"""Readings of a chart: pain over time, side effects against the dose rate, other medicines. Exact. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from pumpd.clinical.chart import Chart, Flow, Noted, valid, weight_at
from pumpd.clinical.entries import Assessment, Comedication
from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.vocabulary import Vocabulary, find

KETAMINE = ("ketamine",)
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Score:
    """A number that somebody found, and the entry that it is from."""

    at_ms: int
    value: int
    note: Noted


def nrs_series(chart: Chart) -> tuple[Score, ...]:
    """Pain scores 0 to 10 as they stand after corrections, by the time at which they were asked."""
    return tuple(
        Score(note.at_ms, entry.nrs, note) for note, entry in valid(chart, Assessment) if entry.nrs is not None
    )


@dataclass(frozen=True, slots=True)
class DayMean(Generic[D]):
    """The scores of one day of the ward, and their mean."""

    day: D
    mean: Fraction
    scores: tuple[Score, ...]


def daily_means(scores: Iterable[Score], day_of: Callable[[int], D]) -> tuple[DayMean[D], ...]:
    """The mean of each day on which somebody asked, in order. day_of: the ward's day of a time (its zone is shell)."""
    days: dict[D, list[Score]] = {}
    for one in scores:
        days.setdefault(day_of(one.at_ms), []).append(one)
    means = ((day, Fraction(sum(one.value for one in found), len(found)), found) for day, found in days.items())
    return tuple(DayMean(day, mean, tuple(found)) for day, mean, found in means)


def dose_rate_ug_kg_h(chart: Chart, at_ms: int, drugs: Collection[str] = KETAMINE) -> Fraction | None:
    """What pumps together gave of these drugs (by code) at that time; 0: none ran, None: it is not known."""
    running = [row for row in _rows_at(chart, at_ms) if row.drug in drugs and row.infusing is not False]
    if not running:
        return Fraction(0)
    weight = weight_at(chart, at_ms)
    rates = [_ng_h(row) for row in running]
    known = [rate for rate in rates if rate is not None]
    return Fraction(sum(known), weight) if weight and len(known) == len(rates) else None


def _rows_at(chart: Chart, at_ms: int) -> Iterable[Flow]:
    newest: dict[str, Flow] = {}
    for row in chart.flows:
        if row.at_ms <= at_ms:
            newest[row.pump] = row
    return newest.values()


def _ng_h(row: Flow) -> int | None:
    if row.infusing is None or row.rate_ul_h is None or row.conc_ug_ml is None:
        return None
    return row.rate_ul_h * row.conc_ug_ml


@dataclass(frozen=True, slots=True)
class EffectSeen:
    """A side effect as it was found, and the dose rate at that time (None: not known). severity: 0 absent to 3."""

    at_ms: int
    name: str
    label: str
    severity: int
    psychomimetic: bool
    dose_ug_kg_h: Fraction | None
    note: Noted


def side_effects(chart: Chart, vocabulary: Vocabulary, drugs: Collection[str] = KETAMINE) -> tuple[EffectSeen, ...]:
    """Every side effect that was asked for, absent ones too, by time, with the dose rate then (A: "dose dependent")."""
    return tuple(
        _seen(chart, vocabulary, note, effect.name, effect.severity, drugs)
        for note, entry in valid(chart, Assessment)
        for effect in entry.side_effects
    )


def _seen(
    chart: Chart, vocabulary: Vocabulary, note: Noted, name: str, severity: int, drugs: Collection[str]
) -> EffectSeen:
    word = find(vocabulary.side_effects, name)
    rate = dose_rate_ug_kg_h(chart, note.at_ms, drugs)
    psychomimetic = word is not None and word.psychomimetic
    code, label = (word.code, word.label) if word is not None else (name, name)
    return EffectSeen(note.at_ms, code, label, severity, psychomimetic, rate, note)


@dataclass(frozen=True, slots=True)
class AtRate:
    """The worst severity that was found of one side effect at one dose rate, and how often it was asked for there."""

    name: str
    dose_ug_kg_h: Fraction
    worst: int
    asked: int


def by_dose_rate(seen: Iterable[EffectSeen]) -> tuple[AtRate, ...]:
    """Each side effect by rising dose rate; what was found at an unknown rate is left out."""
    found: dict[tuple[str, Fraction], list[int]] = {}
    for one in seen:
        if one.dose_ug_kg_h is not None:
            found.setdefault((one.name, one.dose_ug_kg_h), []).append(one.severity)
    return tuple(AtRate(name, rate, max(each), len(each)) for (name, rate), each in sorted(found.items()))


@dataclass(frozen=True, slots=True)
class MedicineFlag:
    """Another medicine of the patient with what is said of it; sedating, blunts_tachycardia: as charted or known."""

    drug: str
    label: str
    sedating: bool
    blunts_tachycardia: bool
    text: str
    note: Noted


def medicines(chart: Chart, vocabulary: Vocabulary, tables: OpioidTables | None = None) -> tuple[MedicineFlag, ...]:
    """Co-medication by the time at which it was charted; sedating ones are flagged even where nobody ticked it.

    tables: opioids that are charted as co-medication are known by them.
    """
    return tuple(_flag(note, entry, vocabulary, tables) for note, entry in valid(chart, Comedication))


def _flag(note: Noted, entry: Comedication, vocabulary: Vocabulary, tables: OpioidTables | None) -> MedicineFlag:
    known = find(vocabulary.medicines, entry.drug)
    opioid = None if tables is None else tables.find(entry.drug)
    is_opioid = known is None and opioid is not None and opioid.counts
    label = known.label if known is not None else opioid.label if opioid is not None else entry.drug
    sedating = entry.sedating or is_opioid or (known is not None and known.sedating)
    said = known.note if known is not None else "an opioid: adds to sedation and to respiratory depression"
    text = said if known is not None or is_opioid else "adds to sedation" if sedating else ""
    return MedicineFlag(
        known.code if known is not None else entry.drug,
        label,
        sedating,
        known is not None and known.blunts_tachycardia,
        f"{label}: {text}" if text else label,
        note,
    )
