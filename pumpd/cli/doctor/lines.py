"""The lines to the devices and the page's own port. No serial line is opened: that alone could make a device talk."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator

from pumpd.cli.doctor import tcp
from pumpd.cli.doctor.finding import Finding, fail, ok, warn
from pumpd.config.hl7 import remote_source
from pumpd.config.link_url import LinkError, SerialLink, parse_link
from pumpd.config.model import DeviceConfig, ServerConfig, WardConfig
from pumpd.links.ports import holders, why_denied

OURS = ("", "pumpd", "python", "python3")  # "": another user's, perhaps the daemon
LASTING = ("/dev/serial/by-id/", "/dev/serial/by-path/", "/dev/pumpd/")


def lines(ward: WardConfig, *, call: bool = True) -> Iterator[Finding]:
    """Every device that has a line here. call: TCP lines that nobody here has are connected to for a moment."""
    for bed in ward.beds:
        for device in bed.devices:
            if remote_source(device.link) is None:
                yield from _line(device, call)


def _line(device: DeviceConfig, call: bool) -> Iterator[Finding]:
    area, link = f"line {device.id}", parse_link(device.link)
    if isinstance(link, LinkError):
        yield fail(area, link.message, "see docs/links.md")
    elif isinstance(link, SerialLink):
        yield from _port(area, link.path)
    else:
        yield tcp.line(area, link.host, link.port, call=call)


def _port(area: str, path: str) -> Iterator[Finding]:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        yield fail(area, f"{path} is not there", "plugged in? `pumpd devices list` names what is")
        return
    if not stat.S_ISCHR(mode):
        yield fail(area, f"{path} is no serial port", "name the port itself")
    elif (why := why_denied(path)) is not None:
        yield fail(area, f"{path}: {why}", "sudo usermod -aG dialout USER, then sign in anew (the service has it)")
    elif not path.startswith(LASTING) and path.startswith("/dev/tty"):
        yield warn(area, f"{path} may be another device after the next boot", "name it by /dev/serial/by-id/...")
    else:
        yield ok(area, path)
    others = [str(one) for one in holders(path) if one.program not in OURS and one.pid != os.getpid()]
    if others:
        yield warn(area, f"{path} is held by {', '.join(others)}", "end it: two readers each get half")


def page(server: ServerConfig) -> Finding:
    """The page's port is free, or pumpd answers there."""
    place = f"{server.host}:{server.port}"
    if server.port == 0:
        return warn("page", "the port changes with every start", "give [server] a port")
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError as error:
            return _taken(place, server, error)
    return ok("page", f"{place} is free")


def _taken(place: str, server: ServerConfig, error: OSError) -> Finding:
    try:
        with socket.create_connection((server.host, server.port), 2):
            return ok("page", f"{place}: somebody answers there (the daemon, if it runs)")
    except OSError:
        return fail("page", f"{place}: {error.strerror}", "give [server] this machine's address, and a port from 1024")
