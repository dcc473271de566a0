"""From a chart and a prediction to what a screen may show of them. Pure."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from pumpd.clinical.chart import Chart, valid
from pumpd.clinical.chart_opioids import administered, baseline, mme_now, patch_notes, patches
from pumpd.clinical.chart_views import medicines
from pumpd.clinical.entries import Assessment
from pumpd.clinical.mme import Mme
from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.mme_words import change_percent, milli, part_text
from pumpd.clinical.pk_chart import Absorption, Absorptions
from pumpd.clinical.pk_curve import Band
from pumpd.clinical.pk_models import Pharmacokinetics
from pumpd.clinical.pk_patient import Ahead, Outlook
from pumpd.clinical.vocabulary import Vocabulary
from pumpd.device.facts import Quality
from pumpd.safety.clinical_view import (
    ConcentrationCurve,
    ConcentrationView,
    CurvePoint,
    MmeView,
    NrsView,
    PgPerMl,
    ReferenceBand,
    ReferencePoint,
)
from pumpd.safety.policy import BedPolicy

PG_PER_NG = 1000
CENTI = 100
PPM, MILLI = 1_000_000, 1000


def absorptions(policy: BedPolicy) -> Absorptions:
    """The routes of the bed's protocol by which ketamine is absorbed at a known rate."""
    routes = () if policy.protocol is None else policy.protocol.routes
    return {
        one.route: Absorption(one.bioavailability_ppm / PPM, one.absorption_per_h_milli / MILLI)
        for one in routes
        if one.absorption_per_h_milli > 0
    }


def pg_ml(band: Band) -> PgPerMl:
    """ng/mL in whole pg/mL, rounded outward."""
    return floor(band[0] * PG_PER_NG), ceil(band[1] * PG_PER_NG)


def concentration(pk: Pharmacokinetics, outlook: Outlook, doubts: tuple[str, ...]) -> ConcentrationView:
    """The band of now; questionable where there is any doubt."""
    return ConcentrationView(
        pg_ml(outlook.now),
        pg_ml(outlook.soon),
        pg_ml(outlook.soon_stopped),
        tuple(model.name for model in pk.models),
        pk.limits,
        Quality.QUESTIONABLE if doubts else Quality.OK,
        doubts,
        outlook.at_ms,
    )


def curve(
    pk: Pharmacokinetics, now: ConcentrationView | None, ahead: Ahead | None, why: str = ""
) -> ConcentrationCurve:
    """The band over time with what literature knows; without a prediction only the latter, and why."""
    bands = tuple(
        ReferenceBand(one.name, *pg_ml((one.low_ng_ml, one.high_ng_ml)), source=one.source) for one in pk.bands
    )
    points = tuple(ReferencePoint(one.name, round(one.ng_ml * PG_PER_NG), one.source) for one in pk.points)
    return ConcentrationCurve(now, () if ahead is None else _points(ahead), bands, points, why)


def _points(ahead: Ahead) -> tuple[CurvePoint, ...]:
    past = (CurvePoint(at_ms, pg_ml(band), pg_ml(band)) for at_ms, band in zip(ahead.past_ms, ahead.past, strict=True))
    future = zip(ahead.future_ms, ahead.on, ahead.stopped, strict=True)
    return (*past, *(CurvePoint(at_ms, pg_ml(on), pg_ml(stopped)) for at_ms, on, stopped in future))


def mme_view(chart: Chart, now_ms: int, tables: OpioidTables) -> MmeView | None:
    """None while no opioid was ever charted, and no baseline: nothing is known, which is not "0 MME"."""
    total, before = mme_now(chart, now_ms, tables), baseline(chart)
    counted = total.parts or any(gap.entries for gap in total.gaps)
    if before is None and not counted and not administered(chart) and not patches(chart):
        return None
    base = None if before is None else Fraction(before.mme_milli, 1000)
    low, high = milli(total.low), milli(total.high)
    return MmeView(
        low,
        " + ".join(total.tables) or total.table,
        tuple(gap.why for gap in total.gaps),
        None if before is None else before.mme_milli,
        _change(base, total),
        (*patch_notes(chart, now_ms, tables), *total.notes, *total.warnings),
        now_ms,
        None if low == high else high,
        tuple(part_text(part, tables.table_label(part.table)) for part in total.parts),
    )


def flags(chart: Chart, vocabulary: Vocabulary, tables: OpioidTables | None) -> tuple[str, ...]:
    """Other medicines that add to sedation, or hide a fast heart rate, in words; each once."""
    found = medicines(chart, vocabulary, tables)
    return tuple(dict.fromkeys(one.text for one in found if one.sedating or one.blunts_tachycardia))


def _change(base: Fraction | None, total: Mme) -> int | None:
    """Only of a total that is one number and complete: a part of it would look like a reduction."""
    if base is None or not total.complete or total.low != total.high:
        return None
    percent = change_percent(base, total.low)
    return None if percent is None else round(percent * CENTI)


def nrs_view(chart: Chart) -> NrsView | None:
    """The newest pain score by the time at which it was asked, and how many there are."""
    scores = [(note, entry.nrs) for note, entry in valid(chart, Assessment) if entry.nrs is not None]
    if not scores:
        return None
    note, last = scores[-1]
    return NrsView(last, note.at_ms, note.by, len(scores))
