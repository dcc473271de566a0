"""The recorded signals as small multiples: line, gaps, limits of the rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pumpd.device import SIGNALS
from pumpd.drawing.markup import Markup, tag
from pumpd.drawing.scale import Scale
from pumpd.evaluation.picture import layout
from pumpd.evaluation.picture.scale import value_ticks
from pumpd.evaluation.run import Held
from pumpd.evaluation.study import Candidate, Study
from pumpd.evaluation.trace import Trace
from pumpd.evaluation.words import SIDES, clock
from pumpd.safety.policy import Op, Priority
from pumpd.units import format_milli

# what is drawn at least, in the signal's unit, so that an ordinary hour looks ordinary
USUAL = {"rr": (0, 30), "spo2": (80, 100), "etco2": (0, 60), "no_breath_s": (0, 30)}
ROUND = 10  # a range is widened to the next ten


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One limit of single-signal rules; sides: which profiles have it, and at which priorities."""

    value_milli: int
    label: str
    high: bool


def limit_lines(signal: str, candidates: Sequence[Candidate]) -> list[LimitLine]:
    """The limits of rules that look at this signal alone, highest value first; equal ones of A and B are one line.

    A lower bound that only keeps another rule's values out (RR >= 1 beside RR <= 5) is not drawn.
    """
    found: dict[tuple[int, str, Priority], str] = {}
    for side, candidate in zip(SIDES, candidates, strict=False):
        for rule in candidate.profile.rules:
            if {term.signal for term in (*rule.all_of, *rule.any_of)} == {signal}:
                term = rule.all_of[-1]
                key = (term.limit_milli, str(term.op), rule.priority)
                sides = found.get(key, "")
                found[key] = sides if side in sides else sides + side
    lines = [
        LimitLine(
            value, f"{op} {format_milli(value)} {priority[0].upper()}{_whose(sides, candidates)}", _is_high(priority)
        )
        for (value, op, priority), sides in found.items()
        if op != Op.EQ
    ]
    return sorted(lines, key=lambda line: -line.value_milli)


def _whose(sides: str, candidates: Sequence[Candidate]) -> str:
    return "" if len(candidates) < len(SIDES) else f" in {' and '.join(sides)}"


def _is_high(priority: Priority) -> bool:
    return priority is Priority.HIGH


def panel(signal: str, study: Study, trace: Trace, candidates: Sequence[Candidate], x: Scale, top: float) -> Markup:
    """One signal. x maps milliseconds; its ends are the window."""
    start_ms, end_ms = int(x.low), int(x.high)
    limits = limit_lines(signal, candidates)
    low, high = _range(signal, trace, limits, start_ms, end_ms)
    y = Scale(low * 1000, high * 1000, top + layout.PANEL, top)
    return tag(
        "g",
        _frame(signal, low, high, y, top),
        [_gap(since, until, x, top) for since, until in trace.gaps(signal, start_ms, end_ms)],
        [
            _held(one, x, top)
            for one in study.evaluation.held
            if one.signal == signal and one.start_ms < end_ms and one.end_ms > start_ms
        ],
        list(_limits(limits, y)),
        _line(signal, trace, x, y),
        class_=f"panel {signal}",
    )


def _range(signal: str, trace: Trace, limits: list[LimitLine], start_ms: int, end_ms: int) -> tuple[int, int]:
    usual_low, usual_high = USUAL[signal]
    seen = trace.extent(signal, start_ms, end_ms) or (usual_low * 1000, usual_high * 1000)
    values = [*seen, *(line.value_milli for line in limits)]
    low = min(usual_low, min(values) // (ROUND * 1000) * ROUND)
    high = max(usual_high, -(-max(values) // (ROUND * 1000)) * ROUND)
    return low, high


def _frame(signal: str, low: int, high: int, y: Scale, top: float) -> list[Markup]:
    row = SIGNALS[signal]
    parts = [
        tag("rect", class_="plot", x=layout.LEFT, y=top, width=layout.PLOT, height=layout.PANEL),
        tag("text", row.label, class_="name", x=8, y=top + layout.PANEL / 2),
        tag("text", row.unit, class_="unit", x=8, y=top + layout.PANEL / 2 + 17),
    ]
    for value in value_ticks(low, high):
        at = y(value * 1000)
        parts.append(tag("line", class_="grid", x1=layout.LEFT, x2=layout.RIGHT, y1=at, y2=at))
        parts.append(tag("text", str(value), class_="tick end", x=layout.LEFT - 8, y=at + 4))
    return parts


def _gap(since_ms: int, until_ms: int, x: Scale, top: float) -> Markup:
    left, right = x(since_ms), x(until_ms)
    words = f"no value for {clock(until_ms - since_ms)}"
    width = max(layout.LEAST_GAP, right - left)
    return tag("rect", tag("title", words), class_="gap", x=left, y=top, width=width, height=layout.PANEL)


def _held(one: Held, x: Scale, top: float) -> Markup:
    left = x(one.start_ms)
    words = f"held for {clock(one.end_ms - one.start_ms)}: displayed, but no breath renewed it; taken for absent"
    width = max(layout.LEAST_BAR, x(one.end_ms) - left)
    return tag("rect", tag("title", words), class_="held", x=left, y=top, width=width, height=layout.PANEL)


def _limits(limits: list[LimitLine], y: Scale) -> Iterator[Markup]:
    """Lines at their values, labels beside the plot, moved down where they would lie on one another."""
    free = y.at_high - layout.LABEL_STEP
    for line in limits:
        at = y(line.value_milli)
        free = max(at, free + layout.LABEL_STEP)
        kind = "limit high" if line.high else "limit"
        yield tag("line", class_=kind, x1=layout.LEFT, x2=layout.RIGHT, y1=at, y2=at)
        yield tag("path", class_="leader", d=f"M{layout.RIGHT} {at:.1f}L{layout.RIGHT + 10} {free:.1f}")
        yield tag("text", line.label, class_="limit-label", x=layout.RIGHT + 13, y=free + 4)


def _line(signal: str, trace: Trace, x: Scale, y: Scale) -> Markup:
    """One path: each stretch without a gap begins anew. A single value is a dot (a line of no length, round caps)."""
    step_ms = (x.high - x.low) / layout.PLOT
    parts = []
    for run in trace.runs(signal, int(x.low), int(x.high), step_ms):
        points = " ".join(f"{x(at):.1f} {y(value):.1f}" for at, value in run)
        parts.append(f"M{points}" if len(run) > 1 else f"M{points}h0")
    return tag("path", class_=f"signal {signal}", d="".join(parts))
