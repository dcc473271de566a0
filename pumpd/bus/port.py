"""What the bus asks of the daemon. A port: pumpd.daemon implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pumpd.bus.payload import BedBirth
from pumpd.gateways import MessageStore, Told
from pumpd.safety.alarms import Alarm
from pumpd.safety.events import Patient
from pumpd.safety.view import BedView

Bucket = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Ward:
    """Who we are. journal: the identity of the ward's journal, which event ids begin with."""

    id: str
    name: str
    generation: str
    timezone: str
    version: str
    config_sha: str
    journal: str
    page: str | None = None


class BusPort(Protocol):
    """The daemon, on its own loop."""

    @property
    def ward(self) -> Ward: ...

    @property
    def beds(self) -> Sequence[str]: ...

    @property
    def store(self) -> MessageStore: ...

    def now_ms(self) -> int: ...

    def wall_of(self, now_ms: int) -> datetime: ...

    def view(self, bed: str) -> BedView: ...

    def birth(self, bed: str) -> BedBirth: ...

    def alarms(self) -> Sequence[Alarm]:
        """Every alarm that stands."""
        ...

    def stay(self, patient: Patient) -> str:
        """An opaque word for the patient; only the ward's own key makes it."""
        ...

    def listen(self, told: Told) -> None: ...

    def fault(self, code: str, detail: str, active: bool) -> None: ...

    async def past(
        self, bed: str, signals: Sequence[str], start: datetime, end: datetime, points: int
    ) -> Mapping[str, Sequence[Bucket]]:
        """[low, mean, high] in thousandths by bucket. Raises JournalUnavailable."""
        ...
