"""What a link URL says, and which line it really is. A text that is no link is a LinkError value, no exception."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

EXPECTED = (
    "expected serial:///dev/…, rfc2217://host:port (both with ?baud=N to override the driver's speed) "
    "or socket://host:port, each with ?receive_only=1 where pumpd must never send a byte"
)
_SWITCH = {"1": True, "0": False}


@dataclass(frozen=True, slots=True)
class SerialLink:
    """A serial port; baud None: the driver's own. receive_only: a tap beside another host, on which nothing is sent."""

    path: str
    baud: int | None = None
    receive_only: bool = False

    def __str__(self) -> str:
        return f"serial://{self.path}{_query(self.baud, self.receive_only)}"


@dataclass(frozen=True, slots=True)
class SocketLink:
    """A TCP port that carries the device's bytes and nothing else, for example of a serial server in raw mode."""

    host: str
    port: int
    receive_only: bool = False

    def __str__(self) -> str:
        return f"socket://{_address(self.host, self.port)}{_query(None, self.receive_only)}"


@dataclass(frozen=True, slots=True)
class ServerLink:
    """A serial server's port spoken to by RFC 2217, which sets its speed, data bits and parity."""

    host: str
    port: int
    baud: int | None = None
    receive_only: bool = False

    def __str__(self) -> str:
        return f"rfc2217://{_address(self.host, self.port)}{_query(self.baud, self.receive_only)}"


LinkSpec = SerialLink | SocketLink | ServerLink


@dataclass(frozen=True, slots=True)
class LinkError:
    """Why a text is not a link, in words for the person who wrote it."""

    message: str


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _query(baud: int | None, receive_only: bool) -> str:
    options = [*([f"baud={baud}"] if baud else []), *(["receive_only=1"] if receive_only else [])]
    return f"?{'&'.join(options)}" if options else ""


def parse_link(url: str) -> LinkSpec | LinkError:
    """serial:///dev/…, rfc2217://host:port or socket://host:port, with options (EXPECTED).

    A serial path is taken as written (no %-decoding).
    """
    scheme, mark, rest = url.partition(":")
    if mark and scheme == "hl7":
        return LinkError(f'"{url}" is a device behind HL7: it has no line of its own; {EXPECTED}')
    try:
        if url.startswith("serial://"):
            return _serial(url, rest.removeprefix("//"))
        if url.startswith(("socket://", "rfc2217://")):
            return _network(url, scheme)
    except ValueError as error:
        return LinkError(str(error))
    return LinkError(f'"{url}" is no link; {EXPECTED}')


def _serial(url: str, rest: str) -> SerialLink:
    path, _, query = rest.partition("?")
    if not path.startswith("/") or path.endswith("/"):
        raise ValueError(f'"{url}" names no port: three slashes and the full path; {EXPECTED}')
    options = _options(url, query, ("baud", "receive_only"))
    return SerialLink(path, _baud(url, options), _receive_only(url, options))


def _network(url: str, scheme: str) -> SocketLink | ServerLink:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f'"{url}" is no link: {error}; {EXPECTED}') from None
    if not host or not port or parts.path or parts.username is not None:
        raise ValueError(f'"{url}" needs exactly a host and a port; {EXPECTED}')
    if scheme == "socket":
        return SocketLink(host, port, _receive_only(url, _options(url, parts.query, ("receive_only",))))
    options = _options(url, parts.query, ("baud", "receive_only"))
    return ServerLink(host, port, _baud(url, options), _receive_only(url, options))


def _options(url: str, query: str, known: tuple[str, ...]) -> dict[str, str]:
    options = parse_qs(query, keep_blank_values=True)
    unknown = [key for key in options if key not in known]
    if unknown:
        raise ValueError(f'"{url}" has an unknown option "{unknown[0]}"; known: {", ".join(known)}')
    return {key: values[-1] for key, values in options.items()}


def _baud(url: str, options: Mapping[str, str]) -> int | None:
    baud = options.get("baud")
    if baud is None:
        return None
    if not (baud.isascii() and baud.isdigit() and 0 < int(baud) < 2**32):
        raise ValueError(f'"{url}": baud must be a whole number above 0, not "{baud}"')
    return int(baud)


def _receive_only(url: str, options: Mapping[str, str]) -> bool:
    value = options.get("receive_only", "0")
    if value not in _SWITCH:
        raise ValueError(f'"{url}": receive_only must be 1 (never send a byte) or 0, not "{value}"')
    return _SWITCH[value]


def line_of(link: LinkSpec) -> str:
    """The physical line behind a link, the same text for two spellings of one line. Looks symlinks up on the disk."""
    if isinstance(link, SerialLink):
        return f"serial:{os.path.realpath(link.path)}"  # a by-id symlink and the port it points to are one line
    host = "127.0.0.1" if link.host in ("localhost", "::1") else link.host
    return f"socket:{host}:{link.port}"  # one TCP port is one line, however it is spoken to


def is_tap(url: str) -> bool:
    """Whether the link's URL says that nothing may ever be sent; False for a text that is no link."""
    spec = parse_link(url)
    return not isinstance(spec, LinkError) and spec.receive_only


def driver_options(link: str, options: Mapping[str, str]) -> dict[str, str]:
    """The driver's options with the link's ?baud= among them: a driver must not try speeds that the line never has."""
    spec = parse_link(link)
    if isinstance(spec, SerialLink | ServerLink) and spec.baud is not None:
        return {**options, "baud": str(spec.baud)}
    return dict(options)
