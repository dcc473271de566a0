"""MME as numbers and words: rounding, changes in percent, pairs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from pumpd.clinical.mme_words import (
    change_percent,
    milli,
    plain_signed,
    rounded,
)


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
