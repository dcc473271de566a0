"""MME a day: the published examples, the sliding window, patches, what a total is made of."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pumpd.clinical.entries import Route
from pumpd.clinical.mme import DAY_MS, Administered
from pumpd.clinical.mme_words import (
    mme_text,
    part_text,
)
from tests.clinical.opioids import MIN, NOW, H, exactly, given, patch, times, total

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


def test_what_is_finer_than_a_microgram_counts_exactly() -> None:
    fine = Administered("a", "fentanyl", Route.INTRAVENOUS, 12, NOW - H, 500)
    finest = Administered("b", "fentanyl", Route.INTRAVENOUS, 0, NOW - H, 500)
    assert exactly(total(fine)) * 2 == exactly(total(given("fentanyl", 0.025, route="iv")))
    assert exactly(total(finest)) * 25 == exactly(total(fine))
