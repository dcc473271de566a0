"""The predicted concentration: one curve, and how long the loop is held by the work of a minute (its CPU time)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from pumpd.clinical.chart import Chart, Flow, Noted, Weight, noted
from pumpd.clinical.entries import KetamineGiven, Route
from pumpd.clinical.pk import ahead, empty
from pumpd.clinical.pk_chart import Absorption, doubts
from pumpd.clinical.pk_curve import MS_PER_H, Sliced
from pumpd.clinical.pk_models import Pharmacokinetics, disposition
from pumpd.clinical.pk_patient import Prediction
from pumpd.config.pk_file import PkFile, pharmacokinetics
from pumpd.config.read import Parsed, read_record
from tests.bench.report import Row, median_of_rounds

CURVE_LIMIT_MS = 20.0
SLICE_LIMIT_MS = 2.0
POINTS = 289
QUARTERS = 480
QUARTER_MS = 900_000
ORAL = {"oral": Absorption(0.17, 1.5)}


def shipped() -> Pharmacokinetics:
    parsed = read_record(Path(__file__).resolve().parents[2] / "config" / "pharmacokinetics.toml", PkFile)
    assert isinstance(parsed, Parsed), parsed
    return pharmacokinetics(parsed.record)


def five_days() -> Chart:
    """A change of flow every quarter of an hour, and an oral dose every six hours."""
    flows = tuple(
        Flow(at, "p1", "ketamine", True, 5_000 + at % 7, 1000, at, at + 5_000)
        for at in range(0, QUARTERS * QUARTER_MS, QUARTER_MS)
    )
    chart = Chart(mrn="m", since_ms=0, flows=flows, weights=(Weight(0, 70_000),))
    for number in range(20):
        at_ms = number * 6 * MS_PER_H
        entry = KetamineGiven(Route.ORAL, 35_000)
        chart = noted(chart, Noted(f"e{number}", entry, "nurse", at_ms, at_ms))
    return chart


def took_ms(work: Callable[[], object]) -> float:
    began = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - began) / 1e6


def longest_ms(work: Sliced[object]) -> float:
    """The longest that it keeps the loop."""
    longest = 0.0
    while True:
        began = time.thread_time_ns()
        try:
            next(work)
        except StopIteration:
            return max(longest, (time.thread_time_ns() - began) / 1e6)
        longest = max(longest, (time.thread_time_ns() - began) / 1e6)


def curve(pk: Pharmacokinetics) -> None:
    """24 h at 5 mg/h of every model, solved anew."""
    for model in pk.models:
        solved = disposition(model, 70.0)
        assert len(ahead(solved, empty(solved), 5.0, 24 / (POINTS - 1), POINTS)) == POINTS


def run(rounds: int = 9) -> list[Row]:
    """The curve, and the longest slice of each of the three pieces of work, after five days."""
    pk, chart = shipped(), five_days()
    now_ms = QUARTERS * QUARTER_MS
    found: dict[str, list[float]] = {"curve": [], "reading": [], "minute": [], "doubts": [], "page": []}
    for _ in range(rounds):
        prediction = Prediction(pk, 70_000)
        found["curve"].append(took_ms(lambda: curve(pk)))
        found["reading"].append(longest_ms(prediction.follow(chart)))
        found["minute"].append(longest_ms(prediction.outlook(chart, ORAL, now_ms)))
        found["doubts"].append(took_ms(lambda: doubts(chart, ORAL, pk, now_ms, 70_000, 50)))
        found["page"].append(longest_ms(prediction.ahead(chart, ORAL, now_ms, 24 * MS_PER_H)))
    named = {
        "reading": "longest slice: five days read back",
        "minute": "longest slice: the band of a minute",
        "doubts": "the doubts of a minute",
        "page": "longest slice: a curve for a screen, past and both futures",
    }
    first = Row(
        "pk",
        f"one 24 h curve of four models, {POINTS} points",
        median_of_rounds(found["curve"]),
        CURVE_LIMIT_MS,
        "ms",
        1.0,
    )
    return [first, *(_slice(what, found[key]) for key, what in named.items())]


def _slice(what: str, took: list[float]) -> Row:
    return Row("pk", what, median_of_rounds(took), SLICE_LIMIT_MS, "ms", 1.0, "a stop of another bed may wait so long")
