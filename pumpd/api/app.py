"""The web face put together."""

from __future__ import annotations

import functools
from collections.abc import Callable

from fastapi import FastAPI, Response, WebSocket
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from pumpd.access.port import AccessPort, AccountsPort, AuditPort
from pumpd.access.principal import Principal
from pumpd.access.provider import ProviderPort
from pumpd.api import errors, metrics
from pumpd.api.acts import Acts
from pumpd.api.acts_chart import ChartActs
from pumpd.api.commands import Does
from pumpd.api.described import describe
from pumpd.api.gate import Gate
from pumpd.api.guard import Guard
from pumpd.api.integrations import IntegrationPort, integration_acts, integration_routes, notices_of, patients_of
from pumpd.api.needs import METRICS, PUBLIC, VIEW, Guarded, take
from pumpd.api.reading_chart import ChartReading
from pumpd.api.reports import Reports
from pumpd.api.routes import answered, reading_routes
from pumpd.api.routes_accounts import account_routes, token_routes
from pumpd.api.routes_acts import act_routes
from pumpd.api.routes_audit import audit_routes
from pumpd.api.routes_chart import chart_reading_routes, chart_routes
from pumpd.api.routes_course import course_reading_routes, course_routes
from pumpd.api.routes_devices import device_routes
from pumpd.api.routes_history import history_routes
from pumpd.api.routes_provider import provider_routes
from pumpd.api.routes_session import session_routes
from pumpd.api.routes_told import told_routes
from pumpd.api.routes_workshop import workshop_routes
from pumpd.api.static import PageFiles
from pumpd.api.whose import same_patient
from pumpd.api.ws import LiveConnection
from pumpd.config.model import ServerConfig
from pumpd.history import BedHistory
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import WardCounts, WardPort
from pumpd.live.workshop import Workshop

DESCRIPTION = """
The state of one ward and the acts of its staff. Live updates: `/ws/v1/live`, described by
`/api/v1/asyncapi.json`.

**Who calls.** People sign in (`POST session`) and have a cookie; acts with it carry `x-csrf-token` as well. Programs
have a machine token: `Authorization: Bearer`. Each route needs one permission (`x-permission`) or is public. The
record names who is signed in; another name in `by` needs the permission `name_others`. At a shared screen an act
carries `x-step-up`, the grant of `POST session/step-up`. Acts and the WebSocket are taken only from the page's own
origin or from a configured one (`allowed_origins`); a request without an `Origin` only from a program, that is without
`Sec-Fetch-Site` and without `Cookie`.

**Refusals** list all reasons: `{"error": {"code": "...", "reasons": ["..."]}}`. 401 nobody is signed in, 403 not
permitted or a foreign origin, 404 unknown bed, pump or alarm, 409 refused by the safety kernel (or, with code
`implausible_unit`, a question: the same rate is taken with `confirm_unit`), 413 too large, 422 not understood, 429 too
many attempts, 503 applied but not durable.
"""


def create_app(
    hub: LiveHub,
    ward: WardPort,
    server: ServerConfig,
    build: str,
    counts: Callable[[], WardCounts] | None = None,
    journal_url: str | None = None,
    integration: IntegrationPort | None = None,
    *,
    access: AccessPort,
    audit: AuditPort | None = None,
    accounts: AccountsPort | None = None,
    workshop: Workshop | None = None,
    provider: ProviderPort | None = None,
) -> FastAPI:
    """The application. build: any text that changes with the page's files; screens reload when it does.

    access: who may; said by whoever starts it, so that nothing is open by omission. audit: where it is noted who did
    or saw what. accounts: their administration. workshop: lines, drivers, captures and files; None: none here.
    provider: the identity provider that vouches for people; None: there is none.

    counts: the beds' figures for /metrics; without it they are left out. journal_url: where reports of courses and the
    histories of beds are read from (app.state.history: close it at the end). integration: the gateway to other
    systems; None: there is none.
    """
    app = _bare(build)
    app.state.gate = gate = Gate(access, audit, functools.partial(_stay, hub), hub.now_ms)
    acts = Acts(hub, ward)
    does = Does(acts, ChartActs(acts, hub, ward))
    errors.install(app)
    app.add_middleware(Guard, server=server)
    _health(app, hub, ward, counts)
    app.state.history = history = BedHistory(journal_url)
    _include(app, does, hub, ward, Reports(journal_url))
    take(app, history_routes(hub, ward, history))
    _integrations(app, hub, ward, integration)
    _people(app, gate, accounts, provider)
    _vouching(app, gate, provider, server)
    take(app, workshop_routes(hub, ward, workshop))

    @app.websocket("/ws/v1/live")
    async def live(socket: WebSocket) -> None:
        await LiveConnection(socket, hub, does, gate, build).run()

    app.mount("/", PageFiles(gate))
    describe(app)
    return app


