"""The one dose formatter obeys the ISMP rules over random values: what a ward reads can be read in one way only."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.live.amounts import mass_text, pair_text
from pumpd.units import (
    format_concentration,
    format_dose_mg_kg_h,
    format_mg,
    format_milli,
    format_rate_ml_h,
    format_weight,
    plain,
)

pytestmark = pytest.mark.req("CEI-07")

# a leading zero, groups of three with a comma from 1,000 on, no trailing zero
NUMBER = r"-?(?:0|[1-9]\d{0,2}(?:,\d{3})*)(?:\.\d*[1-9])?"
UNIT = r"(?:mg/kg/h|mL/h|mg/mL|mcg/mL|kg|mg|ng/mL)"
AMOUNT = re.compile(rf"{NUMBER} {UNIT}")
PAIR = re.compile(rf"{NUMBER}(?: to {NUMBER})? {UNIT}")

doses = st.decimals(min_value=0, max_value=10**7, allow_nan=False, allow_infinity=False, places=6)
amounts = st.integers(0, 10**12)


def value(text: str) -> Decimal:
    return Decimal(text.split(" ", maxsplit=1)[0].replace(",", ""))


@given(doses)
def test_a_dose_is_a_number_a_space_and_a_unit(dose: Decimal) -> None:
    text = format_dose_mg_kg_h(dose)
    assert AMOUNT.fullmatch(text), text
    assert abs(value(text) - dose) <= max(Decimal("0.0005"), Decimal(0))
    assert (value(text) == 0) == (dose == 0)  # a small dose never reads as none


@given(amounts)
def test_a_rate_is_exactly_what_the_pump_sent(rate_ul_h: int) -> None:
    text = format_rate_ml_h(rate_ul_h)
    assert AMOUNT.fullmatch(text), text
    assert value(text) * 1000 == rate_ul_h


@given(amounts)
def test_concentrations_weights_and_masses_are_written_alike(amount: int) -> None:
    for text in (format_concentration(amount), format_weight(amount), format_mg(amount)):
        assert AMOUNT.fullmatch(text), text
        assert "µ" not in text
        assert "μ" not in text


@given(amounts, amounts)
def test_a_pair_is_written_as_two_such_numbers_and_holds_what_was_given(one: int, other: int) -> None:
    low, high = sorted((one, other))
    text = mass_text(low, high)
    assert PAIR.fullmatch(text), text
    ends = [Decimal(end.replace(",", "")) for end in re.findall(NUMBER, text)]
    assert ends[0] * 10**6 <= low
    assert ends[-1] * 10**6 >= high
    assert PAIR.fullmatch(pair_text(low, high, 10, "ng/mL"))


@given(st.integers(-(10**9), 10**9))
def test_a_number_alone_has_the_same_form(milli: int) -> None:
    assert re.fullmatch(NUMBER, format_milli(milli))
    assert re.fullmatch(NUMBER, plain(Decimal(milli)))
