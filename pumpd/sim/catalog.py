"""Every device that can be simulated, by the name of its driver: ours, and those that other packages register.

Another package names its simulator in its own entry-point group `pumpd.simulators`, under its driver's name; the entry
is a class built on `pumpd.sim.devices.base`, or one that offers the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Literal, Protocol

from pumpd.sim.asena import AsenaSim
from pumpd.sim.capnostream import CapnostreamSim
from pumpd.sim.devices.senses import Patient
from pumpd.sim.faults import LineFaults
from pumpd.sim.line import ByteDevice

GROUP = "pumpd.simulators"


class Simulated(ByteDevice, Protocol):
    """What the conformance kit and a bench need of a simulated device."""

    @property
    def faults(self) -> LineFaults: ...
    @property
    def serial(self) -> str | None: ...
    def shown(self, now_ms: int) -> Mapping[str, int | None]:
        """What its own display says: signal -> thousandths; of a pump rate_ul_h, volume_ul, infusing."""
        ...


@dataclass(frozen=True)
class Model:
    """A device that can be simulated; name is that of its driver. baud: its serial line's usual speed.

    serial: what it tells by default; None where its protocol tells none.
    """

    name: str
    kind: Literal["pump", "monitor"]
    text: str
    serial: str | None
    baud: int
    make: Callable[..., Any]

    def device(
        self, patient: Patient, serial: str | None = None, *, now_ms: int = 0, seed: int = 1, waves: bool = True
    ) -> Simulated:
        """One such device. A monitor watches the patient. waves False: no curves, where that can be chosen."""
        if self.kind == "pump":
            made = self.make(serial, now_ms=now_ms, seed=seed)
        elif self.make is CapnostreamSim:
            made = CapnostreamSim(patient, serial, now_ms=now_ms, seed=seed, waves=waves)
        else:
            made = self.make(patient, serial, now_ms=now_ms, seed=seed)
        return made  # type: ignore[no-any-return]


# one row a device: its class tells the rest
_PUMPS: tuple[type, ...] = (AsenaSim,)
_MONITORS: tuple[type, ...] = (CapnostreamSim,)


def model_of(made_by: Any, kind: Literal["pump", "monitor"]) -> Model:
    """The row of a simulator's class. Raises AttributeError for a class that does not say what it is."""
    return Model(made_by.model, kind, made_by.text, made_by.number, made_by.usual_baud, made_by)


def _registered(points: tuple[EntryPoint, ...]) -> list[Model]:
    """Simulators of other packages; one that cannot be loaded raises: this is a workbench, not a bedside."""
    classes = [point.load() for point in sorted(points, key=lambda p: p.name)]
    return [model_of(made_by, "monitor" if hasattr(made_by, "message") else "pump") for made_by in classes]


CATALOG: Mapping[str, Model] = MappingProxyType(
    {
        model.name: model
        for model in (
            *(model_of(made_by, "pump") for made_by in _PUMPS),
            *(model_of(made_by, "monitor") for made_by in _MONITORS),
            *_registered(tuple(entry_points(group=GROUP))),
        )
    }
)
