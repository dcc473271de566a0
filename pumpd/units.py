"""Quantities as integers of micro-units, and the one formatter of doses. Pure: no clock, no I/O.

The unit stands in every name. Products are chosen so that the ceiling test is exact:
``rate_ul_h * conc_ug_ml`` and ``limit_ug_kg_h * weight_g`` are both nanograms per hour,
``volume_ul * conc_ug_ml`` and ``cap_ug_kg * weight_g`` are both nanograms.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NewType

Ms = NewType("Ms", int)  # kernel time, monotonic milliseconds; the only time that decides
RateUlH = NewType("RateUlH", int)  # microlitres per hour: 0.01 mL/h is 10
VolumeUl = NewType("VolumeUl", int)
VolumeNl = NewType("VolumeNl", int)  # delivered volume is integrated in nanolitres
ConcUgMl = NewType("ConcUgMl", int)  # 1 mg/mL is 1000
WeightG = NewType("WeightG", int)
DoseNg = NewType("DoseNg", int)  # exact product volume_ul x conc_ug_ml
DoseRateUgKgH = NewType("DoseRateUgKgH", int)  # 1 mg/kg/h is 1000
DoseUgKg = NewType("DoseUgKg", int)  # 0.5 mg/kg is 500
Milli = NewType("Milli", int)  # a vital sign in thousandths of its signal's unit: SpO2 97 % is 97_000

MS_PER_S = 1000
MS_PER_MIN = 60_000
MS_PER_H = 3_600_000


def parse_decimal(text: str) -> Decimal | None:
    """A finite Decimal from wire text such as "0.10", or None for anything else (NaN, words, blanks)."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def scaled(value: Decimal, scale: int) -> int | None:
    """value x scale as an exact integer, or None when digits would be lost (0.0001 mL/h has no micro-litres)."""
    product = value * scale
    whole = int(product)
    return whole if whole == product else None


def dose_rate_ng_h(rate_ul_h: int, conc_ug_ml: int) -> int:
    """Exact mass flow in ng/h."""
    return rate_ul_h * conc_ug_ml


def limit_ng_h(limit_ug_kg_h: int, weight_g: int) -> int:
    """Exact mass flow in ng/h that the limit allows for this weight."""
    return limit_ug_kg_h * weight_g


def max_rate_ul_h(limit_ug_kg_h: int, weight_g: int, conc_ug_ml: int, step_ul_h: int = 1) -> RateUlH:
    """The greatest rate, rounded DOWN to the pump's step, that stays at or below the limit.

    Raises ValueError unless conc_ug_ml and step_ul_h are positive: no default concentration exists.
    """
    if conc_ug_ml <= 0 or step_ul_h <= 0:
        raise ValueError("concentration and rate step must be positive")
    highest = limit_ng_h(limit_ug_kg_h, weight_g) // conc_ug_ml
    return RateUlH(highest - highest % step_ul_h)


def plain(value: Decimal) -> str:
    """A number as ISMP wants it read: leading zero, no trailing zero, comma from 1,000 (0.1 / 10 / 1,000)."""
    text = f"{value:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def exact(value: int, scale: int) -> Decimal:
    """value / scale as a Decimal, scale a power of ten (1_234 µL/h and 1000 give 1.234)."""
    return Decimal(value).scaleb(-(len(str(scale)) - 1))


def format_rate_ml_h(rate_ul_h: int) -> str:
    """ "1.8 mL/h": exactly what the pump sent, never re-rounded."""
    return f"{plain(exact(rate_ul_h, 1000))} mL/h"


def dose_rate_mg_kg_h(rate_ul_h: int, conc_ug_ml: int, weight_g: int) -> Decimal:
    """Dose rate in mg/kg/h for display and records, to 6 decimals; decisions use the exact products."""
    if weight_g <= 0:
        raise ValueError("weight must be positive")
    # ng/h over g is ug/kg/h; over 1000 is mg/kg/h
    return (Decimal(rate_ul_h * conc_ug_ml) / weight_g / 1000).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def format_dose_mg_kg_h(dose: Decimal) -> str:
    """ "0.1 mg/kg/h", at most three significant decimals so that a small dose never reads as 0."""
    for places in ("0.001", "0.00001", "0.000001"):
        rounded = dose.quantize(Decimal(places), ROUND_HALF_UP)
        if rounded or not dose:
            return f"{plain(rounded)} mg/kg/h"
    return f"{plain(dose)} mg/kg/h"


def format_concentration(conc_ug_ml: int) -> str:
    """ "1 mg/mL", or "50 mcg/mL" below 0.1 mg/mL; mcg, never the Greek letter."""
    if conc_ug_ml < 100:
        return f"{plain(Decimal(conc_ug_ml))} mcg/mL"
    return f"{plain(exact(conc_ug_ml, 1000))} mg/mL"


def format_weight(weight_g: int) -> str:
    """ "72 kg"."""
    return f"{plain(exact(weight_g, 1000))} kg"


def format_milli(value_milli: int) -> str:
    """A vital sign's number: 97_000 reads "97", 36_600 reads "36.6"."""
    return plain(exact(value_milli, 1000))


def format_mg(dose_ng: int) -> str:
    """ "34.65 mg", or three decimals below 1 mg."""
    places = "0.01" if dose_ng >= 1_000_000 else "0.001"
    return f"{plain(exact(dose_ng, 1_000_000).quantize(Decimal(places), ROUND_HALF_UP))} mg"
