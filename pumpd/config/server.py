"""The ward file's [server] and [access] tables: who can reach the page, encrypted or not; where secrets are kept."""

from __future__ import annotations

import ipaddress
import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pumpd.config.model import ServerConfig, ServerTls
from pumpd.config.problems import Problem
from pumpd.config.read import Source
from pumpd.config.ward_checks import is_loopback
from pumpd.config.ward_file import ServerTable

_SQLITE = "sqlite+aiosqlite:///"
_OTHERS = Path("var")
"""Where secrets go beside a journal that is no file here (PostgreSQL)."""


class WithServer(Protocol):
    """The file of a ward, or of a hub."""

    @property
    def server(self) -> ServerTable: ...


def server_problems(file: WithServer, source: Source, folder: Path) -> list[Problem]:
    """What is wrong with [server]. folder: of the ward file."""
    server = file.server
    return [*_certificate(server, source, folder), *_reach(server, source), *_proxies(server, source)]


def _certificate(server: ServerTable, source: Source, folder: Path) -> Iterator[Problem]:
    given = {"tls_certificate": server.tls_certificate, "tls_key": server.tls_key}
    missing = [key for key, name in given.items() if name is None]
    if len(missing) == 1:
        yield source.problem(("server", missing[0]), "a certificate and its key go together; give both")
        return
    files = [(key, folder / name) for key, name in given.items() if name is not None]
    gone = [key for key, path in files if not path.is_file()]
    for key, path in files:
        if key in gone:
            yield source.problem(("server", key), f'there is no file "{path}"')
    if len(files) == len(given) and not gone:
        yield from _unfit(files[0][1], files[1][1], source)


def _unfit(certificate: Path, key: Path, source: Source) -> Iterator[Problem]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        message = f"certificate and key do not fit together or cannot be read: {error} (PEM, no pass phrase)"
        yield source.problem(("server", "tls_certificate"), message)


def _reach(server: ServerTable, source: Source) -> Iterator[Problem]:
    encrypted = server.tls_certificate is not None or server.tls_key is not None
    if encrypted and server.behind_tls_proxy:
        message = "a proxy ends the encryption, or this server does: leave tls_certificate and tls_key out"
        yield source.problem(("server", "behind_tls_proxy"), message)
    if not is_loopback(server.host) and not encrypted and not server.behind_tls_proxy:
        message = (
            f'"{server.host}" can be reached from other machines, and passwords would go there in clear text: give '
            "tls_certificate and tls_key, or write behind_tls_proxy = true where a proxy encrypts, or use 127.0.0.1"
        )
        yield source.problem(("server", "host"), message)


def _proxies(server: ServerTable, source: Source) -> Iterator[Problem]:
    if server.proxies and not server.behind_tls_proxy:
        yield source.problem(("server", "proxies"), "nobody is believed without behind_tls_proxy = true")
    for at, address in enumerate(server.proxies):
        try:
            ipaddress.ip_address(address)
        except ValueError:
            message = f'expected an address such as "10.0.0.2", found "{address}"'
            yield source.problem(("server", "proxies", at), message)


def server_warnings(file: WithServer, source: Source, folder: Path) -> list[Problem]:
    """What may run but a person should know."""
    server, found = file.server, list[Problem]()
    if server.behind_tls_proxy and not is_loopback(server.host):
        message = "whoever reaches this address beside the proxy is not encrypted: let only the proxy through"
        found.append(source.problem(("server", "behind_tls_proxy"), message))
    if server.tls_key is not None and (folder / server.tls_key).is_file():
        mode = stat.S_IMODE(os.stat(folder / server.tls_key).st_mode)
        if mode & 0o077:
            message = f"the key can be read by others than the daemon's user (mode {mode:04o}): chmod 600"
            found.append(source.problem(("server", "tls_key"), message))
    return found


def server_config(server: ServerTable, folder: Path) -> ServerConfig:
    """Of a table without problems."""
    tls = None
    if server.tls_certificate is not None and server.tls_key is not None:
        tls = ServerTls(str(folder / server.tls_certificate), str(folder / server.tls_key))
    proxies = tuple(server.proxies) or (("127.0.0.1", "::1") if server.behind_tls_proxy else ())
    return ServerConfig(server.host, server.port, tuple(server.allowed_origins), tls, proxies)


def access_folder(directory: str | None, journal_url: str) -> Path:
    """Where the site's key and the set-up token are: beside the journal's file, unless the ward file says where."""
    if directory is not None:
        return Path(directory)
    if not journal_url.startswith("sqlite"):
        return _OTHERS
    return Path(journal_url.removeprefix(_SQLITE).partition("?")[0]).parent
