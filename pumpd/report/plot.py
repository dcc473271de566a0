"""One drawing: a plot with a time axis, value axes, lines, bands and labels, readable in black and white. Pure.

Everything is told apart by shape, dash or hatching and by a word beside it, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import floor, log10

from pumpd.drawing.markup import Markup, tag
from pumpd.drawing.scale import Scale

WIDTH, LEFT, RIGHT = 1000.0, 92.0, 858.0  # beside the plot stand the labels of limits, or a second axis
AXIS = 48.0
MOST_TIMES = 10
MOST_VALUES = 5
LABEL_STEP = 17.0
STEPS_MIN = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class Axis:
    """Time from left to right."""

    start: datetime
    end: datetime
    zone: tzinfo

    def at(self, moment: datetime) -> float:
        """Its place; what is outside is put on the nearer end."""
        span = max(1.0, (self.end - self.start).total_seconds())
        share = (moment - self.start).total_seconds() / span
        return LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT)

    def ticks(self) -> Iterator[tuple[float, str, bool]]:
        """(place, label, is it midnight) of round times."""
        span_min = (self.end - self.start).total_seconds() / 60
        step = next((one for one in STEPS_MIN if span_min / one <= MOST_TIMES), STEPS_MIN[-1])
        midnight = self.start.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        moment = midnight
        while moment <= self.end:
            if moment >= self.start:
                local = moment.astimezone(self.zone)
                new_day = local.hour == 0 and local.minute == 0
                yield self.at(moment), f"{local:%d %b}" if new_day else f"{local:%H:%M}", new_day
            moment += timedelta(minutes=step)


def value_ticks(low: float, high: float) -> list[float]:
    """Round values within low..high, no more than MOST_VALUES."""
    rough = (high - low) / (MOST_VALUES - 1)
    power = 10.0 ** floor(log10(rough)) if rough > 0 else 1.0
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first = -(-low // step)
    return [number * step for number in range(int(first), int(high // step) + 1)]


def number(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot of a drawing, from top to bottom; values from low to high."""

    axis: Axis
    top: float
    bottom: float
    low: float
    high: float

    @property
    def y(self) -> Scale:
        return Scale(self.low, self.high, self.bottom, self.top)

    def frame(self, name: str, unit: str) -> list[Markup]:
        """The box, its name, the ticks of its values."""
        middle = (self.top + self.bottom) / 2
        parts = [tag("rect", class_="plot", x=LEFT, y=self.top, width=RIGHT - LEFT, height=self.bottom - self.top)]
        for value in value_ticks(self.low, self.high):
            at = self.y(value)
            parts.append(tag("line", class_="grid", x1=LEFT, x2=RIGHT, y1=at, y2=at))
            parts.append(tag("text", number(value), class_="tick end", x=LEFT - 7, y=at + 5))
        turn = f"rotate(-90 18 {middle:.1f})"
        parts.append(tag("text", f"{name}, {unit}" if unit else name, class_="name", x=18, y=middle, transform=turn))
        return parts

    def verticals(self) -> list[Markup]:
        """Lines of time through the panel."""
        return [
            tag("line", class_="day" if new_day else "grid", x1=at, x2=at, y1=self.top, y2=self.bottom)
            for at, _, new_day in self.axis.ticks()
        ]

    def steps(self, points: Sequence[tuple[datetime, float | None]], kind: str) -> Markup:
        """A line that keeps each value until the next one; None: not known, nothing is drawn."""
        path, before = [], None
        for place, (at, value) in enumerate(points):
            until = points[place + 1][0] if place + 1 < len(points) else self.axis.end
            if value is None:
                before = None
                continue
            x1, x2, y = self.axis.at(at), self.axis.at(until), self.y(value)
            path.append(f"{'M' if before is None else 'L'}{x1:.1f} {y:.1f}L{x2:.1f} {y:.1f}")
            before = value
        return tag("path", class_=f"line {kind}", d="".join(path))

    def line(self, points: Iterable[tuple[datetime, float]], kind: str) -> Markup:
        """A line from point to point."""
        path = " ".join(f"{self.axis.at(at):.1f} {self.y(value):.1f}" for at, value in points)
        return tag("path", class_=f"line {kind}", d=f"M{path}" if path else "")

    def band(self, points: Sequence[tuple[datetime, float, float]], kind: str) -> Markup:
        """The area between lowest and highest."""
        there = [f"{self.axis.at(at):.1f} {self.y(high):.1f}" for at, _, high in points]
        back = [f"{self.axis.at(at):.1f} {self.y(low):.1f}" for at, low, _ in reversed(points)]
        return tag("path", class_=f"band {kind}", d=f"M{'L'.join([*there, *back])}Z" if points else "")

    def limits(self, lines: Iterable[tuple[float, str, str]]) -> Iterator[Markup]:
        """(value, label, kind): lines at their values, labels beside the plot, moved where they would collide."""
        free = self.top - LABEL_STEP
        for value, label, kind in sorted(lines, key=lambda line: -line[0]):
            if not self.low <= value <= self.high:
                continue
            at = self.y(value)
            free = max(at, free + LABEL_STEP)
            yield tag("line", class_=f"limit {kind}", x1=LEFT, x2=RIGHT, y1=at, y2=at)
            yield tag("path", class_="leader", d=f"M{RIGHT} {at:.1f}L{RIGHT + 8:.1f} {free:.1f}")
            yield tag("text", label, class_="limit-label", x=RIGHT + 11, y=free + 4)


def time_axis(axis: Axis, bottom: float) -> list[Markup]:
    """The labels of time below the last panel; neighbours that would touch are left out."""
    parts, free = [], 0.0
    for at, label, new_day in axis.ticks():
        if at < free:
            continue
        parts.append(tag("text", label, class_="tick middle strong" if new_day else "tick middle", x=at, y=bottom + 24))
        free = at + 10.0 * len(label)
    return parts


def drawing(ident: str, title: str, description: str, height: float, *parts: object) -> Markup:
    """An <svg> that names itself."""
    return tag(
        "svg",
        tag("title", title, id=f"{ident}-title"),
        tag("desc", description, id=f"{ident}-desc"),
        *parts,  # type: ignore[arg-type]
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        aria_labelledby=f"{ident}-title {ident}-desc",
    )
