"""A monitor's driver and its device's simulator joined in virtual time, and what both say; a patient to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pumpd.device import DeviceSettings, Driver, Out, Reading, Send, SetLine, Vitals
from pumpd.registry import drivers
from pumpd.sim import SimPatient
from pumpd.sim.catalog import CATALOG
from pumpd.units import Ms

T = TypeVar("T")


def driver_of(name: str, **options: str) -> Driver:
    """A driver that has just started."""
    made = drivers()[name](DeviceSettings("d1", options=options))
    made.start(Ms(0))
    return made


def heard(name: str, *frames: bytes, **options: str) -> list[Out]:
    """All facts that these bytes give to a driver that has just started."""
    driver = driver_of(name, **options)
    return [out for frame in frames for out in driver.receive(frame, Ms(0))]


def only(outs: Iterable[Out], kind: type[T]) -> list[T]:
    return [out for out in outs if isinstance(out, kind)]


def values(vitals: Vitals) -> dict[str, str]:
    """Signal -> thousandths, or the quality of what has no value."""
    return {r.signal: str(r.quality if r.value_milli is None else r.value_milli) for r in vitals.readings}


def reading(vitals: Vitals, signal: str) -> Reading:
    return next(r for r in vitals.readings if r.signal == signal)


class MonitorLine:
    """facts: what the driver said, with the display's values of that moment beside each Vitals in `pairs`."""

    def __init__(self, name: str, patient: SimPatient | None = None, **options: str) -> None:
        self.patient = SimPatient() if patient is None else patient
        self.sim: Any = CATALOG[name].device(self.patient)
        self.driver = drivers()[name](DeviceSettings("d1", options=options))
        self.now = 0
        self.facts: list[Out] = []
        self.pairs: list[tuple[Vitals, dict[str, int | None]]] = []
        self._take(self.driver.start(Ms(0)))

    def run(self, for_ms: int) -> list[Out]:
        """What the driver says in that time."""
        end, before = self.now + for_ms, len(self.facts)
        while self.now < end:
            dues = [due for due in (self.driver.next_deadline(), self.sim.next_deadline()) if due is not None]
            before_ms, self.now = self.now, max(self.now, min([*dues, end]))
            self.patient.step((self.now - before_ms) / 1000)
            self._hear(self.sim.tick(self.now))
            due = self.driver.next_deadline()
            if due is not None and due <= self.now:
                self._take(self.driver.tick(Ms(self.now)))
        return self.facts[before:]

    def last(self, kind: type[T]) -> T:
        return next(fact for fact in reversed(self.facts) if isinstance(fact, kind))

    def _hear(self, data: bytes) -> None:
        if data:
            self._take(self.driver.receive(data, Ms(self.now)))

    def _take(self, outs: Iterable[Out]) -> None:
        for out in outs:
            if isinstance(out, Send | SetLine):
                self._hear(self.sim.receive(out.data, self.now) if isinstance(out, Send) else b"")
                continue
            self.facts.append(out)
            if isinstance(out, Vitals):
                self.pairs.append((out, dict(self.sim.shown(self.now))))
