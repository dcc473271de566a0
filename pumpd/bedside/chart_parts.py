"""What the charts of a ward stand on: what they are read by, what they need of a bed, and whose turn it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.pk_curve import Sliced
from pumpd.clinical.pk_models import Pharmacokinetics
from pumpd.clinical.vocabulary import Vocabulary
from pumpd.clock import Clock
from pumpd.journal import ChartHistory
from pumpd.safety.events import Event
from pumpd.safety.policy import BedPolicy
from pumpd.safety.state import BedState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What charts are read by; None: nothing is predicted, no opioids are added up, no medicine is flagged."""

    pk: Pharmacokinetics | None
    opioids: OpioidTables | None
    vocabulary: Vocabulary | None = None

    @property
    def every_s(self) -> float:
        """How often a chart is looked at when nothing happens."""
        return 60.0 if self.pk is None else self.pk.every_ms / 1000


class Bed(Protocol):
    """What a chart needs of its bed."""

    id: str
    state: BedState
    policy: BedPolicy
    seq: int

    def post(self, event: Event) -> object: ...


class History(Protocol):
    async def chart_history(self, bed: str) -> ChartHistory:
        """See Journal.chart_history."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all charts of a ward share. mark: the bed may look different now.

    reading: one reads the journal at a time. turn: one computes at a time, or each turn of the loop would hold a slice
    of every bed, and a stop that is due would wait for all of them.
    """

    knowledge: Knowledge
    history: History
    clock: Clock
    mark: Callable[[str], None]
    reading: asyncio.Lock
    turn: asyncio.Lock


async def sliced(work: Sliced[T]) -> T:
    """The result of work, with the loop free between its slices."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
        await asyncio.sleep(0)
