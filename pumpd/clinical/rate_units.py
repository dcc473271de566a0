"""Rates in every unit that people order and pumps show, converted exactly; and whether a unit was probably mixed up.

Pure: no clock, no I/O, no floats. A rate is a Fraction of microlitres an hour until it is rounded, once, DOWN to whole
microlitres. Whoever takes a rate from a person does this:

    entered = parse_entered(number_text, unit_text)              # UnitProblem: say .reason, take nothing
    rate_ul_h = entered.rate_ul_h(conc_ug_ml, weight_g)          # UnitProblem: what is missing
    asked = question(entered, conc_ug_ml, weight_g, initial_ug_kg_h, set_by, check)
    if asked is not None and not confirmed: refuse with code "implausible_unit" and this text

The question is asked before the kernel is; its limits hold whatever was confirmed. Clinical background: mg/24 h, mg/h,
mg/kg/h, mcg/kg/min, mg/min and mL/h all occur for ketamine, and units are its main hazard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

from pumpd.units import plain

Number = int | Decimal | Fraction


class RateUnit(StrEnum):
    """Units of a rate as ISMP wants them written: mcg, never the Greek letter; mL with a capital L."""

    ML_H = "mL/h"
    MG_H = "mg/h"
    MG_24H = "mg/24 h"
    MG_MIN = "mg/min"
    MG_KG_H = "mg/kg/h"
    MCG_KG_H = "mcg/kg/h"
    MCG_KG_MIN = "mcg/kg/min"


@dataclass(frozen=True, slots=True)
class _Meaning:
    """One of the unit: so many microlitres an hour (volume), or micrograms an hour, per kilogram where per_kg."""

    per_h: Fraction
    volume: bool = False
    per_kg: bool = False


_MEANINGS = {
    RateUnit.ML_H: _Meaning(Fraction(1000), volume=True),
    RateUnit.MG_H: _Meaning(Fraction(1000)),
    RateUnit.MG_24H: _Meaning(Fraction(1000, 24)),
    RateUnit.MG_MIN: _Meaning(Fraction(60_000)),
    RateUnit.MG_KG_H: _Meaning(Fraction(1000), per_kg=True),
    RateUnit.MCG_KG_H: _Meaning(Fraction(1), per_kg=True),
    RateUnit.MCG_KG_MIN: _Meaning(Fraction(60), per_kg=True),
}

_TIMES = {"hr": "h", "hour": "h", "24h": "24 h", "24hr": "24 h", "day": "24 h", "d": "24 h", "minute": "min"}
_KNOWN = {str(unit).lower(): unit for unit in RateUnit}
_GREEK = re.compile("[µμ]")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class UnitProblem:
    """Why a rate cannot be taken or computed, for the person who entered it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A rate as a person entered it."""

    number: Fraction
    unit: RateUnit

    def __str__(self) -> str:
        return format_rate(self.number, self.unit)

    def rate_ul_h(self, conc_ug_ml: int | None, weight_g: int | None) -> int | UnitProblem:
        """Whole microlitres an hour, rounded down; UnitProblem names what is missing for it."""
        rate = exact_ul_h(self.number, self.unit, conc_ug_ml, weight_g)
        return rate if isinstance(rate, UnitProblem) else rate.numerator // rate.denominator


def parse_unit(text: str) -> RateUnit | UnitProblem:
    """The unit as nurses write it (mL/hr, mg/24h, mcg / kg / min); the Greek letter, ug and cc are refused with why."""
    word = re.sub(r"\s+", " ", text.strip())
    if _GREEK.search(word) or re.match(r"ug\b", word, re.IGNORECASE):
        return UnitProblem(f'"{word}": write mcg; the Greek letter and "ug" are read as m')
    if re.match(r"cc\b", word, re.IGNORECASE):
        return UnitProblem(f'"{word}": write mL; "cc" is read as 00')
    first, *rest = [part.strip().lower() for part in word.split("/")]
    parts = [first, *(_TIMES.get(part.replace(" ", ""), part) for part in rest)]
    unit = _KNOWN.get("/".join(parts))
    if unit is None:
        return UnitProblem(f'"{word}" is no unit of a rate; one of {", ".join(RateUnit)}')
    return unit


def parse_entered(number: str | Number, unit: str) -> Entered | UnitProblem:
    """A number and a unit as they came from a person. Text is a plain decimal number: 0.5, not .5 nor 0,5 nor 5e-1."""
    known = parse_unit(unit)
    if isinstance(known, UnitProblem):
        return known
    if isinstance(number, str):
        if _NUMBER.fullmatch(number.strip()) is None:
            return UnitProblem(f'"{number.strip()[:40]}" is no number: write digits with a decimal point, such as 0.5')
        return Entered(Fraction(number.strip()), known)
    if isinstance(number, Decimal) and not number.is_finite():
        return UnitProblem(f"{number} is no rate")
    return UnitProblem("a rate is not negative") if number < 0 else Entered(Fraction(number), known)


def _missing(unit: RateUnit, conc_ug_ml: int | None, weight_g: int | None) -> UnitProblem | None:
    """What stands between this unit and the pump's mL/h."""
    meaning = _MEANINGS[unit]
    lacking = []
    if not meaning.volume and (conc_ug_ml is None or conc_ug_ml <= 0):
        lacking.append("the concentration in the syringe")
    if meaning.per_kg and (weight_g is None or weight_g <= 0):
        lacking.append("the patient's weight")
    return UnitProblem(f"{unit} needs {' and '.join(lacking)}") if lacking else None


