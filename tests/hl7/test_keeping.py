"""Once an hour what is old goes, but for the messages that began an alarm which stands."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest
from pumpd_hl7 import keeping

from pumpd.gateways import Before, KeepSettings
from pumpd.journal import JournalUnavailable
from tests.hl7.test_writers import ALARM, NOW_US

DAY_US = 86_400_000_000


class Port:
    """Also its own store. broken: how often it fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[Before, frozenset[str]]] = []
        self.twice = asyncio.Event()
        self.store, self.broken = self, 1

    def alarms(self) -> list[object]:
        return [ALARM]

    def wall_us(self) -> int:
        return NOW_US

    async def expire(self, before: Before, keep: Collection[str]) -> int:
        if self.broken:
            self.broken -= 1
            raise JournalUnavailable("the disk is full")
        self.asked.append((before, frozenset(keep)))
        if len(self.asked) == 2:
            self.twice.set()
        return 3


async def test_old_messages_go_again_and_again_even_after_the_journal_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVERY_S", 0)
    port = Port()
    task = asyncio.create_task(keeping.keeping(KeepSettings(90, 30, 0), port))  # type: ignore[arg-type]
    await port.twice.wait()
    task.cancel()
    assert port.asked[0] == (Before(NOW_US - 90 * DAY_US, NOW_US - 30 * DAY_US, 0), frozenset((ALARM.id,)))
