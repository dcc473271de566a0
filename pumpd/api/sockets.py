"""How the web server must be run so that no slow screen costs memory or anybody else's time.

Small socket and transport buffers make a screen that does not read visible at once (with the defaults
about 3 MB of stale "live" data hide in buffers), and the live endpoint gets a way to abort its transport.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from contextlib import suppress
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

SEND_BUFFER_BYTES = 32_768
MESSAGE_BYTES = 65_536
LINGER_NOT = struct.pack("ii", 1, 0)
ABORT = "pumpd.abort"  # scope["extensions"] key: () -> None, drops the connection with all that it has buffered


class LiveProtocol(WebSocketsSansIOProtocol):
    """uvicorn's sans-IO WebSocket protocol with small write buffers and an abort for the application."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=SEND_BUFFER_BYTES)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast(dict[str, Any], self.scope["extensions"])[ABORT] = self.abort

    def abort(self) -> None:
        """Drop the connection now; what transport and kernel still hold for it is thrown away (reset)."""
        with suppress(OSError):  # closed already
            line: socket.socket = self.transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket (port 0: any free one) whose connections inherit a small send buffer. Raises OSError."""
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
        0
    ]
    sock = socket.socket(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        sock.bind(address)
        sock.listen(2048)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def server_options(stretch: float = 1.0) -> dict[str, Any]:
    """Arguments for uvicorn.Config beside the app; serve with `server.serve(sockets=[listen(host, port)])`.

    stretch: of pumpd.clock.PeoplesTime, for the time-outs of connections.
    """
    return {
        "ws": LiveProtocol,
        "ws_max_size": MESSAGE_BYTES,
        "ws_per_message_deflate": False,
        "ws_ping_interval": 20.0 * stretch,
        "ws_ping_timeout": 20.0 * stretch,
        "http": "auto",
        "loop": "none",
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_keep_alive": math.ceil(5 * stretch),
        "timeout_graceful_shutdown": math.ceil(3 * stretch),
    }
