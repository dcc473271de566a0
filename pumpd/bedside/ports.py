"""What a bed needs from the parts beside it. The journal and the hub are such parts; so is the kernel."""

from __future__ import annotations

import asyncio
from typing import Protocol

from pumpd.device import PumpOrder, PumpStatus
from pumpd.journal import StepRecord
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.calm_policy import Calm
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, Heard
from pumpd.safety.policy import BedPolicy
from pumpd.safety.state import BedState
from pumpd.safety.view import BedView
from pumpd.units import Ms


class JournalPort(Protocol):
    """Takes records at once; tells later when they are durable."""

    def append(self, record: StepRecord, /) -> int:
        """The record's token. Never blocks, never raises."""
        ...

    def foresee(self, record: StepRecord, /) -> None:
        """Keep this record over a kill: its stop leaves before `append` follows. Waits for nothing, never raises."""
        ...

    def foresee_event(self, bed: str, seq: int, now_ms: Ms, event: Event, /) -> None:
        """Keep the event of step seq over a kill: its stop leaves before the step. Waits for nothing, never raises."""
        ...

    def durable(self, token: int, /) -> asyncio.Future[None]:
        """Done when the token's record is committed; fails with JournalUnavailable."""
        ...

    def checkpoint(self, bed: str, seq: int, now_ms: Ms, state: bytes, /) -> int:
        """Keep the bed's state after step seq, from which a restart goes on; returns its token at once."""
        ...


class HubPort(Protocol):
    """Shows the bed to the screens."""

    def mark(self, bed_id: str, /) -> None:
        """The bed may look different now; cheap, called after every step."""
        ...

    def alarm(self, alarm: Alarm, phase: Phase, /) -> None:
        """Every screen gets this change of an alarm, at once."""
        ...

    def lost(self, bed_id: str, /) -> None:
        """No kernel stands behind the bed: nothing of it may look live."""
        ...

    def found(self, bed_id: str, /) -> None:
        """Its kernel is back."""
        ...


class ChartPort(Protocol):
    """Keeps the patients' charts and what is predicted from them."""

    def note(self, bed: str, seq: int, event: Event, decisions: tuple[Decision, ...], now_ms: Ms, /) -> None:
        """Step seq of the bed decided something; called after the journal has it. Cheap: the work comes later."""
        ...


class KernelPort(Protocol):
    """The functions of pumpd.safety.kernel: first the glance, and where that tells nothing the step."""

    def passes_over(self, calm: Calm, event: Heard, now: int) -> bool: ...

    def step_closely(
        self, state: BedState, event: Event, now: int, policy: BedPolicy
    ) -> tuple[BedState, tuple[Decision, ...]]: ...

    def stop_at_once(
        self, state: BedState, device: str, status: PumpStatus, now: int, policy: BedPolicy
    ) -> str | None: ...

    def next_deadline(self, state: BedState, policy: BedPolicy) -> int | None: ...

    def view(self, state: BedState, now: int, policy: BedPolicy) -> BedView: ...


class Commandable(Protocol):
    """A device session as the commander sees it."""

    def command(self, order: PumpOrder, /) -> list[Event]:
        """Put the order's bytes on the line before returning; the events that tell how that went.

        The caller posts them, on a later turn of the loop. Never raises.
        """
        ...
