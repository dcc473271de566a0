"""Ends of lines that are taken away after each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.links.ends import PtyEnd, Watched


@pytest.fixture
def end(tmp_path: Path) -> Iterator[PtyEnd]:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    made = PtyEnd(folder / "port")
    yield made
    made.close()


@pytest.fixture
async def watch() -> AsyncIterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(*args: object, **more: object) -> Watched:
        made.append(Watched(*args, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for watched in made:
        await watched.line.close()
