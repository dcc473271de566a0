"""From a patient's chart to what the prediction takes: rates that pumps reported, doses by hand, and every doubt. Pure.

The band rests on reported rates. How well they are borne out by the delivered pair (at least, at most) is a doubt in
words, and so is everything else that the models are not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from pumpd.clinical.chart import Chart, Flow, valid
from pumpd.clinical.entries import KetamineGiven, Route
from pumpd.clinical.pk_curve import Dose, Input, Rate
from pumpd.clinical.pk_models import Pharmacokinetics

UL_H_UG_ML_PER_MG_H = 1_000_000
NG_PER_MG = 1_000_000
UG_PER_MG = 1000
MS_PER_H = 3_600_000


@dataclass(frozen=True, slots=True)
class Absorption:
    """Of a route: the part of a dose that reaches the blood, and the part of what is left that does so in an hour."""

    bioavailability: float
    ka_per_h: float


Absorptions = Mapping[str, Absorption]
"""By route; a route that is not in it (other than into the vein) is not predicted."""


def inputs(chart: Chart, absorptions: Absorptions, drugs: Sequence[str]) -> list[Input]:
    """Everything of the chart that the models take, in order of time."""
    given: list[Input] = [*rates(chart.flows, drugs, chart.since_ms), *by_hand(chart, absorptions)]
    return sorted(given, key=lambda one: one.at_ms)


def rates(flows: Iterable[Flow], drugs: Sequence[str], since_ms: int | None = None) -> list[Rate]:
    """What flows into the vein by all pumps together, from each change on; before since_ms it was nobody's.

    While it is not known what a pump does, what it did last is taken to go on (`doubts` says so).
    """
    return more_rates(flows, drugs, {}, since_ms)


def more_rates(
    flows: Iterable[Flow], drugs: Sequence[str], last: dict[str, float], since_ms: int | None = None
) -> list[Rate]:
    """As `rates`, for flows that follow others; last: what each pump did until then, kept up to date here (mg/h)."""
    found: list[Rate] = []
    first_ms = 0 if since_ms is None else since_ms
    for flow in flows:
        meant = flow.drug is None or flow.drug in drugs
        if flow.drug in drugs or flow.pump in last:
            last[flow.pump] = mg_h(flow, last.get(flow.pump, 0.0)) if meant else 0.0
            found.append(Rate(max(first_ms, flow.at_ms), sum(last.values())))
    return found


def mg_h(flow: Flow, before: float) -> float:
    """The rate as reported; `before` where it is not known."""
    if flow.infusing is False:
        return 0.0
    if flow.infusing is None or flow.rate_ul_h is None or flow.conc_ug_ml is None:
        return before
    return flow.rate_ul_h * flow.conc_ug_ml / UL_H_UG_ML_PER_MG_H


def by_hand(chart: Chart, absorptions: Absorptions) -> list[Dose]:
    """Doses beside the pumps, as far as their route is configured."""
    return [dose for _, dose in _doses(chart, absorptions) if dose is not None]


def _doses(chart: Chart, absorptions: Absorptions) -> Iterator[tuple[KetamineGiven, Dose | None]]:
    for note, given in valid(chart, KetamineGiven):
        mg, how = given.amount_ug / UG_PER_MG, absorptions.get(given.route)
        if how is not None:
            yield given, Dose(note.at_ms, mg * how.bioavailability, how.ka_per_h)
        else:
            yield given, Dose(note.at_ms, mg) if given.route is Route.INTRAVENOUS else None


def doubts(
    chart: Chart, absorptions: Absorptions, pk: Pharmacokinetics, now_ms: int, weight_g: int, age_years: int | None
) -> tuple[str, ...]:
    """Why the band is to be taken with a grain of salt, in words; what is older than a curve is forgotten."""
    since_ms = now_ms - pk.curve_ms
    found = [*_outside(pk, weight_g, age_years), *left_out(chart, absorptions, since_ms)]
    for pump in dict.fromkeys(flow.pump for flow in chart.flows if flow.drug in pk.drugs):
        rows = _own([flow for flow in chart.flows if flow.pump == pump], chart.since_ms)
        found += _unknown(pump, rows[-1])
        found += _unexplained(pump, _since(rows, since_ms), pk)
    return tuple(found)


def _outside(pk: Pharmacokinetics, weight_g: int, age_years: int | None) -> Iterator[str]:
    if not pk.weight_min_g <= weight_g <= pk.weight_max_g:
        low, high = pk.weight_min_g / 1000, pk.weight_max_g / 1000
        yield f"the patient weighs {weight_g / 1000:g} kg: the models are meant for {low:g} to {high:g} kg"
    if age_years is not None and age_years < pk.age_years_min:
        yield f"the patient is {age_years}: the models are meant for adults from {pk.age_years_min}"


def left_out(chart: Chart, absorptions: Absorptions, since_ms: int) -> Iterator[str]:
    """Doses by hand since then that cannot be predicted, each in words."""
    for note, given in valid(chart, KetamineGiven):
        if note.at_ms >= since_ms and given.route is not Route.INTRAVENOUS and given.route not in absorptions:
            mg = given.amount_ug / UG_PER_MG
            yield f"{mg:g} mg {given.route} is not included: the protocol has no absorption for this route"


def _unknown(pump: str, newest: Flow) -> Iterator[str]:
    if newest.infusing is None or (newest.infusing and newest.rate_ul_h is None):
        yield f"what pump {pump} gives is not known: its last rate is taken to go on"
    elif newest.infusing and newest.conc_ug_ml is None:
        yield f"the concentration in pump {pump} is not known: what it gives is not included"


def _own(rows: list[Flow], since_ms: int | None) -> list[Flow]:
    """The rows of this patient: what the pump did when the patient was bound is theirs from then on, from nothing."""
    before = [row for row in rows if since_ms is not None and row.at_ms < since_ms]
    if since_ms is None or not before:
        return rows
    return [replace(before[-1], at_ms=since_ms, low_ng=0, high_ng=0), *rows[len(before) :]]


def _since(rows: list[Flow], since_ms: int) -> list[Flow]:
    """The rows from the last one on that is not after since_ms."""
    old = [number for number, row in enumerate(rows) if row.at_ms <= since_ms]
    return rows[old[-1] :] if old else rows


def _unexplained(pump: str, rows: list[Flow], pk: Pharmacokinetics) -> Iterator[str]:
    """The delivered pair of these rows is wide, or the reported rates lie outside of it."""
    known = _counted(rows)
    if not known:
        return
    (first, first_low, first_high), (last, last_low, last_high) = known[0], known[-1]
    low, high, rated = last_low - first_low, last_high - first_high, _rated_ng(rows[first : last + 1])
    leeway = max(high * pk.doubt_percent / 100, pk.doubt_least_mg * NG_PER_MG)
    if high - low > leeway or not low - leeway <= rated <= high + leeway:
        low_mg, high_mg, rated_mg = (ng / NG_PER_MG for ng in (low, high, rated))
        yield f"pump {pump} has delivered {low_mg:.1f} to {high_mg:.1f} mg, its reported rates make {rated_mg:.1f} mg"


def _counted(rows: list[Flow]) -> list[tuple[int, int, int]]:
    """(number of the row, at least, at most) of rows with totals, since these last began anew."""
    found: list[tuple[int, int, int]] = []
    for number, row in enumerate(rows):
        if row.low_ng is None or row.high_ng is None:
            continue
        if found and row.high_ng < found[-1][2]:
            found.clear()
        found.append((number, row.low_ng, row.high_ng))
    return found


def _rated_ng(rows: list[Flow]) -> float:
    """What the reported rates make from the first of these rows to the last."""
    total, rate = 0.0, 0.0
    for row, following in pairwise(rows):
        rate = mg_h(row, rate)
        total += rate * (following.at_ms - row.at_ms) / MS_PER_H * NG_PER_MG
    return total
