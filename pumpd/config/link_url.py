"""What a link URL says, and which line it really is. A text that is no link is a LinkError value, no exception."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

EXPECTED = "expected serial:///dev/… (with ?baud=N to override the driver's speed) or socket://host:port"
_LATER = {"rfc2217": "rfc2217:// links", "hl7": "devices behind an HL7 gateway"}


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
    """Why a text is not a link, in words for the person who wrote it."""

    message: str


def parse_link(url: str) -> LinkSpec | LinkError:
    """serial:///dev/ttyUSB0[?baud=9600] or socket://host:port. A serial path is taken as written (no %-decoding)."""
    scheme, mark, rest = url.partition(":")
    if mark and scheme in _LATER:
        return LinkError(f"{_LATER[scheme]} are not available in this version; {EXPECTED}")
    if url.startswith("serial://"):
        return _serial(url, rest.removeprefix("//"))
    if url.startswith("socket://"):
        return _socket(url)
    return LinkError(f'"{url}" is no link; {EXPECTED}')


def _serial(url: str, rest: str) -> SerialLink | LinkError:
    path, _, query = rest.partition("?")
    if not path.startswith("/") or path.endswith("/"):
        return LinkError(f'"{url}" names no port: three slashes and the full path; {EXPECTED}')
    options = parse_qs(query, keep_blank_values=True)
    unknown = [key for key in options if key != "baud"]
    if unknown:
        return LinkError(f'"{url}" has an unknown option "{unknown[0]}"; known: baud')
    if "baud" not in options:
        return SerialLink(path)
    baud = options["baud"][-1]
    if not (baud.isascii() and baud.isdigit() and int(baud)):
        return LinkError(f'"{url}": baud must be a whole number above 0, not "{baud}"')
    return SerialLink(path, int(baud))


def _socket(url: str) -> SocketLink | LinkError:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return LinkError(f'"{url}" is no link: {error}; {EXPECTED}')
    if not host or not port or parts.path or parts.query:
        return LinkError(f'"{url}" needs exactly a host and a port; {EXPECTED}')
    return SocketLink(host, port)


def line_of(link: LinkSpec) -> str:
    """The physical line behind a link, the same text for two spellings of one line. Looks symlinks up on the disk."""
    if isinstance(link, SerialLink):
        return f"serial:{os.path.realpath(link.path)}"  # a by-id symlink and the port it points to are one line
    host = "127.0.0.1" if link.host in ("localhost", "::1") else link.host
    return f"socket:{host}:{link.port}"


def driver_options(link: str, options: Mapping[str, str]) -> dict[str, str]:
    """The driver's options with the link's ?baud= among them: a driver must not try speeds that the line never has."""
    spec = parse_link(link)
    if isinstance(spec, SerialLink) and spec.baud is not None:
        return {**options, "baud": str(spec.baud)}
    return dict(options)
