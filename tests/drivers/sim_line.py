"""A driver and its device's simulator on one line in virtual time; every byte takes a few milliseconds each way."""

from __future__ import annotations

from typing import Any, TypeVar

from pumpd.device import DeviceSettings, Driver, Out, PumpOrder, Send
from pumpd.sim.conformance.case import facts
from pumpd.sim.devices.base import SimPolledPump
from pumpd.units import Ms

T = TypeVar("T")
WAY_MS = 5


class SimLine:
    """sent: what the driver sent, with its time; heard: what it said. `cut`: nothing passes."""

    def __init__(self, driver: type[Driver], sim: SimPolledPump, *, control: bool = True, **options: str) -> None:
        self.sim = sim
        self.driver: Any = driver(DeviceSettings("p1", None, control, None, options))
        self.now = 0
        self.cut = False
        self.sent: list[tuple[int, bytes]] = []
        self.heard: list[Out] = []
        self._to_sim: list[tuple[int, bytes]] = []
        self._to_driver: list[tuple[int, bytes]] = []
        self._take(self.driver.start(Ms(0)))

    def order(self, order: PumpOrder) -> list[Out]:
        return self._take(self.driver.command(order, Ms(self.now)))

    def finish(self) -> list[Out]:
        return self._take(self.driver.finish(Ms(self.now)))

    def run(self, for_ms: int) -> None:
        """Let that much time pass."""
        until = self.now + for_ms
        while (due := self._next_ms()) is not None and due <= until:
            self.now = max(self.now, due)
            self._step()
        self.now = until

    def of(self, kind: type[T]) -> list[T]:
        return [fact for fact in self.heard if isinstance(fact, kind)]

    def times_of(self, start: bytes) -> list[int]:
        """When frames that begin so were sent."""
        return [at for at, data in self.sent if data.startswith(start)]

    def _next_ms(self) -> int | None:
        dues = [self.driver.next_deadline(), self.sim.next_deadline()]
        dues += [at for at, _ in (*self._to_sim[:1], *self._to_driver[:1])]
        return min((due for due in dues if due is not None), default=None)

    def _step(self) -> None:
        now = self.now
        while self._to_sim and self._to_sim[0][0] <= now:
            self._answer(self.sim.receive(self._to_sim.pop(0)[1], now))
        due = self.sim.next_deadline()
        if due is not None and due <= now:
            self._answer(self.sim.tick(now))
        while self._to_driver and self._to_driver[0][0] <= now:
            self._take(self.driver.receive(self._to_driver.pop(0)[1], Ms(now)))
        due = self.driver.next_deadline()
        if due is not None and due <= now:
            self._take(self.driver.tick(Ms(now)))

    def _answer(self, data: bytes) -> None:
        if data and not self.cut:
            self._to_driver.append((self.now + WAY_MS, data))

    def _take(self, outs: list[Out]) -> list[Out]:
        for out in outs:
            if isinstance(out, Send):
                self.sent.append((self.now, out.data))
                if not self.cut:
                    self._to_sim.append((self.now + WAY_MS, out.data))
        self.heard += facts(outs)
        return outs
