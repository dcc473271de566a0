"""A broker, and PostgreSQL, for tests of the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bus.brokers import Mosquitto, need_mosquitto
from tests.daemon.house import House
from tests.hub.stand import a_house
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    need_mosquitto()
    made = Mosquitto(tmp_path / "broker")
    await made.start()
    yield made
    made.stop()


@pytest.fixture
async def ward(mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[House]:
    """In this process, on the broker."""
    async with a_house(tmp_path, mosquitto.port) as house:
        yield house


@pytest.fixture
def database(postgres: Postgres) -> str:
    """Of a hub, empty."""
    return postgres.empty().replace("postgresql+asyncpg://", "postgresql://")
