"""One kernel step into the patient's chart: what was accepted and what flowed. The same fold for the journal and the
live bed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pumpd.clinical.chart import (
    Chart,
    CourseRow,
    Flow,
    InfusionRow,
    Noted,
    SedationRow,
    Weight,
    flowed,
    infused,
    noted,
    opened,
)
from pumpd.safety.decisions import (
    CourseChanged,
    Decision,
    FlowChanged,
    InfusionChanged,
    PatientClosed,
    Permitted,
)
from pumpd.safety.events import Assessed, Charted, Event, PatientBound


def feed(
    chart: Chart, event: Event, now_ms: int, decisions: Iterable[Decision], seq: int = 0
) -> tuple[Chart, Chart | None]:
    """(the chart after this step, the finished chart of a patient whose stay ended with it or None).

    now_ms: kernel time of the step; seq: the journal's number of the event (0: not known), kept as the entry's origin.
    Decisions before PatientClosed are the old patient's, those after it the next one's.
    """
    steps = list(decisions)
    if not steps:
        return chart, None
    closed: Chart | None = None
    for decision in steps:
        if isinstance(decision, PatientClosed):
            closed, chart = chart, Chart()
        else:
            chart = _row(chart, decision, now_ms)
    accepted = any(isinstance(decision, Permitted) for decision in steps)
    return (_said(chart, event, now_ms, seq) if accepted else chart), closed


def _row(chart: Chart, decision: Decision, now_ms: int) -> Chart:
    match decision:
        case FlowChanged():
            return flowed(chart, _flow(decision, now_ms))
        case InfusionChanged() as it:
            row = InfusionRow(now_ms, it.course, it.number, it.phase, it.pump, it.low_ng, it.high_ng, it.why)
            return infused(chart, row)
        case CourseChanged() as it:
            return opened(chart, CourseRow(now_ms, it.course, it.open, it.by, it.why))
        case _:
            return chart


def _flow(it: FlowChanged, now_ms: int) -> Flow:
    return Flow(now_ms, it.pump, it.drug, it.infusing, it.rate_ul_h, it.conc_ug_ml, it.low_ng, it.high_ng, it.infusion)


def _said(chart: Chart, event: Event, now_ms: int, seq: int) -> Chart:
    match event:
        case Charted() as said:
            at_ms = _happened_ms(chart, said, now_ms)
            note = Noted(said.id, said.entry, said.by, at_ms, now_ms, said.corrects, None, said.reason, seq)
            return noted(chart, note)
        case Assessed() as said:
            found = SedationRow(now_ms, said.by, said.poss, said.asleep, said.rass, said.oxygen)
            return replace(chart, sedation=(*chart.sedation, found))
        case PatientBound():
            return _bound(chart, event, now_ms)
        case _:
            return chart


def _happened_ms(chart: Chart, said: Charted, now_ms: int) -> int:
    """As the kernel takes it: a correction without a time happened when that happened which it corrects."""
    corrected = [note.at_ms for note in chart.notes if note.id == said.corrects]
    return said.at_ms if said.at_ms is not None else corrected[0] if corrected else now_ms


def _bound(chart: Chart, event: PatientBound, now_ms: int) -> Chart:
    """Who is bound again (a corrected weight, an ADT message) stays since the first time."""
    since = now_ms if chart.since_ms is None else chart.since_ms
    weights = chart.weights
    if not weights or weights[-1].weight_g != event.patient.weight_g:
        weights = (*weights, Weight(now_ms, event.patient.weight_g))
    return replace(chart, mrn=event.patient.mrn, since_ms=since, weights=weights)
