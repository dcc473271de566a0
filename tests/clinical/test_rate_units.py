"""Rates in every unit: exact both ways, rounded down once, spelled as ISMP wants; mixed-up units are asked about."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.clinical.rate_units import (
    Entered,
    RateUnit,
    UnitCheck,
    UnitProblem,
    exact_ul_h,
    format_both,
    format_rate,
    in_unit,
    parse_entered,
    parse_unit,
    question,
)

CHECK = UnitCheck((24, 60, 1000), 1500)
CONC = 1000  # 1 mg/mL
WEIGHT = 70_000
INITIAL = 100  # mcg/kg/h


def entered(text: str, unit: str) -> Entered:
    found = parse_entered(text, unit)
    assert isinstance(found, Entered), found
    return found


def asked(text: str, unit: str, conc: int | None = CONC, weight: int | None = WEIGHT) -> str | None:
    return question(entered(text, unit), conc, weight, INITIAL, "library 1", CHECK)


@pytest.mark.req("UNIT-01")
@pytest.mark.parametrize(
    ("number", "unit"),
    [
        ("42", "mL/h"),
        ("42", "mg/h"),
        ("1008", "mg/24 h"),
        ("0.7", "mg/min"),
        ("0.6", "mg/kg/h"),
        ("600", "mcg/kg/h"),
        ("10", "mcg/kg/min"),
    ],
)
def test_one_infusion_entered_in_any_unit_is_the_same_rate(number: str, unit: str) -> None:
    assert exact_ul_h(entered(number, unit).number, RateUnit(unit), CONC, WEIGHT) == 42_000
    assert entered(number, unit).rate_ul_h(CONC, WEIGHT) == 42_000


@pytest.mark.req("UNIT-01")
def test_known_conversions_hold() -> None:
    mg_kg_h = exact_ul_h(1, RateUnit.MG_KG_H, CONC, WEIGHT)
    assert mg_kg_h == 70_000
    per_min = in_unit(70_000, RateUnit.MCG_KG_MIN, CONC, WEIGHT)
    assert per_min == Fraction(50, 3)
    assert format_rate(Fraction(50, 3), RateUnit.MCG_KG_MIN) == "16.67 mcg/kg/min"
    daily = in_unit(exact_of("100", RateUnit.MG_24H), RateUnit.MG_H, CONC, WEIGHT)
    assert isinstance(daily, Fraction)
    assert format_rate(daily, RateUnit.MG_H) == "4.167 mg/h"


def exact_of(number: str, unit: RateUnit) -> Fraction:
    rate = exact_ul_h(Decimal(number), unit, CONC, WEIGHT)
    assert isinstance(rate, Fraction)
    return rate


@pytest.mark.req("UNIT-01")
@given(
    st.integers(0, 2_000_000),
    st.integers(10, 100_000),
    st.integers(20_000, 250_000),
    st.sampled_from(RateUnit),
    st.sampled_from(RateUnit),
)
def test_any_rate_through_any_two_units_comes_back_exactly(
    rate_ul_h: int, conc: int, weight: int, first: RateUnit, second: RateUnit
) -> None:
    one = in_unit(rate_ul_h, first, conc, weight)
    other = in_unit(rate_ul_h, second, conc, weight)
    assert isinstance(one, Fraction)
    assert isinstance(other, Fraction)
    assert exact_ul_h(one, first, conc, weight) == exact_ul_h(other, second, conc, weight) == rate_ul_h
    assert Entered(one, first).rate_ul_h(conc, weight) == rate_ul_h


@pytest.mark.req("UNIT-02")
@given(
    st.decimals(0, 10_000, places=4, allow_nan=False),
    st.sampled_from(RateUnit),
    st.integers(10, 100_000),
    st.integers(20_000, 250_000),
)
def test_rounding_to_whole_microlitres_is_always_down_and_by_less_than_one(
    number: Decimal, unit: RateUnit, conc: int, weight: int
) -> None:
    exact = exact_ul_h(number, unit, conc, weight)
    rounded = Entered(Fraction(number), unit).rate_ul_h(conc, weight)
    assert isinstance(exact, Fraction)
    assert isinstance(rounded, int)
    assert 0 <= exact - rounded < 1


@pytest.mark.req("UNIT-02")
@pytest.mark.parametrize(
    ("unit", "conc", "weight", "reason"),
    [
        (RateUnit.MG_H, None, WEIGHT, "mg/h needs the concentration in the syringe"),
        (RateUnit.MG_KG_H, CONC, None, "mg/kg/h needs the patient's weight"),
        (RateUnit.MCG_KG_MIN, 0, 0, "mcg/kg/min needs the concentration in the syringe and the patient's weight"),
    ],
)
def test_what_is_missing_for_a_unit_is_named(unit: RateUnit, conc: int | None, weight: int | None, reason: str) -> None:
    assert Entered(Fraction(1), unit).rate_ul_h(conc, weight) == UnitProblem(reason)
    assert in_unit(1000, unit, conc, weight) == UnitProblem(reason)


def test_millilitres_an_hour_need_neither_weight_nor_concentration() -> None:
    assert entered("1.23", "mL/h").rate_ul_h(None, None) == 1230
    assert format_both(1230, None, None) == "1.23 mL/h"


@pytest.mark.req("UNIT-03")
@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("mL/hr", RateUnit.ML_H),
        ("ml/h", RateUnit.ML_H),
        ("mg/24h", RateUnit.MG_24H),
        ("mg / 24 hr", RateUnit.MG_24H),
        ("mg/day", RateUnit.MG_24H),
        ("mg/hour", RateUnit.MG_H),
        ("MCG/KG/MIN", RateUnit.MCG_KG_MIN),
        (" mcg/kg/minute ", RateUnit.MCG_KG_MIN),
        ("mg/kg/hr", RateUnit.MG_KG_H),
    ],
)
def test_units_are_understood_as_nurses_write_them(text: str, unit: RateUnit) -> None:
    assert parse_unit(text) is unit


@pytest.mark.req("UNIT-03")
@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("µg/kg/min", "write mcg"),
        ("μg/kg/min", "write mcg"),
        ("ug/kg/min", "write mcg"),
        ("cc/h", "write mL"),
        ("mg", "one of mL/h, mg/h, mg/24 h"),
        ("mg/kg", "is no unit of a rate"),
        ("", "is no unit of a rate"),
        ("mg/h/24", "is no unit of a rate"),
    ],
)
def test_ambiguous_and_unknown_units_are_refused_with_the_reason(text: str, part: str) -> None:
    found = parse_unit(text)
    assert isinstance(found, UnitProblem)
    assert part in found.reason


@pytest.mark.req("UNIT-03")
@pytest.mark.parametrize("text", [".5", "5.", "0,5", "1,000", "-1", "5e-1", "nan", "", "1/2", "٣"])
def test_numbers_that_can_be_misread_are_refused(text: str) -> None:
    assert isinstance(parse_entered(text, "mL/h"), UnitProblem)


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), Decimal(-1), -1, Fraction(-1, 3)])
def test_numbers_that_are_no_rate_are_refused(number: Decimal | int | Fraction) -> None:
    assert isinstance(parse_entered(number, "mL/h"), UnitProblem)


@pytest.mark.req("UNIT-03")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.1", "0.1"),
        ("0.10", "0.1"),
        ("1.0", "1"),
        ("0.0417", "0.0417"),
        ("1200", "1,200"),
        ("0.000012344", "0.00001234"),
        ("123.45678", "123.5"),
        ("12345.67891", "12,346"),
    ],
)
def test_rates_read_as_ismp_wants_them(value: str, text: str) -> None:
    assert format_rate(Fraction(value), RateUnit.MG_H) == f"{text} mg/h"


@given(st.fractions(min_value=Fraction(1, 10**9), max_value=10**6), st.sampled_from(RateUnit))
def test_no_rate_that_flows_ever_reads_as_zero(value: Fraction, unit: RateUnit) -> None:
    text = format_rate(value, unit).removesuffix(f" {unit}").replace(",", "")
    assert Fraction(text) > 0
    assert not text.startswith(".")
    assert "." not in text or not text.endswith("0")


@pytest.mark.req("UNIT-04")
def test_a_day_taken_for_an_hour_is_asked_about_with_all_that_helps() -> None:
    assert asked("7", "mg/24 h") == (
        "7 mg/24 h is 0.004167 mg/kg/h (0.2917 mL/h): about 1/24 of the usual 0.1 mg/kg/h to begin with (library 1). "
        "Was 7 mL/h or 7 mg/h meant?"
    )


@pytest.mark.req("UNIT-04")
@pytest.mark.parametrize(
    ("number", "unit", "off", "meant"),
    [
        ("168", "mg/h", "about 24 times", "168 mg/24 h"),
        ("0.117", "mg/h", "about 1/60 of", "0.117 mg/min or 0.117 mg/kg/h"),
        ("7", "mg/min", "about 60 times", "7 mL/h or 7 mg/h"),
        ("1.7", "mg/kg/h", "about 17 times", "1.7 mcg/kg/min"),
        ("0.1", "mcg/kg/h", "about 1/1000 of", "0.1 mg/min or 0.1 mg/kg/h"),
        ("100", "mg/kg/h", "about 1000 times", "100 mcg/kg/h"),
        ("7", "mg/kg/h", "about 70 times", "7 mL/h or 7 mg/h"),
        ("0.007", "mL/h", "about 1/1000 of", None),
    ],
)
def test_factors_of_24_60_and_1000_are_questioned(number: str, unit: str, off: str, meant: str | None) -> None:
    text = asked(number, unit)
    assert text is not None
    assert f"{off} the usual 0.1 mg/kg/h" in text
    assert text.endswith(f"Was {meant} meant?" if meant else "Check the unit and the decimal point.")


@pytest.mark.req("UNIT-04")
@given(st.sampled_from((24, 60, 1000)), st.booleans(), st.sampled_from(RateUnit), st.integers(67, 149))
def test_every_factor_in_every_unit_is_questioned_within_the_tolerance(
    factor: int, up: bool, unit: RateUnit, percent: int
) -> None:
    usual = in_unit(7000, unit, CONC, WEIGHT)
    assert isinstance(usual, Fraction)
    wrong = usual * Fraction(percent, 100) * (factor if up else Fraction(1, factor))
    assert question(Entered(wrong, unit), CONC, WEIGHT, INITIAL, "library 1", CHECK) is not None


@pytest.mark.req("UNIT-04")
@given(st.integers(63, 15_999), st.sampled_from(RateUnit))
def test_a_rate_less_than_16_times_off_is_never_questioned(tenths_ug_kg_h: int, unit: RateUnit) -> None:
    rate = exact_ul_h(Fraction(tenths_ug_kg_h, 10), RateUnit.MCG_KG_H, CONC, WEIGHT)
    assert isinstance(rate, Fraction)
    number = in_unit(rate, unit, CONC, WEIGHT)
    assert isinstance(number, Fraction)
    assert question(Entered(number, unit), CONC, WEIGHT, INITIAL, "library 1", CHECK) is None


@pytest.mark.req("UNIT-04")
def test_nothing_is_asked_where_nothing_can_be_compared() -> None:
    wrong = entered("7", "mg/24 h")
    assert question(wrong, CONC, WEIGHT, None, "", CHECK) is None
    assert question(wrong, CONC, WEIGHT, INITIAL, "library 1", None) is None
    assert question(wrong, None, WEIGHT, INITIAL, "library 1", CHECK) is None
    assert question(wrong, CONC, None, INITIAL, "library 1", CHECK) is None
    assert asked("0", "mg/24 h") is None
