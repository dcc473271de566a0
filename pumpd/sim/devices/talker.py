"""A simulated monitor that says something every so often about a patient. Sans-IO: time is an argument."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from pumpd.sim.devices.core import SimCore
from pumpd.sim.devices.senses import Patient, Senses
from pumpd.sim.faults import MonitorFaults


class SimTalker(SimCore, ABC):
    """One monitor on one line, looking at one patient.

    A subclass sets what SimCore asks for and

    * period_ms: how often it speaks; unasked: whether from power-on (False: a request sets self.talking),
    * steps: the signals it shows, each with the finest step of its display in thousandths of the signal's unit,
    * rr_by: what its respiration rate is measured by,

    and implements `message`; and `hears` where it takes requests. The rest is here: each message is preceded by one
    look at the patient (`look`), whose result `shown` gives until the next one; faults.frozen_values stops looking.
    """

    kind: ClassVar[Literal["pump", "monitor"]] = "monitor"
    period_ms: ClassVar[int] = 1000
    unasked: ClassVar[bool] = True
    steps: ClassVar[Mapping[str, int]]
    rr_by: ClassVar[Literal["co2", "impedance"]] = "co2"

    def __init__(self, patient: Patient, serial: str | None = None, *, now_ms: int = 0, seed: int = 1) -> None:
        self.faults = MonitorFaults()
        super().__init__(self.faults, serial, now_ms, seed)
        self.senses = Senses(patient, self.faults, self.rr_by, now_ms)
        self.talking = self.unasked
        self.next_ms = now_ms  # when it speaks next, while talking
        self._shown: dict[str, int | None] = {}
        self.look(now_ms)

    @abstractmethod
    def message(self, now_ms: int) -> bytes:
        """What it says now, from `self.shown(now_ms)`; b"" where there is nothing to say."""

    def hears(self, data: bytes, now_ms: int) -> bytes:
        """Any chunk from the host; returns the answer. `self.say(now_ms)` is a message out of turn."""
        return b""

    def sense(self, now_ms: int) -> dict[str, float | None]:
        """Every signal that a monitor can sense, in its own unit. A subclass adds what only it measures."""
        return self.senses.values(now_ms)

    @property
    def patient(self) -> Patient:
        return self.senses.patient

    # --- what the kit and the base use --------------------------------------------------------------------------

    def shown(self, now_ms: int) -> dict[str, int | None]:
        """What its display said at the moment of the last message: thousandths of each signal's unit, None blank."""
        return dict(self._shown)

    def look(self, now_ms: int) -> None:
        """Take new values for the display, unless they are frozen."""
        if not self._shown or not self.faults.frozen_values:
            sensed = self.sense(now_ms)
            self._shown = {signal: _rounded(sensed[signal], step) for signal, step in self.steps.items()}

    def say(self, now_ms: int) -> bytes:
        """A message of this moment."""
        self.look(now_ms)
        return self.message(now_ms)

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Any chunk from the host; returns the answers and what else is due."""
        if not self._awake(now_ms):
            return b""
        return self._line.lose(self.hears(self._line.lose(data), now_ms)) + self.tick(now_ms)

    def tick(self, now_ms: int) -> bytes:
        """The message and the line noise that are due; one message after a pause, however long."""
        if not self._awake(now_ms):
            return b""
        out = b""
        if self.talking and now_ms >= self.next_ms:
            out = self._line.lose(self.say(now_ms))
            self.next_ms += ((now_ms - self.next_ms) // self.period_ms + 1) * self.period_ms
        return out + self._line.chatter(now_ms)

    def next_deadline(self) -> int | None:
        """When tick has bytes to give, in simulated milliseconds."""
        if self._off_until_ms is not None:
            return self._off_until_ms
        dues = (self.next_ms if self.talking else None, self._line.next_deadline())
        return min((due for due in dues if due is not None), default=None)

    def switched_on(self, now_ms: int) -> None:
        self.talking, self.next_ms = self.unasked, now_ms


def _rounded(value: float | None, step: int) -> int | None:
    return None if value is None else round(value * 1000 / step) * step
