"""A tiny in-memory ward behind the web face, and a real web server on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import uvicorn

from pumpd.access.always import AlwaysSignedIn
from pumpd.api.app import create_app
from pumpd.api.sockets import listen, server_options
from pumpd.clinical.chart import Chart
from pumpd.clock import Clock
from pumpd.config.model import ServerConfig
from pumpd.live.client import LiveTimes
from pumpd.live.hub import LiveHub
from pumpd.live.port import DeviceDetail, NotDurable, Readiness, TrendPoint, UnknownBed, UsualRate, Words
from pumpd.safety.alarms import Alarm
from pumpd.safety.clinical_view import ConcentrationCurve
from pumpd.safety.decisions import AlarmChanged, Decision, Permitted
from pumpd.safety.events import Event
from pumpd.safety.policy import BedPolicy
from tests.live.fakes import bed_view, value
from tests.safety.build import bed_policy


class MemoryWard:
    """Keeps what was submitted; answers as told. The kernel's own decisions are tested with the kernel."""

    def __init__(self, beds: int = 2, times: LiveTimes | None = None) -> None:
        self.clock = Clock()
        self.views = {f"b{n}": bed_view(f"b{n}") for n in range(1, beds + 1)}
        self.events: list[tuple[str, Event]] = []
        self.answer: tuple[Decision, ...] = (Permitted("act", "x", "me"),)
        self.durable = True
        self.problems: tuple[str, ...] = ()
        self.history: list[Alarm] = []
        self.asked: tuple[Any, ...] = ()
        self.vocabulary = Words()
        self.charts: dict[str, Chart] = {}
        self.usual: UsualRate | None = None
        self.details: tuple[DeviceDetail, ...] = ()
        clock = self.clock
        self.hub = LiveHub("w3", "Ward 3", now_ms=clock.now_ms, wall_of=clock.wall_of, bed_ids=self.views, times=times)
        for bed in self.views:
            self.hub.register(bed, lambda bed=bed: self.views[bed])  # type: ignore[misc]
        self.hub.tick()

    def bed_ids(self) -> tuple[str, ...]:
        return tuple(self.views)

    def find_alarm(self, alarm_id: str) -> tuple[str, Alarm] | None:
        for alarm in self.hub.alarms():
            if alarm.id == alarm_id:
                return alarm.bed, alarm
        return None

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        if bed_id not in self.views:
            raise UnknownBed(bed_id)
        if not self.durable:
            raise NotDurable("disk full")
        self.events.append((bed_id, event))
        for decision in self.answer:
            if isinstance(decision, AlarmChanged):
                self.hub.alarm(decision.alarm, decision.phase)
        return self.answer

    async def alarm_history(self, bed_id: str | None, limit: int) -> list[Alarm]:
        return [alarm for alarm in self.history if bed_id in (None, alarm.bed)][:limit]

    async def trends(
        self, bed_id: str, signals: tuple[str, ...], start: datetime, end: datetime, points: int
    ) -> dict[str, list[TrendPoint]]:
        self.asked = (bed_id, signals, start, end, points)
        gap = TrendPoint(end, None, None, None)
        return {name: [TrendPoint(start, 13_000, 14_500, 16_000), gap] for name in signals}

    async def curve(self, bed_id: str, hours: int) -> ConcentrationCurve:
        if bed_id not in self.views:
            raise UnknownBed(bed_id)
        return ConcentrationCurve(None, (), (), (), "nothing was given")

    def wall_of(self, now_ms: int) -> datetime:
        return self.clock.wall_of(now_ms)

    def kernel_ms(self, wall: datetime) -> int:
        now_ms = self.clock.now_ms()
        return now_ms - (self.clock.wall_of(now_ms) - wall) // timedelta(milliseconds=1)

    def words(self, bed_id: str) -> Words:
        if bed_id not in self.views:
            raise UnknownBed(bed_id)
        return self.vocabulary

    def chart(self, bed_id: str) -> Chart | None:
        return self.charts.get(bed_id)

    def policy(self, bed_id: str) -> BedPolicy:
        if bed_id not in self.views:
            raise UnknownBed(bed_id)
        return bed_policy(bed=bed_id)

    def usual_rate(self, bed_id: str, pump_id: str) -> UsualRate | None:
        return self.usual

    def devices(self, bed_id: str) -> tuple[DeviceDetail, ...]:
        return self.details

    def readiness(self) -> Readiness:
        return Readiness(not self.problems, self.problems)

    def breathe(self, bed: str, rr: int) -> None:
        values = dict(self.views[bed].values) | {"rr": value(rr * 1000, self.clock.now_ms())}
        self.views[bed] = replace(self.views[bed], values=values)
        self.hub.mark(bed)


def config(**changes: Any) -> ServerConfig:
    return ServerConfig(**{"host": "127.0.0.1", "port": 8080, **changes})


def client(ward: MemoryWard, server: ServerConfig | None = None, **headers: str) -> httpx.AsyncClient:
    """An HTTP client straight into the application (a program: no Origin, no cookies)."""
    app = create_app(ward.hub, ward, server or config(), "build-1", access=AlwaysSignedIn())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers)


@asynccontextmanager
async def served(ward: MemoryWard, server: ServerConfig | None = None, **parts: Any) -> AsyncIterator[int]:
    """The application on a real port, with the hub running; gives the port. parts: more of create_app's arguments."""
    sock = listen("127.0.0.1", 0)
    app = create_app(ward.hub, ward, server or config(), "build-1", **{"access": AlwaysSignedIn(), **parts})
    web = uvicorn.Server(uvicorn.Config(app, **server_options()))
    ward.hub.start()
    async with asyncio.TaskGroup() as group:
        group.create_task(web._serve(sockets=[sock]))
        while not web.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        try:
            yield sock.getsockname()[1]
        finally:
            await ward.hub.stop()
            web.should_exit = True
