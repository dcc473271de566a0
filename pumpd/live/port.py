"""What the web face may ask of the ward. A port: the daemon implements it, api and live know nothing of bedside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pumpd.clinical.chart import Chart
from pumpd.clinical.rate_units import UnitCheck
from pumpd.clinical.vocabulary import Vocabulary
from pumpd.safety.alarms import Alarm
from pumpd.safety.clinical_view import ConcentrationCurve
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event
from pumpd.safety.limits import Limit
from pumpd.safety.policy import BedPolicy


class UnknownBed(LookupError):
    """No bed of that id in this ward."""


class NotDurable(RuntimeError):
    """The act was applied at the bed but could not be made durable (journal failing); says so to the person."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """ready with no problems, or the problems in words (for /readyz)."""

    ready: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """min, mean and max in thousandths of the signal's unit over one bucket; all None is a visible gap."""

    at: datetime
    min_milli: int | None
    mean_milli: int | None
    max_milli: int | None


@dataclass(frozen=True, slots=True)
class CaptureCounts:
    """Raw bytes of the lines: what was written, how many chunks were heard and not kept, whether it is paused now."""

    written_bytes: int
    lost_chunks: int
    paused: bool


@dataclass(frozen=True, slots=True)
class BusCounts:
    """The ward on MQTT: frames that left, and those whose second a slow broker let pass; events told, and those of them
    that were told later than they happened."""

    connected: bool
    connects: int
    frames: int
    frames_dropped: int
    events: int
    historical: int


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """How the record keeps up. waiting: records not yet committed; dropped: for want of room, since the start."""

    waiting: int
    failing: bool
    commits: int
    last_commit_s: float
    dropped_readings: int
    dropped_records: int


@dataclass(frozen=True, slots=True)
class PeerHealth:
    """Another system: messages that wait for it or from it, and those that were refused for good."""

    id: str
    depth: int
    dead: int
    connected: bool


@dataclass(frozen=True, slots=True)
class Health:
    """Why a ward is slow or deaf. devices: seconds since the last believed reading, None: none yet; devices_up: whose
    line is open. lag_s: how late the loop wakes, by quantile. outbox_age_s: of what waits longest, by destination.
    """

    devices: Mapping[str, float | None]
    devices_up: frozenset[str]
    lag_s: Mapping[float, float]
    journal: JournalHealth
    audit_waiting: int
    sign_ins_refused: int
    peers: tuple[PeerHealth, ...]
    outbox_age_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class WardCounts:
    """What was heard and how late decisions were, since the start of the daemon (for /metrics).

    frames: believed vital signs and pump statuses, by kind of device. kernel_*: timers of the beds' kernels, and
    those among them that fired later than the ward's limit; worst: the latest of all, in ms. unmapped: tags that no
    row of the driver's table maps, by driver. capture None: raw bytes are not kept. bus None: not on MQTT.
    """

    frames: Mapping[str, int]
    kernel_deadlines: int = 0
    kernel_late: int = 0
    kernel_worst_late_ms: int = 0
    unmapped: Mapping[str, int] = field(default_factory=dict)
    capture: CaptureCounts | None = None
    health: Health | None = None
    bus: BusCounts | None = None


@dataclass(frozen=True, slots=True)
class DeviceDetail:
    """What a biomedical engineer wants to know of a device beyond its place in the bed.

    quality: of its driver (drivers/QUALITY.md), or "unverified". line: "9600 8N1". frames: believed vital signs and
    statuses since the start; unmapped: tags without a row in the driver's table as (tag, times told, last value);
    unmapped_more: further tags that were not kept. poll_ms: how often it is asked, or reports. serial: the one that
    the ward file wants. options: what the ward file says to the driver. cautions: see DriverInfo.
    """

    id: str
    driver: str
    vendor: str
    model: str
    kind: str
    quality: str
    integrity: str
    line: str
    link: str
    signals: tuple[str, ...]
    sources: tuple[str, ...]
    frames: int
    waves: int
    unmapped: tuple[tuple[str, int, str], ...]
    unmapped_more: int
    poll_ms: int = 0
    serial: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsualRate:
    """What a rate is compared with before it is believed: the library's rate to begin with, and how far is too far."""

    initial: Limit
    check: UnitCheck


@dataclass(frozen=True, slots=True)
class Words:
    """What may be said in the chart of a bed.

    vocabulary None, and an empty tuple: there is no list, and any word is taken. contraindications, adjuncts, rules
    (that may be set aside): of the bed's protocol. benzodiazepines: drugs that are some. opioids: codes by every name
    of the factor tables, plainly written; another one is kept, and makes the total incomplete. factors: (code, route)
    that have a factor; empty where there are no tables. names: the drug library's codes by every name, plainly written.
    """

    vocabulary: Vocabulary | None = None
    contraindications: tuple[str, ...] = ()
    adjuncts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    benzodiazepines: tuple[str, ...] = ()
    opioids: Mapping[str, str] = field(default_factory=dict)
    factors: frozenset[tuple[str, str]] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)


class WardPort(Protocol):
    """Every act goes through `submit` into the bed's inbox; the kernel decides."""

    def bed_ids(self) -> tuple[str, ...]: ...

    def find_alarm(self, alarm_id: str) -> tuple[str, Alarm] | None:
        """The bed and the present instance of a live (not ended) alarm."""
        ...

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        """Put an event into the bed's inbox; returns the step's decisions once they are durable.

        Raises UnknownBed, or NotDurable when the journal cannot commit within its time-out.
        """
        ...

    async def alarm_history(self, bed_id: str | None, limit: int) -> list[Alarm]:
        """Past and present alarm instances, newest first."""
        ...

    async def trends(
        self, bed_id: str, signals: tuple[str, ...], start: datetime, end: datetime, points: int
    ) -> dict[str, list[TrendPoint]]: ...

    async def curve(self, bed_id: str, hours: int) -> ConcentrationCurve:
        """The predicted plasma concentration, for so many hours from now, and what led to it. Raises UnknownBed."""
        ...

    def wall_of(self, now_ms: int) -> datetime:
        """Wall time (aware UTC) of a kernel time."""
        ...

    def kernel_ms(self, wall: datetime) -> int:
        """Kernel time of a wall time (aware); before the start of the time line it is negative."""
        ...

    def words(self, bed_id: str) -> Words:
        """The vocabulary of the bed's protocol and assessments. Raises UnknownBed."""
        ...

    def chart(self, bed_id: str) -> Chart | None:
        """The chart of the patient in the bed; None while it is being read, or where none is kept."""
        ...

    def policy(self, bed_id: str) -> BedPolicy:
        """What the bed's kernel judges by now. Raises UnknownBed."""
        ...

    def usual_rate(self, bed_id: str, pump_id: str) -> UsualRate | None:
        """None: the pump's drug has no usual rate, and nothing is asked."""
        ...

    def devices(self, bed_id: str) -> tuple[DeviceDetail, ...]:
        """The bed's devices, pumps first. Raises UnknownBed."""
        ...

    def readiness(self) -> Readiness: ...
