"""Units: exact products, rounding down, and doses written so that nobody misreads them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd import units

positive = st.integers(min_value=1, max_value=10_000_000)


@pytest.mark.req("CEI-01")
@given(limit=st.integers(0, 10_000), weight=st.integers(1, 500_000), conc=st.integers(1, 100_000))
def test_the_ceiling_test_is_exact_at_every_edge(limit: int, weight: int, conc: int) -> None:
    highest = units.max_rate_ul_h(limit, weight, conc)
    true_limit = Fraction(limit * weight, 1000)  # ug/h
    assert Fraction(highest * conc, 1000) <= true_limit < Fraction((highest + 1) * conc, 1000)


@pytest.mark.req("CEI-04")
@given(limit=positive, weight=positive, conc=positive, step=st.integers(1, 1_000_000))
def test_rounding_to_the_pumps_step_never_rounds_up(limit: int, weight: int, conc: int, step: int) -> None:
    rate = units.max_rate_ul_h(limit, weight, conc, step)
    assert rate % step == 0
    assert units.dose_rate_ng_h(rate, conc) <= units.limit_ng_h(limit, weight)
    assert units.dose_rate_ng_h(rate + step, conc) > units.limit_ng_h(limit, weight)


@pytest.mark.parametrize(("conc", "step"), [(0, 1), (-1, 1), (1000, 0), (1000, -10)])
def test_no_concentration_is_not_a_concentration(conc: int, step: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        units.max_rate_ul_h(1000, 70_000, conc, step)


def test_seventy_kilograms_at_one_milligram_per_millilitre() -> None:
    assert units.max_rate_ul_h(1000, 70_000, 1000, 10) == 70_000
    assert units.dose_rate_mg_kg_h(70_000, 1000, 70_000) == Decimal(1)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "--", "", "1,5", "0x10", "twelve"])
def test_what_is_not_a_finite_number_is_none(text: str) -> None:
    assert units.parse_decimal(text) is None


def test_digits_are_never_lost_silently() -> None:
    assert units.scaled(Decimal("0.10"), 1000) == 100
    assert units.scaled(Decimal("0.0001"), 1000) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.1", "0.1"),
        ("1.0", "1"),
        ("10", "10"),
        ("0.05", "0.05"),
        ("1000", "1,000"),
        ("1E-3", "0.001"),
        ("5000.50", "5,000.5"),
        ("0", "0"),
        ("-0.0", "0"),
        ("1E+3", "1,000"),
        ("100", "100"),
    ],
)
def test_numbers_have_a_leading_zero_no_trailing_zero_and_a_comma(value: str, shown: str) -> None:
    assert units.plain(Decimal(value)) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=10**6))
def test_what_is_shown_reads_back_as_what_was_meant(value: Decimal) -> None:
    shown = units.plain(value)
    assert Decimal(shown.replace(",", "")) == value
    assert not shown.startswith(".")
    assert "." not in shown or not shown.endswith("0")


@pytest.mark.parametrize(
    ("rate", "conc", "weight", "shown"),
    [
        (7_000, 1000, 70_000, "0.1 mg/kg/h"),
        (1_800, 4000, 72_000, "0.1 mg/kg/h"),
        (10, 1000, 70_000, "0.00014 mg/kg/h"),
        (0, 1000, 70_000, "0 mg/kg/h"),
        (70_010, 1000, 70_000, "1 mg/kg/h"),
    ],
)
def test_a_dose_rate_reads_as_a_ward_writes_it(rate: int, conc: int, weight: int, shown: str) -> None:
    assert units.format_dose_mg_kg_h(units.dose_rate_mg_kg_h(rate, conc, weight)) == shown


def test_rate_weight_and_concentration_are_written_in_the_wards_units() -> None:
    assert units.format_rate_ml_h(1_800) == "1.8 mL/h"
    assert units.format_rate_ml_h(10) == "0.01 mL/h"
    assert units.format_weight(72_000) == "72 kg"
    assert units.format_concentration(1000) == "1 mg/mL"
    assert units.format_concentration(50) == "50 mcg/mL"
    assert units.format_milli(36_600) == "36.6"


def test_small_masses_are_in_mcg_never_the_greek_letter() -> None:
    assert "µ" not in units.format_concentration(50)


def test_a_mass_is_said_in_mg_with_two_decimals_and_with_three_below_one() -> None:
    assert [units.format_mg(ng) for ng in (35_000_000, 34_654_999, 999_499, 400, 0)] == [
        "35 mg",
        "34.65 mg",
        "0.999 mg",
        "0 mg",
        "0 mg",
    ]
