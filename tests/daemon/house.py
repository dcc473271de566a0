"""A whole ward for a test: simulated devices on real lines, the daemon on the same loop, everything in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from pumpd.access.always import AlwaysSignedIn
from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.daemon import Daemon
from pumpd.safety.alarms import Alarm
from pumpd.safety.decisions import InterlockState
from pumpd.safety.view import BedView, PumpView
from pumpd.sim import SimWard
from pumpd.sim.bed import SimBed

CONFIG = Path(__file__).resolve().parents[2] / "config"


class House:
    """Made by `open`. Bed 1 is what most tests look at."""

    def __init__(self, folder: Path, sim: SimWard, config: WardConfig) -> None:
        self.folder = folder
        self.sim = sim
        self.config = config
        self.daemon = Daemon(config, access=AlwaysSignedIn())
        self.interlocks: list[InterlockState] = []
        self.at_change: list[dict[str, int]] = []
        self.at_ms: list[int] = []
        self._stepped = asyncio.Event()

    @classmethod
    async def open(cls, folder: Path, beds: int = 1, patient: bool = True, more: str = "") -> House:
        """The daemon runs and bed 1's pump is heard and under control. more: further tables of the ward file."""
        sim = await SimWard.start(beds=beds, folder=folder / "lines of the ward", play=False, waves=False)
        text = sim.ward_toml(
            port=0,
            journal_url=f"sqlite+aiosqlite:///{folder}/journal.db",
            library=CONFIG / "drug_library.toml",
            protocol=CONFIG / "protocols" / "ldk.toml",
            alarms=CONFIG / "alarms" / "adult.toml",
        )
        (folder / "ward.toml").write_text(text + more, encoding="utf-8")
        config = load_ward(folder / "ward.toml")
        assert isinstance(config, WardConfig), config
        house = cls(folder, sim, config)
        await house.start()
        await house.until(lambda: house.pump.infusing and house.pump.control is not None)
        return house

    async def start(self) -> None:
        """Start the daemon (again: a new one on the same folder)."""
        if self.daemon.beds:
            self.daemon = Daemon(self.config, access=AlwaysSignedIn())
        await self.daemon.start()
        mark = self.daemon.hub.mark

        def noting(bed_id: str) -> None:
            mark(bed_id)
            self._note()

        self.daemon.hub.mark = noting  # type: ignore[method-assign]
        self._note()

    def _note(self) -> None:
        state = self.pump.interlock
        if self.interlocks[-1:] != [state]:
            self.interlocks.append(state)
            self.at_change.append(dict(self.bed.pump.heard))
            self.at_ms.append(self.daemon.beds[self.bed.id].now_ms)
        self._stepped.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits until condition() holds; looks after every kernel step of any bed."""
        while not condition():
            self._stepped.clear()
            await self._stepped.wait()

    @property
    def bed(self) -> SimBed:
        """Simulated bed 1."""
        return self.sim.beds[0]

    @property
    def view(self) -> BedView:
        """Bed 1 as a screen may show it."""
        return self.daemon.beds[self.bed.id].view()

    @property
    def pump(self) -> PumpView:
        return self.view.pumps[0]

    def alarm(self, condition: str) -> Alarm | None:
        """Bed 1's alarm whose condition contains this word."""
        return next((alarm for alarm in self.view.alarms if condition in alarm.condition), None)

    async def close(self) -> None:
        await self.daemon.stop()
        await self.sim.close()
