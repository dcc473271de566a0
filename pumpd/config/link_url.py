"""Checks the link of a device and says which line it really is, so that no two devices share one."""

from __future__ import annotations

import os.path
from urllib.parse import parse_qsl, urlsplit

EXPECTED = "expected serial:///dev/… (with ?baud=N to override the driver's speed) or socket://host:port"
_LATER = {"rfc2217": "rfc2217:// links", "hl7": "devices behind an HL7 gateway"}


class LinkError(ValueError):
    """The text is no usable link; the message says what was expected."""


def line_of(link: str) -> str:
    """The physical line behind a link, the same text for two spellings of one line. Raises LinkError."""
    scheme, mark, rest = link.partition(":")
    if mark and scheme in _LATER:
        raise LinkError(f"{_LATER[scheme]} are not available in this version; {EXPECTED}")
    if link.startswith("serial://"):
        return _serial_line(link, rest.removeprefix("//"))
    if link.startswith("socket://"):
        return _socket_line(link)
    raise LinkError(f'"{link}" is no link; {EXPECTED}')


def _serial_line(link: str, rest: str) -> str:
    # taken as written: a path may hold characters that a web address may not
    path, _, query = rest.partition("?")
    if not path.startswith("/") or path.endswith("/"):
        raise LinkError(f'"{link}" names no port: three slashes and the full path; {EXPECTED}')
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - {"baud"})
    if unknown:
        raise LinkError(f'"{link}" has an unknown option "{unknown[0]}"; known: baud')
    baud = options.get("baud", "1")
    if not (baud.isascii() and baud.isdigit() and int(baud) > 0):
        raise LinkError(f'baud "{baud}" is no speed in bits per second')
    # a by-id symlink and the port it points to are one line
    return f"serial:{os.path.realpath(path)}"


def _socket_line(link: str) -> str:
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise LinkError(f'"{link}" is no link: {error}; {EXPECTED}') from None
    if not host or not port or parts.path or parts.query:
        raise LinkError(f'"{link}" needs exactly a host and a port; {EXPECTED}')
    return f"socket:{'127.0.0.1' if host in ('localhost', '::1') else host}:{port}"
