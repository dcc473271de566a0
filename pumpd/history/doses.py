"""What flowed in a stay, what was given of it, its ceilings and caps; pain and opioids. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pumpd.clinical.chart import Chart, Flow, valid, weight_at
from pumpd.clinical.chart_opioids import administered, baseline, mme_now, patches
from pumpd.clinical.entries import Assessment, KetamineGiven
from pumpd.clinical.mme_tables import OpioidTables
from pumpd.history.present import Present
from pumpd.history.shapes import (
    CapLimitShape,
    CeilingStepShape,
    DosesShape,
    GivenShape,
    MmePointShape,
    NrsPointShape,
    PumpRatesShape,
    RatePointShape,
)
from pumpd.journal.charts import ChartHistory
from pumpd.journal.stays import PolicyRow
from pumpd.live.stamp import Stamp
from pumpd.report.shapes import ReportError
from pumpd.report.tables import tables_of
from pumpd.safety.chart_feed import feed
from pumpd.safety.policy import DrugPolicy
from pumpd.units import MS_PER_H

NG_PER_MG, UG_PER_MG = 1_000_000, 1000
MOST_POINTS = 5000
MME_POINTS = 200


def doses_shape(
    head: dict[str, Any],
    here: Present,
    history: ChartHistory,
    policies: list[PolicyRow],
    files: Mapping[str, str] | None,
) -> DosesShape:
    """files: what the present run was configured from, for the opioid tables."""
    chart = Chart()
    for step in history.steps:
        chart, _ = feed(chart, step.event, step.now_ms, step.decisions, step.seq)
    governed = _governed(policies)
    return DosesShape(
        **head,
        pumps=_pumps(chart, here, governed),
        given=_given(chart, here, governed),
        ceilings=_ceilings(policies, here),
        caps=_caps(chart, here, governed),
        nrs=[
            NrsPointShape(here.stamp.text(note.at_ms), entry.nrs, note.by)
            for note, entry in valid(chart, Assessment)
            if entry.nrs is not None and note.at_ms >= here.from_ms
        ],
        mme=list(_mme(chart, here, files)),
    )


def _governed(policies: list[PolicyRow]) -> DrugPolicy | None:
    """The drug of the bed's pumps whose dose is judged."""
    drugs = [pump.drug for row in policies[-1:] for pump in row.policy.pumps]
    return next((drug for drug in drugs if drug is not None and drug.governed), None)


def _is_governed(drug: str | None, governed: DrugPolicy | None) -> bool:
    """What nobody knows is taken for the governed one, as the kernel does."""
    return drug is None or (governed is not None and drug == governed.code)


# --- rates


def _pumps(chart: Chart, here: Present, governed: DrugPolicy | None) -> list[PumpRatesShape]:
    names = dict.fromkeys(flow.pump for flow in chart.flows)
    return [_pump(chart, name, here, governed) for name in names]


def _pump(chart: Chart, pump: str, here: Present, governed: DrugPolicy | None) -> PumpRatesShape:
    """From what it did at the beginning on."""
    mine = [flow for flow in chart.flows if flow.pump == pump]
    before = [flow for flow in mine if flow.at_ms < here.from_ms][-1:]
    shown = [*before, *(flow for flow in mine if flow.at_ms >= here.from_ms)][-MOST_POINTS:]
    points = [_rate(chart, flow, max(flow.at_ms, here.from_ms), here.stamp) for flow in shown]
    drug = mine[-1].drug
    return PumpRatesShape(pump, drug, _is_governed(drug, governed), points)


def _rate(chart: Chart, flow: Flow, at_ms: int, stamp: Stamp) -> RatePointShape:
    weight_g = weight_at(chart, flow.at_ms)
    if flow.infusing is False:
        return RatePointShape(stamp.text(at_ms), 0, 0, False)
    if flow.infusing is None or flow.rate_ul_h is None:
        return RatePointShape(stamp.text(at_ms), None, None, flow.infusing)
    known = flow.conc_ug_ml is not None and weight_g
    dose = _rounded(Decimal(flow.rate_ul_h * (flow.conc_ug_ml or 0)) / (weight_g or 1) / UG_PER_MG) if known else None
    return RatePointShape(stamp.text(at_ms), flow.rate_ul_h / 1000, dose, True)


def _rounded(value: Decimal, places: str = "0.0001") -> float:
    return float(value.quantize(Decimal(places), ROUND_HALF_UP))


# --- what was given


