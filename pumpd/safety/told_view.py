"""What a screen may show of what other systems told: the shapes. Pure; computed by `pumpd.safety.look_told`."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.safety.told_events import StandingOrder
from pumpd.safety.told_state import Notice, Reported, Shown


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order that stands, with the pumps of the bed that have its drug.

    differs: in what the pump that it is compared with differs from it, in words; empty where nothing does, and where
    nothing can be said (its report is not live, several pumps have the drug).
    """

    order: StandingOrder
    at_ms: int
    pumps: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldView:
    requests: tuple[Shown, ...] = ()
    orders: tuple[OrderView, ...] = ()
    notices: tuple[Notice, ...] = ()
    reports: tuple[Reported, ...] = ()


NOTHING_TOLD = ToldView()
