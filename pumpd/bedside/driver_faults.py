"""Bugs of one device's driver: told as a technical alarm, and the driver begun again after a growing time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from pumpd.clock import Clock
from pumpd.config.model import DeviceConfig, ShellTimes
from pumpd.links.backoff import Backoff
from pumpd.safety.events import Event, LinkChanged, LinkState, SelfFault

log = structlog.get_logger(__name__)


class DriverFaults:
    """active: one has happened, and the driver has heard nothing believable since."""

    def __init__(
        self,
        device: DeviceConfig,
        shell: ShellTimes,
        clock: Clock,
        *,
        post: Callable[[Event], object],
        tell_link: Callable[[LinkChanged], object],
        begin: Callable[[], object],
    ) -> None:
        """begin: makes the driver anew; called later, after a time that grows while faults come close together."""
        self._device = device
        self._max_ms = shell.restart_max_ms
        self._clock = clock
        self._post = post
        self._tell_link = tell_link
        self._begin = begin
        self._restart = Backoff(shell.restart_first_ms, shell.restart_max_ms, random.random)
        self._again: asyncio.TimerHandle | None = None
        self._last_ms = -shell.restart_max_ms
        self.active = False

    def happened(self, error: Exception) -> None:
        """The driver has raised; whoever calls has dropped it."""
        log.error("driver failed", device=self._device.id, exc_info=error)
        now = self._clock.now_ms()
        if now - self._last_ms > self._max_ms:
            self._restart.reset()
        self._last_ms, self.active = now, True
        loop = asyncio.get_running_loop()
        self._again = loop.call_later(self._restart.next_s(), self._begin)
        # later, because this may be inside a kernel step's decisions
        loop.call_soon(self._tell, f"{self._device.driver}: {type(error).__name__}")

    def cancel(self) -> None:
        """No driver is begun again, unless one more fault happens."""
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def end(self) -> None:
        """The driver has heard something believable."""
        if self.active:
            self.active = False
            self._post(SelfFault(self._code, f"{self._device.id}: driver runs again", active=False))

    def _tell(self, what: str) -> None:
        device = self._device.id
        self._tell_link(LinkChanged(device, LinkState.DOWN, f"driver failed ({what})"))
        self._post(SelfFault(self._code, f"{device}: driver failed ({what}), started again", active=True))

    @property
    def _code(self) -> str:
        return f"driver_failed_{self._device.id}"
