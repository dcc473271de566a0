"""A bed on a pty, ready: the driver's first bytes have arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.bedside.parts import Bench
from tests.links.ends import PtyEnd


@pytest.fixture
def end(tmp_path: Path) -> Iterator[PtyEnd]:
    made = PtyEnd(tmp_path / "port")
    yield made
    made.close()


@pytest.fixture
async def bench(end: PtyEnd) -> AsyncIterator[Bench]:
    made = Bench(end)
    await made.arrived(b"hello,")
    yield made
    await made.close()
