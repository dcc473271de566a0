"""What must hold in the ward file itself, beyond its structure: ids, links, addresses, names of drivers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pumpd.config.by_id import better_name
from pumpd.config.keeping import keep_problems, keep_warnings
from pumpd.config.link_url import LinkError, SerialLink, SocketLink, line_of, parse_link
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.read import MISSING, Source
from pumpd.config.remote import REMOTE, info_of, is_remote
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.toml_lines import dotted, locate
from pumpd.config.ward_file import DeviceTable, MonitorTable, WardFile
from pumpd.device import DriverInfo, DriverOption, Kind
from pumpd.registry import broken, drivers

BAUD = DriverOption("baud", "auto|[1-9][0-9]{2,6}", "auto", "the line's speed in bits a second, or auto")
JOURNAL_SCHEMES = ("sqlite+aiosqlite", "postgresql+asyncpg")


ONE_PLACE = "; a device behind HL7 stands at one bed: its gateway has to send an identifier of its own for each"


def devices_of(file: WardFile) -> Iterator[tuple[KeyPath, Kind, DeviceTable]]:
    """Every device with its key path, pumps of a bed before its monitors."""
    for b, bed in enumerate(file.bed):
        for p, pump in enumerate(bed.pump):
            yield ("bed", b, "pump", p), Kind.PUMP, pump
        for m, monitor in enumerate(bed.monitor):
            yield ("bed", b, "monitor", m), Kind.MONITOR, monitor


def ward_problems(file: WardFile, source: Source) -> list[Problem]:
    """Everything that is wrong with the ward file by itself."""
    return [
        *_timezone(file, source),
        *_journal(file, source),
        *keep_problems(file, source),
        *_duplicate_ids(file, source),
        *_drivers(file, source),
        *_options(file, source),
        *_links(file, source),
    ]


def _timezone(file: WardFile, source: Source) -> Iterator[Problem]:
    try:
        ZoneInfo(file.ward.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f'unknown time zone "{file.ward.timezone}", expected a name such as "Europe/Berlin"'
        yield source.problem(("ward", "timezone"), message)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _journal(file: WardFile, source: Source) -> Iterator[Problem]:
    scheme = file.journal.url.partition("://")[0]
    if scheme not in JOURNAL_SCHEMES or "://" not in file.journal.url:
        expected = "sqlite+aiosqlite:///FILE or postgresql+asyncpg://host/database"
        yield source.problem(("journal", "url"), f'expected {expected}, found "{scheme}"')


def _duplicate_ids(file: WardFile, source: Source) -> Iterator[Problem]:
    beds: dict[str, KeyPath] = {}
    for index, bed in enumerate(file.bed):
        yield from _taken(beds, bed.id, ("bed", index, "id"), "bed id", source)
    devices: dict[str, KeyPath] = {}
    for at, _kind, device in devices_of(file):
        yield from _taken(devices, device.id, (*at, "id"), "device id", source)


def _taken(seen: dict[str, KeyPath], value: str, at: KeyPath, what: str, source: Source) -> Iterator[Problem]:
    first = seen.setdefault(value, at)
    if first != at:
        where = f"{dotted(first)}, line {locate(source.lines, first)}"
        yield source.problem(at, f'duplicate {what} "{value}" (first used by {where})')


def _drivers(file: WardFile, source: Source) -> Iterator[Problem]:
    known = drivers()
    reasons = {one.name: one.reason for one in broken()}
    for at, kind, device in devices_of(file):
        driver = known.get(device.driver)
        if is_remote(device) and device.driver in ("", REMOTE):
            continue
        if is_remote(device):
            message = f'a device behind HL7 has no driver; leave "{device.driver}" out'
            yield source.problem((*at, "driver"), message)
        elif not device.driver:
            yield source.problem((*at, "driver"), MISSING)
        elif driver is None:
            of_kind = [name for name, one in known.items() if one.info.kind is kind]
            message = f'unknown driver "{device.driver}"{did_you_mean(device.driver, of_kind)}'
            if device.driver in reasons:
                message = f'driver "{device.driver}" cannot be loaded: {reasons[device.driver]}'
            yield source.problem((*at, "driver"), message)
        elif driver.info.kind is not kind:
            yield source.problem(
                (*at, "driver"), f'"{device.driver}" is a {driver.info.kind} driver, expected a {kind}'
            )


def _options(file: WardFile, source: Source) -> Iterator[Problem]:
    """A driver is told no keys but those that it says it reads, and no values that it would not take."""
    for at, kind, device in devices_of(file):
        info = info_of(device)
        if info is None or info.kind is not kind:
            continue
        declared = {option.name: option for option in (*info.options, *(() if is_remote(device) else (BAUD,)))}
        for key, value in device.options.items():
            if (message := _why_no_option(info, declared, key, value)) is not None:
                yield source.problem((*at, "options", key), message)
        if isinstance(device, MonitorTable):
            yield from _origins(at, device, info, source)


def _why_no_option(info: DriverInfo, declared: dict[str, DriverOption], key: str, value: str) -> str | None:
    option = declared.get(key)
    if option is None:
        return f'{info.name} has no option "{key}"{did_you_mean(key, declared)}'
    if option.allows(value):
        return None
    guess = did_you_mean(value, option.words) if option.words else ""
    return f'"{value}" is not possible: {option.text} (without it {option.default}){guess}'


def _origins(at: KeyPath, monitor: MonitorTable, info: DriverInfo, source: Source) -> Iterator[Problem]:
    """What an option has chosen is measured by what it says, whatever this ward thinks that it knows better."""
    chosen = {one.signal: one for one in info.instead if monitor.options.get(one.option) == one.word}
    for signal, origin in monitor.origins.items():
        if signal in chosen and origin != chosen[signal].origin:
            one = chosen[signal]
            message = f'"{origin}" contradicts options.{one.option} = "{one.word}"; leave it out'
            yield source.problem((*at, "origins", signal), message)


def _links(file: WardFile, source: Source) -> Iterator[Problem]:
    seen: dict[str, tuple[str, KeyPath]] = {}
    for at, _kind, device in devices_of(file):
        link = device.link if is_remote(device) else parse_link(device.link)
        if isinstance(link, LinkError):
            yield source.problem((*at, "link"), link.message)
            continue
        user, where = seen.setdefault(link if isinstance(link, str) else line_of(link), (device.id, at))
        if where != at:
            message = f'link already used by "{user}" (line {locate(source.lines, (*where, "link"))})'
            yield source.problem((*at, "link"), message + (ONE_PLACE if is_remote(device) else ""))
        baud = device.options.get("baud")
        if baud is not None and not isinstance(link, SocketLink | str) and link.baud not in (None, _number(baud)):
            message = f'"{baud}" and the link\'s ?baud={link.baud} contradict each other; leave one out'
            yield source.problem((*at, "options", "baud"), message)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def ward_warnings(file: WardFile, source: Source) -> list[Problem]:
    """What may run but a person should know."""
    found: list[Problem] = []
    if urlsplit(file.journal.url).password:
        found.append(source.problem(("journal", "url"), "a password stands in this file; keep the file private"))
    for index, bed in enumerate(file.bed):
        if bed.patient is not None:
            message = "a patient bound by the file is for a bench only; a ward binds patients by name"
            found.append(source.problem(("bed", index, "patient"), message))
    return [*found, *keep_warnings(file, source), *_passing_names(file, source)]


def _passing_names(file: WardFile, source: Source) -> Iterator[Problem]:
    """Serial ports by names that may be another device's after the next start."""
    for at, _kind, device in devices_of(file):
        link = parse_link(device.link)
        better = better_name(link.path) if isinstance(link, SerialLink) else None
        if better is not None and isinstance(link, SerialLink):
            message = f"{link.path} may be another device after the next start; use {replace(link, path=better)}"
            yield source.problem((*at, "link"), message)
