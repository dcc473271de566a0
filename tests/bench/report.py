"""What a bench says: rows of product beside limit, what could not be measured; the statistics that all of them use."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["PASS", "FAIL", "info"]


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, the limit it is held against, and the most (or least) the ratio may be.

    at_least True turns the comparison round (throughput). allowed None: shown for information only.
    beds: of a row that says how something grows; the same `what` stands for other numbers of beds.
    """

    goal: str
    what: str
    product: float
    limit: float
    unit: str
    allowed: float | None
    note: str = ""
    at_least: bool = False
    beds: int | None = None

    @property
    def ratio(self) -> float:
        return self.product / self.limit if self.limit else float("inf")

    @property
    def verdict(self) -> Verdict:
        """What was not measured (nan) is never good."""
        if self.allowed is None:
            return "info"
        good = self.ratio >= self.allowed if self.at_least else self.ratio <= self.allowed
        return "PASS" if good else "FAIL"

    @property
    def strain(self) -> float:
        """Above 1: the goal is missed, by so much; how rows of different goals are compared. 0 for information."""
        if self.allowed is None:
            return 0.0
        needed, had = (self.allowed, self.ratio) if self.at_least else (self.ratio, self.allowed)
        if math.isnan(self.ratio):
            return float("inf")
        if not needed:
            return 0.0
        return needed / had if had else float("inf")


@dataclass(frozen=True)
class NotRun:
    """Something that a goal or a peer asks for and that was not measured, and why not."""

    goal: str
    what: str
    why: str


Found = Row | NotRun


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the sorted values lie; nearest rank."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median_of_rounds(rounds: Sequence[float]) -> float:
    return statistics.median(rounds) if rounds else float("nan")


def foreign_cpu() -> float:
    """Load average of the last minute: how busy the machine was, this bench included."""
    return os.getloadavg()[0]
