"""What pumps gave in a span of time, from the rows of a chart, as a pair (at least, at most). Exact integers. Pure.

Theory. A row holds a pump's totals (at least, at most) at its time, and the rate that the pump reported from then on:
every change of it, and its silence, is another row. So between two rows a total is that of the row before and rate x
time, and never more than `at most` of the row after; while a pump was silent it is anything from `at least` before to
`at most` after. Of a span a pump gave at least the least total at its end less the greatest at its beginning, and at
most the other way round. Totals of one patient begin at 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pumpd.clinical.chart import Chart, Flow
from pumpd.clinical.mme import Pumped
from pumpd.units import MS_PER_H

NO_DRUG = "what this pump gives is not known: it has no drug"
NOT_WEIGHED = "how much this pump gave cannot be told: its concentration is not known"
NOT_HEARD = "what this pump gives at present is not known: nothing is heard from it"

Pair = tuple[int, int]  # (at least, at most) in nanograms


@dataclass(frozen=True, slots=True)
class _Reading:
    """A pump's totals at a time, None: cannot be told. ng_h: what it gives from then on, None: not known."""

    at_ms: int
    total_ng: Pair | None
    ng_h: int | None
    may_flow: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """One drug in one pump. open: it goes on after the last reading."""

    pump: str
    drug: str | None
    readings: tuple[_Reading, ...]
    open: bool


def pumped(chart: Chart, start_ms: int, end_ms: int, pumps: Collection[str] | None = None) -> tuple[Pumped, ...]:
    """What each pump gave of each drug after start_ms and until end_ms (at least, at most); nothing given: no row.

    pumps: only these; None: all.
    """
    found = (_given(run, start_ms, end_ms) for run in _runs_of(chart, end_ms, pumps))
    return tuple(one for one in found if one is not None)


def _runs_of(chart: Chart, end_ms: int, pumps: Collection[str] | None) -> Iterator[_Run]:
    by_pump: dict[str, list[Flow]] = {}
    for row in chart.flows:
        if row.at_ms <= end_ms and (pumps is None or row.pump in pumps):
            by_pump.setdefault(row.pump, []).append(row)
    for rows in by_pump.values():
        yield from _runs(rows, chart.since_ms)


def _runs(rows: Sequence[Flow], since_ms: int | None) -> Iterator[_Run]:
    """Rows of one pump, cut where the drug changes or the totals start anew."""
    first, last = rows[0], rows[-1]
    readings = [_reading(first, False)]
    if since_ms is not None and since_ms < first.at_ms:
        readings.insert(0, _Reading(since_ms, (0, 0), None, may_flow=False))
    for old, new in pairwise(rows):
        fell = old.high_ng is not None and new.high_ng is not None and new.high_ng < old.high_ng
        reading = _reading(new, readings[-1].may_flow)
        if fell or new.drug != old.drug:
            end = [] if fell else [replace(reading, ng_h=0, may_flow=False)]
            yield _Run(old.pump, old.drug, (*readings, *end), False)
            readings = []
        readings.append(reading)
    yield _Run(last.pump, last.drug, tuple(readings), True)


def _reading(row: Flow, flowed: bool) -> _Reading:
    """flowed: as far as is known it flowed before. A pump that stood still when it fell silent gives nothing."""
    may_flow = flowed if row.infusing is None else row.infusing
    told = None if row.rate_ul_h is None or row.conc_ug_ml is None else row.rate_ul_h * row.conc_ug_ml
    total = None if row.low_ng is None or row.high_ng is None else (row.low_ng, row.high_ng)
    return _Reading(row.at_ms, total, told if may_flow and row.infusing else None if may_flow else 0, may_flow)


def _given(run: _Run, start_ms: int, end_ms: int) -> Pumped | None:
    """Of one run; None where it gave nothing in the span."""
    from_ms = max(start_ms, run.readings[0].at_ms)
    until_ms = end_ms if run.open else min(end_ms, run.readings[-1].at_ms)
    if until_ms <= from_ms:
        return None
    first = _at(run.readings, from_ms)
    inside = run.readings[first:]
    flowed = any(one.may_flow for one in inside)
    if run.drug is None:
        return Pumped(run.pump, None, 0, 0, NO_DRUG) if flowed else None
    why = NOT_WEIGHED if flowed and any(one.total_ng is None for one in inside) else ""
    readings = _weighed(run.readings)
    if not readings:
        return Pumped(run.pump, run.drug, 0, 0, why) if why else None
    last = inside[-1]
    if not why and until_ms > last.at_ms and last.may_flow and last.ng_h is None:
        why = NOT_HEARD
    low_ng, high_ng = _between(readings, max(from_ms, readings[0].at_ms), until_ms)
    return Pumped(run.pump, run.drug, low_ng, high_ng, why) if high_ng or why else None


def _weighed(readings: Sequence[_Reading]) -> list[_Reading]:
    """Only those whose totals are known; what flowed between them is not known where one was left out."""
    kept: list[_Reading] = []
    for one in readings:
        if one.total_ng is not None:
            kept.append(one)
        elif kept:
            kept[-1] = replace(kept[-1], ng_h=None)
    return kept


def _at(readings: Sequence[_Reading], at_ms: int) -> int:
    """Index of the last reading until at_ms, or the first."""
    return max(0, sum(one.at_ms <= at_ms for one in readings) - 1)


def _between(readings: Sequence[_Reading], from_ms: int, until_ms: int) -> Pair:
    first, last = _at(readings, from_ms), _at(readings, until_ms)
    if first == last:
        ng_h = readings[first].ng_h or 0
        return _flowed(ng_h, max(0, until_ms - from_ms))
    begun, ended = _total(readings, first, from_ms), _total(readings, last, until_ms)
    return max(0, ended[0] - begun[1]), max(0, ended[1] - begun[0])


def _total(readings: Sequence[_Reading], index: int, at_ms: int) -> Pair:
    """The totals at at_ms, which lies after the reading at index and before the next one."""
    here = readings[index]
    low_ng, high_ng = here.total_ng or (0, 0)
    more_low_ng, more_high_ng = _flowed(here.ng_h or 0, at_ms - here.at_ms)
    if index + 1 == len(readings):
        return low_ng + more_low_ng, high_ng + more_high_ng
    most_ng = (readings[index + 1].total_ng or (0, 0))[1]
    if here.ng_h is None and at_ms > here.at_ms:
        return low_ng, most_ng
    return min(low_ng + more_low_ng, most_ng), min(high_ng + more_high_ng, most_ng)


def _flowed(ng_h: int, ms: int) -> Pair:
    product = ng_h * ms
    return product // MS_PER_H, -(-product // MS_PER_H)
