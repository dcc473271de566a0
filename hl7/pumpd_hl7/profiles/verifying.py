"""What stands against a request of PCD-03: patient, pump, drug, units, weight, ceiling, age. Pure; starts nothing.

The codes are those of IHE's list of PIV error codes (wiki.ihe.net, PumpErrorCodes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil

from pumpd.clinical.words import plain_word
from pumpd.device.facts import Quality
from pumpd.gateways import RemoteDevice
from pumpd.safety.alarms import AlarmState
from pumpd.safety.asking import Against, Asked, Kind
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import LinkState
from pumpd.safety.policy import AlarmKind
from pumpd.safety.view import BedView, PumpView
from pumpd.units import format_weight
from pumpd_hl7.acks import Problem
from pumpd_hl7.profiles.amounts import in_units
from pumpd_hl7.profiles.devices import matches
from pumpd_hl7.profiles.orders import Quantity
from pumpd_hl7.profiles.pcd01 import wrong_patient
from pumpd_hl7.profiles.pcd03 import Request

UNKNOWN_PUMP, INFUSING, MISSING, INVALID, UNITS = 9001, 9002, 9003, 9004, 9008
OFFLINE, DRUG, WEIGHT_DIFFERS, PATIENT, WEIGHT_MISSING = 9007, 9010, 9011, 9012, 9019
STALE, OVER_LIMIT, ALARMING, BOLUS = 9022, 9024, 9033, 9035
OUT_OF_RANGE, APPLICATION = 9005, 207
"""A parameter above what is allowed; and what the list of IHE has no code for: only words in ERR-8."""
STALE_US, AHEAD_US = 600_000_000, 60_000_000
"""A request that a clinician made longer ago, or in the future, is not shown as one of now. Ours."""
NG_H = {
    "mg/h": Fraction(10**6),
    "ug/h": Fraction(1000),
    "mg/min": Fraction(60 * 10**6),
    "ug/min": Fraction(60_000),
}
NG_KG_H = {
    "mg/kg/h": Fraction(10**6),
    "ug/kg/h": Fraction(1000),
    "mg/kg/min": Fraction(60 * 10**6),
    "ug/kg/min": Fraction(60_000),
}


Place = tuple[BedView, PumpView]
Judge = Callable[[Asked], Sequence[Against]]
"""What the bed's soft limit, caps and protocol have against it."""
WEIGHT_PERCENT = 5


def no_rules(asked: Asked) -> Sequence[Against]:
    """A bed that has none."""
    return ()


def pump_of(request: Request, views: Sequence[BedView], remote: Sequence[RemoteDevice]) -> Place | None:
    """The pump that the request names: by our own name of it, or by that of a device behind a gateway."""
    named = {one.id: one.source for one in remote}
    found = [
        (view, pump)
        for view in views
        for pump in view.pumps
        if matches(pump.id, request.pump) or matches(named.get(pump.id, ""), request.pump)
    ]
    return found[0] if len(found) == 1 else None


def verify(
    request: Request,
    at: Place | None,
    now_us: int,
    judge: Judge = no_rules,
    weight_percent: int = WEIGHT_PERCENT,
    newer: bool = False,
) -> tuple[Problem, ...]:
    """Every reason against the request; none: a clinician may set it at the pump, and confirm it there.

    weight_percent: by how much the weight may differ from the bound patient's. newer: a later one is shown.
    """
    if at is None:
        return (Problem(UNKNOWN_PUMP, "no bed of ours has this pump", "OBX", field=18),)
    view, pump = at
    found = [*_who(request, view), *_when(request, now_us), *_state(request, view, pump), *_drug(request, pump)]
    if newer:
        found.append(Problem(STALE, "a later request for this pump is shown", "ORC", field=9))
    if request.control == "RE":
        found += _volume(request)
    if request.control == "CH":
        found.append(Problem(BOLUS, "a bolus is not taken from an order here", "ORC", field=1))
    elif not any(problem.code == PATIENT for problem in found):
        found += _weight(request, view, weight_percent) or _dose(request, view, pump, judge)
    return tuple(found)


def _who(request: Request, view: BedView) -> list[Problem]:
    if view.patient is None:
        return [Problem(PATIENT, "no patient is bound to the pump's bed", "PID", field=3)]
    wrong = wrong_patient(request.person, view.patient)
    return [] if wrong is None else [Problem(PATIENT, wrong.text, wrong.segment, wrong.sequence, wrong.field)]


def _when(request: Request, now_us: int) -> list[Problem]:
    if now_us - STALE_US <= request.asked_us <= now_us + AHEAD_US:
        return []
    return [Problem(STALE, "the request was not made within the last 10 min", "ORC", field=9)]


