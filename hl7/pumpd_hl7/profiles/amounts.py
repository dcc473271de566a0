"""Numbers with their units as our integers, by table and exactly; anything else is no number. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pumpd_hl7.codes import Unit
from pumpd_hl7.observations import Observation

WEIGHT = 68063
_LOINC_WEIGHTS = frozenset(("29463-7", "3141-9", "3142-7", "8335-2"))
"""Body weight: any method, measured, stated, estimated."""
_GRAMS = {"kg": Fraction(1000), "g": Fraction(1)}
BELIEVED = frozenset(("", "R", "F", "P", "C", "S", "U", "A", "B", "V"))
"""OBX-11 of a value that is there; every other says that it is deleted, wrong, pending, or could not be had."""


def in_units(number: Decimal, unit: Unit | None, scales: dict[str, Fraction]) -> Fraction | None:
    """The number in the unit that the scales lead to; None for a unit that is not among them."""
    scale = None if unit is None or not unit.known else scales.get(unit.ucum)
    return None if scale is None else Fraction(number) * scale


def whole(value: Fraction | None) -> int | None:
    """An exact integer; None where digits would be lost."""
    return None if value is None or value.denominator != 1 else int(value)


def weight_g_of(row: Observation) -> int | None:
    """The patient's weight in grams, where this row tells it and is believed; positive."""
    if not is_weight(row) or row.number is None or row.questionable or not row.is_real or row.status not in BELIEVED:
        return None
    grams = whole(in_units(row.number, row.unit, _GRAMS))
    return grams if grams is not None and grams > 0 else None


def is_weight(row: Observation) -> bool:
    if row.code.number == WEIGHT:
        return True
    parts = row.code.text.split("^")
    return parts[0] in _LOINC_WEIGHTS and parts[2:3] == ["LN"]
