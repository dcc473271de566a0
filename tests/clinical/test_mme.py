"""MME a day: the published examples, the sliding window, patches, and what is missing is said."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from pumpd.clinical.entries import Route
from pumpd.clinical.mme import DAY_MS, Mme, Pumped, mme_at
from pumpd.clinical.mme_words import (
    Change,
    amount_text,
    change,
    change_percent,
    milli,
    mme_text,
    part_text,
    plain_signed,
    rounded,
)
from tests.clinical.opioids import MIN, NOW, H, given, patch, tables, times, total


def exactly(found: Mme) -> Fraction:
    """A complete total that is one number."""
    assert found.complete, found.gaps
    assert found.low == found.high
    return found.low


# --- the published examples


@pytest.mark.req("MME-01", "MME-02")
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([patch(25)], "60"),
        ([patch(37.5)], "90"),
        ([patch(25), patch(12.5)], "90"),
        (times(4, "oxycodone", 10), "60"),
        (times(2, "oxycodone", 30), "90"),
        (times(2, "oxycodone", 10), "30"),
        (times(1, "oxycodone", 33), "49.5"),
        (times(4, "hydrocodone", 5), "20"),
        (times(4, "codeine", 15), "9"),
        (times(2, "oxymorphone", 10), "60"),
        (times(1, "morphine", 30), "30"),
        (times(2, "hydromorphone", 2), "20"),
        (times(1, "methadone", 12), "56.4"),
        (times(2, "tapentadol", 50), "40"),
        (times(4, "tramadol", 50), "40"),
    ],
)
def test_the_published_examples_by_cdc_2022(parts: list, expected: str) -> None:
    found = total(*parts)
    assert exactly(found) == Fraction(expected)
    assert found.table == "cdc-2022"
    assert {part.table for part in found.parts} == {"cdc-2022"}


@pytest.mark.req("MME-02")
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (times(2, "methadone", 15), "240"),
        (times(2, "hydromorphone", 2), "16"),
        ([patch(25)], "60"),
        (times(2, "oxycodone", 30), "90"),
        (times(4, "codeine", 15), "9"),
        (times(1, "methadone", 12), "48"),
    ],
)
def test_the_published_examples_by_cdc_2016(parts: list, expected: str) -> None:
    found = total(*parts, chosen="cdc-2016")
    assert exactly(found) == Fraction(expected)
    assert found.tables == ("CDC 2016",)


@pytest.mark.req("MME-02")
@pytest.mark.parametrize(
    ("mg", "factor"),
    [
        (0.001, 4),
        (1, 4),
        (20, 4),
        (20.001, 8),
        (20.5, 8),
        (21, 8),
        (40, 8),
        (40.5, 10),
        (41, 10),
        (60, 10),
        (60.5, 12),
        (61, 12),
        (80, 12),
    ],
)
def test_every_real_number_of_milligrams_of_methadone_has_one_factor(mg: float, factor: int) -> None:
    found = total(given("methadone", mg), chosen="cdc-2016")
    assert exactly(found) == Fraction(round(mg * 1000), 1000) * factor


@pytest.mark.req("MME-02")
def test_methadone_is_judged_by_the_days_total_and_not_dose_by_dose() -> None:
    found = total(*times(3, "methadone", 10), chosen="cdc-2016")
    assert exactly(found) == 30 * 8
    assert found.parts[0].factor == 8


@pytest.mark.req("MME-02", "MME-04")
def test_beyond_the_scale_the_last_factor_counts_and_the_total_says_that_it_is_incomplete() -> None:
    found = total(given("methadone", 81), chosen="cdc-2016")
    assert found.low == 81 * 12
    (gap,) = found.gaps
    assert gap.drug == "methadone"
    assert "the scale of CDC 2016 ends at 80 mg/day" in gap.why
    assert mme_text(found) == "incomplete: at least 972 MME/day (CDC 2016)"


# --- the sliding window


@pytest.mark.req("MME-01")
@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [(NOW, 10), (NOW + 1, 0), (NOW - DAY_MS, 0), (NOW - DAY_MS + 1, 10)],
)
def test_an_administration_counts_from_its_moment_until_24_hours_later(at_ms: int, expected: int) -> None:
    assert exactly(total(given("morphine", 10, at_ms))) == expected


@pytest.mark.req("MME-01")
@pytest.mark.parametrize(
    ("on_ms", "off_ms", "expected"),
    [
        (NOW - 12 * H, None, 30),
        (NOW - DAY_MS, None, 60),
        (0, NOW - 6 * H, 45),
        (0, NOW - DAY_MS, 0),
        (0, NOW - DAY_MS + 24 * MIN, 1),
        (NOW - 2 * H, NOW - H, "2.5"),
        (NOW, None, 0),
        (NOW + H, None, 0),
        (0, NOW + H, 60),
        (NOW - H, NOW - 2 * H, 0),
    ],
)
def test_a_patch_counts_by_the_hours_it_was_worn_in_the_window(
    on_ms: int, off_ms: int | None, expected: int | str
) -> None:
    assert exactly(total(patch(25, on_ms, off_ms))) == Fraction(expected)


# --- what a total is made of


@pytest.mark.req("MME-01", "MME-02", "MME-03")
def test_the_breakdown_names_each_opioid_route_factor_table_and_entries() -> None:
    found = total(
        given("oxyCODONE", 10, name="a"),
        given("OxyContin", 20, name="b"),
        given("morphine", 5, route="iv", name="c"),
        patch(25),
    )
    assert exactly(found) == 45 + 15 + 60
    assert [(p.drug, str(p.route), p.entries, p.table) for p in found.parts] == [
        ("fentanyl", "transdermal", ("p1",), "cdc-2022"),
        ("morphine", "iv", ("c",), "parenteral"),
        ("oxycodone", "oral", ("a", "b"), "cdc-2022"),
    ]
    lines = [part_text(part, part.table) for part in found.parts]
    assert lines == [
        "fentaNYL transdermal 25 mcg/h over 24 h x 2.4 = 60 MME (cdc-2022)",
        "morphine iv 5 mg x 3 = 15 MME (parenteral)",
        "oxyCODONE oral 30 mg x 1.5 = 45 MME (cdc-2022)",
    ]
    assert all(part.source for part in found.parts)
    assert mme_text(found) == "120 MME/day (CDC 2022 + equianalgesic, institution-specific)"


@pytest.mark.req("MME-03")
@pytest.mark.parametrize(
    ("drug", "mg", "expected"),
    [("morphine", 10, 30), ("hydromorphone", 1, 20), ("fentanyl", 0.1, 30), ("oxymorphone", 1, 30)],
)
def test_parenteral_opioids_count_by_the_sites_own_table(drug: str, mg: float, expected: int) -> None:
    found = total(given(drug, mg, route="iv"))
    assert exactly(found) == expected
    assert found.tables == ("CDC 2022", "equianalgesic, institution-specific")
    assert found.parts[0].table == "parenteral"


@pytest.mark.req("MME-03")
def test_the_conflict_about_hydromorphone_is_told_where_the_number_is() -> None:
    assert any("1:4" in note and "1:5" in note for note in total(given("hydromorphone", 1, route="iv")).notes)
    assert total(given("hydromorphone", 1)).notes == ()


@pytest.mark.req("MME-05")
def test_ketamine_contributes_nothing_and_misses_nothing() -> None:
    found = total(given("ketamine", 500), given("Ketalar", 500, route="iv"), given("morphine", 10))
    assert exactly(found) == 10
    assert [part.drug for part in found.parts] == ["morphine"]


@pytest.mark.req("MME-05")
def test_every_total_says_what_the_tables_are_not_for() -> None:
    said = " ".join(total(given("morphine", 10)).warnings)
    for words in ("active cancer treatment", "palliative", "end-of-life", "must not be used to convert"):
        assert words in said


@pytest.mark.req("MME-05")
@pytest.mark.parametrize(("off_h", "said"), [(0, True), (5, True), (35.99, True), (36, False)])
def test_a_patch_that_was_taken_off_is_told_of_while_it_may_act_and_never_counted(off_h: float, said: bool) -> None:
    found = total(patch(25, 0, NOW - round(off_h * H)))
    assert exactly(found) == 60 * max(Fraction(0), 1 - Fraction(round(off_h * H), DAY_MS))
    assert bool(found.notes) is said
    if off_h == 5:
        assert found.notes == (
            "fentaNYL patch 25 mcg/h, off for 5 h: goes on acting for 12 to 36 h after removal, which is not counted",
        )


# --- what is missing


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


# --- numbers and changes


@pytest.mark.req("MME-06")
@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        ("458.8", "310.0", "-32.43"),
        ("458.8", "310.01", "-32.43"),
        ("100", "100", "0.00"),
        ("100", "150", "50.00"),
        ("3", "4", "33.33"),
        ("200", "199.99", "-0.01"),
        ("458.8", "0", "-100.00"),
    ],
)
def test_a_change_is_told_in_percent_to_two_decimals(before: str, after: str, percent: str) -> None:
    assert change_percent(Fraction(before), Fraction(after)) == Decimal(percent)


@pytest.mark.req("MME-06")
def test_from_nothing_there_is_no_change_in_percent() -> None:
    assert change_percent(Fraction(0), Fraction(10)) is None
    assert change(None, total(given("morphine", 10))) == Change(None, None, True)
    assert change(None, total()).text() == "no baseline to compare with"


@pytest.mark.req("MME-04", "MME-06")
def test_a_change_to_an_incomplete_total_says_so() -> None:
    whole = change(Fraction(40), total(given("morphine", 30)))
    assert whole.text() == "-25 %"
    part = change(Fraction(40), total(given("morphine", 30), given("oxicodone", 1)))
    assert part.text() == "-25 % (incomplete: the true change may be higher)"


@pytest.mark.req("MME-06")
def test_a_pair_has_a_pair_of_changes() -> None:
    found = mme_at(NOW, tables(), pumped=[Pumped("p1", "morphine", 9_000_000, 10_000_000)])
    assert change(Fraction(30), found).text() == "-10 to 0 %"


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [("1/3", 2, "0.33"), ("-1/3", 2, "-0.33"), ("0.005", 2, "0.01"), ("-0.005", 2, "-0.01"), ("2.5", 0, "3")],
)
def test_halves_are_rounded_away_from_zero_exactly(value: str, places: int, expected: str) -> None:
    assert rounded(Fraction(value), places) == Decimal(expected)


def test_thousandths_and_signs_read_as_people_write_them() -> None:
    assert milli(Fraction("458.8")) == 458_800
    assert (plain_signed(Decimal("-32.43")), plain_signed(Decimal("5.00")), plain_signed(Decimal("0.00"))) == (
        "-32.43",
        "+5",
        "0",
    )
