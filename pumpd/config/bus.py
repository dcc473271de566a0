"""The [mqtt] table: what does not fit together, and what the bus takes."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pumpd.config.bus_file import BrokerTable, BusTlsTable
from pumpd.config.bus_settings import Broker, BusSettings, BusTls
from pumpd.config.page_url import page_url
from pumpd.config.problems import Problem
from pumpd.config.read import Source
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.topic_id import topic_id
from pumpd.config.ward_checks import devices_of, is_loopback
from pumpd.config.ward_file import ServerTable, WardFile

EXPECTED = "expected mqtt://host:port or mqtts://host:port"
PORTS = {"mqtt": 1883, "mqtts": 8883}
AT: KeyPath = ("mqtt",)


def bus_problems(file: WardFile, source: Source, folder: Path) -> list[Problem]:
    """Everything that is wrong with [mqtt], and with ids that would be one topic."""
    if file.mqtt is None:
        return []
    found = [*broker_problems(file.mqtt, source, folder), *_same_topics(file, source)]
    if file.mqtt.page is not None and page_url(file.mqtt.page) is None:
        found.append(source.problem((*AT, "page"), 'expected an address such as "https://ward-4b.example:8443/"'))
    return found


def broker_problems(table: BrokerTable, source: Source, folder: Path) -> Iterator[Problem]:
    """What is wrong with where the broker is and how we come in. folder: of the file that says so."""
    address = _address(table.url)
    if isinstance(address, str):
        yield source.problem((*AT, "url"), address)
    elif address[0] and table.tls is None:
        yield source.problem((*AT, "url"), 'mqtts needs tls = { authorities = "…" }')
    elif not address[0] and table.tls is not None:
        yield source.problem((*AT, "url"), "tls is given, and mqtt:// is not encrypted; use mqtts://")
    if table.tls is not None:
        yield from _tls_problems(table.tls, source, folder)
    yield from _password_problems(table, source, folder)


def _address(url: str) -> tuple[bool, str, int] | str:
    """(encrypted, host, port), or what is wrong with it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f'"{url}" is no address: {error}; {EXPECTED}'
    if parts.username is not None or parts.password is not None:
        return "a name or a password has no place in the address: write username and password_file"
    if parts.scheme not in PORTS or not host or parts.path not in ("", "/") or parts.query:
        return f'"{url}" is no address of a broker; {EXPECTED}'
    return parts.scheme == "mqtts", host, port or PORTS[parts.scheme]


def _tls_problems(tls: BusTlsTable, source: Source, folder: Path) -> Iterator[Problem]:
    named = {key: name for key, name in tls.model_dump().items() if name is not None}
    gone = [key for key, name in named.items() if not (folder / name).is_file()]
    for key in gone:
        yield source.problem((*AT, "tls", key), f"there is no file {folder / named[key]}")
    if (tls.certificate is None) is not (tls.key is None):
        missing = "certificate" if tls.certificate is None else "key"
        yield source.problem((*AT, "tls", missing), "a certificate and its key go together; give both")
    elif not gone:
        yield from _unfit(tls, source, folder)


def _unfit(tls: BusTlsTable, source: Source, folder: Path) -> Iterator[Problem]:
    try:
        context = ssl.create_default_context(cafile=folder / tls.authorities)
        if tls.certificate is not None and tls.key is not None:
            context.load_cert_chain(folder / tls.certificate, folder / tls.key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        message = f"the files do not fit together or cannot be read: {error} (PEM, no pass phrase)"
        yield source.problem((*AT, "tls"), message)


def _password_problems(table: BrokerTable, source: Source, folder: Path) -> Iterator[Problem]:
    if table.password_file is None:
        return
    if table.username is None:
        yield source.problem((*AT, "password_file"), "a password without a username opens nothing")
    file = folder / table.password_file
    if not file.is_file():
        yield source.problem((*AT, "password_file"), f"there is no file {file}")
    elif not read_password(file):
        yield source.problem((*AT, "password_file"), f"the first line of {file} is empty")


def read_password(file: Path) -> str:
    """The first line of the file. Raises OSError."""
    return file.read_text(encoding="utf-8").partition("\n")[0].strip()


def _same_topics(file: WardFile, source: Source) -> Iterator[Problem]:
    """Two beds (or two devices) whose ids differ, and whose topics would not."""
    beds = [(("bed", at, "id"), bed.id) for at, bed in enumerate(file.bed)]
    devices = [((*at, "id"), device.id) for at, _kind, device in devices_of(file)]
    for kind in (beds, devices):
        yield from _twice(kind, source)


def _twice(ids: Iterable[tuple[KeyPath, str]], source: Source) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for at, name in ids:
        other = first.setdefault(topic_id(name), name)
        if other != name:
            yield source.problem(at, f'on MQTT "{name}" and "{other}" would both be "{topic_id(name)}"')


def bus_warnings(file: WardFile, source: Source, folder: Path) -> list[Problem]:
    """What may run but a person should know."""
    return [] if file.mqtt is None else [*broker_warnings(file.mqtt, source, folder)]


def broker_warnings(table: BrokerTable, source: Source, folder: Path) -> Iterator[Problem]:
    address = _address(table.url)
    if not isinstance(address, str) and not address[0] and not is_loopback(address[1]):
        yield source.problem((*AT, "url"), "not encrypted: values and alarms cross the network in clear; use mqtts://")
    for key, name in (("password_file", table.password_file), ("tls", table.tls and table.tls.key)):
        if name and (folder / name).is_file() and stat.S_IMODE(os.stat(folder / name).st_mode) & 0o077:
            yield source.problem((*AT, key), f"{folder / name} can be read by others than the daemon's user: chmod 600")


def broker_of(table: BrokerTable, folder: Path) -> Broker:
    """Of a table without problems."""
    address = _address(table.url)
    assert not isinstance(address, str)

    def file(name: str | None) -> str:
        return "" if name is None else str(folder / name)

    tls = None
    if table.tls is not None:
        tls = BusTls(file(table.tls.authorities), file(table.tls.certificate), file(table.tls.key))
    user, password = table.username or "", file(table.password_file)
    return Broker(address[1], address[2], tls, user, password, table.keepalive_s)


def bus_settings(file: WardFile, folder: Path) -> BusSettings | None:
    """None: the ward is not on MQTT."""
    table = file.mqtt
    if table is None:
        return None
    away_ms = table.away_after if table.advisory else None
    ward, page = table.ward or topic_id(file.ward.id), table.page or _default_page(file.server)
    return BusSettings(broker_of(table, folder), table.site, ward, away_ms, page)


def _default_page(server: ServerTable) -> str | None:
    """By whose name browsers know it. An address that we bind (0.0.0.0, 127.0.0.1) is none that others could go to."""
    origin = next((origin for origin in server.allowed_origins if page_url(origin)), None)
    return None if origin is None else origin.rstrip("/") + "/"
