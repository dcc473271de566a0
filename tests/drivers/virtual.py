"""A driver and a simulated device on one line in virtual time: bytes take a moment, nothing else waits."""

from __future__ import annotations

from typing import Protocol, TypeVar

from pumpd.device import Driver, Out, PumpDriver, PumpOrder, Send, SetLine
from pumpd.units import Ms

T = TypeVar("T")
DELAY_MS = 10


class Device(Protocol):
    """The other end (a simulator)."""

    def receive(self, data: bytes, now_ms: int) -> bytes: ...
    def tick(self, now_ms: int) -> bytes: ...
    def next_deadline(self) -> int | None: ...


class Mute:
    """Nobody is there."""

    def receive(self, data: bytes, now_ms: int) -> bytes:
        return b""

    def tick(self, now_ms: int) -> bytes:
        return b""

    def next_deadline(self) -> int | None:
        return None


class VirtualLine:
    """Everything that happens is in `log` (facts) and `sent` (bytes), with its time."""

    def __init__(self, driver: Driver, device: Device, delay_ms: int = DELAY_MS) -> None:
        self.driver, self.device, self.delay_ms = driver, device, delay_ms
        self.now = 0
        self.log: list[tuple[int, Out]] = []
        self.sent: list[tuple[int, bytes]] = []
        self._to_device: list[tuple[int, bytes]] = []
        self._to_driver: list[tuple[int, bytes]] = []
        self.take(driver.start(Ms(0)))

    def take(self, outs: list[Out]) -> list[Out]:
        for out in outs:
            if isinstance(out, Send):
                self.sent.append((self.now, out.data))
                self._to_device.append((self.now + self.delay_ms, out.data))
            elif not isinstance(out, SetLine):
                self.log.append((self.now, out))
        return outs

    def order(self, order: PumpOrder) -> list[Out]:
        assert isinstance(self.driver, PumpDriver)
        return self.take(self.driver.command(order, Ms(self.now)))

    def hear(self, data: bytes, after_ms: int = 0) -> list[Out]:
        """The driver hears these bytes, whatever the device says."""
        self.run_until(self.now + after_ms)
        return self.take(self.driver.receive(data, Ms(self.now)))

    def run_until(self, until_ms: int) -> None:
        """Everything that is due before or at that time, in its order."""
        for _ in range(200_000):
            due = self._next_due()
            if due is None or due > until_ms:
                self.now = max(self.now, until_ms)
                return
            self.now = max(self.now, due)
            self._happen()
        raise AssertionError("it never ends")

    def of(self, kind: type[T]) -> list[T]:
        return [fact for _, fact in self.log if isinstance(fact, kind)]

    def times_of(self, data: bytes) -> list[int]:
        return [at for at, sent in self.sent if sent == data]

    def _next_due(self) -> int | None:
        ends = [self.driver.next_deadline(), self.device.next_deadline()]
        ends += [queue[0][0] for queue in (self._to_device, self._to_driver) if queue]
        return min((due for due in ends if due is not None), default=None)

    def _happen(self) -> None:
        """What is due now: bytes before timers."""
        if self._to_driver and self._to_driver[0][0] <= self.now:
            self.take(self.driver.receive(self._to_driver.pop(0)[1], Ms(self.now)))
            return
        said = b""
        if self._to_device and self._to_device[0][0] <= self.now:
            said = self.device.receive(self._to_device.pop(0)[1], self.now)
        elif (due := self.device.next_deadline()) is not None and due <= self.now:
            said = self.device.tick(self.now)
        else:
            self.take(self.driver.tick(Ms(self.now)))
        if said:
            self._to_driver.append((self.now + self.delay_ms, said))
