"""The rules on one signal as bands of values, laid out from normal to worse. Pure.

A rule whose terms all speak of one signal holds in one band of its values. Seen from the healthy middle each signal
has a falling side (RR 4 is worse than 7) and a rising one (EtCO2 70 is worse than 60); the rising one is mirrored
here, so that lower is always worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from pumpd.device import SIGNALS
from pumpd.safety.alarm_table import RANK
from pumpd.safety.policy import Rule
from pumpd.safety.rules import span_of
from pumpd.units import format_milli

WHOLE = 1000
# A value from the healthy middle, in thousandths. It judges nobody: it only tells on which side of it a rule lies whose
# limits leave both ends open. NEWS2's column of 0 (RCP 2017); EtCO2 of textbooks; a signal that is not here only rises.
HEALTHY_MILLI = {
    "rr": 16_000,
    "spo2": 98_000,
    "etco2": 38_000,
    "pulse": 70_000,
    "hr": 70_000,
    "nibp_sys": 120_000,
    "nibp_dia": 80_000,
    "nibp_mean": 95_000,
    "temp": 37_000,
    "ipi": 9_000,
}


@dataclass(frozen=True, slots=True)
class Band:
    """The values, in thousandths, for which a rule on one signal holds; mirrored on the rising side."""

    index: int
    rule: Rule
    low: int
    high: int

    @property
    def rank(self) -> int:
        return RANK[self.rule.priority]

    def named(self) -> str:
        return f"{self.rule.id} ({self.rule.priority})"


@dataclass(frozen=True, slots=True)
class Side:
    """All bands on one side of a signal; worst: the end of the sensor's range on this side."""

    signal: str
    falling: bool
    worst: int
    bands: tuple[Band, ...]

    def words(self, low: int, high: int) -> str:
        """ "above 5 and below 7", "below 50": values from low to high in the sensor's own direction."""
        if low <= self.worst:
            return _below(high) if self.falling else _above(-high)
        low, high = (low, high) if self.falling else (-high, -low)
        return f"{_above(low)} and {_below(high)}"

    def inner(self, band: Band) -> str:
        """The limit nearest to normal: "rr below 8"."""
        return f"{self.signal} {_below(band.high) if self.falling else _above(-band.high)}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Values that are treated milder than better ones: nothing holds there, or only `cover`.

    inner: the more urgent rule (of a hole: the next rule) towards normal; outer: the next rule away from it.
    """

    low: int
    high: int
    cover: Band | None
    inner: Band
    outer: Band | None

    def holds_a_whole_number(self) -> bool:
        return self.high // WHOLE * WHOLE >= self.low


def _above(low: int) -> str:
    return f"above {format_milli(low - 1)}" if low % 10 == 1 else f"from {format_milli(low)}"


def _below(high: int) -> str:
    return f"below {format_milli(high + 1)}" if high % 10 == 9 else f"up to {format_milli(high)}"


def values_of(rule: Rule) -> tuple[str, int, int] | None:
    """Signal, lowest and highest value of a rule that speaks of one signal only; None for any other rule."""
    signals = {term.signal for term in (*rule.all_of, *rule.any_of)}
    if len(signals) != 1 or rule.any_of:
        return None
    spans = [span_of(term) for term in rule.all_of]
    return spans[0][0], max(low for _, low, _ in spans), min(high for _, _, high in spans)


def sides_of(rules: tuple[Rule, ...]) -> Iterator[Side]:
    """Each side of each signal on which a rule stands; a monitor's yes or no has no sides."""
    bands: dict[tuple[str, bool], list[Band]] = {}
    values = [values_of(rule) for rule in rules]
    for index, (rule, span) in enumerate(zip(rules, values, strict=True)):
        if span is None or SIGNALS[span[0]].flag:
            continue
        signal, low, high = span
        pairs = zip(rules, values, strict=True)
        family = [v for other, v in pairs if v and v[0] == signal and other.condition == rule.condition]
        falling = _falls(signal, low, high, family)
        bands.setdefault((signal, falling), []).append(Band(index, rule, *((low, high) if falling else (-high, -low))))
    for (signal, falling), found in bands.items():
        worst = SIGNALS[signal].min_milli if falling else -SIGNALS[signal].max_milli
        yield Side(signal, falling, worst, tuple(found))


def _falls(signal: str, low: int, high: int, family: list[tuple[str, int, int]]) -> bool:
    """Whether lower is worse: by the open end of the rule, else of others in its condition, else by where it lies."""
    least, most = SIGNALS[signal].min_milli, SIGNALS[signal].max_milli
    if low <= least or high >= most:
        return low <= least
    open_ends = {first <= least for _, first, last in family if first <= least or last >= most}
    return open_ends.pop() if len(open_ends) == 1 else low + high < 2 * HEALTHY_MILLI.get(signal, 0)


def gaps_of(side: Side) -> Iterator[Gap]:
    """Going from normal to worse: wherever the priority falls again, or no rule holds any more."""
    pieces = list(_pieces(side))
    best = last = pieces[0][2]
    for at, (low, high, cover) in enumerate(pieces):
        if cover is not None and best is not None and cover.rank >= best.rank:
            best = cover
        elif best is not None and last is not None:
            outer = next((further for _, _, further in pieces[at + 1 :] if further is not None), None)
            yield Gap(low, high, cover, best if cover is not None else last, outer)
        last = cover or last


def _pieces(side: Side) -> Iterator[tuple[int, int, Band | None]]:
    """The values from normal to worst, cut wherever another rule is the most urgent one; the first has a rule."""
    edges = {side.worst, *(band.low for band in side.bands), *(band.high + 1 for band in side.bands)}
    ordered = sorted(edges, reverse=True)
    cut = [(low, after - 1) for after, low in pairwise(ordered)]
    for cover, pieces in groupby(cut, key=lambda piece: _most_urgent(side, *piece)):
        alike = list(pieces)
        yield alike[-1][0], alike[0][1], cover


def _most_urgent(side: Side, low: int, high: int) -> Band | None:
    covering = (band for band in side.bands if band.low <= low and high <= band.high)
    return max(covering, key=lambda band: band.rank, default=None)
