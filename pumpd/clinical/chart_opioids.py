"""Opioids of a chart: what was given by hand, by patch and by pump, and MME at any time. Exact. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pumpd.clinical.chart import Chart, Noted, newest_id, valid
from pumpd.clinical.chart_pumped import pumped
from pumpd.clinical.entries import CoursePlan, OpioidGiven, PatchOff, PatchOn
from pumpd.clinical.mme import DAY_MS, Administered, Mme, Worn, lasted, mme_at, patch_rate
from pumpd.clinical.mme_tables import OpioidTables


def administered(chart: Chart) -> tuple[Administered, ...]:
    """Opioids given by hand, as they stand after corrections, by time."""
    return tuple(
        Administered(note.id, entry.drug, entry.route, entry.amount_ug, note.at_ms, entry.and_ng)
        for note, entry in valid(chart, OpioidGiven)
    )


def patches(chart: Chart) -> tuple[Worn, ...]:
    """Every patch with when it was put on and taken off, by time; a correction of its first entry is the same patch."""
    off_ms: dict[str, int] = {}
    for note, entry in valid(chart, PatchOff):
        off_ms.setdefault(newest_id(chart, entry.patch), note.at_ms)
    return tuple(
        Worn(note.id, entry.drug, entry.rate_ng_h, note.at_ms, off_ms.get(note.id))
        for note, entry in valid(chart, PatchOn)
    )


def patches_on(chart: Chart, now_ms: int) -> tuple[Worn, ...]:
    """Patches that are worn at that time."""
    return tuple(
        one
        for one in patches(chart)
        if one.rate_ng_h and one.on_ms <= now_ms and (one.off_ms is None or now_ms < one.off_ms)
    )


def patch_notes(chart: Chart, now_ms: int, tables: OpioidTables) -> tuple[str, ...]:
    """What to say of patches that are on: "fentaNYL patch 25 mcg/h, on for 50 h"."""
    return tuple(
        f"{tables.label(one.drug)} patch {patch_rate(one.rate_ng_h)}, on for {lasted(now_ms - one.on_ms)}"
        for one in patches_on(chart, now_ms)
    )


def mme_now(chart: Chart, now_ms: int, tables: OpioidTables) -> Mme:
    """MME a day as administered in the 24 h before now_ms, by hand, by patch and by pump."""
    hand, worn = administered(chart), patches(chart)
    given = pumped(chart, now_ms - DAY_MS, now_ms, _opioid_pumps(chart, tables))
    return mme_at(now_ms, tables, hand, worn, given, _covered_since(chart, hand, worn))


def _covered_since(chart: Chart, hand: Sequence[Administered], worn: Sequence[Worn]) -> int | None:
    """From when on opioids are known: since the patient was bound, or since the first one that was noted later."""
    first = [one.at_ms for one in hand] + [one.on_ms for one in worn]
    return None if chart.since_ms is None else min([chart.since_ms, *first])


def _opioid_pumps(chart: Chart, tables: OpioidTables) -> set[str]:
    """Pumps that had a drug that counts, or none that is known."""
    drugs = {row.drug: None if row.drug is None else tables.find(row.drug) for row in chart.flows}
    counted = {name for name, drug in drugs.items() if drug is None or drug.counts}
    return {row.pump for row in chart.flows if row.drug in counted}


@dataclass(frozen=True, slots=True)
class OpioidUse:
    """One opioid of the chart: when it was first and last given. label: as spelt; code None: not in the tables.

    stopped_ms: when its last patch was taken off or its pump stopped; None while it is on, or where it was given by
    hand only, which has no end: how long ago the last dose was is `last_ms`.
    """

    code: str | None
    label: str
    first_ms: int
    last_ms: int
    on: bool
    stopped_ms: int | None


def opioid_uses(chart: Chart, now_ms: int, tables: OpioidTables) -> tuple[OpioidUse, ...]:
    """Every opioid that was given until now_ms, by first use; ketamine and other drugs of pumps are not among them."""
    spans: dict[str, list[tuple[int, int | None, bool]]] = {}
    for name, span in _spans(chart, now_ms):
        drug = tables.find(name)
        if drug is None or drug.counts:
            spans.setdefault(drug.code if drug else name, []).append(span)
    return tuple(sorted((_use(name, found, tables) for name, found in spans.items()), key=lambda use: use.first_ms))


def _spans(chart: Chart, now_ms: int) -> list[tuple[str, tuple[int, int | None, bool]]]:
    """(drug, (from, until or None while it is on, does it have an end)), until now."""
    hand = [(one.drug, (one.at_ms, one.at_ms, False)) for one in administered(chart) if one.amount_ug or one.and_ng]
    skin = [
        (one.drug, (one.on_ms, one.off_ms if one.off_ms is not None and one.off_ms <= now_ms else None, True))
        for one in patches(chart)
        if one.rate_ng_h
    ]
    return [(name, span) for name, span in [*hand, *skin, *_infused_spans(chart, now_ms)] if span[0] <= now_ms]


def _infused_spans(chart: Chart, now_ms: int) -> list[tuple[str, tuple[int, int | None, bool]]]:
    """Of pumps whose drug is known, from row to row while they infuse."""
    found: list[tuple[str, tuple[int, int | None, bool]]] = []
    pumps = {row.pump for row in chart.flows}
    for pump in sorted(pumps):
        rows = [row for row in chart.flows if row.pump == pump and row.at_ms <= now_ms]
        for at, row in enumerate(rows):
            if row.infusing and row.drug is not None:
                after = rows[at + 1].at_ms if at + 1 < len(rows) else None
                found.append((row.drug, (row.at_ms, after, True)))
    return found


def _use(name: str, spans: list[tuple[int, int | None, bool]], tables: OpioidTables) -> OpioidUse:
    drug = tables.find(name)
    on = any(until is None for _, until, _ in spans)
    ends = [until for _, until, has_end in spans if has_end and until is not None]
    last = max(start if until is None else until for start, until, _ in spans)
    return OpioidUse(
        code=drug.code if drug else None,
        label=drug.label if drug else name,
        first_ms=min(start for start, _, _ in spans),
        last_ms=last,
        on=on,
        stopped_ms=max(ends) if ends and not on else None,
    )


@dataclass(frozen=True, slots=True)
class Baseline:
    """MME a day before the course, in thousandths, and where that number is from: the note of the course plan."""

    mme_milli: int
    note: Noted


def baseline(chart: Chart, before_ms: int | None = None) -> Baseline | None:
    """The newest course plan's baseline that a person charted (of plans before that time); None where nobody did."""
    plans = [one for one in valid(chart, CoursePlan) if before_ms is None or one[0].at_ms < before_ms]
    told = [(entry.baseline_mme_milli, note) for note, entry in plans]
    known = [Baseline(mme_milli, note) for mme_milli, note in told if mme_milli is not None]
    return known[-1] if known else None
