"""What goes into a bed's runtime and comes out of it: the parts that a ward's beds share, steps. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pumpd.bedside.ports import ChartPort, HubPort, JournalPort, KernelPort
from pumpd.clock import Clock
from pumpd.config.model import ShellTimes
from pumpd.gateways import Told
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event
from pumpd.units import Ms


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step decided, and the journal token of its record."""

    decisions: tuple[Decision, ...]
    token: int


@dataclass(frozen=True, slots=True)
class Held:
    """A report whose stop has left as order `sent`; its step is still to come, with the time of the report."""

    event: Event
    now_ms: Ms
    sent: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What all beds of a ward share. told: who is told of every step that decided something; it may grow later."""

    kernel: KernelPort
    clock: Clock
    journal: JournalPort
    hub: HubPort
    shell: ShellTimes
    charts: ChartPort | None = None
    told: Sequence[Told] = ()
