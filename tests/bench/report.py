"""What a bench says: rows of product beside limit, printed as a table and kept as Markdown and JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One goal: what was measured, the limit it is held against, and the most (or least) the ratio may be.

    at_least True turns the comparison round (throughput). allowed None: shown for information only.
    """

    goal: str
    what: str
    product: float
    limit: float
    unit: str
    allowed: float | None
    note: str = ""
    at_least: bool = False

    @property
    def ratio(self) -> float:
        return self.product / self.limit if self.limit else float("inf")

    @property
    def verdict(self) -> str:
        if self.allowed is None:
            return "info"
        good = self.ratio >= self.allowed if self.at_least else self.ratio <= self.allowed
        return "pass" if good else "FAIL"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the sorted values lie; nearest rank."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median_of_rounds(rounds: Sequence[float]) -> float:
    return statistics.median(rounds) if rounds else float("nan")


def foreign_cpu() -> float:
    """Load average of the last minute: how busy the machine was with other things."""
    return os.getloadavg()[0]


def markdown(rows: Sequence[Row]) -> str:
    lines = [
        "| goal | what | product | limit | unit | ratio | allowed | verdict | note |",
        "|--|--|--|--|--|--|--|--|--|",
    ]
    for r in rows:
        allowed = "-" if r.allowed is None else f"{'>=' if r.at_least else '<='} {r.allowed:g}x"
        lines.append(
            f"| {r.goal} | {r.what} | {r.product:.4g} | {r.limit:.4g} | {r.unit} | {r.ratio:.2f}x | {allowed} "
            f"| {r.verdict} | {r.note} |"
        )
    return "\n".join(lines)


def save(rows: Sequence[Row], folder: Path) -> None:
    """Writes report.md and report.json into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    head = f"{time.strftime('%Y-%m-%d %H:%M')} Python {platform.python_version()} {os.cpu_count()} cores\n\n"
    (folder / "report.md").write_text(head + markdown(rows) + "\n", encoding="utf-8")
    body = [asdict(r) | {"ratio": r.ratio, "verdict": r.verdict} for r in rows]
    (folder / "report.json").write_text(json.dumps(body, indent=1), encoding="utf-8")
