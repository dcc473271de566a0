"""From what a ward said of a bed to what is shown of it. Pure; what is not believed has no figure."""

from __future__ import annotations

from pumpd.bus.payload import AlarmNow, Frame, Vital
from pumpd.bus.rules import LIVE_MS, WardLink
from pumpd.hub.shapes import AlarmShape, PumpShape, VitalShape

BELIEVED = ("ok", "questionable")


def vital_shapes(frame: Frame, link: WardLink, since_ms: int) -> dict[str, VitalShape]:
    """Of a live frame that came since_ms ago."""
    return {name: _vital(vital, link, since_ms) for name, vital in frame.vitals.items()}


def _vital(vital: Vital, link: WardLink, since_ms: int) -> VitalShape:
    age_ms = None if vital.age_ms is None else vital.age_ms + since_ms
    fresh = age_ms is not None and (age_ms <= vital.live_ms or not vital.source)
    known = vital.q in BELIEVED and vital.v is not None and fresh and link.device_online(vital.source)
    quality = vital.q if known or vital.q not in BELIEVED else "stale"
    left_ms = _fresh_ms(vital, age_ms) if known and age_ms is not None else 0
    return VitalShape(vital.v if known else None, vital.u, quality, age_ms, vital.source, left_ms)


def _fresh_ms(vital: Vital, age_ms: int) -> int:
    """What a person assessed does not fade; its bed's frame does."""
    return max(0, vital.live_ms - age_ms) if vital.source else LIVE_MS


def pump_shapes(frame: Frame, live: bool) -> list[PumpShape]:
    """Which pumps there are is known of a stale bed, too; what they do is not."""
    if not live:
        return [PumpShape(pump.id, pump.drug, None, None, None, None) for pump in frame.pumps]
    return [
        PumpShape(pump.id, pump.drug, pump.infusing, pump.rate_ml_h, pump.dose_mg_kg_h, pump.interlock)
        for pump in frame.pumps
    ]


def alarm_shape(site: str, ward: str, bed: str, label: str, alarm: AlarmNow, stale: bool) -> AlarmShape:
    """bed, label: where the alarm was heard."""
    return AlarmShape(
        id=alarm.id,
        site=site,
        ward=ward,
        bed=bed,
        label=label,
        priority=alarm.priority,
        kind=alarm.kind,
        state=alarm.state,
        text=alarm.text,
        value=alarm.value,
        limit=alarm.limit,
        onset=alarm.onset,
        acknowledged=alarm.acknowledged is not None,
        stale=stale,
    )
