"""The ward as configured: read once, validated, frozen. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pumpd.access.policy import AccessPolicy
from pumpd.access.provider import ProviderSettings
from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.pk_models import Pharmacokinetics
from pumpd.clinical.vocabulary import Vocabulary
from pumpd.config.bus_settings import BusSettings
from pumpd.device.info import DriverInfo
from pumpd.gateways import Hl7Settings
from pumpd.safety.events import Patient
from pumpd.safety.policy import BedPolicy


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """One pump or monitor: the driver by name, the link as a URL (serial://, socket://; hl7:DEVICE-ID has no driver).

    options: the ward file's keys for the driver, with a speed that the link fixes among them as "baud".
    """

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
class ServerTls:
    """Files (PEM)."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """tls: how the server encrypts; None: it does not (loopback, or behind a proxy that does).

    proxies: whose word is taken for the address that a request came from.
    """

    host: str
    port: int
    allowed_origins: tuple[str, ...] = ()
    tls: ServerTls | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """[links]: how lines are opened again, and how much may wait to be sent.

    backoff_first_ms doubles up to backoff_max_ms (each wait is shortened by up to half, at random, so that
    a ward's lines do not knock together); silent_reopen_ms: a TCP link that is up but says nothing believable
    for so long is half-open and is connected anew; write_buffer_bytes: what may wait on a blocked line.
    """

    backoff_first_ms: int = 250
    backoff_max_ms: int = 5_000
    connect_timeout_ms: int = 3_000
    silent_reopen_ms: int = 10_000
    write_buffer_bytes: int = 4_096


@dataclass(frozen=True, slots=True)
class CaptureConfig:
    """[capture]: raw bytes of every line, in files of at most bytes_per_file, files_per_device of each device.

    keep_free_bytes: with less free on the directory's disk nothing is captured.
    """

    directory: Path
    bytes_per_file: int = 4_000_000
    files_per_device: int = 24
    keep_free_bytes: int = 500_000_000


@dataclass(frozen=True, slots=True)
class ShellTimes:
    """[shell]: times of the daemon itself; none of them decides about a patient.

    durable_ms: how long an act or a rate command waits for its commit; kernel_late_ms: a kernel deadline missed
    by more is a technical alarm, which ends late_clear_ms after the last one; restart_first_ms doubles up to
    restart_max_ms between restarts of a part that crashed.

    unwatched_ms, silent_ms: no screen is watched, or none makes sound, for that long: an alarm at every bed with a
    HIGH one. clock_step_ms: the wall clock moved by more against the boot clock within a second; told for
    clock_shown_ms. outbox_stuck_ms: a message to another system has waited for that long (ALA-08).
    """

    durable_ms: int = 2_000
    checkpoint_ms: int = 60_000
    kernel_late_ms: int = 250
    late_clear_ms: int = 30_000
    restart_first_ms: int = 250
    restart_max_ms: int = 30_000
    drain_ms: int = 500
    unwatched_ms: int = 10_000
    silent_ms: int = 10_000
    clock_step_ms: int = 2_000
    clock_shown_ms: int = 600_000
    outbox_stuck_ms: int = 60_000


@dataclass(frozen=True, slots=True)
class WardConfig:
    """library: "drug library 2026.1 (sha256 …)"; files: digest of every file that was read, by its path.

    signal_delay_ms: pumpd's own part of an alarm's response time (RSP-10). generation: real, or demo for
    simulated patients, which every screen then says. pharmacokinetics: how concentrations are predicted; None: not.
    opioids: factors to MME by the table that this ward chose; vocabulary: the words of a chart.
    benzodiazepines: the library's drugs of that class, by code. drug_names: its codes by every name, plainly written.
    capture: where raw bytes of the lines are kept; None: nowhere. hl7: other systems that are heard and told.
    bus: the broker that the ward is on; None: none. samples_days: how long readings are kept one by one,
    record_days: how long everything of stays that are over; 0: for good.
    access: who may do what and how people sign in; access_folder: of the site's key and the set-up token.
    provider: the hospital's identity provider; None: everybody has an account here.
    """

    id: str
    name: str
    timezone: str
    care_area: str
    server: ServerConfig
    journal_url: str
    beds: tuple[BedConfig, ...]
    path: Path
    sha256: str
    opioids: OpioidTables
    vocabulary: Vocabulary
    access: AccessPolicy
    access_folder: Path
    links: LinkTimes = LinkTimes()
    shell: ShellTimes = ShellTimes()
    capture: CaptureConfig | None = None
    signal_delay_ms: int = 100
    library: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    generation: str = "real"
    pharmacokinetics: Pharmacokinetics | None = None
    benzodiazepines: tuple[str, ...] = ()
    drug_names: Mapping[str, str] = field(default_factory=dict)
    hl7: Hl7Settings | None = None
    provider: ProviderSettings | None = None
    bus: BusSettings | None = None
    samples_days: int = 0
    record_days: int = 0

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of the drivers under development that a bed uses."""
        infos = [device.info for bed in self.beds for device in bed.devices]
        return tuple(dict.fromkeys(info.name for info in infos if info.unverified))
