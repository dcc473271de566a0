"""What pumps gave in a span of time, from the rows of a chart, as a pair (at least, at most). Exact integers. Pure.

Theory. A row holds a pump's totals (at least L, at most H) at its time. Of the span (a, b] a pump gave at least L at
the latest row until b less H at the earliest row from a on, and at most H at the latest row until b, with what may
have flowed since by the rate that it told, less L at the latest row until a.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pumpd.clinical.chart import Chart, Flow
from pumpd.clinical.mme import Pumped

UL_H_UG_ML_MS_PER_NG = 3_600_000  # rate_ul_h x conc_ug_ml is ng/h

NO_DRUG = "what this pump gives is not known: it has no drug"
NOT_WEIGHED = "how much this pump gave cannot be told: its concentration is not known"
NOT_HEARD = "what this pump gives at present is not known"


@dataclass(frozen=True, slots=True)
class _Reading:
    """A pump's totals at a time, None: cannot be told. flows: it may infuse from then on."""

    at_ms: int
    low_ng: int | None
    high_ng: int | None
    flows: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """One drug in one pump. open: the row after which nothing else is known of it; None: the run is over."""

    pump: str
    drug: str | None
    readings: tuple[_Reading, ...]
    open: Flow | None


def pumped(chart: Chart, start_ms: int, end_ms: int) -> tuple[Pumped, ...]:
    """What each pump gave of each drug after start_ms and until end_ms (at least, at most); nothing given: no row."""
    found = (_given(run, start_ms, end_ms) for run in _runs_of(chart, end_ms))
    return tuple(one for one in found if one is not None)


def _runs_of(chart: Chart, end_ms: int) -> Iterator[_Run]:
    by_pump: dict[str, list[Flow]] = {}
    for row in chart.flows:
        if row.at_ms <= end_ms:
            by_pump.setdefault(row.pump, []).append(row)
    for rows in by_pump.values():
        yield from _runs(rows, chart.since_ms)


def _runs(rows: Sequence[Flow], since_ms: int | None) -> Iterator[_Run]:
    """Rows of one pump, cut where the drug changes or the totals start anew. Totals of a patient begin at 0."""
    first, last = rows[0], rows[-1]
    readings = [_reading(first)]
    if since_ms is not None and since_ms < first.at_ms:
        readings.insert(0, _Reading(since_ms, 0, 0, flows=False))
    for old, new in pairwise(rows):
        fell = old.high_ng is not None and new.high_ng is not None and new.high_ng < old.high_ng
        if fell or new.drug != old.drug:
            last_seen = [] if fell else [_reading(new, over=True)]
            yield _Run(old.pump, old.drug, (*readings, *last_seen), None)
            readings = []
        readings.append(_reading(new))
    yield _Run(last.pump, last.drug, tuple(readings), last)


def _reading(row: Flow, over: bool = False) -> _Reading:
    return _Reading(row.at_ms, row.low_ng, row.high_ng, row.infusing is not False and not over)


def _given(run: _Run, start_ms: int, end_ms: int) -> Pumped | None:
    """Of one run; None where it gave nothing in the span."""
    before = [one for one in run.readings if one.at_ms <= start_ms][-1:]
    after = [one for one in run.readings if one.at_ms > start_ms]
    flowed = any(one.flows for one in (*before, *after))
    if run.drug is None:
        return Pumped(run.pump, None, 0, 0, NO_DRUG) if flowed else None
    low_ng, high_ng = _between(before, after, start_ms)
    tail_ng = _tail_ng(run.open, start_ms, end_ms)
    why = NOT_HEARD if tail_ng is None else ""
    if flowed and any(one.low_ng is None for one in (*before, *after)):
        why = NOT_WEIGHED
    high_ng += tail_ng or 0
    return Pumped(run.pump, run.drug, low_ng, high_ng, why) if high_ng or why else None


def _between(before: list[_Reading], after: list[_Reading], start_ms: int) -> tuple[int, int]:
    """(at least, at most) from the start to the last reading, of those whose totals are known."""
    known = _known(after)
    if not known:
        return 0, 0
    started = _known(before) or known
    at_start = _known([one for one in before if one.at_ms == start_ms]) or known
    return max(0, known[-1][0] - at_start[0][1]), max(0, known[-1][1] - started[0][0])


def _known(readings: list[_Reading]) -> list[tuple[int, int]]:
    return [(one.low_ng, one.high_ng) for one in readings if one.low_ng is not None and one.high_ng is not None]


def _tail_ng(last: Flow | None, start_ms: int, end_ms: int) -> int | None:
    """At most, since the last row and the start: by the rate that it told; None where that is not known."""
    if last is None or last.infusing is False:
        return 0
    if last.infusing is None or last.rate_ul_h is None or last.conc_ug_ml is None:
        return None
    flowing_ms = max(0, end_ms - max(start_ms, last.at_ms))
    return -(-last.rate_ul_h * last.conc_ug_ml * flowing_ms // UL_H_UG_ML_MS_PER_NG)
