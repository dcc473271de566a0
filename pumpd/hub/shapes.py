"""What the hub tells a page or a script, field by field. Pure. Fields may be added, never renamed.

fresh_ms: for so long from now, and no longer, may this be shown as live without another answer; 0 where it is not live.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

LIVE, STALE, SILENT = "live", "stale", "silent"
PRIORITIES: Final = ("high", "medium", "low")


class VitalShape(Struct, frozen=True):
    """v is None where there is nothing to believe; age_ms: of the value now, on the hub's clock."""

    v: int | float | None
    u: str
    q: str
    age_ms: int | None
    source: str | None
    fresh_ms: int = 0


class PumpShape(Struct, frozen=True):
    """infusing None: unknown, it may be infusing."""

    id: str
    drug: str | None
    infusing: bool | None
    rate_ml_h: int | float | None
    dose_mg_kg_h: int | float | None
    interlock: str | None


class AlarmShape(Struct, frozen=True):
    """An alarm as its ward last said. stale: the ward (or the bed) is not live, so nobody knows whether it stands."""

    id: str
    site: str
    ward: str
    bed: str
    label: str
    priority: str
    kind: str
    state: str
    text: str
    value: str | None
    limit: str | None
    onset: str
    acknowledged: bool
    stale: bool


class BedShape(Struct, frozen=True):
    """status: live or stale, why: in words where it is not live. vitals: none where it is stale."""

    id: str
    label: str
    status: str
    why: str
    age_ms: int | None
    monitored: bool
    stay: str | None
    vitals: dict[str, VitalShape]
    pumps: list[PumpShape]
    highest: str | None
    alarms: int
    fresh_ms: int = 0


class WardShape(Struct, frozen=True):
    """status: live; stale (its daemon is there, some or all beds are not live); silent (nobody is there). page: the
    ward's own page, which needs no hub. generation: real, or demo for simulated patients.
    """

    site: str
    id: str
    name: str
    status: str
    why: str
    generation: str
    beds: int
    live: int
    monitored: int
    high: int
    medium: int
    low: int
    page: str | None
    heard_ms: int | None
    fresh_ms: int = 0


class HospitalShape(Struct, frozen=True):
    """`GET /api/v1/hospital`. alarms: of all wards, the highest and then the oldest first; alarms_more: not listed."""

    hub: str
    name: str
    time: str
    link: bool
    wards: list[WardShape]
    alarms: list[AlarmShape]
    alarms_more: int


class WardDetail(Struct, frozen=True):
    """`GET /api/v1/hospital/wards/{site}/{ward}`."""

    hub: str
    time: str
    ward: WardShape
    beds: list[BedShape]
    alarms: list[AlarmShape]
