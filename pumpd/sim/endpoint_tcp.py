"""A TCP server as the end of a line, as serial-to-network converters and network monitors offer it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from pumpd.sim.endpoint import Heard, no_one, read_chunk


class TcpEndpoint:
    """A server on 127.0.0.1 with any number of clients; its port stays reserved while it is unplugged."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._heard: Heard = no_one
        self._host = host
        self._server = self._bound(port)
        self.port: int = self._server.getsockname()[1]
        self._clients: set[socket.socket] = set()
        self._listening = False
        self._mute = False

    def _bound(self, port: int) -> socket.socket:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setblocking(False)
        server.bind((self._host, port))
        return server

    @property
    def url(self) -> str:
        return f"socket://{self._host}:{self.port}"

    @property
    def plugged(self) -> bool:
        return self._listening

    def open(self, heard: Heard) -> None:
        self._heard = heard
        self.replug()

    def replug(self) -> None:
        if self._mute:
            self.unplug()
        if self._listening:
            return
        self._server.listen()
        self._listening = True
        asyncio.get_running_loop().add_reader(self._server.fileno(), self._accept)

    def unplug(self) -> None:
        """Close the server and every connection; a client that comes now is refused."""
        if not self._listening:
            return
        self._listening = self._mute = False
        asyncio.get_running_loop().remove_reader(self._server.fileno())
        self._server.close()
        for client in tuple(self._clients):
            self._drop(client)
        self._server = self._bound(self.port)

    def half_open(self) -> None:
        """Neither answer nor read nor close: a pulled plug behind a converter. Ended by replug or unplug."""
        if not self._listening:
            return
        self._mute = True
        loop = asyncio.get_running_loop()
        for sock in (self._server, *self._clients):
            loop.remove_reader(sock.fileno())

    def close(self) -> None:
        """Give the port back."""
        self.unplug()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            client, _ = self._server.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients.add(client)
            asyncio.get_running_loop().add_reader(client.fileno(), self._readable, client)

    def _readable(self, client: socket.socket) -> None:
        data = read_chunk(client.fileno())
        if data:
            self._heard(data)
        elif data == b"":
            self._drop(client)

    def _drop(self, client: socket.socket) -> None:
        self._clients.discard(client)
        asyncio.get_running_loop().remove_reader(client.fileno())
        client.close()

    def write(self, data: bytes) -> None:
        if self._mute:
            return
        for client in tuple(self._clients):
            try:
                client.send(data)
            except BlockingIOError:  # nobody reads: what does not fit is lost
                continue
            except OSError:
                self._drop(client)

    def line_baud(self) -> int | None:
        return None
