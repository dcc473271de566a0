"""What a total of MME lacks is said, by hand and by pump, and what a pump gave is a pair."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pumpd.clinical.entries import Route
from pumpd.clinical.mme import DAY_MS, Pumped, mme_at
from pumpd.clinical.mme_words import (
    amount_text,
    mme_text,
)
from tests.clinical.opioids import MIN, NOW, H, exactly, given, patch, tables, total


@pytest.mark.req("MME-04")
def test_an_opioid_that_nobody_knows_makes_the_total_incomplete_and_says_which() -> None:
    found = total(given("morphine", 10), given("oxicodone", 10, name="x"))
    assert found.low == 10
    assert not found.complete
    (gap,) = found.gaps
    assert gap.entries == ("x",)
    assert gap.why == '"oxicodone" is no drug of these tables; did you mean "oxycodone"?'
    assert mme_text(found) == "incomplete: at least 10 MME/day (CDC 2022)"


@pytest.mark.req("MME-04")
@pytest.mark.parametrize(
    ("drug", "route", "chosen", "why"),
    [
        ("morphine", "sc", "cdc-2022", "morphine sc has no factor in CDC 2022 or in the table equianalgesic"),
        ("fentanyl", "nasal", "cdc-2022", "fentaNYL nasal has no factor in CDC 2022"),
        ("tramadol", "oral", "cdc-2016", "traMADol oral has no factor in CDC 2016"),
        ("fentanyl", "oral", "cdc-2022", "fentaNYL oral has no factor"),
        ("fentanyl", "transdermal", "cdc-2022", ""),
    ],
)
def test_a_route_or_an_opioid_without_a_factor_is_missing_by_name(drug: str, route: str, chosen: str, why: str) -> None:
    found = total(given(drug, 10, route=route), chosen=chosen)
    if why:
        assert found.low == 0
        assert why in found.gaps[0].why
    else:
        assert found.complete


@pytest.mark.req("MME-04")
def test_a_patch_without_a_factor_is_missing_and_another_table_may_have_it() -> None:
    worn = patch(35, drug="buprenorphine")
    assert not total(worn).complete
    assert exactly(total(worn, chosen="nih-heal-2024")) == 77


@pytest.mark.req("MME-04")
def test_what_was_voided_by_a_dose_of_nothing_is_not_missing() -> None:
    assert exactly(total(given("oxicodone", 0), patch(0, drug="nobody"))) == 0


@pytest.mark.req("MME-04")
def test_what_lies_outside_of_the_window_is_not_missing() -> None:
    assert exactly(total(given("oxicodone", 10, NOW - DAY_MS))) == 0


@pytest.mark.req("MME-04")
@pytest.mark.parametrize(
    ("since_ms", "said"),
    [
        (NOW - DAY_MS, ""),
        (NOW - DAY_MS + 1, "charted for 23 h 59 min only"),
        (NOW - 5 * H - 20 * MIN, "charted for 5 h 20 min only"),
        (NOW - 12 * MIN, "charted for 12 min only"),
        (None, ""),
    ],
)
def test_a_day_that_is_not_charted_whole_makes_the_total_incomplete(since_ms: int | None, said: str) -> None:
    found = mme_at(NOW, tables(), [given("morphine", 10, NOW - MIN)], since_ms=since_ms)
    assert found.low == 10
    assert [gap.why.startswith(said) for gap in found.gaps] == ([True] if said else [])


# --- pumps


@pytest.mark.req("MME-03")
def test_what_a_pump_gave_counts_by_the_parenteral_table_as_a_pair() -> None:
    found = mme_at(NOW, tables(), pumped=[Pumped("p1", "morphine", 9_500_000, 10_000_000)])
    assert found.complete
    assert (found.low, found.high) == (Fraction("28.5"), Fraction(30))
    assert (found.parts[0].route, found.parts[0].entries) == (Route.INTRAVENOUS, ("p1",))
    assert amount_text(found.parts[0]) == "9.5 to 10 mg"
    assert mme_text(found) == "28.5 to 30 MME/day (CDC 2022 + equianalgesic, institution-specific)"


@pytest.mark.req("MME-03")
def test_a_pump_and_doses_by_hand_of_one_opioid_are_one_part() -> None:
    hand = [given("fentanyl", 0.05, route="iv", name="e1")]
    found = mme_at(NOW, tables(), hand, pumped=[Pumped("p1", "fentaNYL", 100_000, 110_000)])
    (part,) = found.parts
    assert (part.low, part.high) == (45, 48)
    assert part.entries == ("e1", "p1")
    assert amount_text(part) == "150 to 160 mcg"


@pytest.mark.req("MME-04", "MME-05")
@pytest.mark.parametrize(
    ("pump", "complete"),
    [
        (Pumped("p1", "ketamine", 0, 35_000_000, "nothing is heard from it"), True),
        (Pumped("p1", "ketamine", 35_000_000, 35_000_000), True),
        (Pumped("p1", "morphine", 0, 0, "its concentration is not known"), False),
        (Pumped("p1", None, 0, 0, "it has no drug"), False),
        (Pumped("p1", "nobodyknows", 1, 1), False),
    ],
)
def test_a_pump_whose_amount_or_drug_cannot_be_told_is_missing_unless_it_is_ketamine(
    pump: Pumped, complete: bool
) -> None:
    assert mme_at(NOW, tables(), pumped=[pump]).complete is complete
