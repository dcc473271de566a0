"""What a storm is played on: the ward and its daemon, its journal's database, the hospital, the EHR, the people."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.daemon import CONFIG
from tests.bus.conftest import mqtt_table
from tests.chaos.storm.ehr import Ehr, Mail
from tests.chaos.storm.ghost import SAMPLE_S, Ghost
from tests.chaos.storm.hands import Hands
from tests.chaos.storm.hospital import Hospital, HubNotes
from tests.chaos.storm.keeper import Keeper
from tests.chaos.storm.nurse import Nurses
from tests.chaos.storm.outside import Outside
from tests.chaos.storm.servers import Broker, Database, has_broker, has_postgres
from tests.chaos.storm.shim import Shim
from tests.chaos.storm.ward import StormWard
from tests.chaos.storm.weather import Weather

STEP_S = 0.5
JOURNAL_FOLDER = "journal-server"


@dataclass
class Stage:
    """url: of the journal. journal: its server; None: a file of the daemon's own."""

    folder: Path
    file: Path
    url: str
    ward: StormWard
    ghost: Ghost
    keeper: Keeper
    hands: Hands
    nurses: Nurses
    weather: Weather
    journal: Database | None
    hospital: Hospital | None
    ehr: Ehr | None

    @classmethod
    async def built(cls, folder: Path, seed: int, beds: int, journal: str) -> Stage:
        """Everything but the daemon and the hub runs."""
        ward, shim = StormWard(folder, beds, seed), Shim(folder)
        ghost = Ghost(ward)
        database = await _journal(folder, ghost) if journal == "postgresql" else None
        url = f"sqlite+aiosqlite:///{folder}/journal.db"
        if database is not None:
            url = await asyncio.to_thread(database.server.empty)
        hospital, ehr = await _hospital(folder, ghost), Ehr(Mail())
        file = ward.write(folder / "ward.toml", url, _tables(folder, ward, hospital, ehr))
        keeper = Keeper(file, shim, ghost)
        hands = Hands(ward, ghost, keeper)
        nurses = Nurses(ward, ghost, keeper, hands)
        outside = Outside(ward, keeper, shim, hands, nurses.census, database, hospital, ehr)
        weather = Weather(ward, ghost, outside)
        return cls(folder, file, url, ward, ghost, keeper, hands, nurses, weather, database, hospital, ehr)

    async def begun(self) -> list[asyncio.Task[None]]:
        """All that goes on until the storm is over; the hub first."""
        found = [asyncio.create_task(self._patients())]
        if self.hospital is not None:
            found += [asyncio.create_task(self.hospital.live()), asyncio.create_task(self.hospital.look())]
            await self.hospital.until_up()
        if self.ehr is not None:
            found.append(asyncio.create_task(self.ehr.live()))
        return [*found, asyncio.create_task(self.keeper.live()), asyncio.create_task(self.nurses.live())]

    async def _patients(self) -> None:
        """They live on, and the ghost looks at everything."""
        steps = 0
        while True:
            await asyncio.sleep(SAMPLE_S)
            self.ghost.sample()
            steps += 1
            if steps % int(STEP_S / SAMPLE_S) == 0:
                for bed in self.ward.beds:
                    bed.step()

    async def close(self) -> None:
        """Its servers."""
        if self.hospital is not None:
            await asyncio.to_thread(self.hospital.broker.mosquitto.stop)
            await asyncio.to_thread(self.hospital.database.server.end)
        if self.journal is not None:
            await asyncio.to_thread(self.journal.server.end)


async def _journal(folder: Path, ghost: Ghost) -> Database:
    database = Database(folder / JOURNAL_FOLDER, "journal", ghost.disk)
    await database.open()
    return database


async def _hospital(folder: Path, ghost: Ghost) -> Hospital | None:
    """Where there is a broker and PostgreSQL for what it keeps."""
    if not (has_broker() and has_postgres()):
        return None
    notes = HubNotes()
    broker = Broker(folder / "broker", notes.troubles, ghost.dark)
    database = Database(folder / "history-server", "history", notes.troubles)
    await broker.open()
    await database.open()
    hospital = Hospital(folder / "hub", broker, database, notes)
    await hospital.open()
    return hospital


def _tables(folder: Path, ward: StormWard, hospital: Hospital | None, ehr: Ehr) -> str:
    """Of the ward file, beside its beds."""
    places = f'\n[capture]\ndirectory = "{folder}/capture"\n[access]\nfile = "{CONFIG}/access.toml"\n'
    text = places + f'directory = "{folder}/access"\n'
    if hospital is not None:
        text += mqtt_table(hospital.broker.mosquitto.port)
    return text + ehr.table([bed.id for bed in ward.beds])
