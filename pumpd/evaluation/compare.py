"""What a profile B does otherwise than a profile A on one recording: alarms gained and lost, HIGH alarms shifted. Pure.

An alarm episode of A is matched by those of B that have the same condition and overlap it in time. It is *kept* when
one of them has at least its priority, *lowered* when all have less, *lost* when there is none. Seen from B an episode
is *gained* when nothing of A matches it, and *raised* when everything that does has less priority. A HIGH episode
that is lost or lowered is a lost HIGH, whatever else sounds at that time; covered_by names what does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from pumpd.evaluation.run import Episode, Evaluation
from pumpd.safety.alarm_table import RANK
from pumpd.safety.policy import Priority


class Change(StrEnum):
    """What became of an episode; in the order in which a reader wants to know."""

    LOST = "lost"
    LOWERED = "lowered"
    GAINED = "gained"
    RAISED = "raised"


ORDER = {change: at for at, change in enumerate(Change)}


@dataclass(frozen=True, slots=True)
class Difference:
    """One episode that only one profile has so. other: the best matching priority of the other profile, if any.

    covered_by: of a lost HIGH, the rules of B whose HIGH alarms sound at some time during it.
    """

    change: Change
    episode: Episode
    other: Priority | None
    covered_by: tuple[str, ...] = ()

    @property
    def lost_high(self) -> bool:
        return self.change in (Change.LOST, Change.LOWERED) and self.episode.priority is Priority.HIGH


@dataclass(frozen=True, slots=True)
class Shift:
    """A HIGH alarm that both profiles have: later_ms > 0 means that B's comes later than A's."""

    rule: str
    onset_ms: int
    later_ms: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences with the lost HIGHs first, and how much later the HIGHs come that were kept."""

    differences: tuple[Difference, ...]
    shifts: tuple[Shift, ...]

    @property
    def lost_high(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.lost_high)

    @property
    def agrees(self) -> bool:
        """Whether both profiles give the same alarms, and the HIGH ones at the same time."""
        return not self.differences and not any(shift.later_ms for shift in self.shifts)

    def of(self, change: Change) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.change is change)


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Compare two evaluations of the same rows."""
    in_a, in_b = _Index(a), _Index(b)
    found: list[Difference] = []
    shifts: list[Shift] = []
    for episode in a.episodes:
        matches = list(in_b.overlapping(episode, a.until_ms(episode)))
        difference = _difference(episode, matches, Change.LOST, Change.LOWERED)
        if difference is not None:
            found.append(_with_cover(difference, a, b))
        elif episode.priority is Priority.HIGH:
            first = min(match.onset_ms for match in matches if match.priority is Priority.HIGH)
            shifts.append(Shift(episode.rule, episode.onset_ms, first - episode.onset_ms))
    for episode in b.episodes:
        matches = list(in_a.overlapping(episode, b.until_ms(episode)))
        difference = _difference(episode, matches, Change.GAINED, Change.RAISED)
        if difference is not None:
            found.append(difference)
    return Comparison(tuple(sorted(found, key=_urgency)), tuple(shifts))


def _urgency(one: Difference) -> tuple[int, int, int]:
    """HIGH before all else, and among them what is lost or lowered."""
    return (-RANK[one.episode.priority], ORDER[one.change], one.episode.onset_ms)


def _difference(episode: Episode, matches: list[Episode], alone: Change, milder: Change) -> Difference | None:
    if not matches:
        return Difference(alone, episode, None)
    best = max((match.priority for match in matches), key=RANK.__getitem__)
    return Difference(milder, episode, best) if RANK[best] < RANK[episode.priority] else None


def _with_cover(one: Difference, a: Evaluation, b: Evaluation) -> Difference:
    if not one.lost_high:
        return one
    start, end = one.episode.onset_ms, a.until_ms(one.episode)
    rules = dict.fromkeys(
        other.rule
        for other in b.episodes
        if other.priority is Priority.HIGH and overlap(start, end, other.onset_ms, b.until_ms(other))
    )
    return Difference(one.change, one.episode, one.other, tuple(rules))


def overlap(start: int, end: int, other_start: int, other_end: int) -> bool:
    """Whether two spans share time; spans that only touch do not, two that begin together do."""
    return start == other_start or (start < other_end and other_start < end)


class _Index:
    """The episodes of each condition in order of onset, so that those around a time are found quickly."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._until = evaluation.until_ms
        self._by: dict[str, list[Episode]] = defaultdict(list)
        for episode in evaluation.episodes:
            self._by[episode.condition].append(episode)
        # up to here everything has ended by then
        self._over = {name: list(accumulate(map(self._until, found), max)) for name, found in self._by.items()}

    def overlapping(self, episode: Episode, until_ms: int) -> Iterator[Episode]:
        """Those of the same condition that overlap the episode, which lasts until until_ms."""
        found, over = self._by.get(episode.condition, []), self._over.get(episode.condition, [])
        for other in found[max(0, bisect_right(over, episode.onset_ms) - 1) :]:
            if other.onset_ms > until_ms:
                return
            if overlap(episode.onset_ms, until_ms, other.onset_ms, self._until(other)):
                yield other
