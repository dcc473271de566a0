"""Bugs of one bed's kernel: the bed is not monitored until a back-off passes without another, and is told so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from pumpd.bedside.parts import Parts
from pumpd.links.backoff import Backoff
from pumpd.safety.events import Event, SelfFault

log = structlog.get_logger(__name__)


class KernelFaults:
    """active: nobody stands behind the bed. Events are still tried: a stop that can be decided is decided."""

    def __init__(self, bed: str, parts: Parts, post: Callable[[Event], object]) -> None:
        self._bed, self._hub, self._post = bed, parts.hub, post
        self._max_ms = parts.shell.restart_max_ms
        self._restart = Backoff(parts.shell.restart_first_ms, self._max_ms, random.random)
        self._later: asyncio.TimerHandle | None = None
        self._count = 0
        self.active = False

    def happened(self, doing: str, error: Exception) -> None:
        """The event is lost, the last good state stays."""
        log.error("kernel failed", bed=self._bed, doing=doing, exc_info=error)
        self._count += 1
        self.active = True
        self._hub.lost(self._bed)
        self._call_later(self._restart.next_s(), self._recover)

    def cancel(self) -> None:
        """No recovery, unless one more fault happens."""
        if self._later is not None:
            self._later.cancel()

    def _recover(self) -> None:
        count = self._count
        self._post(SelfFault("kernel_failed", "the bed's kernel failed and was started again", active=True))
        if count == self._count:
            self.active = False
            self._hub.found(self._bed)
            self._call_later(self._max_ms / 1000, self._healthy)

    def _healthy(self) -> None:
        self._restart.reset()
        self._post(SelfFault("kernel_failed", "the bed's kernel runs", active=False))

    def _call_later(self, wait_s: float, act: Callable[[], None]) -> None:
        self.cancel()
        self._later = asyncio.get_running_loop().call_later(wait_s, act)