def _state(request: Request, view: BedView, pump: PumpView) -> list[Problem]:
    device = next((one for one in view.devices if one.id == pump.id), None)
    if device is None or device.link is not LinkState.UP or pump.rate_quality is Quality.STALE:
        return [Problem(OFFLINE, "the pump is not heard", "OBX", field=18)]
    found = []
    if request.control == "RE" and pump.infusing is not False:
        found.append(Problem(INFUSING, "the pump infuses, or may infuse", "ORC", field=1))
    if request.control == "XO" and pump.infusing is not True:
        found.append(Problem(INVALID, "the pump does not infuse: there is no rate to change", "ORC", field=1))
    mine = (alarm for alarm in view.alarms if alarm.device == pump.id and alarm.kind is not AlarmKind.ADVISORY)
    standing = any(alarm.state is not AlarmState.ENDED for alarm in mine)
    if standing or pump.interlock not in (InterlockState.ARMED, InterlockState.ALARM_ONLY):
        found.append(Problem(ALARMING, "an alarm or the interlock of the pump stands", "OBX", field=18))
    return found


def _drug(request: Request, pump: PumpView) -> list[Problem]:
    ours = {plain_word(name) for name in (pump.drug, pump.drug_label) if name}
    said = {plain_word(name) for name in request.drug}
    if not ours & (said | {name.split(" ")[0] for name in said}):
        return [Problem(DRUG, "RXG-4 is not the drug that this pump has in the ward file", "RXG", field=4)]
    conc = pump.concentration_ug_ml
    if request.conc_ug_ml is not None and request.conc_ug_ml != conc:
        return [Problem(INVALID, "RXG-17 and 23 are another concentration than the pump's", "RXG", field=17)]
    return []


def _volume(request: Request) -> list[Problem]:
    if request.volume is None:
        return [Problem(MISSING, "RXG-5, the volume to be infused, is missing", "RXG", field=5)]
    return [] if request.volume_ul else [Problem(INVALID, "RXG-5 and 7 are no volume in mL", "RXG", field=7)]


def _weight(request: Request, view: BedView, percent: int) -> list[Problem]:
    weight_g = None if view.patient is None else view.patient.weight_g
    if weight_g is None or request.weight_g is None:
        where = "the request" if request.weight_g is None else "the bound patient"
        return [Problem(WEIGHT_MISSING, f"{where} has no weight", "OBX", field=5)]
    if abs(weight_g - request.weight_g) * 100 <= weight_g * percent:
        return []
    said = f"{format_weight(request.weight_g)}, the bound patient's {format_weight(weight_g)}"
    return [Problem(WEIGHT_DIFFERS, f"the weight is {said}: more than {percent} % apart", "OBX", field=5)]


def _dose(request: Request, view: BedView, pump: PumpView, judge: Judge) -> list[Problem]:
    """Judged by the weight of the bound patient, never by the message's."""
    weight_g = 0 if view.patient is None else view.patient.weight_g or 0
    if request.rate is None or not request.rate.number:
        return [Problem(MISSING, "RXG-15 asks for no rate", "RXG", field=15)]
    dose_ng_h = ng_h(request.rate, weight_g, pump.concentration_ug_ml)
    if dose_ng_h is None:
        return [Problem(UNITS, "RXG-16 is no unit of a rate that can be judged here", "RXG", field=16)]
    if pump.hard is None and pump.governed:
        return [Problem(DRUG, "the pump's drug has no hard limit in the library", "RXG", field=4)]
    found = []
    if pump.hard is not None and dose_ng_h > pump.hard.ug_kg_h * weight_g:
        found.append(Problem(OVER_LIMIT, f"over the hard limit ({pump.hard.set_by})", "RXG", field=15))
    return [*found, *map(_problem, judge(_asked(request, pump, dose_ng_h)))]


def _asked(request: Request, pump: PumpView, dose_ng_h: Fraction) -> Asked:
    volume_ul, conc = request.volume_ul, pump.concentration_ug_ml
    total_ng = None if volume_ul is None or conc is None else volume_ul * conc
    return Asked(pump.id, request.control == "RE", ceil(dose_ng_h), total_ng)


def _problem(one: Against) -> Problem:
    limit = one.kind is Kind.LIMIT
    return Problem(OUT_OF_RANGE if limit else APPLICATION, one.words, "RXG", field=15 if limit else 0)


def ng_h(rate: Quantity, weight_g: int, conc_ug_ml: int | None) -> Fraction | None:
    """Exactly, in nanograms an hour; None for a unit that is no rate, or a volume of unknown concentration."""
    if rate.rate_ul_h is not None and conc_ug_ml:
        return Fraction(rate.rate_ul_h * conc_ug_ml)
    per_kg = in_units(rate.number, rate.unit, NG_KG_H)
    return in_units(rate.number, rate.unit, NG_H) if per_kg is None else per_kg * weight_g / 1000
