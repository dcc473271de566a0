"""Real ends of real lines for simulated devices: a pty behind a symlink, a TCP server, a serial port.

Plugging and unplugging is synchronous, so that a script can say exactly when a cable left. Bytes that nobody can
take are lost, as on a serial line: a simulated device never waits for its host.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

Heard = Callable[[bytes], None]
CHUNK = 4096


class Endpoint(Protocol):
    """Where a simulated device is plugged in. `url` is what a ward file would name."""

    @property
    def url(self) -> str: ...
    @property
    def plugged(self) -> bool: ...
    def open(self, heard: Heard) -> None:
        """Plug in for the first time; heard is called with every chunk from the host. Needs a running loop."""
        ...

    def write(self, data: bytes) -> None: ...
    def unplug(self) -> None: ...
    def replug(self) -> None: ...
    def close(self) -> None:
        """Unplug for good."""
        ...

    def line_baud(self) -> int | None:
        """The speed the host has set, where the line knows one."""
        ...


def _no_one(_: bytes) -> None:
    """Heard before open: nobody listens."""


def _read_chunk(fd: int) -> bytes | None:
    """Bytes, b"" at the end of the line, None when there is nothing yet."""
    try:
        return os.read(fd, CHUNK)
    except BlockingIOError:
        return None
    except OSError:  # EIO: the other side of a pty, or a USB adapter, has gone
        return b""


class PtyEndpoint:
    """A symlink to a fresh /dev/pts/N per plug-in.

    Our own descriptor of the slave stays open, so that a host may come and go without a hang-up on the master;
    unplug() closes the master, which is a hang-up for the host.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heard: Heard = _no_one
        self._master = self._slave = -1

    @property
    def url(self) -> str:
        return f"serial://{quote(str(self.path))}"

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    def open(self, heard: Heard) -> None:
        self._heard = heard
        self.replug()

    def replug(self) -> None:
        if self.plugged:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._link_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def _link_to(self, target: str) -> None:
        """Replace the symlink in one step, so that a host never sees a half-made one."""
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self.path)

    def unplug(self) -> None:
        if not self.plugged:
            return
        self.path.unlink(missing_ok=True)
        asyncio.get_running_loop().remove_reader(self._master)
        master, slave, self._master, self._slave = self._master, self._slave, -1, -1
        os.close(master)
        os.close(slave)

    def close(self) -> None:
        self.unplug()

    def _readable(self) -> None:
        data = _read_chunk(self._master)
        if data:
            self._heard(data)
        elif data == b"":
            self.unplug()

    def write(self, data: bytes) -> None:
        if not self.plugged:
            return
        try:
            os.write(self._master, data)
        except BlockingIOError:  # nobody reads: let the oldest go, as a full UART would
            termios.tcflush(self._slave, termios.TCIFLUSH)
        except OSError:
            self.unplug()

    def line_baud(self) -> int | None:
        return BAUDS.get(termios.tcgetattr(self._slave)[4]) if self.plugged else None


BAUDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
    if hasattr(termios, f"B{baud}")
}


class TcpEndpoint:
    """A server on 127.0.0.1 with any number of clients; its port stays reserved while it is unplugged."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._heard: Heard = _no_one
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
        data = _read_chunk(client.fileno())
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


class SerialEndpoint:
    """A serial port of this machine, so that a simulated device can sit at the far end of a real cable."""

    def __init__(self, path: str, baud: int) -> None:
        self._path = path
        self._baud = baud
        self._heard: Heard = _no_one
        self._fd = -1

    @property
    def url(self) -> str:
        return f"serial://{self._path}"

    @property
    def plugged(self) -> bool:
        return self._fd >= 0

    def open(self, heard: Heard) -> None:
        """Raises OSError when the port cannot be opened, ValueError for a speed it does not have."""
        self._heard = heard
        self.replug()

    def replug(self) -> None:
        if self.plugged:
            return
        speed = getattr(termios, f"B{self._baud}", None)
        if speed is None:
            raise ValueError(f"{self._baud} baud is not a speed of serial ports here")
        self._fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        attributes = termios.tcgetattr(self._fd)
        attributes[2] |= termios.CLOCAL | termios.CREAD
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(self._fd, termios.TCSANOW, attributes)
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def unplug(self) -> None:
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        fd, self._fd = self._fd, -1
        os.close(fd)

    def close(self) -> None:
        self.unplug()

    def _readable(self) -> None:
        data = _read_chunk(self._fd)
        if data:
            self._heard(data)
        elif data == b"":
            self.unplug()

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            if self.plugged:
                os.write(self._fd, data)

    def line_baud(self) -> int | None:
        return None
