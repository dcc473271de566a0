"""How a line is opened, and why it could not be: a file descriptor that never blocks, or a Trouble in words.

pyserial opens and configures a serial port exclusively. What it keeps open besides the port (four pipe ends, which
200 lines could not afford) is closed again; the port's own descriptor is duplicated and goes on alone.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import termios
from dataclasses import dataclass
from enum import StrEnum

import serial

from pumpd.config.link_url import SerialLink, ServerLink, SocketLink
from pumpd.config.model import LinkTimes
from pumpd.device.info import Line as LineSettings
from pumpd.device.info import Parity


class Reason(StrEnum):
    """Why a line is down, as screens show it."""

    ABSENT = "absent"
    BUSY = "busy"
    DENIED = "permission denied"
    NOT_A_PORT = "not a serial port"
    REFUSED = "connection refused"
    UNREACHABLE = "unreachable"
    UNPLUGGED = "unplugged"
    RESET = "connection lost"
    NOT_SET = "serial port not set up"
    SILENT = "silent"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A line that is down: the reason, and what the system said."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)


_REASONS = {
    errno.ENOENT: Reason.ABSENT,
    errno.ENODEV: Reason.ABSENT,
    errno.ENXIO: Reason.ABSENT,
    errno.EBUSY: Reason.BUSY,
    errno.EAGAIN: Reason.BUSY,  # flock of a port that another program holds
    errno.EACCES: Reason.DENIED,
    errno.EPERM: Reason.DENIED,
    errno.EISDIR: Reason.NOT_A_PORT,
    errno.ENOTTY: Reason.NOT_A_PORT,
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.EIO: Reason.UNPLUGGED,
    errno.ECONNRESET: Reason.RESET,
    errno.EPIPE: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
}

PTY_MAJORS = range(136, 144)
"""Unix98 pty slaves (Linux Documentation/admin-guide/devices.txt)."""

KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S, KEEPALIVE_COUNT = 5, 2, 3
"""A dead TCP peer is known after 11 s even where the driver would wait longer."""


def trouble_of(error: OSError, otherwise: Reason) -> Trouble:
    """The Trouble that an OSError stands for; `otherwise` where its number tells nothing."""
    reason = _REASONS.get(error.errno or 0, otherwise)
    return Trouble(reason, os.strerror(error.errno) if error.errno and error.errno > 0 else str(error))


def open_serial(link: SerialLink, line: LineSettings) -> int | Trouble:
    """A configured, exclusively locked, non-blocking descriptor. Blocks: call it in an executor."""
    try:
        port = _configured(link, line)
    except OSError as error:  # SerialException is one
        return trouble_of(error, Reason.NOT_A_PORT)
    except (termios.error, ValueError) as error:
        return Trouble(Reason.NOT_A_PORT, str(error))
    try:
        return _bare(port)
    except (OSError, termios.error) as error:
        return Trouble(Reason.UNPLUGGED, str(error))
    finally:
        port.close()


def _configured(link: SerialLink, line: LineSettings) -> serial.Serial:
    # A pty drops parity and 7 data bits; asking for them again fails with EINVAL on every later open
    # (pyserial issue 196), so they are never asked for there.
    plain = os.major(os.stat(link.path).st_rdev) in PTY_MAJORS
    port = serial.Serial(
        None,  # the handshake lines are chosen before it opens, so that none is raised for a moment by us
        baudrate=link.baud or line.bauds[0],
        bytesize=8 if plain else line.data_bits,
        parity=Parity.NONE.value if plain else line.parity.value,
        stopbits=line.stop_bits,
        rtscts=line.rtscts and not link.receive_only,
        timeout=0,
        # flock, not TIOCEXCL: after a kill -9 the port must open again although the other end of a pty lives on
        exclusive=True,
    )
    port.dtr = line.dtr and not link.receive_only
    port.rts = line.rts and not link.receive_only
    port.port = link.path
    port.open()
    return port


def _bare(port: serial.Serial) -> int:
    """The port's descriptor without pyserial; the lock belongs to the open file and stays."""
    fd = os.dup(port.fileno())
    try:
        attributes = termios.tcgetattr(fd)
        # pyserial leaves VMIN 0, where "nothing to read" and "hung up" both read as no bytes
        attributes[6][termios.VMIN] = 1
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        os.set_blocking(fd, False)
    except BaseException:
        os.close(fd)
        raise
    return fd


def set_speed(fd: int, baud: int) -> bool:
    """Another baud from now on; False when the system does not know it. May block on USB adapters."""
    speed = getattr(termios, f"B{baud}", None)
    if speed is None:
        return False
    try:
        attributes = termios.tcgetattr(fd)
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(fd, termios.TCSADRAIN, attributes)
    except termios.error:
        return False
    return True


async def open_socket(link: SocketLink | ServerLink, times: LinkTimes) -> int | Trouble:
    """A connected, non-blocking descriptor with Nagle off and keepalive on."""
    try:
        async with asyncio.timeout(times.connect_timeout_ms / 1000):
            return await _connected(link)
    except TimeoutError:
        return Trouble(Reason.UNREACHABLE, f"no connection within {times.connect_timeout_ms / 1000:g} s")
    except OSError as error:
        return trouble_of(error, Reason.UNREACHABLE)


async def _connected(link: SocketLink | ServerLink) -> int:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(link.host, link.port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (
            ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
            ("TCP_KEEPINTVL", KEEPALIVE_EVERY_S),
            ("TCP_KEEPCNT", KEEPALIVE_COUNT),
        ):
            if hasattr(socket, name):  # Linux names; elsewhere the system's own times hold
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        await loop.sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection.detach()
