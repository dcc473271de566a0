"""The protocol file into what the kernel judges a course by, at one bed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pumpd.config.protocol_file import ProtocolFile, RouteTable, SubAnaestheticTable, VitalTable
from pumpd.safety.limits import Limit
from pumpd.safety.protocol_policy import Observation, ProtocolPolicy, ProtocolRule, RoutePolicy, VitalRange

PPM_PER_PERCENT = 10_000


def protocol_policy(file: ProtocolFile, set_by: str, reported: set[str]) -> ProtocolPolicy | None:
    """What holds at a bed whose monitors report these signals; None where the protocol keeps no course.

    Raises ValueError for a file that protocol_checks would refuse.
    """
    course, titration, nrs, delivery = file.course, file.titration, file.nrs, file.delivery
    adjunct, checklist, override, band = file.adjunct, file.checklist, file.override, file.sub_anaesthetic
    if course is None:
        return None
    if not (titration and nrs and delivery and adjunct and checklist and override and band and file.observations):
        raise ValueError("a table of the course is missing")
    low_ug_kg, high_ug_kg = sub_anaesthetic_band(band)
    return ProtocolPolicy(
        id=file.id,
        version=file.version,
        approved_by=file.approved_by.strip(),
        set_by=set_by,
        max_infusions=course.max_infusions,
        course_ms=course.window,
        pause_ends_ms=course.pause_ends,
        extra_stop=course.extra_infusion == "stop",
        start=Limit(titration.start, set_by),
        step=Limit(titration.step, set_by),
        step_interval_ms=titration.interval,
        start_vitals=start_vitals(file.start_vital, reported),
        observations=tuple(Observation(one.until, one.every) for one in file.observation),
        observation_grace_ms=file.observations.grace,
        nrs_every_ms=nrs.every,
        nrs_grace_ms=nrs.grace,
        adjunct_required=adjunct.required,
        adjuncts=tuple(adjunct.drugs),
        benzodiazepine_ms=adjunct.benzodiazepine_counts,
        contraindications=tuple(checklist.contraindications),
        overridable=tuple(ProtocolRule(name) for name in dict.fromkeys(override.rules)),
        sub_anaesthetic_low_ug_kg=low_ug_kg,
        sub_anaesthetic_high_ug_kg=high_ug_kg,
        sub_anaesthetic_source=_band_words(band),
        routes=tuple(_route(one) for one in file.route),
        predicted_pg_ml=None if file.predicted is None else file.predicted.level,
        over_percent=delivery.over_percent,
        over_ms=delivery.over_after,
        over_ul_h=delivery.over_rate,
        over_ul_h_ms=delivery.over_rate_after,
        under_percent=delivery.under_percent,
        under_ms=delivery.under_after,
    )


def start_vitals(tables: list[VitalTable], reported: set[str]) -> tuple[VitalRange, ...]:
    """What must be measured before a start: of each table the first signal that the bed reports.

    A vital sign that no monitor reports is left out where its table says where_measured, and else stays required.
    """
    found = []
    for table in tables:
        signal = next((name for name in table.any if name in reported), None)
        if signal is not None or not table.where_measured:
            found.append(VitalRange(signal or table.any[0], _milli(table.low), _milli(table.high)))
    return tuple(found)


def not_measured(tables: list[VitalTable], reported: set[str]) -> list[VitalTable]:
    """Tables none of whose signals the bed reports."""
    return [table for table in tables if not reported.intersection(table.any)]


def sub_anaesthetic_band(table: SubAnaestheticTable) -> tuple[int, int]:
    """The fraction of the reference dose in mcg/kg, rounded inwards."""
    low = Fraction(str(table.fraction_low_percent)) * table.reference_low / 100
    high = Fraction(str(table.fraction_high_percent)) * table.reference_high / 100
    return -(-low.numerator // low.denominator), high.numerator // high.denominator


def _band_words(table: SubAnaestheticTable) -> str:
    low, high = _plain(table.fraction_low_percent), _plain(table.fraction_high_percent)
    return f"{low}-{high} % of {table.reference} ({table.source})"


def _route(table: RouteTable) -> RoutePolicy:
    return RoutePolicy(
        route=table.route,
        bioavailability_ppm=_ppm(table.bioavailability_percent),
        absorption_per_h_milli=int(Decimal(str(table.absorption_per_h)) * 1000),
        window_ppm=_ppm(table.window_percent),
        source=table.source,
        potency=table.potency,
    )


def _ppm(percent: float) -> int:
    return int(Decimal(str(percent)) * PPM_PER_PERCENT)


def _milli(value: float | None) -> int | None:
    return None if value is None else int(Decimal(str(value)) * 1000)


def _plain(value: float) -> str:
    return f"{Decimal(str(value)).normalize():f}"
