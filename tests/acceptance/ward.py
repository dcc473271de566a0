"""A simulated ward in the test's own process, whose pumps' lines remember what came when, and its ward file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pumpd.sim import SimWard
from pumpd.sim.bed import CONC_MG_ML, SimBed
from pumpd.sim.line import ByteDevice
from pumpd.sim.syringe import UNITS_PER_UL
from tests.acceptance.daemon import CONFIG, LOOK_S, WAIT_S, said


class Witness:
    """Stands between a line and its pump and notes each message from the host with its time (monotonic)."""

    def __init__(self, device: ByteDevice) -> None:
        self._device = device
        self._rest = b""
        self.dumb = False  # it hears, and answers nothing
        self.heard: list[tuple[float, str]] = []
        self.on_message: Callable[[str], object] = lambda text: None

    def receive(self, data: bytes, now_ms: int) -> bytes:
        at = time.monotonic()
        *whole, self._rest = (self._rest + data).split(b"\r")
        came = [(at, text[text.rfind(b"!") + 1 :].split(b"|")[0].decode("ascii", "replace")) for text in whole]
        self.heard += came
        for _, text in came:
            self.on_message(text)
        answer = self._device.receive(data, now_ms)
        return b"" if self.dumb else answer

    def tick(self, now_ms: int) -> bytes:
        return self._device.tick(now_ms)

    def next_deadline(self) -> int | None:
        return self._device.next_deadline()

    def times(self, message: str) -> list[float]:
        """When this very message came."""
        return [at for at, text in self.heard if text == message]

    async def until(self, message: str) -> None:
        """It has come: what a daemon wrote before its end may still be on the line."""
        async with asyncio.timeout(WAIT_S):
            while not self.times(message):  # noqa: ASYNC110 - looked for as often as the ward is
                await asyncio.sleep(LOOK_S)

    def names(self) -> set[str]:
        """First fields of all messages."""
        return {text.split("^")[0] for _, text in self.heard}


class ChaosWard:
    """A SimWard, its witnesses (one per bed), and the ward file that names its devices."""

    def __init__(self, sim: SimWard, folder: Path) -> None:
        self.sim = sim
        self.folder = folder
        self.witnesses: list[Witness] = []
        for bed in sim.beds:
            witness = Witness(bed.pump)
            bed.pump_line.device = witness
            self.witnesses.append(witness)
        self.journal = folder / "journal.db"
        self.url = f"sqlite+aiosqlite:///{self.journal}"
        self.file = self.write("ward.toml", self.url)

    def write(self, name: str, journal_url: str) -> Path:
        """A ward file for these devices."""
        text = self.sim.ward_toml(
            port=0,
            journal_url=journal_url,
            library=CONFIG / "drug_library.toml",
            protocol=CONFIG / "protocols" / "ldk.toml",
            alarms=CONFIG / "alarms" / "adult.toml",
        )
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def rate(self, bed: int, ml_h: int) -> None:
        """Somebody keys a rate at the panel."""
        found = self.sim.beds[bed]
        found.pump.panel.set_rate(ml_h * 1000, found.now_ms())
        found.pump_line.poke()

    def delivered_mg(self, bed: int) -> float:
        """What has truly reached the patient."""
        return true_mg(self.sim.beds[bed])

    def never_started(self) -> bool:
        """Nothing that could start a pump or raise its rate was ever sent."""
        return not any(w.names() & {"INF_START", "INF_BOLUS", "INF_VTBI", "INF_RATE"} for w in self.witnesses)


def true_mg(bed: SimBed) -> float:
    bed.pump.advance(bed.now_ms())
    return bed.pump.pump.reached_patient_units / UNITS_PER_UL / 1000 * CONC_MG_ML


@asynccontextmanager
async def chaos_ward(folder: Path, beds: int = 1, **options: object) -> AsyncIterator[ChaosWard]:
    """Pumps infusing on real lines; nobody listens yet."""
    sim = await SimWard.start(beds=beds, folder=folder / "lines", play=False, waves=False, **options)  # type: ignore[arg-type]
    try:
        yield ChaosWard(sim, folder)
    finally:
        await sim.close()


async def clean(ward: ChaosWard) -> None:
    """The chain is whole, and the recorded events lead to the recorded decisions."""
    (code, text), (again, replayed) = await asyncio.gather(
        said("db", "verify", "--journal", ward.url), said("replay", "--journal", ward.url)
    )
    assert code == 0, text
    assert again == 0, replayed
    assert "gaps" not in replayed
