"""The ward as configured: read once, validated, frozen. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pumpd.device.info import DriverInfo
from pumpd.safety.events import Patient
from pumpd.safety.policy import BedPolicy


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """One pump or monitor line: the driver by name, the link as a URL (serial://, socket://)."""

    id: str
    driver: str
    info: DriverInfo
    link: str
    serial: str | None
    control: bool
    poll_ms: int | None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BedConfig:
    """devices: pumps first, then monitors in authoritative order; patient only from a bench file."""

    id: str
    label: str
    devices: tuple[DeviceConfig, ...]
    policy: BedPolicy
    patient: Patient | None = None


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """allow_unauthenticated: must be true to bind an address that is not loopback (there is no sign-in yet)."""

    host: str
    port: int
    allow_unauthenticated: bool = False
    allowed_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WardConfig:
    id: str
    name: str
    timezone: str
    care_area: str
    server: ServerConfig
    journal_url: str
    beds: tuple[BedConfig, ...]
    path: Path
    sha256: str
