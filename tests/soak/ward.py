"""A ward with a bed for every simulated device: half of the lines are ptys, half TCP. Everything on one loop."""

from __future__ import annotations

import json
from itertools import cycle, islice
from pathlib import Path

from pumpd.registry import drivers
from pumpd.sim import DeviceLine, PtyEndpoint, SimClock, SimPatient, TcpEndpoint
from pumpd.sim.catalog import CATALOG, Model
from pumpd.sim.endpoint import Endpoint

CONFIG = Path(__file__).resolve().parents[2] / "config"
STEP_S = 1.0
RATE_UL_H = 7000  # 0.1 mg/kg/h of 1 mg/mL for 70 kg; on the coarsest step of the sixteen


class Place:
    """One bed: its patient, its device, its line."""

    def __init__(self, number: int, model: Model, folder: Path, clock: SimClock) -> None:
        self.model, self.id = model, f"{model.name.replace('_', '-')}-{number}"
        self.patient = SimPatient(number)
        self.device = model.device(self.patient, seed=number)
        if model.kind == "pump":
            self.device.panel.set_rate(RATE_UL_H, 0)  # type: ignore[attr-defined]
            self.device.panel.start(0)  # type: ignore[attr-defined]
        tcp = number % 2 == 0
        self.endpoint: Endpoint = TcpEndpoint() if tcp else PtyEndpoint(folder / f"line{number}")
        self.line = DeviceLine(self.device, self.endpoint, clock)

    @property
    def device_id(self) -> str:
        return f"{self.id}-d1"

    def toml(self) -> str:
        """Its bed in the ward file. A pump that takes a stop is to be stopped; the others alarm."""
        pump, info = self.model.kind == "pump", drivers()[self.model.name].info
        keys: dict[str, str] = {"id": self.device_id, "driver": self.model.name, "link": self.endpoint.url}
        if self.device.serial is not None and info.tells_serial:
            keys["serial"] = self.device.serial
        if pump:
            keys |= {"drug": "ketamine", "concentration": "1 mg/mL"}
            keys["enforcement"] = "stop" if info.pump.can_stop else "alarm"
        rows = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
        head = ["[[bed]]", f'id = "{self.id}"', "[bed.patient]", f'mrn = "S-{self.id}"', 'family_name = "Soak"']
        head += ['given_name = "Sam"', 'birth_date = "1970-01-01"', 'sex = "male"', "weight_kg = 70"]
        return "\n".join([*head, "[[bed.pump]]" if pump else "[[bed.monitor]]", *rows, ""])


class Sixteen:
    """All of them, or so many beds with one after the other."""

    def __init__(self, folder: Path, beds: int | None = None) -> None:
        self.folder = folder
        clock = SimClock()
        names = [name for name in sorted(CATALOG) if name in drivers()]
        of_beds = islice(cycle(names), beds if beds is not None else len(names))
        self.places = [Place(number, CATALOG[name], folder, clock) for number, name in enumerate(of_beds, 1)]

    def open(self) -> None:
        for place in self.places:
            place.line.open()

    def close(self) -> None:
        for place in self.places:
            place.line.close()

    def breathe(self) -> None:
        """One second of every patient."""
        for place in self.places:
            place.patient.step(STEP_S)

    def ward_toml(self, port: int = 0) -> str:
        head = f"""schema = 1
[ward]
id = "soak"
name = "Soak"
timezone = "UTC"
care_area = "palliative-adult"
[server]
port = {port}
[journal]
url = "sqlite+aiosqlite:///{self.folder}/journal.db"
[library]
file = "{CONFIG}/drug_library.toml"
[alarms]
file = "{CONFIG}/alarms/adult.toml"
"""
        return head + "".join(place.toml() for place in self.places)
