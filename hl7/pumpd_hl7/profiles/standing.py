"""What an order means for a bed: an infusion of ketamine or an opioid that stands, or one that ends. Pure.

A standing order is shown beside the pump and compared with what the pump reports. It programs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.words import plain_word
from pumpd.safety.told_events import StandingOrder
from pumpd_hl7.profiles.amounts import in_units, whole
from pumpd_hl7.profiles.orders import Order, Quantity
from pumpd_hl7.profiles.ras import our_drug
from pumpd_hl7.profiles.request_words import quantity_words
from pumpd_hl7.profiles.verifying import NG_H, NG_KG_H

HOLDS = frozenset(("HD", "OH", "HR"))
STANDS = frozenset(("", "NW", "XO", "XX", "RO", "RU", "RL", "OE", "SN", "OK", "RF", "SC")) | HOLDS
"""ORC-1 (table 0119): new, changed, replacement, released from hold, on hold; a status that says nothing of an end."""
_PER_HOUR = frozenset(("H", "H1", "HR", "1H"))
_NG = {"g": Fraction(10**9), "mg": Fraction(10**6), "ug": Fraction(1000)}
_UL_H, _UL = {"mL/h": Fraction(1000)}, {"mL": Fraction(1000)}
_UG_ML = {"mg/mL": Fraction(1000), "ug/mL": Fraction(1)}


def standing(
    order: Order, source: str, opioids: OpioidTables, kernel_ms: Callable[[int], int], percent: int
) -> StandingOrder | None:
    """None for what is no infusion of a drug of ours. source: whose order it is; percent: how far a rate may differ."""
    code = our_drug(order.drug, opioids)
    rate = _rate(order)
    if code is None or rate is None or order.control not in STANDS:
        return None
    ul_h, ng_h, ng_kg_h, text = rate
    names = (code, *order.drug, *(name.split(" ")[0] for name in order.drug))
    return StandingOrder(
        id=order_ids(order, source)[0],
        source=source,
        drug=order.drug[0],
        names=tuple(dict.fromkeys(map(plain_word, names))),
        text=text,
        rate_ul_h=ul_h,
        ng_h=ng_h,
        ng_kg_h=ng_kg_h,
        conc_ug_ml=_concentration(order),
        route=order.route,
        from_ms=None if order.starts_us is None else kernel_ms(order.starts_us),
        until_ms=None if order.ends_us is None else kernel_ms(order.ends_us),
        held=order.control in HOLDS,
        percent=percent,
        also=order_ids(order, source)[-1],
    )


def order_ids(order: Order, source: str) -> tuple[str, ...]:
    """Every name by which it is known, the placer's first."""
    return tuple(f"{source}:{one}" for one in dict.fromkeys((order.placer, order.filler)) if one)


def _rate(order: Order) -> tuple[int | None, int | None, int | None, str] | None:
    """As a volume, a mass, a mass for each kilogram an hour, and in words; None where no rate is ordered."""
    for said, per_hour in ((order.rate, False), (order.dose, False), (order.dose, order.per in _PER_HOUR)):
        if said is None:
            continue
        ul_h, ng_h = said.rate_ul_h, whole(in_units(said.number, said.unit, NG_H))
        ng_kg_h = whole(in_units(said.number, said.unit, NG_KG_H))
        if per_hour:
            ul_h, ng_h = whole(in_units(said.number, said.unit, _UL)), whole(in_units(said.number, said.unit, _NG))
        if any(one is not None for one in (ul_h, ng_h, ng_kg_h)):
            return ul_h, ng_h, ng_kg_h, quantity_words(said) + ("/h" if per_hour else "")
    return None if order.rate is None else (None, None, None, quantity_words(order.rate))


def _concentration(order: Order) -> int | None:
    """As a strength in a volume, or as a strength for each millilitre."""
    strength, volume = order.strength, order.volume
    if strength is None:
        return None
    each = whole(in_units(strength.number, strength.unit, _UG_ML))
    if each is not None or volume is None:
        return each
    return _in_volume(strength, volume)


def _in_volume(strength: Quantity, volume: Quantity) -> int | None:
    mass, held = in_units(strength.number, strength.unit, _NG), in_units(volume.number, volume.unit, _UL)
    return None if mass is None or not held else whole(mass / held)
