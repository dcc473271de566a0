"""A requested rate in the pump's own unit, and the question that is asked where its unit is probably another one."""

from __future__ import annotations

from pumpd.api.bodies import RateBody
from pumpd.api.errors import ApiError
from pumpd.clinical.rate_units import Entered, UnitProblem, parse_entered, question
from pumpd.live.port import UsualRate
from pumpd.safety.view import PumpView

IMPLAUSIBLE = "implausible_unit"
CONFIRMED = "unit confirmed by the person"


def requested_ul_h(body: RateBody, pump: PumpView, weight_g: int | None, usual: UsualRate | None) -> tuple[int, str]:
    """The rate in whole µL/h, rounded DOWN, and the reason to record. A question that was not confirmed: ApiError."""
    entered = parse_entered(body.rate, body.unit)
    if isinstance(entered, UnitProblem):
        raise ApiError(422, "invalid", f"rate: {entered.reason}")
    rate_ul_h = entered.rate_ul_h(pump.concentration_ug_ml, weight_g)
    if isinstance(rate_ul_h, UnitProblem):
        raise ApiError(409, "refused", *_lacking(entered, pump.concentration_ug_ml, weight_g))
    asked = _question(entered, pump, weight_g, usual)
    if asked is None:
        return rate_ul_h, body.reason
    if not body.confirm_unit:
        raise ApiError(409, IMPLAUSIBLE, asked)
    return rate_ul_h, f"{body.reason} ({entered}: {CONFIRMED}; {asked})"


def _lacking(entered: Entered, conc_ug_ml: int | None, weight_g: int | None) -> list[str]:
    """All that is missing, one reason each: with the one there, is the other?"""
    tried = (entered.rate_ul_h(conc_ug_ml, 1), entered.rate_ul_h(1, weight_g))
    return [problem.reason for problem in tried if isinstance(problem, UnitProblem)]


def _question(entered: Entered, pump: PumpView, weight_g: int | None, usual: UsualRate | None) -> str | None:
    if usual is None:
        return None
    return question(
        entered, pump.concentration_ug_ml, weight_g, usual.initial.ug_kg_h, usual.initial.set_by, usual.check
    )
