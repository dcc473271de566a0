"""What goes into the journal and what comes out of it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from msgspec import Struct

from pumpd.clock import EPOCH
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event
from pumpd.safety.policy import BedPolicy
from pumpd.units import Ms


class JournalUnavailable(RuntimeError):
    """The journal cannot make anything durable at the moment; the message says why."""


class JournalOpenError(RuntimeError):
    """The journal could not be opened; the message is for the person who configured it."""


class Origins(Struct, frozen=True):
    """What a run was configured from, so that a number in the record can name it later.

    generation: real, or demo for simulated patients. library: of drugs, with its version. files: digest by path.
    unverified: names of the drivers under development that a bed used. Filled in by the journal: kernel, the
    fingerprint of the code that judges in this run, and first_link, the number of the chain's link that it begins with.
    """

    ward: str = ""
    timezone: str = "UTC"
    generation: str = "real"
    library: str = ""
    files: Mapping[str, str] = {}
    unverified: tuple[str, ...] = ()
    kernel: str = ""
    first_link: int = 0


@dataclass(frozen=True, slots=True)
class BootInfo:
    """This start of the daemon: identity and raw boot-time milliseconds of the machine, and wall time (aware UTC)."""

    boot_id: str
    boot_ms: int
    wall: datetime
    config_sha: str = ""
    origins: Origins = field(default_factory=Origins)


class StepRecord(Struct, frozen=True, gc=False):
    """One kernel step: the event, when it happened, and all that was decided.

    seq counts the bed's steps without gaps from 1, across restarts (Restored.seq + 1 goes on). wall_ns: since 1970.
    """

    bed: str
    seq: int
    now_ms: Ms
    wall_ns: int
    event: Event
    decisions: tuple[Decision, ...]

    @property
    def wall_us(self) -> int:
        return self.wall_ns // 1000

    @property
    def wall(self) -> datetime:
        """Aware UTC."""
        return EPOCH + timedelta(microseconds=self.wall_us)


@dataclass(frozen=True, slots=True)
class Marked:
    """The event of a step whose stop had left when the daemon was killed, and of which no record is left."""

    bed: str
    seq: int
    now_ms: Ms
    event: Event


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The last moment that the journal knows of an earlier run, for Clock.resume."""

    now_ms: Ms
    boot_id: str
    boot_ms: int
    wall: datetime


@dataclass(frozen=True, slots=True)
class Restored:
    """What is needed to rebuild one bed's state: see `pumpd.journal.replay.rebuild`.

    state: bytes of the newest checkpoint that can be read, or None when events start at the first. seq and now_ms: of
    the last committed step. events: all committed steps after the checkpoint; decisions: what was decided in them, as
    stored, by step. policies: those in force for these events, each from its seq on (inclusive), oldest first.
    unreadable: newer checkpoints that were passed over. other_kernel: one of these, or state, is the work of other
    kernel code than this one.
    """

    bed: str
    state: bytes | None
    seq: int
    now_ms: Ms
    events: tuple[tuple[int, Ms, Event], ...]
    policies: tuple[tuple[int, BedPolicy], ...]
    other_kernel: bool = False
    decisions: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class JournalFault:
    """The journal fails. since: wall time of the first failed commit."""

    detail: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """min, mean and max in thousandths of the signal's unit over one bucket; all None is a visible gap."""

    at: datetime
    min_milli: int | None
    mean_milli: int | None
    max_milli: int | None


@dataclass(frozen=True, slots=True)
class JournalStats:
    """Counts since open, for metrics: durations in seconds, `waiting` records not yet committed."""

    committed: int
    waiting: int
    dropped_readings: int
    dropped_records: int
    commits: int
    last_commit_s: float
    failing: bool


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """The bed's policy from step seq on (inclusive), so that a replay needs nothing but the journal."""

    bed: str
    seq: int
    now_ms: Ms
    wall: datetime
    policy: BedPolicy


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """The bed's kernel state after step seq."""

    bed: str
    seq: int
    now_ms: Ms
    wall: datetime
    state: bytes


@dataclass(frozen=True, slots=True)
class GapRecord:
    """Steps of the bed that could not be kept while the journal was failing; the last one ended at last_ms."""

    bed: str
    seq: int
    now_ms: Ms
    wall: datetime
    steps: int
    first_seq: int
    detail: str


Row = tuple[Any, ...]


class MessageRecord(Struct, frozen=True, gc=False):
    """A change of the message tables, of no bed: made by pumpd.journal.messages, in one stream with the steps.

    work: names of statements (pumpd.journal.message_sql), each with its rows; all in one transaction, in this order.
    """

    work: tuple[tuple[str, tuple[Row, ...]], ...]
    bed: ClassVar[str] = ""
    seq: ClassVar[int] = 0
    now_ms: ClassVar[Ms] = Ms(0)
    wall: ClassVar[datetime] = datetime.fromtimestamp(0, UTC)


class AnchorRecord(MessageRecord, frozen=True, kw_only=True, gc=False):
    """The record up to a link of the chain may go (pumpd.journal.anchors): itself a link, and the rows of `work`."""

    number: int
    at_us: int
    body: str


Record = StepRecord | PolicyRecord | CheckpointRecord | GapRecord | MessageRecord
