"""MME for any administrations: order, splitting and growth behave as they must."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.clinical.entries import Route
from pumpd.clinical.mme import DAY_MS, Administered, Mme, Worn, mme_at
from tests.clinical.opioids import tables

NOW = 3 * DAY_MS
CHOSEN = st.sampled_from(["cdc-2022", "cdc-2016", "nih-heal-2024"])
DRUGS = st.sampled_from(["morphine", "oxycodone", "methadone", "fentanyl", "hydromorphone", "ketamine", "nobodyknows"])
ROUTES = st.sampled_from([Route.ORAL, Route.INTRAVENOUS, Route.SUBCUTANEOUS, Route.NASAL])


@st.composite
def hand_doses(draw: st.DrawFn) -> list[Administered]:
    rows = draw(st.lists(st.tuples(DRUGS, ROUTES, st.integers(0, 200_000), st.integers(0, NOW + DAY_MS)), max_size=8))
    return [Administered(f"e{at}", *row) for at, row in enumerate(rows)]


@st.composite
def patches(draw: st.DrawFn) -> list[Worn]:
    spans = st.tuples(st.integers(0, 100_000), st.integers(0, NOW), st.one_of(st.none(), st.integers(0, NOW)))
    rows = draw(st.lists(spans, max_size=3))
    return [Worn(f"p{at}", "fentanyl", *row) for at, row in enumerate(rows)]


def judged(found: Mme) -> tuple[Fraction, Fraction, set[tuple[str, str, str]]]:
    return found.low, found.high, {(gap.drug, gap.route, gap.why) for gap in found.gaps}


@pytest.mark.req("MME-01")
@given(hand_doses(), patches(), CHOSEN, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_in_which_it_was_charted_changes_nothing(
    doses: list[Administered], worn: list[Worn], chosen: str, random: object
) -> None:
    found = mme_at(NOW, tables(chosen), doses, worn)
    random.shuffle(doses)  # type: ignore[attr-defined]
    random.shuffle(worn)  # type: ignore[attr-defined]
    assert mme_at(NOW, tables(chosen), doses, worn) == found


@pytest.mark.req("MME-01")
@given(hand_doses(), CHOSEN, st.integers(0, 7), st.integers(0, 200_000))
@settings(max_examples=60)
def test_splitting_an_administration_changes_nothing(
    doses: list[Administered], chosen: str, which: int, part_ug: int
) -> None:
    if not doses:
        return
    one = doses[which % len(doses)]
    part_ug = min(part_ug, one.amount_ug)
    rest = [dose for dose in doses if dose is not one]
    halves = [
        Administered("a", one.drug, one.route, part_ug, one.at_ms),
        Administered("b", one.drug, one.route, one.amount_ug - part_ug, one.at_ms),
    ]
    assert judged(mme_at(NOW, tables(chosen), [*rest, *halves])) == judged(mme_at(NOW, tables(chosen), doses))


@pytest.mark.req("MME-01")
@given(patches(), st.integers(0, NOW))
@settings(max_examples=60)
def test_a_patch_that_is_changed_for_one_of_the_same_rate_changes_nothing(worn: list[Worn], at_ms: int) -> None:
    changed = []
    for one in worn:
        off = one.off_ms if one.off_ms is not None else NOW
        if one.on_ms < at_ms < off:
            changed += [Worn(one.id, one.drug, one.rate_ng_h, one.on_ms, at_ms)]
            changed += [Worn(f"{one.id}b", one.drug, one.rate_ng_h, at_ms, one.off_ms)]
        else:
            changed.append(one)
    assert mme_at(NOW, tables(), worn=changed).low == mme_at(NOW, tables(), worn=worn).low


@pytest.mark.req("MME-01", "MME-04")
@given(hand_doses(), CHOSEN, st.integers(0, 7), st.integers(0, 100_000))
@settings(max_examples=60)
def test_more_of_anything_is_never_fewer_mme_and_never_more_complete(
    doses: list[Administered], chosen: str, which: int, more_ug: int
) -> None:
    if not doses:
        return
    one = doses[which % len(doses)]
    larger = Administered(one.id, one.drug, one.route, one.amount_ug + more_ug, one.at_ms)
    before = mme_at(NOW, tables(chosen), doses)
    after = mme_at(NOW, tables(chosen), [larger if dose is one else dose for dose in doses])
    assert after.low >= before.low
    assert len(after.gaps) >= len(before.gaps)


@pytest.mark.req("MME-01")
@given(hand_doses(), patches(), st.integers(0, 2 * DAY_MS))
@settings(max_examples=60)
def test_two_days_that_touch_count_each_dose_once(doses: list[Administered], worn: list[Worn], now_ms: int) -> None:
    """The window is half-open: what is in the day to now is not in the day before, and nothing falls between."""
    known = [dose for dose in doses if dose.drug in ("morphine", "oxycodone") and dose.route is Route.ORAL]
    days = [mme_at(now_ms + n * DAY_MS, tables(), known, worn).low for n in (0, 1)]
    two_days = [dose for dose in known if now_ms - DAY_MS < dose.at_ms <= now_ms + DAY_MS]
    factors = {"morphine": Fraction(1), "oxycodone": Fraction(3, 2)}
    expected = sum((factors[dose.drug] * dose.amount_ug / 1000 for dose in two_days), Fraction(0))
    start, end = now_ms - DAY_MS, now_ms + DAY_MS
    for one in worn:
        until = end if one.off_ms is None else min(one.off_ms, end)
        hours = Fraction(max(0, until - max(one.on_ms, start)), DAY_MS)
        expected += Fraction(one.rate_ng_h, 1000) * hours * Fraction(12, 5)
    assert sum(days) == expected