def _one_ul_h(unit: RateUnit, conc_ug_ml: int | None, weight_g: int | None) -> Fraction | UnitProblem:
    """How many microlitres an hour one of the unit is."""
    problem = _missing(unit, conc_ug_ml, weight_g)
    if problem is not None:
        return problem
    meaning = _MEANINGS[unit]
    if meaning.volume:
        return meaning.per_h
    kilograms = Fraction(weight_g or 0, 1000) if meaning.per_kg else 1
    # mcg/h over mcg/mL is mL/h
    return meaning.per_h * kilograms * 1000 / (conc_ug_ml or 1)


def exact_ul_h(number: Number, unit: RateUnit, conc_ug_ml: int | None, weight_g: int | None) -> Fraction | UnitProblem:
    """The rate in microlitres an hour, not rounded; UnitProblem names what is missing for it."""
    one = _one_ul_h(unit, conc_ug_ml, weight_g)
    return one if isinstance(one, UnitProblem) else Fraction(number) * one


def in_unit(
    rate_ul_h: int | Fraction, unit: RateUnit, conc_ug_ml: int | None, weight_g: int | None
) -> Fraction | UnitProblem:
    """The same rate in another unit, exactly; UnitProblem names what is missing for it."""
    one = _one_ul_h(unit, conc_ug_ml, weight_g)
    return one if isinstance(one, UnitProblem) else rate_ul_h / one


def format_rate(value: Fraction, unit: RateUnit) -> str:
    """ "0.1 mg/kg/h", "16.67 mcg/kg/min": leading zero, no trailing zero; exact where four decimals hold it, else four
    significant digits, so that a small rate never reads as 0."""
    number = Decimal(value.numerator) / Decimal(value.denominator)
    if (value * 10_000).denominator != 1:
        number = number.quantize(Decimal(1).scaleb(min(0, number.adjusted() - 3)), ROUND_HALF_UP)
    return f"{plain(number)} {unit}"


def format_both(rate_ul_h: int | Fraction, conc_ug_ml: int | None, weight_g: int | None) -> str:
    """The dose and the volume together: "0.1 mg/kg/h (7 mL/h)"; only the volume where a dose cannot be computed."""
    volume = format_rate(Fraction(rate_ul_h) / 1000, RateUnit.ML_H)
    dose = in_unit(rate_ul_h, RateUnit.MG_KG_H, conc_ug_ml, weight_g)
    return volume if isinstance(dose, UnitProblem) else f"{format_rate(dose, RateUnit.MG_KG_H)} ({volume})"


@dataclass(frozen=True, slots=True)
class UnitCheck:
    """The drug library's [unit_check]: a rate that is one of factors away from the usual one, within tolerance_milli
    (1500: a factor of 1.5 either way), was probably entered in another unit."""

    factors: tuple[int, ...]
    tolerance_milli: int

    def near(self, ratio: Fraction) -> bool:
        """Whether the ratio is 1, within the tolerance."""
        band = Fraction(self.tolerance_milli, 1000)
        return ratio * band >= 1 and ratio <= band

    def is_off_by_a_factor(self, ratio: Fraction) -> bool:
        """Whether the ratio is one of the factors, or one over it, within the tolerance."""
        return any(self.near(ratio / factor) or self.near(ratio * factor) for factor in self.factors)

    def far(self, ratio: Fraction) -> bool:
        """Whether the ratio is at least as far from 1 as the least of the factors could make it."""
        least = Fraction(min(self.factors) * 1000, self.tolerance_milli)
        return ratio >= least or ratio * least <= 1


def question(
    entered: Entered,
    conc_ug_ml: int | None,
    weight_g: int | None,
    initial_ug_kg_h: int | None,
    set_by: str,
    check: UnitCheck | None,
) -> str | None:
    """What to ask a person before this rate is taken; None where its unit is plausible.

    Asked where the rate is one of the check's factors (24, 60, 1000) away from the drug's usual initial rate, or is
    that far from it and the same number in another unit is not. Names what was entered, what it means, the initial
    rate with whose it is, and the units that were perhaps meant. None too where nothing can be compared: no initial
    rate, no check, no weight or concentration (the kernel refuses those itself), or a rate of 0.
    """
    if initial_ug_kg_h is None or initial_ug_kg_h <= 0 or check is None:
        return None
    usual = exact_ul_h(initial_ug_kg_h, RateUnit.MCG_KG_H, conc_ug_ml, weight_g)
    rate = exact_ul_h(entered.number, entered.unit, conc_ug_ml, weight_g)
    if isinstance(usual, UnitProblem) or isinstance(rate, UnitProblem) or rate == 0:
        return None
    ratio = rate / usual
    meant = [unit for unit in RateUnit if _is_near(Entered(entered.number, unit), usual, conc_ug_ml, weight_g, check)]
    if not check.is_off_by_a_factor(ratio) and not (meant and check.far(ratio)):
        return None
    initial = format_rate(Fraction(initial_ug_kg_h, 1000), RateUnit.MG_KG_H)
    off = f"{_times(ratio)} the usual {initial} to begin with ({set_by})"
    return f"{entered} is {format_both(rate, conc_ug_ml, weight_g)}: {off}. {_was_meant(entered, meant)}"


def _times(ratio: Fraction) -> str:
    """ "about 17 times" or "about 1/24 of"."""
    return f"about {round(ratio)} times" if ratio > 1 else f"about 1/{round(1 / ratio)} of"


def _is_near(
    entered: Entered, usual_ul_h: Fraction, conc_ug_ml: int | None, weight_g: int | None, check: UnitCheck
) -> bool:
    rate = exact_ul_h(entered.number, entered.unit, conc_ug_ml, weight_g)
    return not isinstance(rate, UnitProblem) and check.near(rate / usual_ul_h)


def _was_meant(entered: Entered, units: list[RateUnit]) -> str:
    guesses = " or ".join(format_rate(entered.number, unit) for unit in units)
    return f"Was {guesses} meant?" if guesses else "Check the unit and the decimal point."
