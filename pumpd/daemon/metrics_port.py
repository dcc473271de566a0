"""The figures of /metrics at an address of their own, for Prometheus: nobody signs in there, nothing else is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from pumpd.api import metrics
from pumpd.config.model import ServerConfig
from pumpd.daemon.web import WebServer

if TYPE_CHECKING:
    from pumpd.daemon.daemon import Daemon

log = structlog.get_logger(__name__)


class MetricsPort:
    """open() binds, run() serves until stop(). An address that is taken costs the ward nothing but these figures."""

    def __init__(self, daemon: Daemon, host: str, port: int) -> None:
        self._web = WebServer(_app(daemon), ServerConfig(host, port))
        self._host = host

    @property
    def port(self) -> int:
        return self._web.port

    def open(self) -> bool:
        """False, and a line in the log, where the address cannot be had."""
        try:
            self._web.open()
        except OSError as error:
            log.error("metrics have no address of their own", host=self._host, port=self.port, why=error.strerror)
            return False
        log.info("metrics", host=self._host, port=self.port)
        return True

    async def run(self) -> None:
        await self._web.run()

    def stop(self) -> None:
        self._web.stop()


def _app(daemon: Daemon) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    own = metrics.registry(daemon.hub, daemon.counts)

    @app.get("/metrics")
    async def figures() -> Response:
        return Response(metrics.text(own), media_type=CONTENT_TYPE_LATEST)

    return app
