"""What may be read under /api/v1. Answers are bytes that were encoded already."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from pumpd.access.principal import Principal
from pumpd.access.roles import Permission
from pumpd.api.acts import unknown_bed
from pumpd.api.commands import OPS
from pumpd.api.errors import ApiError
from pumpd.api.gate import require
from pumpd.api.needs import HISTORY, VIEW, versioned
from pumpd.device.signals import SIGNALS
from pumpd.live.amounts import number
from pumpd.live.fields import AlarmShape
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import TrendPoint, WardPort
from pumpd.live.shape import alarm_shape
from pumpd.live.spec import asyncapi
from pumpd.live.stamp import Stamp
from pumpd.safety.alarms import Alarm, AlarmState

HISTORY_LIMIT = 500
DEFAULT_SPAN = timedelta(hours=4)


def answered(data: bytes) -> Response:
    """JSON that was encoded already."""
    return Response(data, media_type="application/json")


def reading_routes(hub: LiveHub, ward: WardPort) -> APIRouter:
    """What may be read."""
    router = versioned(404, 422)

    @router.get("/ward", summary="The whole ward as it is now")
    async def get_ward(who: Principal = VIEW) -> Response:
        await hub.fresh()
        return answered(hub.ward_json(who.identity))

    @router.get("/beds", summary="The whole ward as it is now (the same as /ward)")
    async def get_beds(who: Principal = VIEW) -> Response:
        await hub.fresh()
        return answered(hub.ward_json(who.identity))

    @router.get("/beds/{bed}", summary="One bed")
    async def get_bed(bed: str, who: Principal = VIEW) -> Response:
        data = hub.bed_json(bed, who.identity)
        if data is None:
            raise unknown_bed(bed)
        return answered(data)

    @router.get("/alarms", summary="Alarm instances, newest first; state ended or all reads the journal")
    async def get_alarms(
        state: Annotated[str, Query(pattern="^(live|active|acknowledged|latched|ended|all)$")] = "live",
        bed: str | None = None,
        limit: Annotated[int, Query(ge=1, le=HISTORY_LIMIT)] = 100,
        who: Principal = VIEW,
    ) -> Response:
        if state in ("ended", "all"):
            require(who, Permission.HISTORY)
        alarms = await ward.alarm_history(bed, limit) if state in ("ended", "all") else _live_alarms(hub, bed)
        if state not in ("live", "all"):
            alarms = [alarm for alarm in alarms if alarm.state is AlarmState(state)]
        return answered(encode({"time": hub.time(), "alarms": _shapes(alarms[:limit], hub.stamp())}))

    @router.get("/asyncapi.json", summary="The live protocol (/ws/v1/live) as an AsyncAPI 3 document")
    async def get_asyncapi(who: Principal = VIEW) -> Response:
        return answered(encode(asyncapi(OPS)))

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
        who: Principal = HISTORY,
    ) -> Response:
        if bed not in ward.bed_ids():
            raise unknown_bed(bed)
        names = _signals(signals)
        first, last = _span(start, end, ward.wall_of(hub.now_ms()))
        series = await ward.trends(bed, names, first, last, points)
        found = {name: [_point(point) for point in series.get(name, [])] for name in names}
        return answered(encode({"bed": bed, "from": _text(first), "to": _text(last), "series": found}))


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
