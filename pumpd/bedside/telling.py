"""Tells a bed's screens, its chart and whoever else listens what a step decided; never in the way of the next step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog

from pumpd.bedside.parts import Parts
from pumpd.safety.decisions import AlarmChanged, Decision
from pumpd.safety.events import Event
from pumpd.turns import turns
from pumpd.units import Ms

log = structlog.get_logger(__name__)


class Telling:
    """Of one bed. Nothing that is told here can fail the bed."""

    def __init__(self, bed: str, parts: Parts) -> None:
        self._bed = bed
        self._hub, self._charts, self._told = parts.hub, parts.charts, parts.told
        self._untold: deque[AlarmChanged] = deque()

    def mark(self) -> None:
        """The bed may look different. (Of every frame: spelled out.)"""
        try:
            self._hub.mark(self._bed)
        except Exception:  # supervision boundary, as in _tell
            log.exception("screens failed", bed=self._bed)

    def decided(self, seq: int, event: Event, decisions: tuple[Decision, ...], now: Ms) -> None:
        """Step seq decided this: after the journal has it."""
        self._show(decisions)
        if decisions and self._charts is not None:
            self._tell(self._charts.note, self._bed, seq, event, decisions, now)
        if decisions:
            for tell in self._told:
                self._tell(tell, self._bed, seq, now, event, decisions)

    def _show(self, decisions: tuple[Decision, ...]) -> None:
        """Screens hear of alarms on the next turns of the loop, one on each: another bed's stop may be due."""
        changed = [decision for decision in decisions if isinstance(decision, AlarmChanged)]
        if changed and not self._untold:
            turns().soon(self._tell_screens)
        self._untold.extend(changed)
        self.mark()

    def _tell_screens(self) -> None:
        changed = self._untold.popleft()
        self._tell(self._hub.alarm, changed.alarm, changed.phase)
        if self._untold:
            turns().soon(self._tell_screens)

    def _tell(self, tell: Callable[..., None], *what: object) -> None:
        try:
            tell(*what)
        except Exception:  # supervision boundary: what screens cannot show must not stop the bed
            log.exception("screens failed", bed=self._bed)
