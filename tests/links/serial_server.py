"""A real RFC 2217 server that is not ours: pyserial's PortManager between a TCP port and a pty, in its own thread."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from pathlib import Path
from typing import Any

from serial.rfc2217 import PortManager

WAIT_S = 0.05


class PortOfServer:
    """The serial port that PortManager drives. A pty keeps neither parity nor handshake lines, so they are kept here.

    A setting to a value in `refuses` fails as pyserial's does, and stays as it was.
    """

    def __init__(self, path: Path, refuses: dict[str, object]) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self._refuses = refuses
        self._values: dict[str, Any] = {
            "baudrate": 1200,
            "bytesize": 5,
            "parity": "O",
            "stopbits": 2,
            "xonxoff": True,
            "rtscts": False,
            "dtr": None,
            "rts": None,
        }
        self.purged: list[str] = []
        self.cts = self.dsr = self.cd = True
        self.ri = False

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        values = self.__dict__.get("_values", {})
        if name not in values:
            super().__setattr__(name, value)
        elif self._refuses.get(name) == value:
            raise ValueError(f"{name} {value}")
        else:
            values[name] = value

    def reset_input_buffer(self) -> None:
        self.purged.append("received")

    def reset_output_buffer(self) -> None:
        self.purged.append("to be sent")


class SerialServer:
    """Serves one connection at a time, as Moxa's and Digi's do. `settings` are those of the present port."""

    def __init__(self, device: Path, refuses: dict[str, object] | None = None) -> None:
        self._device = device
        self._refuses = refuses or {}
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.settings: PortOfServer | None = None
        self.raw = b""  # everything that the client sent, Telnet and all
        self._connection: socket.socket | None = None
        self._manager: PortManager | None = None
        self._write_lock = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def notify(self, number: int) -> None:
        """Says to the client what no setting asked for, for example FLOWCONTROL-SUSPEND."""
        assert self._manager is not None
        self._manager.rfc2217_send_subnegotiation(bytes((number,)))

    def hang_up(self) -> None:
        """Cuts the connection, as a server that restarts does."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closing = True
        self.hang_up()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        self._listening.settimeout(WAIT_S)
        while not self._closing:
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            with connection:
                self._connection = connection
                self._carry(connection)

    def _carry(self, connection: socket.socket) -> None:
        port = PortOfServer(self._device, self._refuses)
        self.settings = port
        try:
            self._manager = manager = PortManager(port, self)  # it speaks at once
            while not self._closing:
                readable, _, _ = select.select([connection, port.fd], [], [], WAIT_S)
                if connection in readable:
                    data = connection.recv(1024)
                    if not data:
                        return
                    self.raw += data
                    os.write(port.fd, b"".join(manager.filter(data)))
                if port.fd in readable:
                    self.write(b"".join(manager.escape(os.read(port.fd, 1024))))
        except OSError:
            return  # the connection or the device is gone
        finally:
            os.close(port.fd)

    def write(self, data: bytes) -> None:
        """To the client; PortManager calls it for its own words."""
        assert self._connection is not None
        with self._write_lock:
            self._connection.sendall(data)
