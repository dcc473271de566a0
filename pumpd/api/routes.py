"""The HTTP routes under /api/v1. Bodies are validated by pydantic; answers are bytes that were encoded already."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from pumpd.api.acts import (
    AcknowledgeBody,
    Acts,
    AssessmentBody,
    AudioPauseBody,
    InterlockResetBody,
    PatientBody,
    RateBody,
    Reasoned,
    unknown_bed,
)
from pumpd.api.commands import OPS
from pumpd.api.errors import ApiError
from pumpd.device.signals import SIGNALS
from pumpd.live.fields import AlarmShape
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import TrendPoint, WardPort
from pumpd.live.shape import Stamp, alarm_shape, number
from pumpd.live.spec import asyncapi
from pumpd.safety.alarms import Alarm, AlarmState

HISTORY_LIMIT = 500
DEFAULT_SPAN = timedelta(hours=4)


def _json(data: bytes) -> Response:
    return Response(data, media_type="application/json")


def reading_routes(hub: LiveHub, ward: WardPort) -> APIRouter:
    """What may be read."""
    router = APIRouter()

    @router.get("/ward", summary="The whole ward as it is now")
    async def get_ward() -> Response:
        return _json(hub.ward_json())

    @router.get("/beds", summary="The whole ward as it is now (the same as /ward)")
    async def get_beds() -> Response:
        return _json(hub.ward_json())

    @router.get("/beds/{bed}", summary="One bed")
    async def get_bed(bed: str) -> Response:
        data = hub.bed_json(bed)
        if data is None:
            raise unknown_bed(bed)
        return _json(data)

    @router.get("/alarms", summary="Alarm instances, newest first; state ended or all reads the journal")
    async def get_alarms(
        state: Annotated[str, Query(pattern="^(live|active|acknowledged|latched|ended|all)$")] = "live",
        bed: str | None = None,
        limit: Annotated[int, Query(ge=1, le=HISTORY_LIMIT)] = 100,
    ) -> Response:
        alarms = await ward.alarm_history(bed, limit) if state in ("ended", "all") else _live_alarms(hub, bed)
        if state not in ("live", "all"):
            alarms = [alarm for alarm in alarms if alarm.state is AlarmState(state)]
        return _json(encode({"time": hub.time(), "alarms": _shapes(alarms[:limit], hub.stamp())}))

    @router.get("/asyncapi.json", summary="The live protocol (/ws/v1/live) as an AsyncAPI 3 document")
    async def get_asyncapi() -> Response:
        return _json(encode(asyncapi(OPS)))

    _trend_route(router, hub, ward)
    return router


def _live_alarms(hub: LiveHub, bed: str | None) -> list[Alarm]:
    alarms = [alarm for alarm in hub.alarms() if bed is None or alarm.bed == bed]
    return sorted(alarms, key=lambda alarm: alarm.onset_ms, reverse=True)


def _shapes(alarms: list[Alarm], stamp: Stamp) -> list[AlarmShape]:
    return [alarm_shape(alarm, stamp) for alarm in alarms]


def _trend_route(router: APIRouter, hub: LiveHub, ward: WardPort) -> None:
    @router.get("/beds/{bed}/trends", summary="min, mean and max per bucket; nulls are a gap")
    async def get_trends(
        bed: str,
        signals: str = "rr,spo2,etco2,pulse",
        start: Annotated[datetime | None, Query(alias="from")] = None,
        end: Annotated[datetime | None, Query(alias="to")] = None,
        points: Annotated[int, Query(ge=1, le=2000)] = 480,
    ) -> Response:
        if bed not in ward.bed_ids():
            raise unknown_bed(bed)
        names = _signals(signals)
        first, last = _span(start, end, ward.wall_of(hub.now_ms()))
        series = await ward.trends(bed, names, first, last, points)
        found = {name: [_point(point) for point in series.get(name, [])] for name in names}
        return _json(encode({"bed": bed, "from": _text(first), "to": _text(last), "series": found}))


def _signals(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [f"signals: {name!r} is not a signal" for name in names if name not in SIGNALS]
    if unknown or not names:
        raise ApiError(422, "invalid", *(unknown or ["signals: name at least one"]))
    return names


def _span(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    reasons = [
        f"{name}: needs a time zone" for name, at in (("from", start), ("to", end)) if at is not None and not at.tzinfo
    ]
    if not reasons:
        last = end or now
        first = start or last - DEFAULT_SPAN
        if first < last:
            return first, last
        reasons = ["from: must be before to"]
    raise ApiError(422, "invalid", *reasons)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _point(point: TrendPoint) -> dict[str, object]:
    def shown(milli: int | None) -> int | float | None:
        return None if milli is None else number(milli, 1000)

    low, mean, high = shown(point.min_milli), shown(point.mean_milli), shown(point.max_milli)
    return {"t": _text(point.at), "min": low, "mean": mean, "max": high}


def act_routes(acts: Acts) -> APIRouter:
    """What may be done. Every act names its person (`by`) and is answered once it is durable."""
    router = APIRouter()

    @router.post("/alarms/{alarm}/acknowledge", summary="Acknowledge one alarm instance; its condition goes on")
    async def acknowledge(alarm: str, body: AcknowledgeBody) -> Response:
        return _json(await acts.acknowledge(alarm, body))

    @router.post("/alarms/{alarm}/reset", summary="Clear one latched alarm whose condition is over")
    async def reset_alarm(alarm: str, body: Reasoned) -> Response:
        return _json(await acts.reset_alarm(alarm, body))

    @router.post("/beds/{bed}/audio-pause", summary="Sound of this bed's present alarms off, at most 120 s")
    async def pause_audio(bed: str, body: AudioPauseBody) -> Response:
        return _json(await acts.pause_audio(bed, body))

    @router.post("/ward/audio-pause", summary="Sound of all beds' present alarms off, at most 120 s; per bed")
    async def pause_ward_audio(body: AudioPauseBody) -> Response:
        return _json(await acts.pause_ward_audio(body))

    _pump_routes(router, acts)
    _patient_routes(router, acts)
    return router


def _pump_routes(router: APIRouter, acts: Acts) -> None:
    @router.post("/beds/{bed}/pumps/{pump}/stop", summary="Stop a pump")
    async def stop(bed: str, pump: str, body: Reasoned) -> Response:
        return _json(await acts.stop(bed, pump, body))

    @router.post("/beds/{bed}/pumps/{pump}/rate", summary="Ask for an absolute rate at a running pump")
    async def set_rate(bed: str, pump: str, body: RateBody) -> Response:
        return _json(await acts.set_rate(bed, pump, body))

    @router.post("/beds/{bed}/pumps/{pump}/override", summary="Confirm a rate above the soft ceiling")
    async def override(bed: str, pump: str, body: Reasoned) -> Response:
        return _json(await acts.override(bed, pump, body))

    @router.post("/beds/{bed}/pumps/{pump}/resume", summary="Permit a person to start a stopped pump; starts nothing")
    async def resume(bed: str, pump: str, body: Reasoned) -> Response:
        return _json(await acts.resume(bed, pump, body))

    @router.post("/beds/{bed}/interlock/reset", summary="Re-arm a tripped interlock; never starts the pump")
    async def reset_interlock(bed: str, body: InterlockResetBody) -> Response:
        return _json(await acts.reset_interlock(bed, body))


def _patient_routes(router: APIRouter, acts: Acts) -> None:
    @router.put("/beds/{bed}/patient", summary="Bind a patient to the bed")
    async def bind_patient(bed: str, body: PatientBody) -> Response:
        return _json(await acts.bind_patient(bed, body))

    @router.post("/beds/{bed}/assessments", summary="What was found at the bedside: POSS, RASS, supplemental oxygen")
    async def assess(bed: str, body: AssessmentBody) -> Response:
        return _json(await acts.assess(bed, body))

    @router.delete("/beds/{bed}/patient", summary="Release the bed's patient (discharge, transfer)")
    async def release_patient(bed: str, body: Reasoned) -> Response:
        return _json(await acts.release_patient(bed, body))
