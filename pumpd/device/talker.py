"""Base of drivers for devices that talk unasked: what is left to a driver is its frames and their meaning. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pumpd.device.contract import DeviceSettings
from pumpd.device.facts import DeviceAlarms, Garbled, Out, PumpStatus, Silent, Vitals, Waveform
from pumpd.device.framers import Framer
from pumpd.device.info import DriverInfo
from pumpd.device.saying import Sayings
from pumpd.units import Ms

_ALIVE = (Vitals, PumpStatus, Waveform, DeviceAlarms)


class Talker:
    """One device that sends frames by itself.

    A driver sets `info`, makes its `framer` and says in `hear` what a whole frame means. Silence is said once per
    outage, when no frame with readings, a wave or alarms has come for quiet_ms. `said` remembers what is said
    only on change.
    """

    info: ClassVar[DriverInfo]
    greet_ms: ClassVar[int | None] = None
    """How often `greet` is sent again while no readings come; None: only once, at the start."""

    def __init__(self, settings: DeviceSettings) -> None:
        self.settings = settings
        self.said = Sayings()
        self.quiet_ms = self.info.quiet_ms  # a driver whose device reports as often as its options say sets its own
        self._framer = self.framer()
        self._quiet_at = self._greet_at = Ms(0)
        self._talks = self._silent = False

    def framer(self) -> Framer:
        """A new framer for this connection."""
        raise NotImplementedError

    def hear(self, frame: bytes, now: Ms) -> Sequence[Out]:
        """What one whole frame says, in order; a Garbled where it is not believed. Must not raise on any bytes."""
        raise NotImplementedError

    def greet(self, now: Ms) -> Sequence[Out]:
        """What has to be sent so that the device talks; nothing for a device that needs no asking."""
        return ()

    def farewell(self, now: Ms) -> Sequence[Out]:
        """What is sent at a clean exit."""
        return ()

    def start(self, now: Ms) -> list[Out]:
        self._quiet_at = Ms(now + self.quiet_ms)
        return self._greeted(now)

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        out: list[Out] = []
        for part in self._framer.feed(data):
            if isinstance(part, Garbled):
                out.append(part)
                continue
            facts = self.hear(part, now)
            if any(isinstance(fact, _ALIVE) for fact in facts):
                self.heard(now)
            out += facts
        return out

    def heard(self, now: Ms) -> None:
        """The device is there; called by itself for readings, waves and alarms."""
        self._talks, self._silent, self._quiet_at = True, False, Ms(now + self.quiet_ms)

    def tick(self, now: Ms) -> list[Out]:
        out: list[Out] = []
        if not self._silent and now >= self._quiet_at:
            self._talks, self._silent, self._greet_at = False, True, now
            out.append(Silent("nothing heard"))
        if self._greets and now >= self._greet_at:
            out += self._greeted(now)
        return out

    @property
    def _greets(self) -> bool:
        return self.greet_ms is not None and not self._talks

    def _greeted(self, now: Ms) -> list[Out]:
        self._greet_at = Ms(now + (self.greet_ms or 0))
        return [*self.greet(now)]

    def next_deadline(self) -> Ms | None:
        """None while it is silent and nothing is to be sent: only its bytes can change that."""
        times = ([] if self._silent else [self._quiet_at]) + ([self._greet_at] if self._greets else [])
        return min(times, default=None)

    def finish(self, now: Ms) -> list[Out]:
        return [*self.farewell(now)]
