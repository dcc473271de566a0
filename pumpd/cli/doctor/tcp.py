"""A line that is a TCP port of a serial server or a device: tried, unless somebody here has it. Nothing is sent."""

from __future__ import annotations

import socket
import time

from pumpd.cli.doctor.finding import Finding, fail, ok, warn
from pumpd.links.callers import callers

CONNECT_S = 3.0
HANG_UP_S = 0.3
"""A serial server that has a caller already hangs up at once."""
HELD = "such a port takes one caller only, so it is not called"


def line(area: str, host: str, port: int, *, call: bool = True) -> Finding:
    """call False: it is only looked up."""
    try:
        address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        return fail(area, f"{host} is not found: {error.strerror}", "use an address, or put the name into /etc/hosts")
    place = f"{host}:{port}" if host == address else f"{host}:{port} ({address})"
    if held := callers(address.partition("%")[0], port):
        return ok(area, f"{place} is held by {', '.join(map(_who, held))} on this machine; {HELD}")
    if not call:
        return ok(area, f"{place} is not called; calling would keep everybody else out for a moment")
    return _called(area, place, address, port)


def _who(holder: object) -> str:
    return str(holder).replace(" (pid 0)", " of another user")


def _called(area: str, place: str, address: str, port: int) -> Finding:
    began = time.perf_counter()
    try:
        with socket.create_connection((address, port), CONNECT_S) as open_line:
            took_ms = (time.perf_counter() - began) * 1000
            open_line.settimeout(HANG_UP_S)
            left_open = _stays(open_line)
    except TimeoutError:
        return fail(area, f"{place} does not answer within {CONNECT_S:.0f} s", "switched on? the cable, the network?")
    except OSError as error:
        todo = "the port's number? in raw TCP mode? or another machine has it: such a port takes one caller only"
        return fail(area, f"{place}: {error.strerror or error}", todo)
    if not left_open:
        return warn(area, f"{place} hangs up at once", "another machine has it? end that: it takes one caller only")
    return ok(area, f"{place} answers in {took_ms:.0f} ms; nothing was sent, and for that moment nobody else had it")


def _stays(line_: socket.socket) -> bool:
    """False: the other side closed it. What it says meanwhile is left unread."""
    try:
        return line_.recv(1, socket.MSG_PEEK) != b""
    except TimeoutError:
        return True
