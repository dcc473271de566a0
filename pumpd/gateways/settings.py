"""What a ward file says of a gateway to other systems: peers, listeners, destinations, how long messages are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LINK_SCHEME = "hl7"
"""`link = "hl7:DEVICE-ID"`: a device that reaches us through a gateway."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a mutually authenticated connection (PEM). Never the secrets themselves."""

    certificate: str
    key: str
    authorities: str


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """A system that connects to us. application: MSH-3 (its first component) by which it is known.

    blank_charset: what it means when MSH-18 is empty. end_without_cr: it leaves out the CR of its frames. may: which
    messages are taken from it (ADT, ORU, RGV, RAS, RDE, OMP, ORM, ORA); others are rejected. certificates: over TLS it
    shows one of these: a name (CN, or DNS name of the SAN, in small letters) or `sha256:` with the digest in hex;
    empty: any that the listener's authorities have signed.
    """

    id: str
    application: str
    blank_charset: str = "ascii"
    end_without_cr: bool = False
    may: tuple[str, ...] = ("ADT", "ORU", "ORA")
    utc_offset_min: int = 0
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where messages are taken. limits in bytes and milliseconds; peers empty: nobody is taken from."""

    host: str
    port: int
    tls: Tls | None = None
    peers: tuple[PeerSettings, ...] = ()
    limit_bytes: int = 1 << 20
    idle_ms: int = 600_000
    frame_ms: int = 10_000
    connections: int = 256


@dataclass(frozen=True, slots=True)
class SendSettings:
    """A destination. messages: PCD-01, PCD-04, PCD-10, RAS, MDM. interval_ms: of PCD-01 (it is also sent on change).

    one_message: a new connection for each message. ack_ms: how long an answer is waited for.
    """

    id: str
    host: str
    port: int
    messages: tuple[str, ...]
    tls: Tls | None = None
    interval_ms: int = 60_000
    one_message: bool = False
    ack_ms: int = 10_000
    enhanced: bool = True
    application: str = ""
    facility: str = ""


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """How far two systems may differ before it is a difference; each number with its reason in config/ward.toml.

    weight_percent: of a weight in a request from the bound patient's. rate_percent: of a pump's rate from an order's.
    clock_ms: of the clocks of two systems.
    """

    weight_percent: int = 5
    rate_percent: int = 2
    clock_ms: int = 120_000


@dataclass(frozen=True, slots=True)
class KeepSettings:
    """For how many days messages that are done with are kept; 0: for good. The reasons stand in config/ward.toml.

    received: and applied. sent: or thinned out. settled: that a destination had refused, and a person settled. What is
    not done with is kept whatever its age.
    """

    received_days: int = 90
    sent_days: int = 30
    settled_days: int = 365


@dataclass(frozen=True, slots=True)
class Hl7Settings:
    """All of it. application: our MSH-3 (`NAME^EUI64^EUI-64` or a plain name).

    locations: bed by PV1-3 `unit^room^bed`.
    """

    application: str
    facility: str
    listen: ListenSettings | None = None
    send: tuple[SendSettings, ...] = ()
    locations: Mapping[str, str] = field(default_factory=dict)
    compare: CompareSettings = field(default_factory=CompareSettings)
    keep: KeepSettings = field(default_factory=KeepSettings)
