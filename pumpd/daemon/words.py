"""What may be said in the chart of a bed, as the ward's files have it; and what a rate is compared with."""

from __future__ import annotations

from dataclasses import replace

from pumpd.clinical.entries import Route
from pumpd.config.model import WardConfig
from pumpd.live.port import UnknownBed, UsualRate, Words
from pumpd.safety.policy import BedPolicy


def words_of(ward: WardConfig, bed_id: str) -> Words:
    """Raises UnknownBed."""
    protocol, tables = _policy(ward, bed_id).protocol, ward.opioids
    counted = {one.code for one in tables.opioids if one.counts}
    known = Words(
        ward.vocabulary,
        benzodiazepines=ward.benzodiazepines,
        opioids={name: code for name, code in tables.names.items() if code in counted},
        factors=frozenset((code, route.value) for code in counted for route in Route if tables.factor(code, route)),
        names=ward.drug_names,
    )
    if protocol is None:
        return known
    return replace(
        known,
        contraindications=protocol.contraindications,
        adjuncts=protocol.adjuncts,
        rules=tuple(rule.value for rule in protocol.overridable),
    )


def usual_rate(ward: WardConfig, bed_id: str, pump_id: str) -> UsualRate | None:
    """What a rate of this pump is compared with; None where nothing is asked. Raises UnknownBed."""
    drugs = [pump.drug for pump in _policy(ward, bed_id).pumps if pump.device == pump_id]
    if not drugs or drugs[0] is None or drugs[0].initial is None or drugs[0].unit_check is None:
        return None
    return UsualRate(drugs[0].initial, drugs[0].unit_check)


def _policy(ward: WardConfig, bed_id: str) -> BedPolicy:
    for bed in ward.beds:
        if bed.id == bed_id:
            return bed.policy
    raise UnknownBed(bed_id)
