"""The web face with people, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.security.face import Face


@pytest.fixture
async def face() -> AsyncIterator[Face]:
    face = await Face.open()
    yield face
    await face.close()
