"""A nurse's assessment over HTTP, through the real daemon: judged at once, recorded, back after a restart."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from pumpd.journal.replay import replay
from pumpd.safety.decisions import InterlockState
from pumpd.safety.policy import Priority
from tests.daemon.house import House


def ask(house: House, path: str, body: Any = None) -> tuple[int, Any]:
    url = f"http://127.0.0.1:{house.daemon.port}/api/v1/beds/{house.bed.id}{path}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


async def assess(house: House, **body: Any) -> tuple[int, Any]:
    return await asyncio.to_thread(ask, house, "/assessments", {"by": "RN-KL", **body})


@pytest.mark.req("RSP-02", "INT-07", "ALA-06")
async def test_poss_4_alarms_and_stops_in_its_own_step_and_is_back_after_a_restart(house: House) -> None:
    status, said = await assess(house, poss=4, rass=-4)
    assert status == 200
    assert [alarm["priority"] for alarm in said["alarms"] if "poss" in (alarm["rule"] or "")] == ["high"]
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    await house.daemon.stop()
    await house.start()
    kept = house.view.values["poss"]
    assert (kept.value_milli, kept.source) == (4_000, "RN-KL")
    assert any(alarm.priority is Priority.HIGH and alarm.present for alarm in house.view.alarms)
    await house.daemon.stop()
    report = await asyncio.to_thread(replay, house.config.journal_url)
    assert report.identical, [bed.difference for bed in report.beds]
    await house.start()


@pytest.mark.req("RSP-02", "RSP-08", "RSP-09")
async def test_asleep_and_oxygen_are_on_the_beds_page_and_what_is_wrong_is_refused_whole(house: House) -> None:
    status, refused = await assess(house, poss=7, rass=9, oxygen="on")
    assert (status, len(refused["error"]["reasons"])) == (409, 2)
    assert (await assess(house, poss="S", oxygen="on"))[0] == 200
    _, bed = await asyncio.to_thread(ask, house, "")
    assert (bed["values"]["poss"]["v"], bed["values"]["poss"]["text"]) == (0, "S")
    assert (bed["oxygen"]["on"], bed["oxygen"]["by"]) == (True, "RN-KL")
    assert bed["prodigy"] == {"episodes": 0}
    assert bed["values"]["rr"]["origin"] == "co2"
