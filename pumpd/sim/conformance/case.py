"""What the kit needs to know of one driver: its class, its captures, its simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from pumpd.device import (
    CommandOutcome,
    Control,
    DeviceAlarms,
    DeviceSettings,
    Driver,
    DriverInfo,
    Garbled,
    Identity,
    Out,
    PumpStatus,
    Send,
    SetLine,
    Vitals,
    Waveform,
)
from pumpd.device.facts import Integrity, Unmapped
from pumpd.device.info import Kind
from pumpd.sim.catalog import Model
from pumpd.sim.conformance.captures import Captures, Golden, read_captures
from pumpd.units import Ms


@dataclass(frozen=True)
class Case:
    """One driver and all that is known of its device."""

    driver: type[Driver]
    captures: Captures
    model: Model

    @property
    def info(self) -> DriverInfo:
        return self.driver.info

    @property
    def name(self) -> str:
        return self.driver.info.name

    @property
    def heard(self) -> list[Golden]:
        """What the device says."""
        return [golden for golden in self.captures.goldens if golden.to_host]

    @property
    def telling(self) -> list[Golden]:
        """Those of them that give facts."""
        return [golden for golden in self.heard if golden.expected]

    @property
    def is_pump(self) -> bool:
        return self.info.kind is Kind.PUMP

    @property
    def stops(self) -> bool:
        return self.info.pump.can_stop

    @property
    def checked(self) -> bool:
        """A checksum protects its frames."""
        return self.info.integrity is not Integrity.NONE

    def fresh(self, options: Mapping[str, str] | None = None) -> Driver:
        """A driver that has just started and may not command."""
        driver = self.driver(DeviceSettings("d1", options=options or {}))
        driver.start(Ms(0))
        return driver

    def hear(self, golden: Golden, *chunks: bytes) -> list[Out]:
        """The facts that chunks give to a fresh driver with the golden's options; without chunks, its own frames do."""
        return hear(self.fresh(golden.options), chunks or golden.parts)


def case_of(driver: type[Driver], captures: Path, model: Model) -> Case:
    """captures: the folder of this driver's files. Raises CapturesError."""
    return Case(driver, read_captures(captures), model)


def facts(outs: Iterable[Out]) -> list[Out]:
    """What was heard, without what is sent."""
    return [out for out in outs if not isinstance(out, Send | SetLine)]


def believed(outs: Iterable[Out]) -> list[Out]:
    """What was heard and believed."""
    return [out for out in facts(outs) if not isinstance(out, Garbled)]


def readings(outs: Iterable[Out]) -> list[Out]:
    """Believed facts but waves, which span many frames, and tags without a row, which nobody judges."""
    return [out for out in believed(outs) if not isinstance(out, Waveform | Unmapped)]


def hear(driver: Driver, chunks: Iterable[bytes], now: int = 0) -> list[Out]:
    """Facts of the chunks, as if unasked: whether a question went out between two chunks is not in the bytes."""
    heard = facts(out for chunk in chunks for out in driver.receive(chunk, Ms(now)))
    return [replace(fact, requested_ms=None) if isinstance(fact, PumpStatus) else fact for fact in heard]


def numbers(outs: Iterable[Out]) -> set[str]:
    """Names of signals and of a status' fields that have a value."""
    found: set[str] = set()
    for out in outs:
        if isinstance(out, Vitals):
            found |= {reading.signal for reading in out.readings if reading.value_milli is not None}
        elif isinstance(out, PumpStatus):
            fields = {"rate_ul_h": out.rate_ul_h, "volume_ul": out.volume_ul, "infusing": out.infusing}
            found |= {name for name, value in fields.items() if value is not None}
    return found


def claims(outs: Iterable[Out]) -> set[tuple[object, ...]]:
    """All that is said to be so: values, alarms, who it is, outcomes. That something has no value claims nothing."""
    found: set[tuple[object, ...]] = set()
    for out in outs:
        if isinstance(out, Vitals):
            found |= {(r.signal, r.value_milli, r.quality) for r in out.readings if r.value_milli is not None}
        elif isinstance(out, PumpStatus):
            values = ((name, getattr(out, name)) for name in ("rate_ul_h", "volume_ul", "infusing", "serial"))
            found |= {pair for pair in values if pair[1] is not None}
        elif isinstance(out, DeviceAlarms):
            found |= {("alarm", alarm.code) for alarm in out.alarms}
        elif isinstance(out, Identity):
            found |= {pair for pair in (("serial", out.serial), ("software", out.software)) if pair[1] is not None}
        elif isinstance(out, CommandOutcome | Control):
            found.add((out,))
    return found


def integrity_of(outs: Iterable[Out], otherwise: Integrity) -> Integrity:
    """What protects these facts, by their own word; `otherwise` where none of them says."""
    said = [out.integrity for out in outs if isinstance(out, Vitals | PumpStatus)]
    return Integrity.NONE if Integrity.NONE in said else said[0] if said else otherwise
