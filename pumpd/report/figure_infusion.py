"""Each infusion close up: its dose rate below the ceilings, what was given in it below its cap. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from pumpd.drawing.markup import Markup
from pumpd.report.figures import GAP, TOP, ceiling_lines, course_band, dose_rates
from pumpd.report.model import CourseReport
from pumpd.report.model_given import Infusion
from pumpd.report.plot import AXIS, Axis, Panel, drawing, number, time_axis
from pumpd.report.words import zone_of

TALL = 116.0
BEFORE, AFTER = timedelta(minutes=10), timedelta(minutes=20)
ROOM = 1.15
Span = list[tuple[datetime, float, float]]


def infusion_figure(report: CourseReport, one: Infusion) -> Markup | None:
    """None for an infusion that has not begun."""
    if one.started is None:
        return None
    end = min((one.ended or report.head.until) + AFTER, max(report.head.until, one.started + AFTER))
    axis = Axis(one.started - BEFORE, end, zone_of(report.head.timezone))
    ceilings = list(ceiling_lines(report, one.started))
    rates = Panel(axis, TOP, TOP + TALL, 0.0, max([0.2, *(value for value, _, _ in ceilings)]) * ROOM)
    band, caps = _given(report, one, axis), _caps(report, one)
    top = max([1.0, *(value for value, _, _ in caps), *(high for _, _, high in band)])
    given = Panel(axis, rates.bottom + GAP, rates.bottom + GAP + TALL, 0.0, top * ROOM)
    pumps = list(dict.fromkeys(flow.pump for flow in report.flows))[:2]
    return drawing(
        f"infusion{one.number}",
        f"Infusion {one.number} close up",
        f"Dose rate and amount given in infusion {one.number}: {one.low.text} to {one.high.text}.",
        given.bottom + AXIS,
        rates.frame("rate", "mg/kg/h"),
        rates.verticals(),
        list(rates.limits(ceilings)),
        [rates.steps(_from(dose_rates(report, pump), axis), f"pump{at}") for at, pump in enumerate(pumps)],
        given.frame("given", "mg"),
        given.verticals(),
        given.band(band, "given"),
        given.line([(at, low) for at, low, _ in band], "least"),
        given.line([(at, high) for at, _, high in band], "most"),
        list(given.limits(caps)),
        time_axis(axis, given.bottom),
    )


def _from(points: list[tuple[datetime, float | None]], axis: Axis) -> list[tuple[datetime, float | None]]:
    """Only what is drawn: the last value before the axis, those on it, and none after it."""
    before = [point for point in points if point[0] <= axis.start][-1:]
    inside = [point for point in points if axis.start < point[0] < axis.end]
    return [*((axis.start, value) for _, value in before), *inside]


def _given(report: CourseReport, one: Infusion, axis: Axis) -> Span:
    """What was given since the infusion began."""
    points = course_band(report)
    before = [point for point in points if one.started is not None and point[0] < one.started]
    low0, high0 = before[-1][1:] if before else (0.0, 0.0)
    inside = [(at, low - low0, high - high0) for at, low, high in points if axis.start < at <= axis.end]
    first: Span = [] if one.started is None else [(one.started, 0.0, 0.0)]
    after = [point for point in inside if one.started is not None and point[0] >= one.started]
    last: Span = [(axis.end, *after[-1][1:])] if after else []
    return [*first, *after, *last]


def _caps(report: CourseReport, one: Infusion) -> list[tuple[float, str, str]]:
    return [
        (float(cap.cap.value), f"cap {number(float(cap.cap.value))} mg", "hard")
        for cap in report.caps
        if cap.span == f"infusion {one.number}" and cap.cap.value is not None
    ]
