"""A device of a bed that has no line: what a gateway hears of it becomes facts of the bed, as if it had one.

There is no order that could reach it. Its link is up from its first message on, and silent when none came for as long
as three of them take.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from pumpd.bedside.leftovers import Leftovers
from pumpd.bedside.timer import DeadlineTimer
from pumpd.clock import Clock
from pumpd.config.model import DeviceConfig
from pumpd.device import Outcome, PumpOrder, ReadStatus, ReleaseControl
from pumpd.device.facts import CommandOutcome, DeviceAlarms, PumpStatus, Vitals
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState
from pumpd.units import Ms

log = structlog.get_logger(__name__)
NEVER = "no message has come yet"


class RemoteSession:
    """Beside DeviceSession; start() begins, close() ends. The gateway calls hear() and link()."""

    def __init__(
        self,
        device: DeviceConfig,
        clock: Clock,
        post: Callable[[Event], object],
        on_link: Callable[[], object] = lambda: None,
    ) -> None:
        self.id = device.id
        self.kind, self.driver = device.info.kind, device.driver
        self._quiet_ms = device.info.quiet_ms
        self._clock, self._post, self._on_link = clock, post, on_link
        self._state: LinkState | None = None
        self.heard_ms: int | None = None
        self.timer = DeadlineTimer(clock, self._deadline, self._quiet)
        self.unmapped = Leftovers()
        self.waves = self.frames = 0

    def start(self) -> None:
        """Nothing was heard yet."""
        if self._state is None:
            self.link(LinkState.DOWN, NEVER)

    def hear(self, fact: Vitals | PumpStatus | DeviceAlarms) -> None:
        """A fact that the gateway believes. Alarms are no sign of life: they may come from an alarm manager."""
        if isinstance(fact, DeviceAlarms):
            self._post(Heard(self.id, fact))
            return
        self.heard_ms = self._clock.now_ms()
        self.frames += 1
        if self._state is not LinkState.UP:
            self.link(LinkState.UP)
        self._post(Heard(self.id, fact))
        self.timer.arm()

    def link(self, state: LinkState, detail: str = "") -> None:
        """The gateway knows better: its peer is gone, or says that the device is."""
        log.info("remote device", device=self.id, link=str(state))
        self._state = state
        self._post(LinkChanged(self.id, state, detail))
        self._on_link()

    async def close(self, hand_back: bool = True) -> None:
        """The bed is not told."""
        self.timer.cancel()

    def command(self, order: PumpOrder) -> list[Event]:
        """Never given: there is no way to such a pump."""
        if isinstance(order, ReadStatus | ReleaseControl):
            return []
        return [Heard(self.id, CommandOutcome(order.order_id, Outcome.REFUSED, "a pump behind HL7 is only heard"))]

    def _deadline(self) -> Ms | None:
        if self._state is not LinkState.UP or self.heard_ms is None:
            return None
        return Ms(self.heard_ms + self._quiet_ms)

    def _quiet(self, due: Ms) -> None:
        self.link(LinkState.SILENT, f"no message for {self._quiet_ms // 1000} s")
