"""What a link URL says. Values only: a URL that cannot be understood is a LinkError, not an exception."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class SerialLink:
    """A serial port; baud None: the driver's own."""

    path: str
    baud: int | None = None

    def __str__(self) -> str:
        return f"serial://{self.path}" + (f"?baud={self.baud}" if self.baud else "")


@dataclass(frozen=True, slots=True)
class SocketLink:
    """A TCP port that carries the device's bytes, for example of a serial server."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"socket://[{self.host}]:{self.port}" if ":" in self.host else f"socket://{self.host}:{self.port}"


LinkSpec = SerialLink | SocketLink


@dataclass(frozen=True, slots=True)
class LinkError:
    """Why a URL is not a link, in words for the person who wrote it."""

    message: str


def parse_link(url: str) -> LinkSpec | LinkError:
    """serial:///dev/ttyUSB0[?baud=9600] or socket://host:port. A serial path is taken as written (no %-decoding)."""
    scheme, mark, rest = url.partition("://")
    if mark and scheme == "serial":
        return _serial(rest)
    if mark and scheme == "socket":
        return _socket(url)
    return LinkError(f'"{url}" is not a link: expected serial:///dev/... or socket://host:port')


def _serial(rest: str) -> SerialLink | LinkError:
    path, _, query = rest.partition("?")
    if not path.startswith("/"):
        return LinkError(f'"serial://{rest}": the device needs its full path, as in serial:///dev/ttyUSB0')
    options = parse_qs(query, keep_blank_values=True)
    unknown = [key for key in options if key != "baud"]
    if unknown:
        return LinkError(f'"serial://{rest}": unknown option "{unknown[0]}", only baud is known')
    if "baud" not in options:
        return SerialLink(path)
    baud = options["baud"][-1]
    if not (baud.isascii() and baud.isdigit() and int(baud)):
        return LinkError(f'"serial://{rest}": baud must be a whole number above 0, not "{baud}"')
    return SerialLink(path, int(baud))


def _socket(url: str) -> SocketLink | LinkError:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return LinkError(f'"{url}": the port must be a number from 1 to 65535')
    if not host or not port or parts.path or parts.query:
        return LinkError(f'"{url}": expected socket://host:port and nothing more')
    return SocketLink(host, port)
