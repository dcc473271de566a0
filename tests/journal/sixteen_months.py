"""A journal of sixteen months, made once for the tests of a file, and no pauses while it is cut."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from pumpd.journal import ops
from pumpd.journal.letting_go import Plan, RecordRule, plan
from tests.journal.old_record import DAY_MS, DAYS, RULE, World


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("record_cut", "rollup", "cutting"):
        monkeypatch.setattr(f"pumpd.journal.{module}.PAUSE_S", 0)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite journal of sixteen months, nothing gone."""
    path = tmp_path_factory.mktemp("old") / "lived.db"

    async def live() -> None:
        world = World(f"sqlite+aiosqlite:///{path}")
        async with world.open() as journal:
            await world.live(journal)

    asyncio.run(live())
    return path


@pytest.fixture
def old(lived: Path, tmp_path: Path) -> World:
    """A copy of it, at the moment at which it ends."""
    path = tmp_path / "old.db"
    ops.backup(f"sqlite:///{lived}", path)
    world = World(f"sqlite+aiosqlite:///{path}")
    world.now = DAYS * DAY_MS
    return world


async def planned(world: World, rule: RecordRule = RULE) -> Plan | None:
    async with world.open() as journal:
        return await journal.ask(partial(plan, rule=rule, now_us=world.now_us))


def path_of(world: World) -> str:
    return world.url.removeprefix("sqlite+aiosqlite:///")
