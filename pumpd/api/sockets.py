"""How the web server must be run so that no slow screen costs memory or anybody else's time.

Small socket and transport buffers make a screen that does not read visible at once (with the defaults
about 3 MB of stale "live" data hide in buffers), and the live endpoint gets a way to abort its transport.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from pumpd.api.arriving import bounded
from pumpd.api.wire import Boundary, Wire, acknowledged

SEND_BUFFER_BYTES = 32_768
MESSAGE_BYTES = 65_536
LINGER_NOT = struct.pack("ii", 1, 0)
ABORT = "pumpd.abort"  # scope["extensions"] key: () -> None, drops the connection with all that it has buffered
WIRE = "pumpd.wire"  # scope["extensions"] key: the pumpd.api.wire.Offer of the connection


class LiveProtocol(WebSocketsSansIOProtocol):
    """uvicorn's sans-IO WebSocket protocol with small write buffers, an abort, and the quick way of pumpd.api.wire."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=SEND_BUFFER_BYTES)
        self.boundary = Boundary()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[ABORT], extensions[WIRE] = self.abort, self.quick

    def quick(self, on_ack: Callable[[int], None], on_room: Callable[[], None]) -> Wire:
        """As pumpd.api.wire.Offer."""
        line = QuickLine(self, on_ack, on_room)
        self.transport.set_protocol(line)
        return line

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            self.boundary.known = data.endswith(b"\r\n\r\n")
        elif self.boundary.known:
            self.boundary.pass_on(data)
        super().data_received(data)

    def abort(self) -> None:
        """Drop the connection now; what transport and kernel still hold for it is thrown away (reset)."""
        with suppress(OSError):  # closed already
            line: socket.socket = self.transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.transport.abort()


class QuickLine(asyncio.Protocol):
    """The protocol of an established connection: acknowledgements and frames here, all else in the whole one.

    A broadcast and its acknowledgements touch each of a thousand connections, so what they need is in few slots.
    """

    __slots__ = ("_at_frame", "_on_ack", "_on_room", "_over", "_transport", "_whole", "room")

    def __init__(self, whole: LiveProtocol, on_ack: Callable[[int], None], on_room: Callable[[], None]) -> None:
        self._whole, self._transport, self._on_ack, self._on_room = whole, whole.transport, on_ack, on_room
        self.room, self._at_frame, self._over = whole.writable.is_set(), whole.boundary.known, False

    def write(self, frames: bytes) -> None:
        """As pumpd.api.wire.Wire."""
        if not self._over and not self._transport.is_closing():
            self._transport.write(frames)

    def end(self) -> None:
        """As pumpd.api.wire.Wire."""
        self._over = True

    def data_received(self, data: bytes) -> None:
        if self._at_frame and not self._over and (seq := acknowledged(data)) is not None:
            self._on_ack(seq)
        else:
            self._whole.data_received(data)
            self._at_frame = self._whole.boundary.known

    def pause_writing(self) -> None:
        self.room = False
        self._whole.pause_writing()

    def resume_writing(self) -> None:
        self.room = True
        self._whole.resume_writing()
        self._on_room()

    def eof_received(self) -> None:
        self._whole.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._whole.connection_lost(exc)


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
        "http": bounded(stretch),
        "loop": "none",
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,  # no address is believed but the socket's own; uvicorn would believe whoever is local
        "timeout_keep_alive": math.ceil(5 * stretch),
        "timeout_graceful_shutdown": math.ceil(3 * stretch),
    }