def _given(chart: Chart, here: Present, governed: DrugPolicy | None) -> list[GivenShape]:
    """Each infusion from 0: at its beginning, after every change of flow and mark, and what was given by hand."""
    found: list[GivenShape] = []
    base: tuple[int, int, int] = (0, 0, 0)  # number of the infusion, at least and at most before it
    last = (0, 0)
    for at_ms, number, low, high in _totals(chart, governed):
        if number and number != base[0]:
            base = (number, *last)
            found.append(GivenShape(here.stamp.text(at_ms), number, 0, 0))
        if number:
            found.append(_point(here.stamp, at_ms, number, low - base[1], high - base[2]))
        last = (low, high)
    start = here.stamp.text(here.from_ms)
    return [point for point in found if point.t >= start][-MOST_POINTS:]


def _point(stamp: Stamp, at_ms: int, number: int, low_ng: int, high_ng: int) -> GivenShape:
    """Hundredths of a milligram, rounded outward so that the truth stays between them."""
    low, high = max(0, low_ng) * 100 // NG_PER_MG / 100, -(-max(0, high_ng) * 100 // NG_PER_MG) / 100
    return GivenShape(stamp.text(at_ms), number, low, high)


def _totals(chart: Chart, governed: DrugPolicy | None) -> Iterator[tuple[int, int, int, int]]:
    """(time, infusion, at least, at most) since the stay began, all governed pumps together."""
    happened: list[tuple[int, Flow | int]] = [
        (flow.at_ms, flow) for flow in chart.flows if _is_governed(flow.drug, governed)
    ]
    happened += [(note.at_ms, entry.amount_ug * 1000) for note, entry in valid(chart, KetamineGiven)]
    pumps: dict[str, tuple[int, int]] = {}
    hand, number = 0, 0
    for at_ms, one in sorted(happened, key=lambda pair: pair[0]):
        if isinstance(one, int):
            hand += one
        else:
            number = one.infusion
            if one.low_ng is not None and one.high_ng is not None:
                pumps[one.pump] = (one.low_ng, one.high_ng)
        low, high = (hand + sum(pair[end] for pair in pumps.values()) for end in (0, 1))
        yield at_ms, number, low, high


# --- limits


def _ceilings(policies: list[PolicyRow], here: Present) -> list[CeilingStepShape]:
    """What was in force at the beginning, and every change after it."""
    first = max((place for place, row in enumerate(policies) if row.now_ms <= here.from_ms), default=0)
    found: list[CeilingStepShape] = []
    for row in policies[first:]:
        drug = _governed([row])
        hard, soft = (None, None) if drug is None else (drug.hard, drug.soft)
        step = CeilingStepShape(
            here.stamp.text(max(row.now_ms, here.from_ms)),
            None if hard is None else hard.ug_kg_h / UG_PER_MG,
            "" if hard is None else hard.set_by,
            None if soft is None else soft.ug_kg_h / UG_PER_MG,
            "" if soft is None else soft.set_by,
        )
        found.append(step)
    return found


def _caps(chart: Chart, here: Present, governed: DrugPolicy | None) -> list[CapLimitShape]:
    """For the present weight; none while that is not known."""
    weight_g = weight_at(chart, here.until_ms)
    caps = None if governed is None else governed.caps
    if caps is None or weight_g is None:
        return []
    spans = (("infusion", caps.per_infusion), ("course", caps.per_course))
    return [
        CapLimitShape(span, _rounded(Decimal(cap.ug_kg) * weight_g / NG_PER_MG), cap.set_by)
        for span, cap in spans
        if cap is not None
    ]


# --- opioids


def _mme(chart: Chart, here: Present, files: Mapping[str, str] | None) -> Iterator[MmePointShape]:
    """At even times and wherever something was given. Nothing where no opioid was ever charted: that is not 0."""
    if not administered(chart) and not patches(chart) and baseline(chart) is None:
        return
    tables = _tables(files)
    if tables is None:
        return
    for at_ms in _moments(chart, here):
        total = mme_now(chart, at_ms, tables)
        low, high = (_rounded(Decimal(one.numerator) / one.denominator, "0.1") for one in (total.low, total.high))
        yield MmePointShape(here.stamp.text(at_ms), low, high, not total.complete)


def _tables(files: Mapping[str, str] | None) -> OpioidTables | None:
    try:
        return tables_of(files).opioids
    except ReportError:
        return None


def _moments(chart: Chart, here: Present) -> list[int]:
    span_ms = here.until_ms - here.from_ms
    every_ms = max(span_ms // MME_POINTS, MS_PER_H // 4)
    even = range(here.from_ms, here.until_ms, every_ms)
    given = [one.at_ms for one in administered(chart) if here.from_ms <= one.at_ms <= here.until_ms]
    return sorted({*even, *given[-MME_POINTS:], here.until_ms})
