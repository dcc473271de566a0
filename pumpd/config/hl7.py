"""The ward file's HL7 tables: what does not fit together, and what the gateway takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pumpd.config.hl7_file import Hl7Table, ListenTable, PeerTable, SendTable, TlsTable
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.read import Source
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.toml_lines import locate
from pumpd.config.ward_checks import devices_of, is_loopback
from pumpd.config.ward_file import WardFile
from pumpd.gateways import CompareSettings, Hl7Settings, KeepSettings, ListenSettings, PeerSettings, SendSettings, Tls

EXPECTED = "expected mllp://host:port or mllps://host:port"
PARTS_OF_A_LOCATION = 4  # with the facility, where beds of several share names


def remote_source(link: str) -> str | None:
    """The device's id in the messages, of a link "hl7:DEVICE-ID"; None for any other link."""
    scheme, mark, source = link.partition(":")
    return source if mark and scheme == "hl7" else None


# --- what does not fit


def hl7_problems(file: WardFile, source: Source, folder: Path) -> list[Problem]:
    """Everything that is wrong with the HL7 tables, and with devices that need them."""
    found = [*_remote(file, source)]
    hl7 = file.hl7
    if hl7 is None:
        return found
    return [
        *found,
        *_listening(file, hl7, source, folder),
        *_peers(hl7, source),
        *_destinations(hl7, source, folder),
        *_locations(file, hl7, source),
    ]


def _remote(file: WardFile, source: Source) -> Iterator[Problem]:
    listens = file.hl7 is not None and file.hl7.listen is not None
    for at, _kind, device in devices_of(file):
        name = remote_source(device.link)
        if name == "":
            yield source.problem(
                (*at, "link"), 'expected hl7:DEVICE-ID, the device\'s id in the messages, found "hl7:"'
            )
        elif name is not None and not listens:
            yield source.problem((*at, "link"), f'"{device.link}" needs [hl7.listen], where its messages come in')


def _listening(file: WardFile, hl7: Hl7Table, source: Source, folder: Path) -> Iterator[Problem]:
    listen = hl7.listen
    if listen is None:
        if hl7.peer:
            yield source.problem(("hl7", "peer", 0), "nobody can connect: there is no [hl7.listen]")
        return
    yield from _tls_files(("hl7", "listen", "tls"), listen.tls, source, folder)
    if listen.port and (listen.host, listen.port) == (file.server.host, file.server.port):
        yield source.problem(("hl7", "listen", "port"), f"{listen.port} is the page's own port ([server])")


def _tls_files(at: KeyPath, tls: TlsTable | None, source: Source, folder: Path) -> Iterator[Problem]:
    for key, name in () if tls is None else tls.model_dump().items():
        if not (folder / name).is_file():
            yield source.problem((*at, key), f"there is no file {folder / name}")


def _peers(hl7: Hl7Table, source: Source) -> Iterator[Problem]:
    ids: dict[str, int] = {}
    applications: dict[str, int] = {}
    for at, peer in enumerate(hl7.peer):
        for key, seen, value in (("id", ids, peer.id), ("application", applications, peer.application)):
            first = seen.setdefault(value, at)
            if first != at:
                line = locate(source.lines, ("hl7", "peer", first, key))
                yield source.problem(("hl7", "peer", at, key), f'"{value}" is used already (line {line})')
        if peer.certificates and hl7.listen is not None and hl7.listen.tls is None:
            message = "nobody shows a certificate: [hl7.listen] has no tls"
            yield source.problem(("hl7", "peer", at, "certificates"), message)


def _destinations(hl7: Hl7Table, source: Source, folder: Path) -> Iterator[Problem]:
    ids: dict[str, int] = {}
    for at, send in enumerate(hl7.send):
        where: KeyPath = ("hl7", "send", at)
        first = ids.setdefault(send.id, at)
        if first != at:
            line = locate(source.lines, ("hl7", "send", first, "id"))
            yield source.problem((*where, "id"), f'"{send.id}" is used already (line {line})')
        address = _address(send.url)
        if isinstance(address, str):
            yield source.problem((*where, "url"), address)
        elif address[0] and send.tls is None:
            message = 'mllps needs tls = { certificate = "…", key = "…", authorities = "…" }'
            yield source.problem((*where, "url"), message)
        elif not address[0] and send.tls is not None:
            yield source.problem((*where, "url"), "tls is given, and mllp:// is not encrypted; use mllps://")
        yield from _tls_files((*where, "tls"), send.tls, source, folder)


