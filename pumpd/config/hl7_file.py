"""The description of the ward file's HL7 tables: who is listened to, to whom is sent. Structure only."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pumpd.config.fields import DurationMs, Ident, Name, PositiveMs, Record

MessageKind = Literal["PCD-01", "PCD-04", "PCD-10", "RAS", "MDM"]
"""What may be sent to a destination."""
MessageCode = Literal["ADT", "ORU", "ORA", "RGV", "RAS", "RDE", "OMP", "ORM"]
"""What may be taken from a peer: MSH-9.1."""
Charset = Literal["ascii", "utf-8", "iso8859-1", "iso8859-15"]
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


def _offset(text: str) -> str:
    if not _OFFSET.fullmatch(text):
        raise ValueError(f'expected an offset such as "+01:00", found "{text[:20]}"')
    return text


def _week(days: int) -> int:
    if days and not 7 <= days <= 36_500:
        raise ValueError(f"expected 7 days or more, or 0 for good, found {days}")
    return days


def _certificate(text: str) -> str:
    """A name in small letters, or a digest without what people put between its bytes."""
    kind, mark, digest = text.strip().lower().partition(":")
    if not mark:
        if not kind:
            raise ValueError("expected the certificate's CN or DNS name, or sha256: and its digest")
        return kind
    plain = digest.replace(":", "").replace(" ", "")
    if kind != "sha256" or not _SHA256.fullmatch(plain):
        raise ValueError(f'expected "sha256:" and 64 hexadecimal digits, found "{text[:80]}"')
    return f"sha256:{plain}"


FilePath = Annotated[str, Field(min_length=1, description="relative to the ward file")]


class TlsTable(Record):
    """Files of a mutually authenticated connection, PEM: ours, its key, and those whom we trust."""

    certificate: FilePath
    key: FilePath
    authorities: FilePath


class ListenTable(Record):
    """Where messages are taken (MLLP); with tls only from who has a certificate that we trust."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 2575
    tls: TlsTable | None = None
    limit_bytes: Annotated[int, Field(ge=1024, le=64 << 20)] = 1 << 20
    idle: PositiveMs = 600_000
    frame: PositiveMs = 10_000
    connections: Annotated[int, Field(ge=1, le=10_000)] = 256


class PeerTable(Record):
    """A system that connects to us. application: the first component of its MSH-3.

    charset: what an empty MSH-18 means; utc_offset: what a time without its zone means. certificates: which of those
    that the listener trusts are its own, by CN, DNS name or "sha256:" with the digest; empty: any of them.
    """

    id: Ident
    application: Name
    may: Annotated[list[MessageCode], Field(min_length=1)] = ["ADT", "ORU"]  # noqa: RUF012 - pydantic copies it
    charset: Charset = "ascii"
    end_without_cr: bool = False
    utc_offset: Annotated[str, AfterValidator(_offset), Field(examples=["+01:00"])] = "+00:00"
    certificates: list[Annotated[str, AfterValidator(_certificate)]] = Field(default_factory=list)


class SendTable(Record):
    """A destination. interval: of PCD-01, which is also sent on change; application, facility: its MSH-5 and MSH-6."""

    id: Ident
    url: Annotated[str, Field(min_length=1, examples=["mllp://ehr:2575", "mllps://am:2576"])]
    messages: Annotated[list[MessageKind], Field(min_length=1)]
    interval: PositiveMs = 60_000
    tls: TlsTable | None = None
    one_message: bool = False
    answer_within: PositiveMs = 10_000
    application: str = ""
    facility: str = ""


Percent = Annotated[int, Field(ge=0, le=20)]


class CompareTable(Record):
    """How far two systems may differ before it is a difference, in percent and time.

    weight: a request's from the bound patient's (PCD-03). rate: a pump's from an order's. clock: two systems' clocks.
    """

    weight_percent: Percent = 5
    rate_percent: Percent = 2
    clock: DurationMs = 120_000


class KeepTable(Record):
    """For how many days messages are kept that are done with; 0: for good. At least a week of what was received, since
    a repetition is known only while the first is there.
    """

    received_days: Annotated[int, AfterValidator(_week)] = 90
    sent_days: Annotated[int, Field(ge=0, le=36_500)] = 30
    settled_days: Annotated[int, Field(ge=0, le=36_500)] = 365


class Hl7Table(Record):
    """HL7. application, facility: our MSH-3 and MSH-4; locations: a bed's id by PV1-3 "unit^room^bed"."""

    application: Name = "PUMPD"
    facility: str = ""
    listen: ListenTable | None = None
    peer: list[PeerTable] = Field(default_factory=list)
    send: list[SendTable] = Field(default_factory=list)
    locations: dict[str, str] = Field(default_factory=dict)
    compare: CompareTable = Field(default_factory=CompareTable)
    keep: KeepTable = Field(default_factory=KeepTable)
