"""One drawing: signals above, alarms below, one time axis. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pumpd.drawing.markup import Markup, tag
from pumpd.drawing.scale import Scale
from pumpd.evaluation.picture import layout
from pumpd.evaluation.picture.lanes import Group, groups, height, lanes
from pumpd.evaluation.picture.panels import panel
from pumpd.evaluation.picture.scale import origin_of, time_step_s, time_ticks
from pumpd.evaluation.study import Candidate, Study
from pumpd.evaluation.words import S_PER_H, SIDES, clock
from pumpd.safety.policy import Priority
from pumpd.units import MS_PER_S


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a recording that is drawn; end_ms > start_ms."""

    start_ms: int
    end_ms: int


def whole(study: Study) -> Window:
    """All of it; a recording of one row is drawn a second long."""
    found = study.evaluation
    return Window(found.start_ms, max(found.end_ms, found.start_ms + MS_PER_S))


def figure(ident: str, study: Study, candidates: Sequence[Candidate], window: Window) -> Markup:
    """An <svg> that names itself; ident makes the ids of its parts unique in the page."""
    x = Scale(window.start_ms, window.end_ms, layout.LEFT, layout.RIGHT)
    signals = study.trace.signals if study.trace is not None else ()
    found = groups(study, window.start_ms, window.end_ms)
    lanes_top = layout.TOP + len(signals) * (layout.PANEL + layout.PANEL_GAP) + 6
    bottom = lanes_top + height(found)
    return tag(
        "svg",
        tag("title", _title(study, window), id=f"{ident}-title"),
        tag("desc", description(study, candidates, found, window), id=f"{ident}-desc"),
        _axis(x, study, layout.TOP, bottom),
        _marks(study, x, bottom),
        _panels(study, candidates, signals, x),
        lanes(study, found, x, lanes_top),
        viewBox=f"0 0 {layout.WIDTH} {bottom + layout.AXIS}",
        role="img",
        aria_labelledby=f"{ident}-title {ident}-desc",
    )


def _panels(study: Study, candidates: Sequence[Candidate], signals: Sequence[str], x: Scale) -> list[Markup]:
    if study.trace is None:
        return []
    step = layout.PANEL + layout.PANEL_GAP
    return [panel(name, study, study.trace, candidates, x, layout.TOP + at * step) for at, name in enumerate(signals)]


def _axis(x: Scale, study: Study, top: float, bottom: float) -> list[Markup]:
    start_ms, end_ms, first_ms = int(x.low), int(x.high), study.evaluation.start_ms
    origin_ms = origin_of(first_ms)
    parts = []
    for at_ms, label in time_ticks(start_ms, end_ms, origin_ms):
        at = x(at_ms)
        parts.append(tag("line", class_="grid", x1=at, x2=at, y1=top, y2=bottom))
        parts.append(tag("text", label, class_="tick middle", x=at, y=bottom + 16))
    unit = "h:mm:ss" if end_ms - origin_ms >= S_PER_H * MS_PER_S else "m:ss"
    since = f"since t_s {first_ms / MS_PER_S:.0f}" if origin_ms else "by t_s"
    name = f"time {since}, {unit}; one line every {clock(time_step_s(end_ms - start_ms) * MS_PER_S)}"
    parts.append(tag("text", name, class_="axis-name middle", x=(layout.LEFT + layout.RIGHT) / 2, y=bottom + 34))
    return parts


def _marks(study: Study, x: Scale, bottom: float) -> list[Markup]:
    """A band through everything where a HIGH alarm is lost, with a word above it where there is room."""
    parts: list[Markup] = []
    free = 0.0
    for one in study.comparison.lost_high if study.comparison is not None else ():
        start_ms, until_ms = one.episode.onset_ms, study.sides[0].evaluation.until_ms(one.episode)
        if until_ms < x.low or start_ms > x.high:
            continue
        left, right = x(start_ms), x(until_ms)
        width = max(layout.LEAST_BAR, right - left)
        parts.append(tag("rect", class_="lost-band", x=left, y=layout.TOP, width=width, height=bottom - layout.TOP))
        if left >= free:
            place = "end" if left > layout.RIGHT - 90 else None
            parts.append(tag("text", "▼ lost HIGH", class_="lost-word", x=left, y=layout.TOP - 8, text_anchor=place))
            free = left + 90
    return parts


def _title(study: Study, window: Window) -> str:
    origin_ms = origin_of(study.evaluation.start_ms)
    return f"{study.name}, {clock(window.start_ms - origin_ms)} to {clock(window.end_ms - origin_ms)}"


def description(study: Study, candidates: Sequence[Candidate], found: Sequence[Group], window: Window) -> str:
    """What the drawing shows, for those who cannot see it."""
    sentences = [f"Signals: {', '.join(study.trace.signals) if study.trace and study.trace.signals else 'none'}."]
    for at, candidate in enumerate(candidates):
        counts = [
            f"{sum(1 for group in found for one in group.sides[at] if one.priority is each)} {each}"
            for each in Priority
        ]
        sentences.append(f"{SIDES[at]} ({candidate.label}): {', '.join(counts)} alarms.")
    if study.comparison is not None:
        lost = [
            clock(one.episode.onset_ms - origin_of(study.evaluation.start_ms)) + f" ({one.episode.rule})"
            for one in study.comparison.lost_high
            if window.start_ms <= one.episode.onset_ms <= window.end_ms
        ]
        sentences.append(f"HIGH alarms of A that B has not: {', '.join(lost) or 'none'}.")
    return " ".join(sentences)
