"""Joins a sans-IO device to an endpoint on the running asyncio loop."""

from __future__ import annotations

import asyncio
from typing import Protocol

from pumpd.sim.endpoint import Endpoint

LOOK_MS = 1000  # a switch flipped from outside is noticed within this time even on a silent line


class ByteDevice(Protocol):
    """What every simulated device offers; times are simulated milliseconds."""

    def receive(self, data: bytes, now_ms: int) -> bytes: ...
    def tick(self, now_ms: int) -> bytes: ...
    def next_deadline(self) -> int | None: ...


class SimClock:
    """Simulated milliseconds from the running loop's clock; speed 2.0 lets everything happen twice as fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._start_s = self._loop.time()

    def now_ms(self) -> int:
        # a microsecond's grace: a timer that was set for a millisecond must not fire just before it
        return int((self._loop.time() - self._start_s) * 1000 * self.speed + 1e-3)

    def loop_time(self, at_ms: int) -> float:
        """The loop's time at a simulated moment."""
        return self._start_s + at_ms / 1000 / self.speed


class DeviceLine:
    """Moves bytes between one device and one endpoint until closed. One timer, set to the device's own deadline."""

    def __init__(self, device: ByteDevice, endpoint: Endpoint, clock: SimClock) -> None:
        self.device = device
        self.endpoint = endpoint
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = 0.0

    def open(self) -> None:
        """Plug in and begin. Raises OSError when the endpoint cannot be made."""
        self.endpoint.open(self._heard)
        self._rearm()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.endpoint.close()

    def poke(self) -> None:
        """Something about the device has changed: look now."""
        self._say(self.device.tick(self._clock.now_ms()))

    def _heard(self, data: bytes) -> None:
        self._tell_baud()
        self._say(self.device.receive(data, self._clock.now_ms()))

    def _tell_baud(self) -> None:
        if hasattr(self.device, "line_baud"):
            self.device.line_baud = self.endpoint.line_baud()

    def _say(self, data: bytes) -> None:
        if data:
            self.endpoint.write(data)
        self._rearm()

    def _rearm(self) -> None:
        now_ms = self._clock.now_ms()
        deadline_ms = self.device.next_deadline()
        due_ms = now_ms + LOOK_MS if deadline_ms is None else min(deadline_ms, now_ms + LOOK_MS)
        due_s = self._clock.loop_time(max(due_ms, now_ms + 1))
        if self._timer is not None:
            if self._due_s <= due_s and self._due_s > self._loop.time():
                return  # an earlier look is set already: cheaper than a new timer per frame
            self._timer.cancel()
        self._due_s = due_s
        self._timer = self._loop.call_at(due_s, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self.poke()
