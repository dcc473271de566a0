"""How a ward (or a hub) reaches its MQTT broker. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BusTls:
    """Files (PEM). authorities: whom we trust; certificate and key: ours, "" where the broker asks for none."""

    authorities: str
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Broker:
    """password_file: its first line is the password; "" where no user is named."""

    host: str
    port: int
    tls: BusTls | None = None
    username: str = ""
    password_file: str = ""
    keepalive_s: int = 5


@dataclass(frozen=True, slots=True)
class BusSettings:
    """site, ward: the first two levels of every topic. away_ms: a broker that is away for longer is told at every bed
    as a technical advisory; None: it is not. page: the ward's own, as others reach it; None: nobody is told of one.
    """

    broker: Broker
    site: str
    ward: str
    away_ms: int | None = 60_000
    page: str | None = None
