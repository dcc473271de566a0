"""What goes into a bed's runtime and comes out of it: the parts that a ward's beds share, steps. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from pumpd.bedside.ports import ChartPort, HubPort, JournalPort, KernelPort
from pumpd.clock import Clock
from pumpd.config.model import ShellTimes
from pumpd.gateways import Told
from pumpd.safety.decisions import Decision


class Stepped(Struct, frozen=True, gc=False):
    """What a step decided, and the journal token of its record. (A Struct: one is made for every frame.)"""

    decisions: tuple[Decision, ...]
    token: int


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
