"""MME as numbers and words for people: rounding, changes in percent, one line for a screen. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pumpd.clinical.mme import Mme, Part
from pumpd.clinical.mme_tables import Per
from pumpd.units import plain

MILLI = 1000


def rounded(value: Fraction, places: int) -> Decimal:
    """The value to so many decimals, halves away from zero, exactly."""
    scale = 10**places
    whole = (abs(value) * scale * 2 + 1) // 2
    return Decimal(-whole if value < 0 else whole).scaleb(-places)


def milli(value: Fraction) -> int:
    """MME in thousandths, as entries hold them: 458.8 is 458_800."""
    return int(rounded(value, 3) * MILLI)


def change_percent(before: Fraction, after: Fraction) -> Decimal | None:
    """The change from before to after in percent, to 2 decimals (458.8 to 310.0 is -32.43); None from nothing."""
    return None if before <= 0 else rounded((after - before) / before * 100, 2)


def plain_signed(value: Decimal) -> str:
    """ "-32.43", "+5", "0"."""
    return f"+{plain(value)}" if value > 0 else plain(value)


def span(low: Fraction, high: Fraction) -> str:
    """ "60", or "58.2 to 60" where they differ at one decimal."""
    first, last = plain(rounded(low, 1)), plain(rounded(high, 1))
    return first if first == last else f"{first} to {last}"


def mme_text(total: Mme) -> str:
    """ "458.8 MME/day (CDC 2022)", "incomplete: at least 60 MME/day (CDC 2022)": never without its table."""
    number = f"{span(total.low, total.high)} MME/day ({' + '.join(total.tables)})"
    return number if total.complete else f"incomplete: at least {number}"


def amount_text(part: Part) -> str:
    """What was added up: "30 mg", "250 mcg", a patch as "25 mcg/h over 24 h"."""
    if part.per is Per.MCG_H:
        return f"{span(part.low_ug, part.high_ug)} mcg/h over 24 h"
    if part.per is Per.MCG:
        return f"{span(part.low_ug, part.high_ug)} mcg"
    low, high = (plain(rounded(ug / 1000, 3)) for ug in (part.low_ug, part.high_ug))
    return f"{low} mg" if low == high else f"{low} to {high} mg"


def part_text(part: Part, label: str) -> str:
    """One line of the breakdown: "oxyCODONE oral 40 mg x 1.5 = 60 MME (CDC 2022)"; label: of the part's table."""
    factor = plain(rounded(part.factor, 6))
    return f"{part.label} {part.route} {amount_text(part)} x {factor} = {span(part.low, part.high)} MME ({label})"
