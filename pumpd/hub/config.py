"""The hub's file: every key, what must fit together, and what comes out of it. Reads files once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from pumpd.access.policy import AccessPolicy
from pumpd.config.access import access_policy, access_problems
from pumpd.config.access_file import AccessFile
from pumpd.config.bus import broker_of, broker_problems, broker_warnings
from pumpd.config.bus_file import BrokerTable, TopicId
from pumpd.config.bus_settings import Broker
from pumpd.config.defaults import default_dir
from pumpd.config.fields import Name, Record
from pumpd.config.hl7_file import FilePath
from pumpd.config.model import ServerConfig
from pumpd.config.page_url import page_url
from pumpd.config.problems import Problem
from pumpd.config.read import Parsed, Source, read_record
from pumpd.config.server import access_folder, server_config, server_problems, server_warnings
from pumpd.config.ward_file import ServerTable

POSTGRES = ("postgresql", "postgres")


class HubTable(Record):
    """id: by which brokers and hubs tell this one from others. sites: which hospitals it reads.

    group: hubs of one group share the history's frames between them.
    """

    id: TopicId
    name: Name
    sites: Annotated[list[TopicId], Field(min_length=1)]
    group: TopicId = "pumpd-hub"


class DatabaseTable(Record):
    """PostgreSQL for the history. password_file: its first line. keep_days: of frames; 0: for good."""

    url: Annotated[str, Field(min_length=1, examples=["postgresql://pumpd@db.example/hub"])]
    password_file: FilePath | None = None
    keep_days: Annotated[int, Field(ge=0, le=36_500)] = 90


class OwnTable(Record):
    """Accounts and audit of the hub itself: SQLAlchemy URL, as of a ward's journal."""

    url: Annotated[str, Field(min_length=1)] = "sqlite+aiosqlite:///var/hub.db"


class HubAccessTable(Record):
    """Who may look. directory: of the site's key and the set-up token; default: beside the accounts."""

    file: Annotated[str, Field(min_length=1)] = "access.toml"
    directory: Annotated[str, Field(min_length=1)] | None = None


class KnownWardTable(Record):
    """A ward that is expected, and where its own page is."""

    site: TopicId
    id: TopicId
    name: Name
    page: Annotated[str, Field(min_length=1)] | None = None


class HubFile(Record):
    """The hub's file (schema 1)."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    hub: HubTable
    server: ServerTable = ServerTable()
    mqtt: BrokerTable
    database: DatabaseTable | None = None
    accounts: OwnTable = OwnTable()
    access: HubAccessTable = HubAccessTable()
    ward: list[KnownWardTable] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KnownWard:
    """page: of the ward itself; None: as the ward says, if it does."""

    site: str
    ward: str
    name: str
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Database:
    """password_file: "" where the URL or the server's own rules say who we are."""

    url: str
    password_file: str = ""
    keep_days: int = 90


@dataclass(frozen=True, slots=True)
class HubConfig:
    """database None: no history is kept."""

    id: str
    name: str
    sites: tuple[str, ...]
    group: str
    server: ServerConfig
    broker: Broker
    database: Database | None
    accounts_url: str
    access: AccessPolicy
    access_folder: Path
    wards: tuple[KnownWard, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class LoadedHub:
    """The hub, or None and its problems; warnings are about one that may run."""

    hub: HubConfig | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def load_hub(path: Path) -> LoadedHub:
    """Never raises for any content."""
    parsed = read_record(path, HubFile)
    if isinstance(parsed, list):
        return LoadedHub(None, tuple(parsed))
    folder, file, source = path.parent, parsed.record, parsed.source
    access = _access(file, source, folder)
    problems = [
        *server_problems(file, source, folder),
        *broker_problems(file.mqtt, source, folder),
        *_database_problems(file, source, folder),
        *_ward_problems(file, source),
        *(access if isinstance(access, list) else ()),
    ]
    if problems or isinstance(access, list):
        return LoadedHub(None, tuple(sorted(problems, key=lambda one: (one.file, one.line))))
    warnings = (*server_warnings(file, source, folder), *broker_warnings(file.mqtt, source, folder))
    return LoadedHub(_hub(parsed, folder, access), (), warnings)


def _access(file: HubFile, source: Source, folder: Path) -> AccessPolicy | list[Problem]:
    name = file.access.file
    found = next((path for path in (folder / name, default_dir() / name) if path.is_file()), None)
    if found is None:
        return [source.problem(("access", "file"), f'there is no file "{name}" in {folder} or {default_dir()}')]
    parsed = read_record(found, AccessFile)
    if isinstance(parsed, list):
        return parsed
    return access_problems(parsed) or access_policy(parsed.record)


def _database_problems(file: HubFile, source: Source, folder: Path) -> Iterator[Problem]:
    table = file.database
    if table is None:
        return
    try:
        parts = urlsplit(table.url)
        scheme, password = parts.scheme, parts.password
    except ValueError as error:
        yield source.problem(("database", "url"), f"is no address: {error}")
        return
    if scheme not in POSTGRES:
        yield source.problem(("database", "url"), f'expected postgresql://user@host/database, found "{scheme}://"')
    if password is not None:
        yield source.problem(("database", "url"), "a password has no place in the address: write password_file")
    if table.password_file is not None and not (folder / table.password_file).is_file():
        yield source.problem(("database", "password_file"), f"there is no file {folder / table.password_file}")


def _ward_problems(file: HubFile, source: Source) -> Iterator[Problem]:
    seen = set[tuple[str, str]]()
    for at, ward in enumerate(file.ward):
        if (ward.site, ward.id) in seen:
            yield source.problem(("ward", at, "id"), f'"{ward.id}" of {ward.site} is listed already')
        seen.add((ward.site, ward.id))
        if ward.site not in file.hub.sites:
            yield source.problem(("ward", at, "site"), f'"{ward.site}" is none of [hub] sites')
        if ward.page is not None and page_url(ward.page) is None:
            yield source.problem(("ward", at, "page"), 'expected an address such as "https://ward-4b.example/"')


def _hub(parsed: Parsed[HubFile], folder: Path, access: AccessPolicy) -> HubConfig:
    file = parsed.record
    return HubConfig(
        id=file.hub.id,
        name=file.hub.name,
        sites=tuple(file.hub.sites),
        group=file.hub.group,
        server=server_config(file.server, folder),
        broker=broker_of(file.mqtt, folder),
        database=_database(file.database, folder),
        accounts_url=file.accounts.url,
        access=access,
        access_folder=access_folder(file.access.directory, file.accounts.url),
        wards=tuple(KnownWard(one.site, one.id, one.name, one.page) for one in file.ward),
        sha256=parsed.source.sha256,
    )


def _database(table: DatabaseTable | None, folder: Path) -> Database | None:
    if table is None:
        return None
    return Database(
        table.url, "" if table.password_file is None else str(folder / table.password_file), table.keep_days
    )
