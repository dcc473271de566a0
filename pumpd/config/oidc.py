"""The [access.oidc] table: what does not fit together, and what sign-in takes of it."""

from __future__ import annotations

import importlib.util
import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pumpd.access.provider import ProviderSettings
from pumpd.access.roles import Role
from pumpd.config.oidc_file import OidcTable
from pumpd.config.problems import Problem
from pumpd.config.read import Source
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.ward_checks import is_loopback
from pumpd.config.ward_file import WardFile

AT: KeyPath = ("access", "oidc")
MODULES = ("authlib", "joserfc", "httpx")
CREDENTIALS = "CREDENTIALS_DIRECTORY"


def oidc_problems(file: WardFile, source: Source, folder: Path) -> list[Problem]:
    """Everything that is wrong with the table. folder: of the ward file."""
    table = file.access.oidc
    if table is None:
        return []
    checks = (_extra(source), _issuer(table, source), _words(table, source), _secret(table, source, folder))
    return [problem for check in (*checks, _authorities(table, source, folder)) for problem in check]


def _extra(source: Source) -> Iterator[Problem]:
    missing = [name for name in MODULES if importlib.util.find_spec(name) is None]
    if missing:
        message = f"sign-in by an identity provider needs {', '.join(missing)}: pip install 'pumpd[oidc]'"
        yield source.problem(AT, message)


def _issuer(table: OidcTable, source: Source) -> Iterator[Problem]:
    at, expected = (*AT, "issuer"), 'expected "https://host" with a path where it has one'
    try:
        parts = urlsplit(table.issuer)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        yield source.problem(at, f'"{table.issuer}" is no address: {error}; {expected}')
        return
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        yield source.problem(at, f'"{table.issuer}" is no issuer; {expected}')
    elif parts.scheme == "http" and not is_loopback(host):
        yield source.problem(at, "not encrypted: whoever is on the way could sign in as anybody; use https://")


def _words(table: OidcTable, source: Source) -> Iterator[Problem]:
    if "openid" not in table.scopes:
        yield source.problem((*AT, "scopes"), 'without "openid" the provider does not say who somebody is')
    for group, roles in table.roles.items():
        if not roles:
            yield source.problem((*AT, "roles", group), "a group gives a role; leave it out where it gives none")


def _secret(table: OidcTable, source: Source, folder: Path) -> Iterator[Problem]:
    if table.client_secret_file is not None and table.client_secret_credential is not None:
        message = "a secret has one place: client_secret_file or client_secret_credential"
        yield source.problem((*AT, "client_secret_credential"), message)
        return
    for key in ("client_secret_file", "client_secret_credential"):
        file = _named(table, key, folder)
        if file is None:
            continue
        if not file.is_file():
            yield source.problem((*AT, key), f"there is no file {file}")
        elif not file.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip():
            yield source.problem((*AT, key), f"the first line of {file} is empty")


def _named(table: OidcTable, key: str, folder: Path) -> Path | None:
    """The secret's file by that key; None: not given, or a credential that only the service itself is given."""
    name = getattr(table, key)
    if name is None:
        return None
    if key == "client_secret_file":
        return folder / str(name)
    given = os.environ.get(CREDENTIALS)
    return Path(given) / str(name) if given else None


def _authorities(table: OidcTable, source: Source, folder: Path) -> Iterator[Problem]:
    if table.authorities is None:
        return
    file = folder / table.authorities
    if not file.is_file():
        yield source.problem((*AT, "authorities"), f"there is no file {file}")
        return
    try:
        ssl.create_default_context(cafile=file)
    except (ssl.SSLError, OSError, ValueError) as error:
        yield source.problem((*AT, "authorities"), f"cannot be read as certificates (PEM): {error}")


def oidc_warnings(file: WardFile, source: Source, folder: Path) -> list[Problem]:
    """What may run but a person should know."""
    table, found = file.access.oidc, list[Problem]()
    if table is None:
        return found
    secret = _named(table, "client_secret_file", folder)
    if secret is not None and secret.is_file() and stat.S_IMODE(os.stat(secret).st_mode) & 0o077:
        message = f"{secret} can be read by others than the daemon's user: chmod 600"
        found.append(source.problem((*AT, "client_secret_file"), message))
    if table.client_secret_credential is not None and CREDENTIALS not in os.environ:
        message = "not started by systemd: whether there is this credential cannot be seen here"
        found.append(source.problem((*AT, "client_secret_credential"), message))
    if any("admin" in roles for roles in table.roles.values()):
        message = "who looks after that group at the provider decides who looks after accounts here"
        found.append(source.problem((*AT, "roles"), message))
    return found


def oidc_settings(table: OidcTable | None, folder: Path) -> ProviderSettings | None:
    """None: people sign in here only."""
    if table is None:
        return None
    secret = _named(table, "client_secret_file", folder) or _named(table, "client_secret_credential", folder)
    if secret is None and table.client_secret_credential is not None:
        secret = Path("/run/credentials") / table.client_secret_credential  # refused at the start: nothing is there
    return ProviderSettings(
        name=table.name,
        issuer=table.issuer,
        client_id=table.client_id,
        secret="" if secret is None else str(secret),
        authorities="" if table.authorities is None else str(folder / table.authorities),
        scopes=tuple(dict.fromkeys(table.scopes)),
        account_claim=table.account_claim,
        name_claim=table.name_claim,
        groups_claim=table.groups_claim,
        roles={group: tuple(map(Role, roles)) for group, roles in table.roles.items()},
    )
