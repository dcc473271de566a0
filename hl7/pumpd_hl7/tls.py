"""Mutually authenticated TLS, 1.2 at the least. Files that were exchanged are taken for the next connection."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import structlog

from pumpd.gateways import Tls

log = structlog.get_logger(__name__)

Changed = tuple[int, ...]


def client_context(files: Tls) -> ssl.SSLContext:
    """For one connection to a destination: its name is checked, and its certificate against `authorities`.

    Raises OSError (ssl.SSLError) for files that are missing or do not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _filled(context, files)


def server_context(files: Tls) -> ssl.SSLContext:
    """For a listener: who connects must show a certificate of `authorities`. Renewed files count at the next handshake;
    while they do not fit those of before go on. Raises OSError for files that are missing or do not fit now.
    """
    current, seen = _server_context(files), _changed(files)

    def on_hello(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        nonlocal current, seen
        now = _changed(files)
        if now != seen:
            seen = now
            try:
                current = _server_context(files)
            except OSError as error:
                log.warning("hl7_certificates_not_renewed", why=str(error), certificate=files.certificate)
        connection.context = current

    first = _server_context(files)
    first.sni_callback = on_hello
    return first


def names_of(connection: ssl.SSLObject | None) -> tuple[str, ...]:
    """What the other side's certificate may be known by: its DNS names and CN in small letters, its digest last.

    Empty without TLS, where there is no certificate.
    """
    raw = None if connection is None else connection.getpeercert(binary_form=True)
    if connection is None or raw is None:
        return ()
    said: Mapping[str, Any] = connection.getpeercert() or {}
    names = [value for kind, value in said.get("subjectAltName", ()) if kind == "DNS"]
    names += [value for part in said.get("subject", ()) for key, value in part if key == "commonName"]
    return (*(name.lower() for name in names), f"sha256:{sha256(raw).hexdigest()}")


def _server_context(files: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return _filled(context, files)


def _filled(context: ssl.SSLContext, files: Tls) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(files.authorities)
    return context


def _changed(files: Tls) -> Changed:
    """When and how the files were last written."""
    found: list[int] = []
    for path in (files.certificate, files.key, files.authorities):
        try:
            status = os.stat(path)
        except OSError:  # in the middle of being exchanged
            found += (0, 0)
        else:
            found += (status.st_mtime_ns, status.st_ino)
    return tuple(found)
