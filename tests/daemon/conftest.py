"""A house per test, in a folder with a space in its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.daemon.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "a ward"
    folder.mkdir()
    made = await House.open(folder)
    yield made
    await made.close()
