"""A broker, and a ward on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pumpd.bus import bus
from pumpd.bus.past import EVENTS
from pumpd.bus.wire import Link, connect
from pumpd.config.bus_settings import Broker
from pumpd.journal import JournalMessages
from tests.bus.brokers import Mosquitto, need_mosquitto
from tests.daemon.house import House


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    need_mosquitto()
    made = Mosquitto(tmp_path / "broker")
    await made.start()
    yield made
    made.stop()


PAGE = "https://demo.example:8443/"


def mqtt_table(port: int) -> str:
    return f'\n[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\nsite = "st-elsewhere"\nkeepalive_s = 2\npage = "{PAGE}"\n'


@pytest.fixture
async def ward(mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[House]:
    """One bed, on the broker."""
    folder = tmp_path / "a ward"
    folder.mkdir()
    made = await House.open(folder, more=mqtt_table(mosquitto.port))
    yield made
    await made.close()


class Door:
    """Stands before the broker; whoever listens there can come in before the ward does: events are said once."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    @asynccontextmanager
    async def connect(self, broker: Broker, name: str, **more: Any) -> AsyncIterator[Link]:
        await self.open.wait()
        async with connect(broker, name, **more) as link:
            yield link


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """For wards only; open."""
    made = Door()
    monkeypatch.setattr(bus, "connect", made.connect)
    return made


async def sure_to_have_told(ward: House) -> None:
    """The journal says that everything of its first bed was told."""
    store, bed = await JournalMessages.open(ward.daemon.journal), ward.bed.id
    while (await store.told_until(EVENTS)).get(bed, 0) < await store.last_step(bed):
        pass
