"""Amounts as they are shown: rounded outward, so that a pair still holds (DOS-01); exact decimals in JSON. Pure."""

from __future__ import annotations

from pumpd.live.fields_course import BandShape, RangeShape
from pumpd.units import exact, plain

NG_PER_CMG = 10_000  # a hundredth of a milligram


def number(value: int, scale: int) -> int | float:
    """value / scale as it shall read in JSON: an int where it is whole, else the shortest exact decimal.

    scale a power of ten. Division of integers is correctly rounded and JSON prints the shortest text
    that reads back the same, so up to 15 digits nothing is lost and nothing is added.
    """
    return value // scale if value % scale == 0 else value / scale


def outward(low: int, high: int, step: int) -> tuple[int, int]:
    """The pair in whole steps, the lower end rounded down and the upper end up."""
    return low // step, -(-high // step)


def pair_text(low: int, high: int, scale: int, unit: str) -> str:
    """ "12.3 to 12.52 mg", or one number where both ends are the same."""
    return f"{' to '.join(plain(exact(end, scale)) for end in dict.fromkeys((low, high)))} {unit}"


def mass_text(low_ng: int, high_ng: int) -> str:
    """Milligrams to hundredths."""
    return pair_text(*outward(low_ng, high_ng, NG_PER_CMG), 100, "mg")


def mass(low_ng: int, high_ng: int) -> RangeShape:
    """Milligrams to hundredths."""
    low, high = outward(low_ng, high_ng, NG_PER_CMG)
    return RangeShape(number(low, 100), number(high, 100))


def percent(low: int, high: int, limit: int) -> RangeShape:
    """Of the limit, in whole percent."""
    return RangeShape(*outward(low * 100, high * 100, max(limit, 1)))


def band(pg_ml: tuple[int, int]) -> BandShape:
    """ng/mL: whole from 10 on, tenths below."""
    step = 1000 if pg_ml[1] >= 10_000 else 100
    low, high = outward(pg_ml[0], pg_ml[1], step)
    scale = 1000 // step
    return BandShape(number(low, scale), number(high, scale), pair_text(low, high, scale, "ng/mL"))
