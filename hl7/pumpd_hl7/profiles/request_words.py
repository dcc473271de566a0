"""A request of PCD-03 in the words that nurses read at the bed. Pure.

Where it names another patient, neither drug nor rate are told: they are not this patient's.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pumpd.safety.told_events import InfusionRequest
from pumpd.safety.view import BedView, PumpView
from pumpd.units import dose_rate_mg_kg_h, format_dose_mg_kg_h, format_rate_ml_h, plain
from pumpd_hl7.acks import Problem
from pumpd_hl7.profiles.orders import Quantity
from pumpd_hl7.profiles.pcd03 import Request
from pumpd_hl7.profiles.verifying import DRUG, PATIENT, Place, ng_h

CONTROLS = {"RE": "start", "XO": "change to", "CH": "bolus of"}


def shown(request: Request, at: Place, problems: Sequence[Problem], id_: str, source: str) -> InfusionRequest:
    """What the bed keeps of it."""
    view, pump = at
    foreign = any(problem.code == PATIENT for problem in problems)
    text = "" if foreign else words(request, view, pump, not any(problem.code == DRUG for problem in problems))
    order = "" if foreign else request.order.split("^")[0]
    against = tuple(problem.text for problem in problems)
    return InfusionRequest(id_, source, pump.id, request.asked_us, text, order, request.clinician, against)


def words(request: Request, view: BedView, pump: PumpView, ours: bool) -> str:
    """ "start ketamine 0.1 mg/kg/h = 7 mL/h, 50 mL". ours: it is the pump's drug, and is called as it is there."""
    drug = pump.drug_label or pump.drug if ours else None
    parts = [CONTROLS[request.control], drug or request.drug[0], _rate(request.rate, view, pump)]
    volume = "" if request.volume is None else f", {quantity_words(request.volume)}"
    return f"{' '.join(part for part in parts if part)}{volume}"


def quantity_words(quantity: Quantity) -> str:
    """ "50 mL": the number as it was sent."""
    unit = "" if quantity.unit is None else quantity.unit.ucum.replace("ug", "mcg") or quantity.unit.text.split("^")[0]
    return f"{plain(quantity.number)} {unit[:20]}".strip()


def _rate(rate: Quantity | None, view: BedView, pump: PumpView) -> str:
    """As it was asked for, and as the other of dose and rate for this patient and pump, where both are known."""
    if rate is None:
        return ""
    weight_g = 0 if view.patient is None else view.patient.weight_g or 0
    conc = pump.concentration_ug_ml
    dose = ng_h(rate, weight_g, conc)
    if dose is None or not conc or not weight_g:
        return quantity_words(rate)
    return f"{quantity_words(rate)} = {_other(rate, dose, conc, weight_g)}"


def _other(rate: Quantity, dose_ng_h: Fraction, conc_ug_ml: int, weight_g: int) -> str:
    if rate.rate_ul_h is not None:
        return format_dose_mg_kg_h(dose_rate_mg_kg_h(rate.rate_ul_h, conc_ug_ml, weight_g))
    ul_h = dose_ng_h / conc_ug_ml
    if ul_h.denominator == 1:
        return format_rate_ml_h(int(ul_h))
    return f"{plain(Decimal(round(ul_h)).scaleb(-3).quantize(Decimal('0.01')))} mL/h"
