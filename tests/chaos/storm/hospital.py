"""The hospital around the storm's ward: a hub as a process of its own, and somebody who looks at it all the time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pumpd.access.accounts import NewToken, TokenMade
from pumpd.access.roles import Identity, Permission
from pumpd.hub.config import load_hub
from pumpd.signin.office import open_office
from tests.acceptance.daemon import Json, Pumpd
from tests.chaos.storm.ghost import boot_ms
from tests.chaos.storm.keeper import OURS
from tests.chaos.storm.servers import Broker, Database, Troubled
from tests.chaos.storm.spans import Spans
from tests.hub.stand import ask, hub_file

LOOK_S = 0.7
AGAIN_S = 0.5
READY, SUBSCRIBED_S = 200, 2.0
SITE, WARD = "st-elsewhere", "demo"


@dataclass(frozen=True)
class Seen:
    """What the hub's page showed of one bed, asked for at from_ms and there at until_ms. figures: all that were shown,
    vitals by signal; rates of pumps that were said to infuse, in mL/h.
    """

    from_ms: float
    until_ms: float
    bed: str
    live: bool
    age_ms: int | None
    figures: int
    rates: dict[str, float]


@dataclass
class HubNotes:
    """seen: looks at beds. events: rows of the hub's history at the end. due: ids that were in the ward's journal when
    the storm was over. alarms: ids that the hub and the ward showed last. why: that it was not judged, and why not.
    """

    seen: list[Seen] = field(default_factory=list)
    events: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    cut_ms: float = 0.0
    drained: bool = True
    alarms: tuple[frozenset[str], frozenset[str]] | None = None
    outputs: list[str] = field(default_factory=list)
    unwilling: list[str] = field(default_factory=list)
    starts: int = 0
    troubles: Spans = field(default_factory=Spans)


class Hospital(Troubled):
    """broker and database are the storm's; the hub is started again whenever it ends, as systemd would."""

    def __init__(self, folder: Path, broker: Broker, database: Database, notes: HubNotes) -> None:
        super().__init__("hub", notes.troubles)
        self._folder, self.broker, self.database, self.notes = folder, broker, database, notes
        self._file = folder / "hub.toml"
        self._token = ""
        self._hub: Pumpd | None = None
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._killing = False
        self.url = ""

    async def open(self) -> None:
        """Its file, its database, and somebody who may look."""
        empty = await asyncio.to_thread(self.database.server.empty)
        self.url = empty.replace("postgresql+asyncpg://", "postgresql://")
        self._folder.mkdir()
        self._file = hub_file(self._folder, self.broker.mosquitto.port, database=self.url)
        hub = load_hub(self._file).hub
        assert hub is not None
        async with open_office(hub.access, hub.accounts_url, hub.access_folder) as office:
            made = await office.accounts.add_token(
                NewToken("storm", frozenset({Permission.VIEW}), Identity.NONE, None), office.by
            )
        assert isinstance(made, TokenMade)
        self._token = made.secret

    async def until_up(self) -> None:
        """It hears the broker and writes: what a ward tells before a hub was ever there is told to nobody."""
        while True:
            await asyncio.sleep(AGAIN_S)
            hub = self._hub
            with contextlib.suppress(*OURS):
                if hub is not None and hub._http is not None:
                    answer = await hub._http.get(f"{hub.url}readyz")
                    if answer.status_code == READY:
                        break
        await asyncio.sleep(SUBSCRIBED_S)

    async def live(self) -> None:
        """Until cancelled."""
        while True:
            await self._may_run.wait()
            try:
                self._hub = await Pumpd.started("hub", "--config", str(self._file), token=self._token)
            except (*OURS, TimeoutError) as error:
                self.notes.unwilling.append(f"{boot_ms():.0f}: the hub did not start: {error!r}"[:1500])
                await asyncio.sleep(AGAIN_S)
                continue
            self.notes.starts += 1
            await self._ran(self._hub)

    async def _ran(self, hub: Pumpd) -> None:
        code = await hub.process.wait()
        self._hub = None
        if not self._killing:
            self.notes.unwilling.append(f"{boot_ms():.0f}: the hub ended by itself with {code}:\n{hub.text[-2000:]}")
        self._killing = False
        await hub.kill()
        self.notes.outputs.append(hub.text)

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            from_ms = boot_ms()
            shown = await self._get(f"hospital/wards/{SITE}/{WARD}")
            if shown is not None:
                self.notes.seen += [_seen(bed, from_ms, boot_ms()) for bed in shown["beds"]]

    async def _get(self, path: str) -> Json | None:
        hub = self._hub
        try:
            return None if hub is None else await hub.get(path)
        except OURS:
            return None

    async def alarms(self) -> frozenset[str]:
        """What stands by the hub's word."""
        shown = await self._get(f"hospital/wards/{SITE}/{WARD}")
        return frozenset() if shown is None else frozenset(alarm["id"] for alarm in shown["alarms"])

    async def kill(self, away_s: float) -> None:
        """kill -9, and nobody starts it for so long."""
        async with self.trouble():
            if self._hub is not None:
                self._killing = True
                self._may_run.clear()
                os.kill(self._hub.process.pid, signal.SIGKILL)
            await asyncio.sleep(away_s)
            self._may_run.set()

    async def hang(self, for_s: float) -> None:
        async with self.trouble():
            hub = self._hub
            for number in (signal.SIGSTOP, signal.SIGCONT):
                if hub is not None and hub.process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(hub.process.pid, number)
                if number is signal.SIGSTOP:
                    await asyncio.sleep(for_s)

    async def events(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """(id, bed, kind, body) of all that its history holds."""
        import msgspec

        rows = await ask(self.url, "SELECT id, bed, kind, body::text FROM events")
        return [(str(name), str(bed), str(kind), msgspec.json.decode(str(body))) for name, bed, kind, body in rows]

    async def known(self) -> set[str]:
        return {str(row[0]) for row in await ask(self.url, "SELECT id FROM events")}

    async def end(self) -> None:
        self._killing = True
        self._may_run.clear()
        if self._hub is not None:
            with contextlib.suppress(TimeoutError, ProcessLookupError):
                await self._hub.signal(signal.SIGTERM, 20)


def _seen(bed: Json, from_ms: float, until_ms: float) -> Seen:
    rates = {
        pump["id"]: float(pump["rate_ml_h"])
        for pump in bed["pumps"]
        if pump["rate_ml_h"] is not None and pump["infusing"] is True
    }
    vitals = [name for name, value in bed["vitals"].items() if value["v"] is not None]
    shown = len(vitals) + sum(pump["rate_ml_h"] is not None for pump in bed["pumps"])
    return Seen(from_ms, until_ms, bed["id"], bed["status"] == "live", bed["age_ms"], shown, rates)
