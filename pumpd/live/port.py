"""What the web face may ask of the ward. A port: the daemon implements it, api and live know nothing of bedside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pumpd.safety.alarms import Alarm
from pumpd.safety.clinical_view import ConcentrationCurve
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event


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
class WardCounts:
    """What was heard and how late decisions were, since the start of the daemon (for /metrics).

    frames: believed vital signs and pump statuses, by kind of device. kernel_*: timers of the beds' kernels, and
    those among them that fired later than the ward's limit; worst: the latest of all, in ms.
    """

    frames: Mapping[str, int]
    kernel_deadlines: int = 0
    kernel_late: int = 0
    kernel_worst_late_ms: int = 0


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

    def readiness(self) -> Readiness: ...
