"""Which keys were seen: never forgotten, and what is new is known as new without a question."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.journal import inbound
from pumpd.journal.seen import Seen
from tests.journal.letters import letters, message


def test_no_key_that_was_added_is_ever_taken_for_new() -> None:
    seen = Seen()
    keys = [("EHR", str(number), "2026") for number in range(50_000)]
    for key in keys:
        seen.add(key)
    assert all(key in seen for key in keys)
    assert sum(("EHR", str(number), "2027") in seen for number in range(10_000)) < 20


async def test_a_run_asks_about_new_keys_until_it_knows_those_of_earlier_runs(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "READ_KEYS", 3)
    asked: list[Any] = []
    async with letters(any_url) as (_, store):
        for number in range(7):
            await store.received(message(f"old {number}"))
    async with letters(any_url) as (_, store):
        find = store._find_many

        async def counted(keys: Any) -> Any:
            asked.append(keys)
            return await find(keys)

        monkeypatch.setattr(store._find, "_ask", counted)
        for number in range(10):
            fresh = message(f"new {number}")
            assert await store.received(fresh) is fresh
        assert len(asked) == 3  # of seven keys, three at a time
        for name in ("old 0", "old 6", "new 9"):
            again = message(name)
            assert await store.received(again) is not again
        assert len(asked) == 6
