"""The whole daemon with simulated devices on real lines, on a thread of its own beside the browser's."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pumpd.access.always import AlwaysSignedIn
from pumpd.config.model import WardConfig
from pumpd.daemon import Daemon
from pumpd.safety.view import BedView, PumpView
from pumpd.sim import SimWard
from tests.daemon.house import House

T = TypeVar("T")
DEADLINE_S = 60.0


class OpenHouse(House):
    """Nobody has to sign in: what is tested here is what a person may do then."""

    def __init__(self, folder: Path, sim: SimWard, config: WardConfig) -> None:
        super().__init__(folder, sim, config)
        self.daemon = Daemon(config, access=AlwaysSignedIn())


class HouseWard:
    """`with HouseWard(folder) as ward:` serves bed 1 at `ward.url`; its pump infuses and takes commands."""

    def __init__(self, folder: Path, beds: int = 1) -> None:
        self.folder, self._beds = folder, beds
        self._open = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="house-ward", daemon=True)

    def __enter__(self) -> HouseWard:
        self._thread.start()
        assert self._open.wait(DEADLINE_S), "the ward did not start"
        self.url = f"http://127.0.0.1:{self.house.daemon.port}/"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(DEADLINE_S)

    async def _main(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.house = await OpenHouse.open(self.folder, beds=self._beds)
        self._open.set()
        await self._end.wait()
        await self.house.close()

    def do(self, act: Callable[[House], T]) -> T:
        """Carried out on the ward's own loop."""

        async def run() -> T:
            return act(self.house)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(DEADLINE_S)

    def until(self, condition: Callable[[House], object]) -> None:
        """Waits until it holds; looks after every step of a kernel."""
        wait = self.house.until(lambda: condition(self.house))
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(wait, DEADLINE_S), self._loop).result()

    @property
    def view(self) -> BedView:
        return self.do(lambda house: house.view)

    @property
    def pump(self) -> PumpView:
        return self.do(lambda house: house.pump)

    def heard(self, command: str) -> int:
        """How often the pump got these bytes."""
        return self.do(lambda house: house.bed.pump.heard[command])

    def journal(self, kind: str) -> list[str]:
        """The bodies of the journal's events of this kind, oldest first."""
        with sqlite3.connect(f"file:{self.folder}/journal.db?mode=ro", uri=True) as db:
            rows = db.execute("SELECT body FROM events WHERE kind = ? ORDER BY id", (kind,)).fetchall()
        return [str(body) for (body,) in rows]
