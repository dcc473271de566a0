"""Quantities are exact integers or a precise refusal; nothing is rounded, nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.config.quantity import (
    CONCENTRATION,
    DOSE,
    DOSE_RATE,
    DURATION,
    FLOW,
    VOLUME,
    WEIGHT,
    Dimension,
    QuantityError,
)

ALL = (CONCENTRATION, DOSE, DOSE_RATE, DURATION, FLOW, VOLUME, WEIGHT)


@pytest.mark.parametrize(
    ("dimension", "text", "value"),
    [
        (DURATION, "250 ms", 250),
        (DURATION, "1.5 s", 1500),
        (DURATION, "12 h", 43_200_000),
        (DURATION, "2min", 120_000),
        (DOSE_RATE, "1.0 mg/kg/h", 1000),
        (DOSE_RATE, "0.5 mg/kg/h", 500),
        (DOSE_RATE, "5 mcg/kg/min", 300),
        (DOSE, "0.5 mg/kg", 500),
        (CONCENTRATION, "1 mg/mL", 1000),
        (CONCENTRATION, "50 mcg/mL", 50),
        (VOLUME, "50 mL", 50_000),
        (FLOW, "0.01 mL/h", 10),
        (WEIGHT, "72.5 kg", 72_500),
    ],
)
def test_a_quantity_is_read_exactly(dimension: Dimension, text: str, value: int) -> None:
    assert dimension.parse(text) == value


@pytest.mark.parametrize(
    ("dimension", "text", "words"),
    [
        (DOSE_RATE, "1.0 mg/kg", "expected one of mg/kg/h"),
        (DOSE_RATE, "16 µg/kg/min", "write mcg"),
        (DOSE_RATE, "0.0001 mg/kg/h", "digits would be lost"),
        (DURATION, "60", 'such as "60 s"'),
        (DURATION, "-1 s", "expected a duration"),
        (DURATION, ".5 s", "expected a duration"),
        (DURATION, "1e3 s", "e3"),
        (DURATION, "NaN s", "expected a duration"),
        (DURATION, "1,5 s", "expected a duration"),
        (CONCENTRATION, "1 mg/ml", "expected one of mg/mL"),
        (WEIGHT, "", "expected a weight"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(dimension: Dimension, text: str, words: str) -> None:
    with pytest.raises(QuantityError) as caught:
        dimension.parse(text)
    assert words in str(caught.value)


@given(st.sampled_from(ALL), st.integers(0, 10**9), st.data())
def test_every_whole_number_of_base_units_survives_being_written_in_any_unit(
    dimension: Dimension, value: int, data: st.DataObject
) -> None:
    unit = data.draw(st.sampled_from(sorted(dimension.units)))
    number = Decimal(value) / dimension.units[unit]
    if number * dimension.units[unit] == value:  # finite in decimal: 1/60 is not
        assert dimension.parse(f"{number:f} {unit}") == value


@given(st.sampled_from(ALL), st.text(max_size=20))
def test_no_text_at_all_makes_anything_but_an_integer_or_a_refusal(dimension: Dimension, text: str) -> None:
    try:
        value = dimension.parse(text)
    except QuantityError:
        return
    assert isinstance(value, int)
    assert value >= 0
