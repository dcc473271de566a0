"""What a screen may show of what other systems told, and in what the pumps differ from what was ordered. Pure.

Information for people: nothing is enforced by an order. Only what is live is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from pumpd.clinical.words import plain_word
from pumpd.safety.told_events import StandingOrder
from pumpd.safety.told_state import Told
from pumpd.safety.told_view import OrderView, ToldView
from pumpd.safety.view import PumpView
from pumpd.units import format_concentration, format_rate_ml_h

PERCENT = 100
STEP_UL_H = 50  # half of the tenth of a mL/h to which pumps are set: rounding is no difference


def told_view(told: Told, pumps: Sequence[PumpView], weight_g: int | None, now: int) -> ToldView:
    standing = [one for one in told.orders if one.order.until_ms is None or now < one.order.until_ms]
    orders = tuple(_order(one.order, one.at_ms, pumps, weight_g, now) for one in standing)
    return ToldView(told.requests, orders, told.notices, told.reports)


def _order(order: StandingOrder, at_ms: int, pumps: Sequence[PumpView], weight_g: int | None, now: int) -> OrderView:
    having = [pump for pump in pumps if has_drug(pump, order)]
    names = tuple(pump.id for pump in having)
    if order.from_ms is not None and now < order.from_ms:
        return OrderView(order, at_ms, names, ())
    if not having:
        return OrderView(order, at_ms, (), (f"no pump of this bed has {order.drug}",))
    differs = differences(order, having[0], weight_g) if len(having) == 1 else ()
    return OrderView(order, at_ms, names, differs)


def has_drug(pump: PumpView, order: StandingOrder) -> bool:
    """By the names of the ward file and of the library."""
    ours = {plain_word(name) for name in (pump.drug, pump.drug_label) if name}
    return bool(ours & set(order.names))


def differences(order: StandingOrder, pump: PumpView, weight_g: int | None) -> tuple[str, ...]:
    """In words; nothing where the pump's report is not live."""
    if pump.infusing is None:
        return ()
    found = []
    conc = pump.concentration_ug_ml
    if order.conc_ug_ml is not None and conc is not None and order.conc_ug_ml != conc:
        found.append(f"the pump has {format_concentration(conc)}, ordered {format_concentration(order.conc_ug_ml)}")
    if order.held:
        return (*found, "the pump infuses, the order is on hold") if pump.infusing else tuple(found)
    if not pump.infusing:
        return (*found, "the pump does not infuse")
    wanted = ordered_ul_h(order, conc, weight_g)
    if wanted is not None and pump.rate_ul_h is not None and is_other(pump.rate_ul_h, wanted, order.percent):
        ordered = format_rate_ml_h(round(wanted))
        found.append(f"the pump runs at {format_rate_ml_h(pump.rate_ul_h)}, ordered {ordered}")
    return tuple(found)


def ordered_ul_h(order: StandingOrder, conc_ug_ml: int | None, weight_g: int | None) -> Fraction | None:
    """As a rate of this pump, exactly; None where weight or concentration are missing for that."""
    if order.rate_ul_h is not None:
        return Fraction(order.rate_ul_h)
    ng_h = None if order.ng_h is None else Fraction(order.ng_h)
    if order.ng_kg_h is not None and weight_g is not None:
        ng_h = Fraction(order.ng_kg_h * weight_g, 1000)
    return None if ng_h is None or not conc_ug_ml else ng_h / conc_ug_ml


def is_other(rate_ul_h: int, wanted: Fraction, percent: int) -> bool:
    away = abs(rate_ul_h - wanted)
    return away > STEP_UL_H and away * PERCENT > wanted * percent
