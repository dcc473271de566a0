"""Chart and prediction as screens read them: from pumpd.safety.clinical_view to the public JSON shapes. Pure."""

from __future__ import annotations

from pumpd.live.amounts import band, number, outward, pair_text
from pumpd.live.fields_course import (
    ClinicalShape,
    ConcentrationShape,
    CurvePointShape,
    CurveShape,
    MmeShape,
    NrsShape,
    ReferenceBandShape,
    ReferencePointShape,
)
from pumpd.live.stamp import Stamp
from pumpd.safety.clinical_view import (
    ClinicalView,
    ConcentrationCurve,
    ConcentrationView,
    CurvePoint,
    MmeView,
    NrsView,
)
from pumpd.safety.prediction import FORGOTTEN_MS

OLD = "it has not been computed for minutes"
PG_PER_NG = 1000
MME_UNIT = "MME/24 h"


def clinical_shape(view: ClinicalView | None, stamp: Stamp) -> ClinicalShape | None:
    """None where no chart is kept at this bed.

    Both sums are computed every minute: one that nobody has renewed for as long as the kernel believes a prediction
    says nothing of now, and is withdrawn.
    """
    if view is None:
        return None
    concentration = None if is_old(view.concentration, stamp) else view.concentration
    mme = None if is_old(view.mme, stamp) else view.mme
    withdrawn = concentration is not view.concentration or mme is not view.mme
    return ClinicalShape(
        view.ready,
        None if concentration is None else concentration_shape(concentration, stamp),
        None if mme is None else mme_shape(mme, stamp),
        None if view.nrs is None else nrs_shape(view.nrs, stamp),
        OLD if withdrawn else view.why,
        view.flags,
    )


def is_old(view: ConcentrationView | MmeView | None, stamp: Stamp) -> bool:
    return view is not None and stamp.now_ms - view.at_ms >= FORGOTTEN_MS


def concentration_shape(view: ConcentrationView, stamp: Stamp) -> ConcentrationShape:
    """The band now, and in 30 min."""
    return ConcentrationShape(
        predicted=True,
        now=band(view.now_pg_ml),
        in_30_min=band(view.soon_pg_ml),
        if_stopped=band(view.stopped_pg_ml),
        models=view.models,
        limits=view.limits,
        q=view.quality.value,
        doubts=view.doubts,
        at=stamp.text(view.at_ms),
    )


def mme_shape(view: MmeView, stamp: Stamp) -> MmeShape:
    """The total as it was administered, with the table it was computed by."""
    baseline, change = view.baseline_milli, view.change_centi_percent
    return MmeShape(
        per_day=number(view.per_day_milli, 1000),
        at_most=None if view.at_most_milli is None else number(view.at_most_milli, 1000),
        text=_mme_text(view),
        table=view.table,
        incomplete=view.incomplete,
        baseline=None if baseline is None else number(baseline, 1000),
        change_percent=None if change is None else number(change, 100),
        notes=view.notes,
        at=stamp.text(view.at_ms),
        parts=view.parts,
    )


def _mme_text(view: MmeView) -> str:
    """Tenths. One number to the nearest, a range outward; of a total that lacks something only what it is at least."""
    low, high = outward(view.per_day_milli, view.at_most_milli or view.per_day_milli, 100)
    if view.incomplete:
        return f"at least {pair_text(low, low, 10, MME_UNIT)}"
    if view.at_most_milli is None:
        low = high = (view.per_day_milli + 50) // 100
    return pair_text(low, high, 10, MME_UNIT)


def nrs_shape(view: NrsView, stamp: Stamp) -> NrsShape:
    return NrsShape(view.last, stamp.text(view.at_ms), view.by, view.count)


def curve_shape(curve: ConcentrationCurve, stamp: Stamp) -> CurveShape:
    """The whole curve and what it is compared with."""
    bands = [
        ReferenceBandShape(one.name, number(one.low_pg_ml, PG_PER_NG), number(one.high_pg_ml, PG_PER_NG), one.source)
        for one in curve.bands
    ]
    points = [ReferencePointShape(one.name, number(one.pg_ml, PG_PER_NG), one.source) for one in curve.references]
    return CurveShape(
        unit="ng/mL",
        now=None if curve.now is None else concentration_shape(curve.now, stamp),
        points=[_point(point, stamp) for point in curve.points],
        bands=bands,
        references=points,
        why=curve.why,
    )


def _point(point: CurvePoint, stamp: Stamp) -> CurvePointShape:
    return CurvePointShape(stamp.text(point.at_ms), band(point.on_pg_ml), band(point.stopped_pg_ml))
