"""Every device that can be simulated, by the name of its driver: ours, and those that other packages register.

Another package names its simulator in its own entry-point group `pumpd.simulators`, under its driver's name; the entry
is a class built on `pumpd.sim.devices.base`, or one that offers the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Literal, Protocol

from pumpd.sim.asena import AsenaSim
from pumpd.sim.capnostream import CapnostreamSim
from pumpd.sim.devices.baxter_as50 import BaxterAs50Sim
from pumpd.sim.devices.bbraun_space_bcc import BBraunSpaceBccSim
from pumpd.sim.devices.draeger_medibus import DraegerMedibusSim
from pumpd.sim.devices.fresenius_base import FreseniusBaseSim
from pumpd.sim.devices.ge_dri import GeDriSim
from pumpd.sim.devices.gemini_c2 import GeminiC2Sim
from pumpd.sim.devices.graseby_3400 import Graseby3400Sim
from pumpd.sim.devices.hospira_plum_a import HospiraPlumASim
from pumpd.sim.devices.ivy_450c import Ivy450CSim
from pumpd.sim.devices.masimo_ascii1 import MasimoAscii1Sim
from pumpd.sim.devices.nellcor_ascii import NellcorAsciiSim
from pumpd.sim.devices.new_era_ne1000 import NewEraNe1000Sim
from pumpd.sim.devices.nonin_df import NoninDFSim
from pumpd.sim.devices.philips_intellivue import PhilipsIntellivueSim
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
    """A device that can be simulated; name is that of its driver.

    baud, frame: its serial line's usual speed, data bits and parity ("8N"). serial: what it tells by default; None
    where its protocol tells none.
    """

    name: str
    kind: Literal["pump", "monitor"]
    text: str
    serial: str | None
    baud: int
    frame: str
    make: Callable[..., Any]

    def device(
        self, patient: Patient, serial: str | None = None, *, now_ms: int = 0, seed: int = 1, waves: bool = True
    ) -> Any:
        """One such device. A monitor watches the patient. waves False: no curves, where that can be chosen."""
        if self.kind == "pump":
            made = self.make(serial, now_ms=now_ms, seed=seed)
        elif self.make is CapnostreamSim:
            made = CapnostreamSim(patient, serial, now_ms=now_ms, seed=seed, waves=waves)
        else:
            made = self.make(patient, serial, now_ms=now_ms, seed=seed)
        return made


_OURS: tuple[Any, ...] = (
    AsenaSim,
    CapnostreamSim,
    Graseby3400Sim,
    GeminiC2Sim,
    NewEraNe1000Sim,
    BaxterAs50Sim,
    BBraunSpaceBccSim,
    MasimoAscii1Sim,
    Ivy450CSim,
    NellcorAsciiSim,
    NoninDFSim,
    FreseniusBaseSim,
    PhilipsIntellivueSim,
    GeDriSim,
    DraegerMedibusSim,
    HospiraPlumASim,
)


def model_of(simulator: Any) -> Model:
    """The row of a simulator's class. Raises AttributeError for a class that does not say what it is."""
    one = simulator
    frame = getattr(one, "usual_frame", "8N")
    return Model(one.model, one.kind, one.text, one.number, one.usual_baud, frame, one)


def catalog_of(points: Iterable[EntryPoint]) -> tuple[Mapping[str, Model], Mapping[str, str]]:
    """Our models and those that the entry points name; and why one of those cannot be used, by its name."""
    models = {model.name: model for model in map(model_of, _OURS)}
    broken: dict[str, str] = {}
    for point in sorted(points, key=lambda point: point.name):
        try:
            model = model_of(point.load())
        except Exception as error:  # noqa: BLE001 - another package's code: whatever it raises is its own fault, as a value
            broken[point.name] = f"{type(error).__name__}: {error}"
        else:
            models[model.name] = model
    return MappingProxyType(models), MappingProxyType(broken)


CATALOG, BROKEN = catalog_of(entry_points(group=GROUP))
