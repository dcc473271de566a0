"""The audio pause of a whole ward over the real kernels of two beds (ALA-04)."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pumpd.safety.events import SelfFault
from tests.daemon.house import House


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, beds=2)
    yield house
    await house.close()


def post(house: House, path: str, body: Any) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.daemon.port}/api/v1/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def paused(house: House) -> dict[str, bool]:
    return {name: bed.view().audio_paused_ward for name, bed in house.daemon.beds.items()}


def told(house: House, condition: str) -> list[bool]:
    return [any(a.condition == condition for a in bed.view().alarms) for bed in house.daemon.beds.values()]


@pytest.mark.req("ALA-04", "ALA-06")
async def test_a_new_alarm_is_heard_at_its_bed_while_the_others_stay_paused_over_a_restart_to_the_end(
    two: House,
) -> None:
    first, second = two.daemon.beds
    await two.until(lambda: all(told(two, "started_without")))  # that one would break the pause
    pause = {"by": "RN-KL", "seconds": 12}  # longer than a restart takes
    said = await asyncio.to_thread(post, two, "ward/audio-pause", pause)
    assert said["ok"]
    assert paused(two) == {first: True, second: True}
    two.daemon.beds[first].post(SelfFault("kernel_late", "for a test", active=True))
    assert paused(two) == {first: False, second: True}
    await two.daemon.stop()
    await two.start()
    assert paused(two) == {first: False, second: True}
    await two.until(lambda: paused(two) == {first: False, second: False})
