"""The MLLP listener: connections, their number, and a quiet end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from pumpd.gateways import ListenSettings, PeerState
from pumpd_hl7.connection import Connection, Handler
from pumpd_hl7.peers import Peers
from pumpd_hl7.tls import server_context

log = structlog.get_logger(__name__)

HANDSHAKE_S = 10.0
CLOSE_S = 3.0
BACKLOG = 256


class Server:
    """Listens where the settings say. Peers may keep their connection or open one for each message."""

    def __init__(self, settings: ListenSettings, handler: Handler, wall_us: Callable[[], int]) -> None:
        self._settings, self._handler, self._wall_us = settings, handler, wall_us
        self._peers = Peers(settings.peers)
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.turned_away = 0

    @property
    def port(self) -> int:
        """Where it really listens (settings may say 0)."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        return len(self._connections)

    def peers(self) -> Sequence[PeerState]:
        return self._peers.states()

    async def start(self) -> None:
        """Raises OSError where the address or the files of TLS cannot be used."""
        tls = self._settings.tls
        self._server = await asyncio.get_running_loop().create_server(
            self._connection,
            self._settings.host,
            self._settings.port,
            backlog=BACKLOG,
            ssl=server_context(tls) if tls else None,
            ssl_handshake_timeout=HANDSHAKE_S if tls else None,
        )
        log.info("hl7_listening", host=self._settings.host, port=self.port, tls=tls is not None)

    async def close(self) -> None:
        """Take no more; what has come is answered, for CLOSE_S at most."""
        if self._server is None:
            return
        self._server.close()
        waiting = list(self._connections)
        for connection in waiting:
            connection.finish()
        if waiting:
            _, late = await asyncio.wait([connection.task for connection in waiting], timeout=CLOSE_S)
            for task in late:
                task.cancel()
        for connection in list(self._connections):
            connection.abort()
        await self._server.wait_closed()

    def _connection(self) -> Connection:
        return Connection(self._settings, self._peers, self._handler, self._wall_us, self._admit, self._left)

    def _admit(self, connection: Connection) -> bool:
        if len(self._connections) >= self._settings.connections:
            self.turned_away += 1
            return False
        self._connections.add(connection)
        return True

    def _left(self, connection: Connection) -> None:
        self._connections.discard(connection)