def _address(url: str) -> tuple[bool, str, int] | str:
    """(encrypted, host, port), or what is wrong with it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f'"{url}" is no address: {error}; {EXPECTED}'
    bare = parts.path in ("", "/") and not parts.query and parts.username is None
    if parts.scheme not in ("mllp", "mllps") or not host or not port or not bare:
        return f'"{url}" is no address of a destination; {EXPECTED}'
    return parts.scheme == "mllps", host, port


def _locations(file: WardFile, hl7: Hl7Table, source: Source) -> Iterator[Problem]:
    beds = [bed.id for bed in file.bed]
    for location, bed in hl7.locations.items():
        at = ("hl7", "locations", location)
        if not location.strip("^") or location.count("^") >= PARTS_OF_A_LOCATION:
            yield source.problem(at, f'expected PV1-3 as "unit^room^bed", found "{location}"')
        elif bed not in beds:
            yield source.problem(at, f'there is no bed "{bed}"{did_you_mean(bed, beds)}')


def hl7_warnings(file: WardFile, source: Source) -> list[Problem]:
    """What may run but a person should know."""
    return (
        []
        if file.hl7 is None
        else [
            *_listen_warnings(file.hl7, source),
            *_certificate_warnings(file.hl7, source),
            *_send_warnings(file.hl7, source),
        ]
    )


def _listen_warnings(hl7: Hl7Table, source: Source) -> Iterator[Problem]:
    listen = hl7.listen
    if listen is None:
        return
    if not hl7.peer:
        yield source.problem(("hl7", "listen"), "no [[hl7.peer]]: every message is rejected")
    if listen.tls is None and not is_loopback(listen.host):
        message = "not encrypted: whoever reaches this address may claim to be a peer; use tls, or a network of its own"
        yield source.problem(("hl7", "listen", "host"), message)


def _certificate_warnings(hl7: Hl7Table, source: Source) -> Iterator[Problem]:
    several = len(hl7.peer) > 1 and hl7.listen is not None and hl7.listen.tls is not None
    for at, peer in enumerate(hl7.peer):
        if several and not peer.certificates:
            message = f"whoever has a certificate may claim to be {peer.id}: name its own with certificates = [...]"
            yield source.problem(("hl7", "peer", at, "application"), message)


def _send_warnings(hl7: Hl7Table, source: Source) -> Iterator[Problem]:
    for at, send in enumerate(hl7.send):
        address = _address(send.url)
        if not isinstance(address, str) and not address[0] and not is_loopback(address[1]):
            message = "not encrypted: patients' names and values cross the network in clear"
            yield source.problem(("hl7", "send", at, "url"), message)


# --- what comes out


def hl7_settings(hl7: Hl7Table | None, folder: Path) -> Hl7Settings | None:
    """Of tables in which hl7_problems found nothing; None where HL7 is not used."""
    if hl7 is None or (hl7.listen is None and not hl7.send):
        return None
    return Hl7Settings(
        application=hl7.application,
        facility=hl7.facility,
        listen=None if hl7.listen is None else _listen(hl7.listen, hl7.peer, folder),
        send=tuple(_send(one, folder) for one in hl7.send),
        locations={location.rstrip("^"): bed for location, bed in hl7.locations.items()},
        compare=CompareSettings(hl7.compare.weight_percent, hl7.compare.rate_percent, hl7.compare.clock),
        keep=KeepSettings(hl7.keep.received_days, hl7.keep.sent_days, hl7.keep.settled_days),
    )


def _tls(table: TlsTable | None, folder: Path) -> Tls | None:
    if table is None:
        return None
    return Tls(str(folder / table.certificate), str(folder / table.key), str(folder / table.authorities))


def _listen(table: ListenTable, peers: list[PeerTable], folder: Path) -> ListenSettings:
    return ListenSettings(
        host=table.host,
        port=table.port,
        tls=_tls(table.tls, folder),
        peers=tuple(map(_peer, peers)),
        limit_bytes=table.limit_bytes,
        idle_ms=table.idle,
        frame_ms=table.frame,
        connections=table.connections,
    )


def _peer(table: PeerTable) -> PeerSettings:
    hours, minutes = table.utc_offset[1:].split(":")
    offset_min = (60 * int(hours) + int(minutes)) * (-1 if table.utc_offset[0] == "-" else 1)
    return PeerSettings(
        id=table.id,
        application=table.application,
        blank_charset=table.charset,
        end_without_cr=table.end_without_cr,
        may=tuple(table.may),
        utc_offset_min=offset_min,
        certificates=tuple(table.certificates),
    )


def _send(table: SendTable, folder: Path) -> SendSettings:
    address = _address(table.url)
    assert not isinstance(address, str)
    return SendSettings(
        id=table.id,
        host=address[1],
        port=address[2],
        messages=tuple(table.messages),
        tls=_tls(table.tls, folder),
        interval_ms=table.interval,
        one_message=table.one_message,
        ack_ms=table.answer_within,
        application=table.application,
        facility=table.facility,
    )
