"""kill -9 at a bad moment, then start again: nothing that matters is lost, and the journal is clean."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pumpd.sim import SimWard
from tests.daemon.house import CONFIG

pytestmark = pytest.mark.chaos


class Process:
    """`pumpd run` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    @classmethod
    async def start(cls, ward: Path) -> Process:
        process = await pumpd("run", "--config", str(ward))
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"http://\S+", line):
                return cls(process, found[0])
        raise AssertionError("pumpd run ended before it listened")

    async def kill(self) -> None:
        self.process.kill()
        await self.process.communicate()

    def ward(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}api/v1/ward", timeout=10) as answer:
            return json.loads(answer.read())  # type: ignore[no-any-return]

    def acknowledge(self, alarm_id: str) -> None:
        """Returns when it is durable."""
        body = json.dumps({"by": "R. Keller", "reason": "care_in_progress"}).encode()
        url = f"{self.url}api/v1/alarms/{alarm_id}/acknowledge"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    async def until(self, condition: Any) -> dict[str, Any]:
        """The ward as the HTTP face shows it, once condition(ward) holds."""
        while True:
            seen = await asyncio.to_thread(self.ward)
            if condition(seen):
                return seen


async def pumpd(*words: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "pumpd.cli", *words, stdout=pipe, stderr=pipe)


async def answer(*words: str) -> tuple[int | None, str]:
    process = await pumpd(*words)
    out, err = await process.communicate()
    return process.returncode, (out + err).decode()


def pump_of(ward: dict[str, Any]) -> dict[str, Any]:
    return ward["beds"][0]["pumps"][0]  # type: ignore[no-any-return]


def high_of(ward: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """HIGH alarms by id."""
    return {alarm["id"]: alarm for alarm in ward["alarms"] if alarm["priority"] == "high"}


@pytest.mark.req("ALA-06", "DOS-02", "INT-02")
async def test_a_daemon_killed_while_a_stop_is_outstanding_comes_back_and_stops_the_pump(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/journal.db"
    sim = await SimWard.start(beds=1, folder=tmp_path / "lines", play=False)
    ward = tmp_path / "ward.toml"
    files = {"library": "drug_library.toml", "protocol": "protocols/ldk.toml", "alarms": "alarms/adult.toml"}
    ward.write_text(sim.ward_toml(port=0, journal_url=url, **{k: CONFIG / v for k, v in files.items()}))  # type: ignore[arg-type]
    first = await Process.start(ward)
    await first.until(lambda seen: pump_of(seen)["infusing"])
    sim.beds[0].act("pump-ignores-stop")
    sim.beds[0].act("tenfold-rate")
    before = await first.until(lambda seen: pump_of(seen)["interlock"] != "armed" and high_of(seen))
    await asyncio.to_thread(first.acknowledge, min(high_of(before)))
    await first.kill()
    second = await Process.start(ward)
    after = await asyncio.to_thread(second.ward)
    assert after["beds"][0]["patient"] == before["beds"][0]["patient"]
    assert pump_of(after)["interlock"] in ("tripped", "stop_acked", "stop_unconfirmed")
    assert set(high_of(before)) <= set(high_of(after))
    assert high_of(after)[min(high_of(before))]["acknowledged"]["by"] == "R. Keller"
    assert pump_of(after)["delivered_mg"]["at_most"] >= pump_of(before)["delivered_mg"]["at_most"]
    sim.beds[0].pump.faults.stop_ignored = False
    await second.until(lambda seen: pump_of(seen)["interlock"] == "stop_verified")
    second.process.terminate()
    await second.process.communicate()
    assert second.process.returncode == 0
    assert sim.beds[0].pump.heard["INF_START"] == 0
    await sim.close()
    code, text = await answer("db", "verify", "--journal", url)
    assert code == 0, text
    code, text = await answer("replay", "--journal", url)
    assert code == 0, text
