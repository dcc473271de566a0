"""The collector's schedule, and lines that open one after the other."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.daemon import Daemon, daemon, watch

WARD = Path(__file__).resolve().parents[2] / "config" / "ward.toml"


class Sleeper:
    """Sleeps without waiting, notes how long; ends the sleeper's task when its time is up."""

    def __init__(self, until_s: float) -> None:
        self.until_s = until_s
        self.now_s = 0.0
        self.naps: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now_s += seconds
        if self.now_s > self.until_s:
            raise asyncio.CancelledError


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the collector was asked to do, in order."""
    said: list[Any] = []
    before = gc.get_threshold()
    monkeypatch.setattr(gc, "collect", lambda generation=2: said.append(generation))
    monkeypatch.setattr(gc, "freeze", lambda: said.append("freeze"))
    yield said
    assert gc.get_threshold() == before, "the process is left as it was"


async def test_the_collector_looks_often_at_what_is_young_and_once_a_minute_at_everything(
    collector: list[Any],
) -> None:
    with pytest.raises(asyncio.CancelledError):
        await watch.tidy(Sleeper(watch.SETTLED_S + 2.5 * watch.WHOLE_S))
    assert collector[:2] == [2, "freeze"], "what lives as long as the daemon is set aside first"
    rest = collector[2:]
    young = int(watch.WHOLE_S / watch.TIDY_S)
    assert rest[:young] == [0] * young
    assert rest[young] == 2
    assert rest.count(2) == 2


async def test_a_burst_of_objects_does_not_set_the_collector_off_meanwhile(
    collector: list[Any],
) -> None:
    seen: list[tuple[int, int, int]] = []

    async def look(_: float) -> None:
        seen.append(gc.get_threshold())
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await watch.tidy(look)
    assert seen == [(watch.BURST_OBJECTS, watch.RARELY, watch.RARELY)]


class Opened:
    """Stands for a session: notes at which nap it was started."""

    def __init__(self, sleeper: Sleeper) -> None:
        self._sleeper = sleeper
        self.at = -1.0

    def start(self) -> None:
        self.at = self._sleeper.now_s


@pytest.mark.parametrize("count", [3, 2000])
async def test_lines_open_one_after_the_other_and_all_of_them_soon(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ward = load_ward(WARD)
    assert isinstance(ward, WardConfig), ward
    made = Daemon(replace(ward))
    sleeper = Sleeper(1e9)
    monkeypatch.setattr(daemon.asyncio, "sleep", sleeper)
    sessions = {str(number): Opened(sleeper) for number in range(count)}
    made.sessions = sessions  # type: ignore[assignment]
    await made._open_lines()
    at = [session.at for session in sessions.values()]
    assert at == sorted(set(at)), "no two at once"
    assert at[-1] <= daemon.OPENING_S
    assert max(sleeper.naps) <= daemon.OPENING_GAP_S
