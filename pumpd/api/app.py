"""The web face put together."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Response, WebSocket
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from pumpd.api import errors, metrics
from pumpd.api.acts import Acts
from pumpd.api.acts_chart import ChartActs
from pumpd.api.commands import Does
from pumpd.api.described import describe
from pumpd.api.guard import Guard
from pumpd.api.integrations import IntegrationPort, integration_acts, integration_routes
from pumpd.api.reading_chart import ChartReading
from pumpd.api.reports import Reports
from pumpd.api.routes import reading_routes
from pumpd.api.routes_acts import act_routes
from pumpd.api.routes_chart import chart_reading_routes, chart_routes
from pumpd.api.routes_course import course_reading_routes, course_routes
from pumpd.api.routes_devices import device_routes
from pumpd.api.static import PageFiles
from pumpd.api.ws import LiveConnection
from pumpd.config.model import ServerConfig
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import WardCounts, WardPort

DESCRIPTION = """
The state of one ward and the acts of its staff. Live updates: `/ws/v1/live`, described by
`/api/v1/asyncapi.json`.

**Who acts.** There is no sign-in yet. Every act may name its person in `by`, which is recorded as given (without
it: "unsigned (no sign-in)"); bind only loopback unless the network is trusted. Acts and the WebSocket are taken
only from the page's own origin or from a configured one (`allowed_origins`); a request without an `Origin` only
from a program, that is without `Sec-Fetch-Site` and without `Cookie`.

**Refusals** list all reasons: `{"error": {"code": "...", "reasons": ["..."]}}`. 403 foreign origin, 404 unknown
bed, pump or alarm, 409 refused by the safety kernel (or, with code `implausible_unit`, a question: the same rate is
taken with `confirm_unit`), 422 not understood, 503 applied but not durable.
"""


def create_app(
    hub: LiveHub,
    ward: WardPort,
    server: ServerConfig,
    build: str,
    counts: Callable[[], WardCounts] | None = None,
    journal_url: str | None = None,
    integration: IntegrationPort | None = None,
) -> FastAPI:
    """The application. build: any text that changes with the page's files; screens reload when it does.

    counts: the beds' figures for /metrics; without it they are left out. journal_url: where reports of courses are
    read from. integration: the gateway to other systems; None: there is none.
    """
    app = FastAPI(
        title="pumpd",
        version=build,
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    acts = Acts(hub, ward)
    does = Does(acts, ChartActs(acts, hub, ward))
    errors.install(app)
    app.add_middleware(Guard, server=server)
    _health(app, hub, ward, counts)
    _include(app, does, hub, ward, Reports(journal_url))
    _integrations(app, hub, integration)

    @app.websocket("/ws/v1/live")
    async def live(socket: WebSocket) -> None:
        await LiveConnection(socket, hub, does, build).run()

    app.mount("/", PageFiles())
    describe(app)
    return app


def _include(app: FastAPI, does: Does, hub: LiveHub, ward: WardPort, reports: Reports) -> None:
    reading = (
        reading_routes(hub, ward),
        device_routes(hub, ward),
        chart_reading_routes(ChartReading(hub, ward)),
        course_reading_routes(reports),
    )
    for router in reading:
        app.include_router(router, prefix="/api/v1", responses=errors.of(404, 422))
    for router in (act_routes(does.acts), chart_routes(does.chart), course_routes(does.chart)):
        app.include_router(router, prefix="/api/v1", responses=dict(errors.REFUSALS))


def _integrations(app: FastAPI, hub: LiveHub, port: IntegrationPort | None) -> None:
    app.include_router(integration_routes(port, hub.time), prefix="/api/v1", responses=errors.of(422, 503))
    app.include_router(integration_acts(port, hub.time), prefix="/api/v1", responses=dict(errors.REFUSALS))


def _health(app: FastAPI, hub: LiveHub, ward: WardPort, counts: Callable[[], WardCounts] | None) -> None:
    own = metrics.registry(hub, counts)

    @app.get("/livez", summary="The event loop answers")
    async def livez() -> Response:
        return Response(b'{"ok":true}', media_type="application/json")

    @app.get("/readyz", summary="200 when everything needed works, else 503 with the problems")
    async def readyz() -> Response:
        state = ward.readiness()
        body = encode({"ready": state.ready, "problems": state.problems})
        return Response(body, 200 if state.ready else 503, media_type="application/json")

    @app.get("/metrics", summary="Prometheus text; no label names a bed or a patient")
    async def get_metrics() -> Response:
        return Response(metrics.text(own), media_type=CONTENT_TYPE_LATEST)
