"""The predicted band of concentrations over the course, from the models and inputs that the bedside has. Pure."""

from __future__ import annotations

from decimal import Decimal

from pumpd.clinical.entries import Route
from pumpd.clinical.pk_chart import Absorption, Absorptions, doubts, inputs
from pumpd.clinical.pk_curve import predicted
from pumpd.clinical.pk_models import Pharmacokinetics
from pumpd.report.case import Case
from pumpd.report.model_figure import Figure
from pumpd.report.model_given import BandPoint, Prediction, Reference
from pumpd.units import format_weight, plain

PPM = 1_000_000
POINTS = 600  # of the drawn curve, beside those at every change of flow


def prediction(case: Case) -> Prediction | None:
    """From the opening to the end; None where nothing was given or the weight is not known."""
    pk, weight_g = case.tables.pk, case.weight_g(case.until_ms)
    given = [one for one in inputs(case.chart, absorptions(case), pk.drugs) if one.at_ms <= case.until_ms]
    if not given or weight_g is None:
        return None
    changes = [one.at_ms for one in given if one.at_ms > case.opened_ms]
    times = sorted({*_grid(case), *changes})
    bands = predicted(pk.models, weight_g / 1000, given, times)
    points = [BandPoint(case.at(at), low, high) for at, (low, high) in zip(times, bands, strict=True)]
    return Prediction(
        models=tuple(model.name for model in pk.models),
        points=tuple(points),
        peak=_peak(case, points, pk, weight_g),
        references=_references(pk),
        limits=pk.limits,
        doubts=doubts(case.chart, absorptions(case), pk, case.until_ms, weight_g, case.age()),
    )


def _grid(case: Case) -> list[int]:
    span = max(1, case.until_ms - case.opened_ms)
    return [case.opened_ms + span * number // POINTS for number in range(POINTS + 1)]


def absorptions(case: Case) -> Absorptions:
    """The protocol's routes, as far as they are absorbed at a known rate."""
    policy = case.policy(case.until_ms)
    routes = () if policy is None or policy.protocol is None else policy.protocol.routes
    return {
        Route(one.route): Absorption(one.bioavailability_ppm / PPM, one.absorption_per_h_milli / 1000)
        for one in routes
        if one.absorption_per_h_milli > 0
    }


def _peak(case: Case, points: list[BandPoint], pk: Pharmacokinetics, weight_g: int) -> Figure:
    top = max(points, key=lambda point: point.high)
    value = Decimal(str(round(top.high, 1)))
    words = f"the highest of {len(pk.models)} models for {format_weight(weight_g)}, from the rates that pumps reported"
    text = f"{plain(Decimal(str(round(top.low, 1))))} to {plain(value)} ng/mL"
    return Figure(value, "ng/mL", text, f"{words}; a prediction, not a measurement")


def _references(pk: Pharmacokinetics) -> tuple[Reference, ...]:
    bands = [Reference(one.name, one.low_ng_ml, one.high_ng_ml, one.source) for one in pk.bands]
    return (*bands, *(Reference(one.name, one.ng_ml, one.ng_ml, one.source) for one in pk.points))
