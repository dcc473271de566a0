"""Every simulated device, overheard on a receive-only tap beside the host that asks it."""

from __future__ import annotations

import pytest

from pumpd.device import DeviceSettings, Driver, Out, PumpStatus, SetLine, Vitals
from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG
from pumpd.sim.patient import SimPatient
from pumpd.units import Ms
from tests.drivers.virtual import Device, VirtualLine

SECONDS_MS = 20_000
NAMES = sorted(set(CATALOG) & set(drivers()))


class Y:
    """A device whose bytes are heard twice: by its host, and on the tap."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.said: list[tuple[int, bytes]] = []

    def _heard(self, data: bytes, now_ms: int) -> bytes:
        if data:
            self.said.append((now_ms, data))
        return data

    def receive(self, data: bytes, now_ms: int) -> bytes:
        return self._heard(self._device.receive(data, now_ms), now_ms)

    def tick(self, now_ms: int) -> bytes:
        return self._heard(self._device.tick(now_ms), now_ms)

    def next_deadline(self) -> int | None:
        return self._device.next_deadline()


def overhear(driver: Driver, said: list[tuple[int, bytes]]) -> list[Out]:
    """What the tap's driver makes of it; what it sends goes nowhere. Its timer runs in the line's time."""
    heard = driver.start(Ms(0))
    for at_ms, data in said:
        for _ in range(10_000):
            due = driver.next_deadline()
            if due is None or due >= at_ms:
                break
            heard += driver.tick(due)
        else:
            raise AssertionError("its timer never moves on")
        heard += driver.receive(data, Ms(at_ms))
    return heard


@pytest.mark.parametrize("name", NAMES)
def test_a_tap_hears_what_the_host_hears(name: str) -> None:
    y = Y(CATALOG[name].device(SimPatient()))
    line = VirtualLine(drivers()[name](DeviceSettings("d1")), y)
    line.run_until(SECONDS_MS)
    tap = drivers()[name](DeviceSettings("d1", receive_only=True))
    overheard = overhear(tap, y.said)
    for kind in (Vitals, PumpStatus):
        asked = line.of(kind)
        found = [fact for fact in overheard if isinstance(fact, kind)]
        assert len(found) >= len(asked) * 9 // 10, f"{len(found)} {kind.__name__} overheard of {len(asked)}"
    assert any(isinstance(fact, Vitals | PumpStatus) for fact in overheard)
    assert not any(fact.requested_ms for fact in overheard if isinstance(fact, PumpStatus))
    assert not any(isinstance(out, SetLine) for out in overheard[len(overheard) // 2 :])


class Deaf(Y):
    """A device whose receive wire is cut."""

    def receive(self, data: bytes, now_ms: int) -> bytes:
        return b""


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_says_whether_its_device_must_be_asked(name: str) -> None:
    driver = drivers()[name](DeviceSettings("d1"))
    line = VirtualLine(driver, Deaf(CATALOG[name].device(SimPatient())))
    line.run_until(SECONDS_MS)
    talks = bool(line.of(Vitals) or line.of(PumpStatus))
    assert driver.info.needs_asking is not talks
