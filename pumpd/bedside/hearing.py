"""Does a device still say anything that can be believed? Its line is silent while it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pumpd.bedside.driver_faults import DriverFaults
from pumpd.config.model import LinkTimes
from pumpd.device import Out
from pumpd.device.facts import CommandOutcome, Garbled, Silent
from pumpd.links import Line, Reason
from pumpd.safety.events import LinkChanged, LinkState

_NOTHING_HEARD = (Garbled, Silent, CommandOutcome)


class Hearing:
    """What one session hears, as far as it tells of its line and ends the faults of its driver."""

    def __init__(
        self, device: str, line: Line, links: LinkTimes, faults: DriverFaults, tell: Callable[[LinkChanged], object]
    ) -> None:
        """tell: of each change of the link."""
        self._device, self._line, self._links, self._faults, self._tell_link = device, line, links, faults, tell
        self._silent = False
        self._half_open: asyncio.TimerHandle | None = None

    @property
    def in_doubt(self) -> bool:
        """The line is silent or its driver has failed: the next fact that can be believed has to be listened to."""
        return self._silent or self._faults.active

    def begin(self) -> None:
        """The line is up."""
        self._silent = False

    def listen(self, fact: Out) -> None:
        """The line is silent while nothing believable comes, and up again with the first believable fact."""
        if isinstance(fact, Silent) and not self._silent:
            self._silent = True
            self._tell_link(LinkChanged(self._device, LinkState.SILENT, fact.detail))
            self._expect_bytes()
        elif not isinstance(fact, _NOTHING_HEARD):
            self._faults.end()
            if self._silent:
                self._silent = False
                self.cancel()
                self._tell_link(LinkChanged(self._device, LinkState.UP))

    def cancel(self) -> None:
        """Nothing is expected any more."""
        if self._half_open is not None:
            self._half_open.cancel()
            self._half_open = None

    def _expect_bytes(self) -> None:
        """A link over the network that stays silent may be half-open: it is connected anew. A serial line cannot be."""
        if self._line.over_network:
            wait_s = self._links.silent_reopen_ms / 1000
            self._half_open = asyncio.get_running_loop().call_later(wait_s, self._line.reopen, Reason.SILENT)
