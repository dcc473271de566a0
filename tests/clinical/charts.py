"""Charts for tests: entries by hand, rows of pumps."""

from __future__ import annotations

from pumpd.clinical.chart import Chart, Flow, Noted, Weight, flowed, noted
from pumpd.clinical.entries import AnyEntry

H = 3_600_000
DAY = 24 * H


def chart(*notes: Noted, since_ms: int = 0, weight_g: int = 70_000) -> Chart:
    """A patient of 70 kg, bound at since_ms, with these entries."""
    whole = Chart(mrn="m1", since_ms=since_ms, weights=(Weight(since_ms, weight_g),))
    for one in notes:
        whole = noted(whole, one)
    return whole


def note(entry: AnyEntry, at_ms: int = 0, name: str = "e1", corrects: str | None = None, by: str = "RN A") -> Noted:
    """An entry that was written when it happened."""
    return Noted(name, entry, by, at_ms, at_ms, corrects, None, "typing error" if corrects else "")


def flow(
    at_ms: int,
    rate_ul_h: int | None,
    low_ng: int | None,
    high_ng: int | None = None,
    pump: str = "p1",
    drug: str | None = "morphine",
    conc_ug_ml: int | None = 1000,
    infusing: bool | None = True,
) -> Flow:
    """A pump's row; high_ng: as low_ng."""
    return Flow(at_ms, pump, drug, infusing, rate_ul_h, conc_ug_ml, low_ng, low_ng if high_ng is None else high_ng)


def with_flows(whole: Chart, *rows: Flow) -> Chart:
    """The chart with these rows."""
    for row in rows:
        whole = flowed(whole, row)
    return whole