def _bare(build: str) -> FastAPI:
    """Routes made of it are guarded, and nothing is described before it is whole."""
    app = FastAPI(
        title="pumpd", version=build, description=DESCRIPTION, openapi_url=None, docs_url=None, redoc_url=None
    )
    app.router.route_class = Guarded
    return app


def _vouching(app: FastAPI, gate: Gate, provider: ProviderPort | None, server: ServerConfig) -> None:
    if provider is not None:
        take(app, provider_routes(gate, provider, server))


def _include(app: FastAPI, does: Does, hub: LiveHub, ward: WardPort, reports: Reports) -> None:
    take(app, reading_routes(hub, ward), device_routes(hub, ward))
    take(app, chart_reading_routes(ChartReading(hub, ward)), course_reading_routes(reports))
    whose = same_patient(does.acts)
    take(app, act_routes(does.acts, whose), told_routes(does.acts, whose))
    take(app, chart_routes(does.chart, whose), course_routes(does.chart, whose))


def _people(app: FastAPI, gate: Gate, accounts: AccountsPort | None, provider: ProviderPort | None) -> None:
    @app.get("/api/v1/openapi.json", include_in_schema=False)
    async def get_openapi(who: Principal = VIEW) -> Response:
        return answered(encode(app.openapi()))

    take(app, session_routes(gate, "" if provider is None else provider.name))
    take(app, account_routes(accounts), token_routes(accounts), audit_routes(gate.audit))


def _stay(hub: LiveHub, bed: str) -> str | None:
    """The course of whoever lies there, where one is open; bed and time say the rest."""
    view = hub.view(bed)
    return None if view is None or view.course is None else view.course.id


def _integrations(app: FastAPI, hub: LiveHub, ward: WardPort, port: IntegrationPort | None) -> None:
    beds = ward.bed_ids
    reading = integration_routes(port, hub.time, lambda: notices_of(hub, beds()), lambda: patients_of(hub, beds()))
    take(app, reading, integration_acts(port, hub.time))


def _health(app: FastAPI, hub: LiveHub, ward: WardPort, counts: Callable[[], WardCounts] | None) -> None:
    own = metrics.registry(hub, counts)

    @app.get("/livez", summary="The event loop answers")
    async def livez(who: Principal | None = PUBLIC) -> Response:
        return Response(b'{"ok":true}', media_type="application/json")

    @app.get("/readyz", summary="200 when everything needed works, else 503 with the problems")
    async def readyz(who: Principal | None = PUBLIC) -> Response:
        state = ward.readiness()
        body = encode({"ready": state.ready, "problems": state.problems})
        return Response(body, 200 if state.ready else 503, media_type="application/json")

    @app.get("/startupz", summary="200 once every bed is decided for, else 503; says nothing of what works since")
    async def startupz(who: Principal | None = PUBLIC) -> Response:
        started = set(hub.bed_ids()) <= set(ward.bed_ids())
        return Response(encode({"started": started}), 200 if started else 503, media_type="application/json")

    @app.get("/metrics", summary="Prometheus text; no label names a bed or a patient")
    async def get_metrics(who: Principal | None = METRICS) -> Response:
        return Response(metrics.text(own), media_type=CONTENT_TYPE_LATEST)
