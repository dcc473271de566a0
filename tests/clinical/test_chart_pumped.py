"""What opioid pumps gave in a span, from few rows: the pair encloses the truth, and what is not known is said."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.clinical.chart import Chart, Flow
from pumpd.clinical.chart_opioids import mme_now
from pumpd.clinical.chart_pumped import NO_DRUG, NOT_HEARD, NOT_WEIGHED, pumped
from pumpd.clinical.mme import Pumped
from tests.clinical.charts import DAY, H, chart, flow, with_flows
from tests.clinical.opioids import tables

MG = 1_000_000  # nanograms


def of(*rows: Flow, start: int = 0, end: int = DAY, since_ms: int = 0) -> tuple[Pumped, ...]:
    return pumped(with_flows(chart(since_ms=since_ms), *rows), start, end)


@pytest.mark.req("MME-03")
def test_a_pump_that_runs_on_at_one_rate_gives_rate_times_time_without_another_row() -> None:
    """1 mL/h of 1 mg/mL for a day is 24 mg of morphine, 72 MME."""
    found = with_flows(chart(since_ms=-DAY), flow(-2 * H, 1000, 0))
    assert pumped(found, 0, DAY) == (Pumped("p1", "morphine", 24 * MG, 24 * MG),)
    total = mme_now(found, DAY, tables())
    assert (total.low, total.high, total.complete) == (72, 72, True)


@pytest.mark.req("MME-03")
def test_between_two_rows_the_rate_tells_within_the_totals() -> None:
    rows = (flow(0, 1000, 0), flow(10 * H, 2000, 10 * MG, 10 * MG + 500), flow(12 * H, 0, 14 * MG, infusing=False))
    assert of(*rows, start=4 * H, end=11 * H) == (Pumped("p1", "morphine", 8 * MG, 8 * MG + 500),)
    assert of(*rows, start=4 * H, end=DAY) == (Pumped("p1", "morphine", 10 * MG, 10 * MG),)
    assert of(*rows, start=13 * H, end=DAY) == ()


@pytest.mark.req("MME-03")
def test_a_total_that_was_less_than_the_rate_says_bounds_what_was_given_before() -> None:
    """The row after is the limit: the pump reported 1 mL/h for 10 h, and 8 mg at most were given."""
    rows = (flow(0, 1000, 0), flow(10 * H, 0, 7 * MG, 8 * MG, infusing=False))
    assert of(*rows, start=9 * H, end=DAY) == ()
    (found,) = of(*rows, start=6 * H, end=DAY)
    assert (found.low_ng, found.high_ng) == (MG, 2 * MG)
    went_on = (flow(0, 1000, 0), flow(10 * H, 1000, 7 * MG, 8 * MG))
    (found,) = of(*went_on, start=9 * H, end=15 * H)
    assert (found.low_ng, found.high_ng) == (4 * MG, 5 * MG)


@pytest.mark.req("MME-03")
def test_what_was_given_before_the_first_row_is_this_patients_too() -> None:
    (found,) = of(flow(5 * H, 1000, 2 * MG, 3 * MG), end=6 * H)
    assert (found.low_ng, found.high_ng) == (3 * MG, 4 * MG)


@pytest.mark.req("MME-04")
def test_a_silent_pump_that_was_infusing_is_a_gap_and_one_that_stood_still_is_not() -> None:
    ran = of(flow(0, 1000, 0), flow(2 * H, None, 2 * MG, infusing=None))
    assert ran == (Pumped("p1", "morphine", 2 * MG, 2 * MG, NOT_HEARD),)
    stood = of(flow(0, 0, 0, infusing=False), flow(2 * H, None, 0, infusing=None))
    assert stood == ()


@pytest.mark.req("MME-03")
def test_after_a_silence_the_pair_is_as_wide_as_it_was() -> None:
    rows = (
        flow(0, 1000, 0),
        flow(2 * H, None, 2 * MG, infusing=None),
        flow(4 * H, 1000, 2 * MG, 5 * MG),
    )
    assert of(*rows, start=0, end=5 * H) == (Pumped("p1", "morphine", 3 * MG, 6 * MG),)
    assert of(*rows, start=3 * H, end=5 * H) == (Pumped("p1", "morphine", 0, 4 * MG),)


@pytest.mark.req("MME-04")
@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ((flow(0, 1000, None, conc_ug_ml=None),), NOT_WEIGHED),
        ((flow(0, 1000, None, drug=None),), NO_DRUG),
        ((flow(0, 0, None, conc_ug_ml=None, infusing=False),), ""),
        ((flow(0, 0, None, drug=None, infusing=False),), ""),
        ((flow(0, 1000, 0), flow(H, 0, None, conc_ug_ml=None, infusing=False)), NOT_WEIGHED),
        ((flow(-2 * DAY, 1000, None, drug=None), flow(-DAY, 0, None, drug=None, infusing=False)), ""),
    ],
)
def test_what_flows_without_a_drug_or_a_concentration_is_a_gap(rows: tuple[Flow, ...], why: str) -> None:
    assert [one.why for one in of(*rows, since_ms=-3 * DAY)] == ([why] if why else [])


@pytest.mark.req("MME-04")
def test_an_unknown_concentration_for_a_while_leaves_at_least_the_rest() -> None:
    rows = (flow(0, 1000, 0), flow(2 * H, 1000, None, conc_ug_ml=None), flow(4 * H, 1000, 2 * MG))
    (found,) = of(*rows, end=6 * H)
    assert (found.low_ng, found.high_ng, found.why) == (4 * MG, 4 * MG, NOT_WEIGHED)


@pytest.mark.req("MME-03")
def test_a_pump_that_is_loaded_with_another_drug_gives_each_its_own() -> None:
    rows = (
        flow(0, 1000, 0),
        flow(3 * H, 2000, 3 * MG, drug="hydromorphone"),
        flow(4 * H, 0, 5 * MG, drug="hydromorphone", infusing=False),
    )
    assert of(*rows) == (
        Pumped("p1", "morphine", 3 * MG, 3 * MG),
        Pumped("p1", "hydromorphone", 2 * MG, 2 * MG),
    )


@pytest.mark.req("MME-03")
def test_totals_that_begin_anew_are_another_count() -> None:
    rows = (flow(0, 1000, 0), flow(3 * H, 1000, 3 * MG), flow(4 * H, 1000, 0), flow(5 * H, 0, MG, infusing=False))
    given_ng = sum(one.low_ng for one in of(*rows))
    assert 4 * MG <= given_ng <= 5 * MG


def test_two_pumps_are_two_rows() -> None:
    rows = (flow(0, 1000, 0), flow(0, 1000, 0, pump="p2", drug="fentanyl", conc_ug_ml=50))
    assert [one.pump for one in of(*rows, end=H)] == ["p1", "p2"]


# --- a simulated pump, whose truth is known


@st.composite
def courses(draw: st.DrawFn) -> tuple[Chart, list[tuple[int, int]]]:
    """(a chart, the true total in ng at the time of each row, and rates): reported rates are true, totals enclose."""
    steps = draw(st.lists(st.tuples(st.integers(1, 10 * H), st.integers(0, 5000)), min_size=1, max_size=8))
    slack = draw(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=9, max_size=9))
    at_ms, total, rate, low = 0, Fraction(0), 0, 0
    rows, truth = [], []
    for (span_ms, new_rate), (under, over) in zip(steps, slack, strict=False):
        at_ms, total, rate = at_ms + span_ms, total + Fraction(rate * 1000 * span_ms, H), new_rate
        low = max(low, int(total) - under)
        rows.append(flow(at_ms, rate, low, int(total) + 1 + over, infusing=rate > 0))
        truth.append((at_ms, rate))
    high = [row.high_ng or 0 for row in rows]
    for at, row in enumerate(rows):  # at most never falls
        rows[at] = flow(row.at_ms, row.rate_ul_h, row.low_ng, max(high[: at + 1]), infusing=row.infusing)
    return with_flows(chart(), *rows), truth


def true_ng(truth: list[tuple[int, int]], start: int, end: int) -> Fraction:
    total = Fraction(0)
    for at, (from_ms, rate) in enumerate(truth):
        until = truth[at + 1][0] if at + 1 < len(truth) else end
        total += Fraction(rate * 1000 * max(0, min(until, end) - max(from_ms, start)), H)
    return total


@pytest.mark.req("MME-03")
@given(courses(), st.integers(0, 50 * H), st.integers(0, 50 * H))
@settings(max_examples=150)
def test_the_pair_encloses_what_a_pump_truly_gave_in_any_span(
    course: tuple[Chart, list[tuple[int, int]]], one: int, other: int
) -> None:
    start, end = min(one, other), max(one, other)
    whole, truth = course
    truly = true_ng(truth, start, end)
    found = pumped(whole, start, end)
    low, high = sum(each.low_ng for each in found), sum(each.high_ng for each in found)
    assert low <= truly <= high + (0 if found else 1)
    assert all(not each.why for each in found)
