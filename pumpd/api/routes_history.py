"""What a bed's own page draws: the present patient's stay from the journal, and the limits that are in force."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from pumpd.access.principal import Principal
from pumpd.api.acts import unknown_bed
from pumpd.api.errors import ApiError
from pumpd.api.needs import HISTORY, VIEW, versioned
from pumpd.api.routes import answered
from pumpd.device.signals import SIGNALS
from pumpd.history import BedHistory, HistoryError
from pumpd.history.shapes import Kind
from pumpd.history.shapes import Query as Question
from pumpd.live.hub import LiveHub
from pumpd.live.limits_shape import limits_shape
from pumpd.live.messages import encode
from pumpd.live.port import UnknownBed, WardPort
from pumpd.live.stay import stay_of

LONGEST_H = 24 * 31
DRAWN = "rr,spo2,etco2,pulse"
Hours = Annotated[int | None, Query(ge=1, le=LONGEST_H, description="left out: the whole stay")]


def history_routes(hub: LiveHub, ward: WardPort, history: BedHistory) -> APIRouter:
    """Only the present patient's stay is ever answered; `stay` null: it has just changed, ask again."""
    router = versioned(404, 422, 503)

    async def ask(kind: Kind, bed: str, hours: int | None, signals: tuple[str, ...] = (), points: int = 1) -> Response:
        if bed not in ward.bed_ids():
            raise unknown_bed(bed)
        view = hub.view(bed)
        patient = None if view is None else view.patient
        question = Question(
            kind, bed, None if patient is None else patient.mrn, stay_of(patient), hours, signals, points
        )
        try:
            return answered(await history.ask(question))
        except HistoryError as error:
            raise ApiError(503, "no_history", str(error), temporary=True) from None

    @router.get("/beds/{bed}/history/vitals", summary="min, mean and max of the stay in buckets; nulls are a gap")
    async def get_vitals(
        bed: str,
        hours: Hours = None,
        signals: str = DRAWN,
        points: Annotated[int, Query(ge=1, le=5000)] = 3000,
        who: Principal = HISTORY,
    ) -> Response:
        return await ask(Kind.VITALS, bed, hours, _signals(signals), points)

    @router.get("/beds/{bed}/history/doses", summary="Rates, doses given, ceilings, caps, pain and MME of the stay")
    async def get_doses(bed: str, hours: Hours = None, who: Principal = HISTORY) -> Response:
        return await ask(Kind.DOSES, bed, hours)

    @router.get("/beds/{bed}/history/events", summary="What happened in the stay; its alarms and who answered them")
    async def get_events(bed: str, hours: Hours = None, who: Principal = HISTORY) -> Response:
        return await ask(Kind.EVENTS, bed, hours)

    _limits(router, ward)
    return router


def _limits(router: APIRouter, ward: WardPort) -> None:
    @router.get("/beds/{bed}/limits", summary="Alarm limits, ceilings and caps in force, each with whose it is")
    async def get_limits(bed: str, who: Principal = VIEW) -> Response:
        try:
            return answered(encode(limits_shape(ward.policy(bed))))
        except UnknownBed:
            raise unknown_bed(bed) from None


def _signals(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [f"signals: {name!r} is not a signal" for name in names if name not in SIGNALS or SIGNALS[name].wave]
    if unknown or not names:
        raise ApiError(422, "invalid", *(unknown or ["signals: name at least one"]))
    return names
