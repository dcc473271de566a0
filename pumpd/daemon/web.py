"""The web face on the daemon's own event loop: one uvicorn server, no signal handlers of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

import pumpd
from pumpd.api.app import create_app
from pumpd.api.integrations import IntegrationPort
from pumpd.api.sockets import listen, server_options
from pumpd.clock import Clock, PeoplesTime
from pumpd.config.model import ServerConfig, WardConfig
from pumpd.daemon.reception import Reception
from pumpd.daemon.ward import Ward
from pumpd.live.hub import LiveHub
from pumpd.live.port import WardCounts

TICK_S, TICKS_A_DAY = 0.1, 864_000  # as uvicorn's own loop


def encryption(server: ServerConfig) -> dict[str, Any]:
    """uvicorn's options: our own certificate, and whose word is taken for an address."""
    trust: dict[str, Any] = {"proxy_headers": bool(server.proxies), "forwarded_allow_ips": list(server.proxies)}
    if server.tls is None:
        return trust
    return trust | {"ssl_certfile": server.tls.certificate, "ssl_keyfile": server.tls.key}


class _Quiet(uvicorn.Server):
    """Leaves the signals to the daemon, and looks after itself in people's time."""

    def __init__(self, config: uvicorn.Config, people: PeoplesTime) -> None:
        super().__init__(config)
        self._people = people

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % TICKS_A_DAY
            await self._people.sleep(TICK_S)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """open() binds, run() serves until stop(); after a crash run() binds the same port again."""

    def __init__(self, app: FastAPI, config: ServerConfig, people: PeoplesTime | None = None) -> None:
        self._app = app
        self._config, self._host = config, config.host
        self.port = config.port
        self._people = people or PeoplesTime()
        self._listening: socket.socket | None = None
        self._server: _Quiet | None = None

    def open(self) -> None:
        """Bind now, so that the port is known (0 picks a free one). Raises OSError."""
        self._listening = listen(self._host, self.port)
        self.port = int(self._listening.getsockname()[1])

    async def run(self) -> None:
        if self._listening is None:
            self.open()
        listening, self._listening = self._listening, None
        assert listening is not None
        options = server_options(self._people.stretch) | encryption(self._config)
        self._server = _Quiet(uvicorn.Config(self._app, **options), self._people)
        try:
            await self._server.serve(sockets=[listening])
        finally:
            listening.close()

    def stop(self) -> None:
        """Ask run() to end after what is being answered; returns at once."""
        if self._server is not None:
            self._server.should_exit = True
        elif self._listening is not None:
            self._listening.close()


def live_hub(config: WardConfig, clock: Clock, people: PeoplesTime | None) -> LiveHub:
    """What all screens of a ward look at."""
    return LiveHub(
        config.id,
        config.name,
        now_ms=clock.now_ms,
        wall_of=clock.wall_of,
        bed_ids=[bed.id for bed in config.beds],
        generation=config.generation,
        timezone=config.timezone,
        people=people,
        integrations=config.hl7 is not None,
    )


def ward_app(
    config: WardConfig,
    hub: LiveHub,
    ward: Ward,
    counts: Callable[[], WardCounts],
    gateway: IntegrationPort | None,
    reception: Reception,
) -> FastAPI:
    """The web face of a ward."""
    return create_app(
        hub,
        ward,
        config.server,
        pumpd.__version__,
        counts,
        config.journal_url,
        gateway,
        access=reception.access,
        audit=reception.audit,
        accounts=reception.accounts,
        workshop=ward.workshop,
        provider=reception.provider,
    )
