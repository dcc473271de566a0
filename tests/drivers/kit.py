"""What every driver's bytes are put through. A new driver joins with one row in CASES and its captures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace
from pumpd_drivers.alaris_asena import AlarisAsena
from pumpd_drivers.capnostream20 import Capnostream20

from pumpd.device import DeviceSettings, Driver, Garbled, Out, PumpStatus, Send, SetLine, Waveform
from pumpd.units import Ms
from tests.drivers.captures import Frame, read_captures


@dataclass(frozen=True)
class Case:
    """noise: bytes that occur in garbage of this line with special meaning to the framer."""

    driver: type[Driver]
    special: bytes

    settings = DeviceSettings("d1")

    @property
    def name(self) -> str:
        return self.driver.info.name

    def started(self, now: int = 0) -> Driver:
        driver = self.driver(self.settings)
        driver.start(Ms(now))
        return driver

    def frames(self) -> list[Frame]:
        """The device's golden frames."""
        return [frame for frame in read_captures(self.name) if frame.to_host]


CASES = (
    Case(AlarisAsena, special=b"!|\r\x1b^"),
    Case(Capnostream20, special=b"\x85\x80\x00\x05"),
)


def facts(outs: Iterable[Out]) -> list[Out]:
    """What was heard, without what is sent."""
    return [out for out in outs if not isinstance(out, Send | SetLine)]


def believed(outs: Iterable[Out]) -> list[Out]:
    """What was heard and believed."""
    return [out for out in facts(outs) if not isinstance(out, Garbled)]


def readings(outs: Iterable[Out]) -> list[Out]:
    """Believed facts but waves, which span many frames."""
    return [out for out in believed(outs) if not isinstance(out, Waveform)]


def hear(driver: Driver, chunks: Iterable[bytes], now: int = 0) -> list[Out]:
    """Facts of the chunks, as if unasked: whether a question went out between two chunks is not in the bytes."""
    heard = facts(out for chunk in chunks for out in driver.receive(chunk, Ms(now)))
    return [replace(fact, requested_ms=None) if isinstance(fact, PumpStatus) else fact for fact in heard]
