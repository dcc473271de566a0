"""The drawings of a course: dose, concentration, pain and opioids, vital signs and alarms. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from pumpd.drawing.markup import Markup, join, tag
from pumpd.report.model import CourseReport
from pumpd.report.model_figure import Point
from pumpd.report.model_found import Vital
from pumpd.report.model_given import FlowPoint, Reference
from pumpd.report.plot import AXIS, LEFT, RIGHT, Axis, Panel, drawing, number, time_axis, value_ticks
from pumpd.report.words import zone_of

TALL, SMALL, GAP, TOP = 165.0, 104.0, 16.0, 14.0
ROOM = 1.12  # above the highest value
ROOM_FOR_NAMES = 1.25  # of the infusions, above the hard ceiling
LANE = 24.0


def axis_of(report: CourseReport) -> Axis:
    """From the opening to the end, or to now."""
    return Axis(report.head.opened, report.head.until, zone_of(report.head.timezone))


def dose_figure(report: CourseReport) -> Markup:
    """The dose rate below its ceilings, and what was given below the caps."""
    axis = axis_of(report)
    rates = Panel(axis, TOP, TOP + TALL, 0.0, _rate_top(report))
    given = Panel(axis, rates.bottom + GAP, rates.bottom + GAP + TALL, 0.0, _given_top(report))
    bottom = given.bottom
    words = (
        f"Dose rate of {len(_pumps(report))} pumps and the amount given since the course was opened, "
        f"with ceilings and caps. {len(report.infusions)} infusions."
    )
    return drawing(
        "dose",
        "Dose rate and amount given",
        words,
        bottom + AXIS,
        rates.frame("dose rate", "mg/kg/h"),
        rates.verticals(),
        _infusion_names(report, rates),
        list(rates.limits(ceiling_lines(report, axis.start))),
        [rates.steps(dose_rates(report, pump), f"pump{place}") for place, pump in enumerate(_pumps(report)[:2])],
        given.frame("given", "mg"),
        given.verticals(),
        given.band(course_band(report), "given"),
        given.line([(at, low) for at, low, _ in course_band(report)], "least"),
        given.line([(at, high) for at, _, high in course_band(report)], "most"),
        list(given.limits(_course_caps(report))),
        time_axis(axis, bottom),
    )


def _pumps(report: CourseReport) -> list[str]:
    return list(dict.fromkeys(flow.pump for flow in report.flows))


def dose_rates(report: CourseReport, pump: str) -> list[tuple[datetime, float | None]]:
    """Of one pump, from each change on; None: not known."""
    flows = [flow for flow in report.flows if flow.pump == pump]
    return [(flow.at, _rate(flow)) for flow in flows]


def _rate(flow: FlowPoint) -> float | None:
    return None if flow.dose is None or flow.dose.value is None else float(flow.dose.value)


def ceiling_lines(report: CourseReport, at: datetime) -> Iterator[tuple[float, str, str]]:
    """The ceilings in force at that time."""
    steps = [step for step in report.ceilings if step.at <= at] or list(report.ceilings[:1])
    if steps:
        for value, name, kind in ((steps[-1].hard, "hard", "hard"), (steps[-1].soft, "soft", "soft")):
            if value is not None:
                yield float(value), f"{name} {number(float(value))}", kind


def _rate_top(report: CourseReport) -> float:
    rates = [rate for flow in report.flows if (rate := _rate(flow)) is not None]
    hard = [float(step.hard) for step in report.ceilings if step.hard is not None]
    return max([0.2, *rates, *hard]) * ROOM_FOR_NAMES


def course_band(report: CourseReport) -> list[tuple[datetime, float, float]]:
    """What was given, kept up to the end of the drawing."""
    points = [(dose.at, float(dose.low), float(dose.high)) for dose in report.doses]
    if points:
        points.append((report.head.until, *points[-1][1:]))
    return points


def _course_caps(report: CourseReport) -> Iterator[tuple[float, str, str]]:
    for cap in report.caps:
        if cap.span == "course" and cap.cap.value is not None:
            yield float(cap.cap.value), f"cap {number(float(cap.cap.value))} mg", "hard"


def _given_top(report: CourseReport) -> float:
    caps = [value for value, _, _ in _course_caps(report)]
    return max([1.0, *caps, *(float(dose.high) for dose in report.doses)]) * ROOM


def _infusion_names(report: CourseReport, panel: Panel) -> Iterator[Markup]:
    """Where each infusion began."""
    for one in report.infusions:
        if one.started is not None:
            at = panel.axis.at(one.started)
            yield tag("line", class_="begun", x1=at, x2=at, y1=panel.top, y2=panel.bottom)
            yield tag("text", f"infusion {one.number}", class_="mark", x=at + 4, y=panel.top + 15)


def concentration_figure(report: CourseReport) -> Markup | None:
    """The predicted band, with what literature knows beside it."""
    found = report.prediction
    if found is None:
        return None
    shown = [one for one in found.references if one.low <= _highest(report)]
    bands = [one for one in shown if one.low != one.high]
    points_known = [(one.low, f"{number(one.low)} {_short(one.name)}", "known") for one in shown if one not in bands]
    panel = Panel(axis_of(report), TOP, TOP + TALL + 30, 0.0, _highest(report) * ROOM)
    points = [(point.at, point.low, point.high) for point in found.points]
    words = f"Lowest to highest of {', '.join(found.models)}; a prediction, not a measurement."
    return drawing(
        "plasma",
        "Predicted ketamine in plasma",
        words,
        panel.bottom + AXIS,
        panel.frame("predicted plasma", "ng/mL"),
        [_reference_band(panel, one) for one in bands[:1]],
        panel.verticals(),
        panel.band(points, "predicted"),
        panel.line([(at, low) for at, low, _ in points], "edge"),
        panel.line([(at, high) for at, _, high in points], "edge"),
        list(panel.limits(points_known)),
        time_axis(panel.axis, panel.bottom),
    )


def _short(name: str) -> str:
    """A label has room for a few words."""
    return name.replace("0.5 mg/kg ", "").replace("intramuscular", "i.m.")


def _highest(report: CourseReport) -> float:
    """The drawing reaches the published points, and what was predicted."""
    if report.prediction is None:
        return 1.0
    points = [one.high for one in report.prediction.references if one.low == one.high]
    return max([1.0, *points, *(point.high for point in report.prediction.points)])


def _reference_band(panel: Panel, known: Reference) -> Markup:
    top, bottom = panel.y(known.high), panel.y(known.low)
    words = tag("title", f"{known.name}: {number(known.low)} to {number(known.high)} ng/mL ({known.source})")
    return tag("rect", words, class_="known-band", x=LEFT, y=top, width=RIGHT - LEFT, height=bottom - top)


def pain_figure(report: CourseReport) -> Markup:
    """Pain scores and opioid use, the two outcomes that belong together (source B), on one chart."""
    panel = Panel(axis_of(report), TOP, TOP + TALL + 30, 0.0, 10.0)
    top = max([60.0, *(_value(point) for point in report.mme), _baseline(report)]) * ROOM
    right = Panel(panel.axis, panel.top, panel.bottom, 0.0, top)
    before = [point for point in report.nrs if point.at < panel.axis.start]
    inside = [*before[-1:], *(point for point in report.nrs if point.at >= panel.axis.start)]
    words = f"{len(inside)} pain scores as dots (left axis), opioid use as a stepped line (right axis)."
    return drawing(
        "pain",
        "Pain and opioid use",
        words,
        panel.bottom + AXIS,
        panel.frame("pain, NRS", "0 to 10"),
        panel.verticals(),
        list(_right_axis(right, "opioids, MME/day")) if report.mme else "",
        right.steps([(point.at, _value(point)) for point in report.mme], "mme"),
        panel.line([(point.at, _value(point)) for point in inside], "nrs"),
        [_dot(panel, point) for point in inside],
        time_axis(panel.axis, panel.bottom),
    )


def _value(point: Point) -> float:
    return float(point.figure.value or 0)


def _baseline(report: CourseReport) -> float:
    return max((float(one.baseline.value) for one in report.outcomes if one.baseline and one.baseline.value), default=0)


def _dot(panel: Panel, point: Point) -> Markup:
    title = tag("title", point.figure.origin)
    return tag("circle", title, class_="dot", cx=panel.axis.at(point.at), cy=panel.y(_value(point)), r=4.5)


def _right_axis(panel: Panel, name: str) -> Iterator[Markup]:
    for value in value_ticks(panel.low, panel.high):
        yield tag("text", number(value), class_="tick", x=RIGHT + 8, y=panel.y(value) + 5)
    middle = (panel.top + panel.bottom) / 2
    turn = f"rotate(-90 {RIGHT + 78:g} {middle:.1f})"
    yield tag("text", name, class_="name", x=RIGHT + 78, y=middle, transform=turn)


def vitals_figure(report: CourseReport) -> Markup | None:
    """Lowest to highest of each signal along the course, and below them the alarms and episodes."""
    shown = [vital for vital in report.vitals if vital.signal in ("rr", "spo2", "etco2", "pulse", "hr")]
    if not shown:
        return None
    axis, top, parts = axis_of(report), TOP, []
    for vital in shown:
        panel = Panel(axis, top, top + SMALL, *_range(vital))
        parts.append(join([*panel.frame(vital.label, vital.unit), *panel.verticals(), *_vital(report, panel, vital)]))
        top = panel.bottom + GAP
    words = f"Lowest to highest reading of {', '.join(vital.label for vital in shown)}; {len(report.alarms)} alarms."
    lanes = list(_lanes(report, axis, top))
    return drawing(
        "vitals", "Vital signs and alarms", words, top + 4 * LANE + AXIS, parts, lanes, time_axis(axis, top + 4 * LANE)
    )


def _range(vital: Vital) -> tuple[float, float]:
    known = [value for value in (*vital.lows, *vital.highs) if value is not None]
    low, high = min(known), max(known)
    room = max(2.0, (high - low) * 0.1)
    return max(0.0, low - room), min(high + room, 101.0) if vital.unit == "%" else high + room


def _vital(report: CourseReport, panel: Panel, vital: Vital) -> Iterator[Markup]:
    """One band for every stretch without a gap."""
    start, end = report.vitals_span
    run: list[tuple[datetime, float, float]] = []
    for place, (low, high) in enumerate(zip(vital.lows, vital.highs, strict=True)):
        if low is None or high is None:
            if run:
                yield panel.band(run, "vital")
            run = []
            continue
        width = (end - start) / len(vital.lows)
        run += [(start + width * place, low, high), (start + width * (place + 1), low, high)]
    if run:
        yield panel.band(run, "vital")


def _lanes(report: CourseReport, axis: Axis, top: float) -> Iterator[Markup]:
    """One lane for each priority, one for episodes."""
    for place, priority in enumerate(("high", "medium", "low")):
        spans = [(a.onset, a.ended or axis.end, a.text) for a in report.alarms if a.priority == priority]
        yield from _lane(axis, top + place * LANE, priority.upper(), spans, priority)
    spans = [(one.began, one.ended or axis.end, f"PRODIGY episode {one.number}") for one in report.episodes]
    yield from _lane(axis, top + 3 * LANE, "PRODIGY", spans, "episode")


def _lane(
    axis: Axis, top: float, name: str, spans: Iterable[tuple[datetime, datetime, str]], kind: str
) -> Iterator[Markup]:
    yield tag("rect", class_="lane", x=LEFT, y=top, width=RIGHT - LEFT, height=LANE - 4)
    yield tag("text", name, class_="tick end", x=LEFT - 7, y=top + 14)
    found = list(spans)
    for began, ended, words in found:
        left = axis.at(began)
        width = max(2.5, axis.at(ended) - left)
        yield tag("rect", tag("title", words), class_=f"bar {kind}", x=left, y=top + 2, width=width, height=LANE - 8)
    yield tag("text", str(len(found)), class_="tick", x=RIGHT + 8, y=top + 14)
