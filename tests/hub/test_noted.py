"""Until when a hub has heard everything: only what the database took counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from pumpd.bus.wire import Link
from pumpd.hub.config import load_hub
from pumpd.hub.history import History
from tests.hub.stand import hub_file


class Failing:
    """A connection that is lost with the next statement."""

    async def fetchval(self, *_: object) -> None:
        return None

    async def execute(self, *_: object) -> None:
        raise OSError("lost")


async def test_what_the_database_did_not_take_is_not_noted_and_is_tried_again(tmp_path: Path) -> None:
    loaded = load_hub(hub_file(tmp_path, 9, database="postgresql://nowhere/hub"))
    assert loaded.hub is not None
    assert loaded.hub.database is not None
    history = History(loaded.hub, loaded.hub.database, lambda since: None)
    history._events_link = cast(Link, object())
    for _ in range(2):
        with pytest.raises(OSError, match="lost"):
            await history._heard_until(cast(Any, Failing()))
        assert not history.noted
