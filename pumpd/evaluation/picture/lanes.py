"""The alarms below the signals: a lane per condition and profile, bars told apart by colour, pattern, letter. Pure.

Where one profile alarms and the other does not, the other's lane shows the outline of what it leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pumpd.drawing.markup import Markup, tag
from pumpd.drawing.scale import Scale
from pumpd.evaluation.compare import Change, Difference
from pumpd.evaluation.picture import layout
from pumpd.evaluation.picture.scale import origin_of
from pumpd.evaluation.run import Episode, Evaluation
from pumpd.evaluation.study import Study
from pumpd.evaluation.words import SIDES, condition_words, episode_words
from pumpd.safety.alarm_table import RANK

OTHER_SIDE = {Change.LOST: 1, Change.GAINED: 0}  # whose lane shows the outline


@dataclass(frozen=True, slots=True)
class Group:
    """One condition with the episodes of each side that reach into the window."""

    condition: str
    sides: tuple[tuple[Episode, ...], ...]


def groups(study: Study, start_ms: int, end_ms: int) -> list[Group]:
    """The conditions that alarm in the window: the most urgent first, then the earliest."""
    inside = [
        [
            one
            for one in side.evaluation.episodes
            if one.onset_ms <= end_ms and side.evaluation.until_ms(one) >= start_ms
        ]
        for side in study.sides
    ]
    first: dict[str, tuple[int, int]] = {}
    for episodes in inside:
        for one in episodes:
            key = (-RANK[one.priority], one.onset_ms)
            first[one.condition] = min(first.get(one.condition, key), key)
    return [
        Group(name, tuple(tuple(one for one in episodes if one.condition == name) for episodes in inside))
        for name in sorted(first, key=first.__getitem__)
    ]


def height(found: Sequence[Group]) -> int:
    """Of all lanes together; one lane's worth of room to say that there is none."""
    return sum(len(group.sides) * layout.LANE + layout.LANE_GAP for group in found) or layout.LANE + layout.LANE_GAP


def lanes(study: Study, found: Sequence[Group], x: Scale, top: float) -> list[Markup]:
    """Every lane from `top` down."""
    if not found:
        at = top + layout.LANE - 5
        return [tag("text", "no alarms", class_="lane-name", x=8, y=at)]
    parts: list[Markup] = []
    for group in found:
        parts.append(tag("text", condition_words(group.condition), class_="lane-name", x=8, y=top + layout.LANE - 5))
        for side in range(len(group.sides)):
            parts.append(_lane(study, group, side, x, top))
            top += layout.LANE
        top += layout.LANE_GAP
    return parts


def _lane(study: Study, group: Group, side: int, x: Scale, top: float) -> Markup:
    evaluation = study.sides[side].evaluation
    parts = [tag("rect", class_="lane", x=layout.LEFT, y=top, width=layout.PLOT, height=layout.LANE)]
    if len(group.sides) > 1:
        parts.append(tag("text", SIDES[side], class_="tick end", x=layout.LEFT - 8, y=top + layout.LANE - 5))
    parts += [
        _outline(missing, study.sides[1 - side].evaluation, side, x, top)
        for missing in _left_out(study, group, side, x)
    ]
    followers = [x(one.onset_ms) for one in group.sides[side][1:]] + [layout.RIGHT]
    parts += [
        _bar(evaluation, one, side, x, top, follower)
        for one, follower in zip(group.sides[side], followers, strict=False)
    ]
    return tag("g", parts)


def _left_out(study: Study, group: Group, side: int, x: Scale) -> list[Difference]:
    if study.comparison is None:
        return []
    return [
        one
        for one in study.comparison.differences
        if OTHER_SIDE.get(one.change) == side
        and one.episode.condition == group.condition
        and one.episode.onset_ms <= x.high
        and study.sides[1 - side].evaluation.until_ms(one.episode) >= x.low
    ]


def _span(evaluation: Evaluation, one: Episode, x: Scale) -> tuple[float, float]:
    """Left end and width; never too narrow to be seen."""
    left = x(one.onset_ms)
    return left, max(layout.LEAST_BAR, x(evaluation.until_ms(one)) - left)


def _bar(evaluation: Evaluation, one: Episode, side: int, x: Scale, top: float, follower: float) -> Markup:
    left, width = _span(evaluation, one, x)
    tall = layout.BAR[one.priority]
    at = top + (layout.LANE - tall) / 2
    parts = [
        tag("title", f"{SIDES[side]}: {episode_words(evaluation, one, origin_of(evaluation.start_ms))}"),
        tag("rect", class_=f"bar {one.priority}", x=left, y=at, width=width, height=tall, rx=2),
        *_letter(one, left, width, top, follower),
    ]
    return tag("g", parts, class_="alarm", data_rule=one.rule, data_side=SIDES[side], data_onset_ms=str(one.onset_ms))


def _letter(one: Episode, left: float, width: float, top: float, follower: float) -> list[Markup]:
    """The priority's letter on the bar, beside a short one, or not at all where the next alarm stands."""
    base = top + layout.LANE - 5
    letter = one.priority[0].upper()
    if width >= layout.LETTER:
        plate = tag("rect", class_=f"plate {one.priority}", x=left, y=base - 11, width=layout.LETTER, height=12)
        return [plate, tag("text", letter, class_=f"letter {one.priority}", x=left + layout.LETTER / 2, y=base)]
    if follower - (left + width) >= layout.LETTER:
        return [tag("text", letter, class_="letter beside", x=left + width + layout.LETTER / 2, y=base)]
    return []


def _outline(one: Difference, owner: Evaluation, side: int, x: Scale, top: float) -> Markup:
    left, width = _span(owner, one.episode, x)
    kind = "outline lost-high" if one.lost_high else "outline"
    words = f"not in {SIDES[side]}: {episode_words(owner, one.episode, origin_of(owner.start_ms))}"
    box = tag("rect", class_=kind, x=left, y=top + 2, width=width, height=layout.LANE - 4, rx=2)
    return tag("g", tag("title", words), box)
