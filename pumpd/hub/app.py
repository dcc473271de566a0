"""The hub's web face: the hospital page, the same as JSON, health and metrics. It only reads: nothing to command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import RedirectResponse
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector, CollectorRegistry

from pumpd.access.port import AccessPort, AccountsPort, AuditPort
from pumpd.access.principal import Principal
from pumpd.api import errors, metrics
from pumpd.api.errors import ApiError
from pumpd.api.gate import Gate
from pumpd.api.guard import Guard
from pumpd.api.needs import METRICS, PUBLIC, VIEW, Guarded, take, versioned
from pumpd.api.routes import answered
from pumpd.api.routes_accounts import account_routes, token_routes
from pumpd.api.routes_audit import audit_routes
from pumpd.api.routes_session import session_routes
from pumpd.api.static import PageFiles
from pumpd.config.model import ServerConfig
from pumpd.hub.shapes import HospitalShape, WardDetail
from pumpd.live.messages import encode

PAGE = "/hub.html"


class HubPort(Protocol):
    """What the web face asks of the hub."""

    def now_ms(self) -> int: ...

    def hospital(self) -> HospitalShape: ...

    def ward(self, site: str, ward: str) -> WardDetail | None: ...

    def problems(self) -> tuple[str, ...]:
        """What does not work now, in words."""
        ...

    def figures(self) -> dict[str, int]:
        """For /metrics, by name: `_total` is counted up."""
        ...


def hub_app(
    hub: HubPort,
    server: ServerConfig,
    build: str,
    access: AccessPort,
    audit: AuditPort | None,
    accounts: AccountsPort | None,
) -> FastAPI:
    """The application."""
    app = FastAPI(title="pumpd hub", version=build, openapi_url=None, docs_url=None, redoc_url=None)
    app.router.route_class = Guarded
    app.state.gate = gate = Gate(access, audit, lambda bed: None, hub.now_ms)
    errors.install(app)
    app.add_middleware(Guard, server=server)
    _health(app, hub)
    take(app, _hospital(hub), session_routes(gate))
    take(app, account_routes(accounts), token_routes(accounts), audit_routes(gate.audit))

    @app.get("/", include_in_schema=False)
    async def root(who: Principal | None = PUBLIC) -> Response:
        return RedirectResponse(PAGE, 303)

    app.mount("/", PageFiles(gate))
    return app


def _hospital(hub: HubPort) -> APIRouter:
    router = versioned(404, 422)

    @router.get("/hospital", summary="Every ward, and beds in alarm, the highest first")
    async def hospital(who: Principal = VIEW) -> Response:
        return answered(encode(hub.hospital()))

    @router.get("/hospital/wards/{site}/{ward}", summary="One ward, bed by bed")
    async def one(site: str, ward: str, who: Principal = VIEW) -> Response:
        found = hub.ward(site, ward)
        if found is None:
            raise ApiError(404, "unknown_ward", f"nothing is known of a ward {ward} of {site}")
        return answered(encode(found))

    return router


class _Figures(Collector):
    def __init__(self, hub: HubPort) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        for name, value in self._hub.figures().items():
            words = name.removesuffix("_total").replace("_", " ")
            if name.endswith("_total"):
                yield CounterMetricFamily(f"pumpd_hub_{name.removesuffix('_total')}", words, value=value)
            else:
                yield GaugeMetricFamily(f"pumpd_hub_{name}", words, value=value)


def _health(app: FastAPI, hub: HubPort) -> None:
    own = CollectorRegistry()
    own.register(_Figures(hub))

    @app.get("/livez", summary="The event loop answers")
    async def livez(who: Principal | None = PUBLIC) -> Response:
        return Response(b'{"ok":true}', media_type="application/json")

    @app.get("/readyz", summary="200 when everything needed works, else 503 with the problems")
    async def readyz(who: Principal | None = PUBLIC) -> Response:
        problems = hub.problems()
        body = encode({"ready": not problems, "problems": problems})
        return Response(body, 503 if problems else 200, media_type="application/json")

    @app.get("/metrics", summary="Prometheus text; no label names a bed or a patient")
    async def get_metrics(who: Principal | None = METRICS) -> Response:
        return Response(metrics.text(own), media_type=CONTENT_TYPE_LATEST)
