"""A ward of one bed for each of some models of pumps: its simulator on a pty, a capnograph beside it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from pumpd.registry import drivers
from pumpd.sim.capnostream import CapnostreamSim
from pumpd.sim.catalog import CATALOG
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.endpoint_tty import PtyEndpoint
from pumpd.sim.line import DeviceLine, SimClock
from pumpd.sim.patient import SimPatient
from tests.acceptance.daemon import CONFIG

STOPPABLE = sorted(
    name for name, driver in drivers().items() if driver.info.pump.can_stop and driver.info.pump.can_read_back
)
WEIGHT_KG = 72
CALM_UL_H = 7_000  # 0.1 mg/kg/h at 1 mg/mL
STEP_S = 0.5


class PumpBed:
    """One bed. stops, others: when (monotonic) stops and all other requests reached the pump."""

    def __init__(self, number: int, model: str, folder: Path, clock: SimClock) -> None:
        self.id = f"bed-{number}"
        self.model = model
        self.patient = SimPatient(number, weight_kg=WEIGHT_KG)
        self.sim = cast(Any, CATALOG[model].device(self.patient, seed=number))
        self.stops: list[float] = []
        self.others: list[float] = []
        self._clock = clock
        self.sim.panel.set_rate(CALM_UL_H, 0)
        self.sim.panel.start(0)
        monitor = CapnostreamSim(self.patient, f"B8{number:08d}", waves=False, seed=number)
        self.lines = (
            DeviceLine(self, PtyEndpoint(folder / f"{self.id}-p1"), clock),
            DeviceLine(monitor, TcpEndpoint(), clock),
        )

    def receive(self, data: bytes, now_ms: int) -> bytes:
        before = self._asked("stop")
        answer: bytes = self.sim.receive(data, now_ms)
        (self.stops if self._asked("stop") > before else self.others).append(time.monotonic())
        return answer

    def _asked(self, name: str) -> int:
        """How often the pump was commanded this."""
        if hasattr(self.sim, "asked"):
            return int(self.sim.asked[name])
        return int(self.sim.heard[{"stop": "INF_STOP", "start": "INF_START", "rate": "INF_RATE"}[name]])

    def tick(self, now_ms: int) -> bytes:
        return self.sim.tick(now_ms)  # type: ignore[no-any-return]

    def next_deadline(self) -> int | None:
        return self.sim.next_deadline()  # type: ignore[no-any-return]

    def key(self, rate_ul_h: int) -> None:
        """Somebody keys a rate at its panel."""
        self.sim.panel.set_rate(rate_ul_h, self._clock.now_ms())
        self.lines[0].poke()

    @property
    def infuses(self) -> bool:
        self.sim.advance(self._clock.now_ms())
        return bool(self.sim.pump.infusing)

    def never(self, *names: str) -> bool:
        return not any(self._asked(name) for name in names)

    def toml(self) -> str:
        pump, monitor = (line.endpoint.url for line in self.lines)
        return f"""
[[bed]]
id = "{self.id}"

[bed.patient]
mrn = "{self.id}"
family_name = "Test"
given_name = "Test"
birth_date = "1950-01-01"
sex = "female"
weight_kg = {WEIGHT_KG}

[[bed.pump]]
id = "{self.id}-p1"
driver = "{self.model}"
link = "{pump}"
drug = "ketamine"
concentration = "1 mg/mL"
enforcement = "{"stop" if self.model in STOPPABLE else "alarm"}"

[[bed.monitor]]
id = "{self.id}-m1"
driver = "capnostream20"
link = "{monitor}"
"""


def _head(folder: Path) -> str:
    return f"""schema = 1

[ward]
id = "pumps"
name = "Every model"
timezone = "UTC"
care_area = "palliative-adult"

[server]
host = "127.0.0.1"
port = 0

[journal]
url = "sqlite+aiosqlite:///{folder / "journal.db"}"

[library]
file = "{CONFIG / "drug_library.toml"}"

[protocol]
file = "{CONFIG / "protocols" / "ldk.toml"}"

[alarms]
file = "{CONFIG / "alarms" / "adult.toml"}"
"""


@asynccontextmanager
async def pump_beds(folder: Path, models: list[str]) -> AsyncIterator[tuple[list[PumpBed], Path]]:
    """The beds, infusing on real lines, and their ward file; nobody listens yet."""
    lines = folder / "lines"
    lines.mkdir()
    clock = SimClock()
    beds = [PumpBed(number, model, lines, clock) for number, model in enumerate(models, 1)]
    for bed in beds:
        for line in bed.lines:
            line.open()
    living = asyncio.create_task(_live(beds))
    file = folder / "ward.toml"
    file.write_text(_head(folder) + "".join(bed.toml() for bed in beds), encoding="utf-8")
    try:
        yield beds, file
    finally:
        living.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await living
        for bed in beds:
            for line in bed.lines:
                line.close()


async def _live(beds: list[PumpBed]) -> None:
    while True:
        await asyncio.sleep(STEP_S)  # the patients breathe on
        for bed in beds:
            bed.patient.step(STEP_S)
