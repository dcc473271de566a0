"""The description of the ward file: every key a ward may write. Structure only; meaning is checked in `load`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pumpd.config.breathing_file import SignalName
from pumpd.config.bus_file import MqttTable
from pumpd.config.fields import (
    CeilingOverride,
    ConcUgMl,
    Ident,
    Name,
    PositiveConc,
    PositiveMs,
    PositiveVolume,
    Record,
    WeightG,
)
from pumpd.config.hl7_file import FilePath, Hl7Table
from pumpd.config.oidc_file import OidcTable

FileName = Annotated[str, Field(min_length=1, description="relative to the ward file, then to the default files")]
Link = Annotated[
    str,
    Field(min_length=1, examples=["serial:///dev/serial/by-id/usb-…", "socket://10.0.0.5:4001", "hl7:PUMP-17"]),
]


class WardTable(Record):
    """Who we are; care_area chooses the drug library's limits."""

    id: Ident
    name: Name
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    care_area: Ident


class ServerTable(Record):
    """Where the page is served. An address that is not loopback needs a certificate, or a proxy that has one.

    tls_certificate, tls_key: PEM, relative to the ward file. proxies: which addresses may say who is behind them.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    tls_certificate: FilePath | None = None
    tls_key: FilePath | None = None
    behind_tls_proxy: bool = False
    proxies: list[str] = Field(default_factory=list)
    allowed_origins: list[str] = Field(default_factory=list)


class KeepTable(Record):
    """How long what is kept. samples_days: readings one by one, 0 or at least 30. record_days: everything of stays that
    are over, 0 or at least 365. 0: for good.
    """

    samples_days: Annotated[int, Field(ge=0)] = 0
    record_days: Annotated[int, Field(ge=0)] = 0


class JournalTable(Record):
    """SQLAlchemy URL: sqlite+aiosqlite:///FILE (relative to the working directory) or postgresql+asyncpg://…"""

    url: Annotated[str, Field(min_length=1)]
    keep: KeepTable = KeepTable()


class CaptureTable(Record):
    """Raw bytes of every line, for whoever looks for a fault. directory: by default "capture" beside the journal."""

    enabled: bool = True
    directory: Annotated[str, Field(min_length=1)] | None = None
    bytes_per_file: Annotated[int, Field(ge=10_000)] = 4_000_000
    files_per_device: Annotated[int, Field(ge=2)] = 24
    keep_free_bytes: Annotated[int, Field(ge=0)] = 500_000_000


class FileTable(Record):
    """A file of limits, rules or times."""

    file: FileName


class AccessTable(FileTable):
    """Who may do what. directory: of the site's key and the set-up token; default: beside the journal's file.

    oidc: the hospital's identity provider, which may vouch for people.
    """

    file: FileName = "access.toml"
    directory: Annotated[str, Field(min_length=1)] | None = None
    oidc: OidcTable | None = None


class OpioidsTable(FileTable):
    """Names and factors of opioids. table: which of the file's tables counts; default: the file's own choice."""

    table: Ident | None = None


class PatientTable(Record):
    """For a bench only: a patient bound by the file instead of by ADT or a named person."""

    mrn: Name
    family_name: str
    given_name: str
    birth_date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["1970-01-31"])]
    sex: Literal["female", "male", "other", "unknown"]
    weight_kg: Annotated[float | int, Field(gt=0)] | None = None


class DeviceTable(Record):
    """What a pump and a monitor have in common. serial: the device must say this number or it is refused (QUA-05).

    driver: needed, but for a device behind HL7 (`link = "hl7:DEVICE-ID"`), which has none.
    """

    id: Ident
    driver: str = ""
    link: Link
    serial: Name | None = None
    model: Name | None = None
    options: dict[str, str] = Field(default_factory=dict)


class PumpTable(DeviceTable):
    """One pump. enforcement: what pumpd does about a breach of the hard ceiling (CEI-07).

    allow_unverified_control: a driver under development may command this pump; without it, it only alarms.
    """

    drug: str | None = None
    concentration: PositiveConc | None = None
    enforcement: Literal["stop", "reduce", "alarm"] | None = None
    poll: PositiveMs | None = None
    syringe: PositiveVolume | None = None
    ceiling: CeilingOverride | None = None
    allow_unverified_control: bool = False


class MonitorTable(DeviceTable):
    """One monitor; the order in the file is the order of authority. no_breath: its own no-breath time, as set on it.

    origins: what it measures a signal by, where this ward knows better than the driver ("spo2" = "ear").
    """

    no_breath: PositiveMs | None = None
    origins: dict[SignalName, Literal["co2", "impedance", "ecg", "finger", "ear", "generic"]] = Field(
        default_factory=dict
    )


class InterlockTable(Record):
    """What breathing stops, and what a resume requires. A key of a bed's own table goes before the ward's."""

    monitoring_lost: Literal["alarm", "stop"] | None = None
    respiratory_stop: Literal["ketamine", "ketamine+opioids"] | None = None
    resume_vitals: list[str] | None = None


class BedTable(Record):
    """One bed with its devices. alarms: its own alarm profile instead of the ward's.

    oxygen: its patients are on supplemental oxygen unless a named person says otherwise.
    """

    id: Ident
    label: Name | None = None
    alarms: FileTable | None = None
    oxygen: bool = False
    pump: list[PumpTable] = Field(default_factory=list)
    monitor: list[MonitorTable] = Field(default_factory=list)
    ceiling: CeilingOverride | None = None
    interlock: InterlockTable = InterlockTable()
    patient: PatientTable | None = None


class WardFile(Record):
    """The ward file (schema 1)."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    ward: WardTable
    server: ServerTable = ServerTable()
    journal: JournalTable
    capture: CaptureTable = CaptureTable()
    library: FileTable
    protocol: FileTable | None = None
    alarms: FileTable
    times: FileTable = FileTable(file="times.toml")
    pharmacokinetics: FileTable = FileTable(file="pharmacokinetics.toml")
    opioids: OpioidsTable = OpioidsTable(file="opioids.toml")
    assessments: FileTable = FileTable(file="assessments.toml")
    access: AccessTable = AccessTable()
    ceiling: CeilingOverride | None = None
    interlock: InterlockTable = InterlockTable()
    hl7: Hl7Table | None = None
    mqtt: MqttTable | None = None
    bed: Annotated[list[BedTable], Field(min_length=1)]


__all__ = ["BedTable", "ConcUgMl", "DeviceTable", "MonitorTable", "PatientTable", "PumpTable", "WardFile", "WeightG"]
