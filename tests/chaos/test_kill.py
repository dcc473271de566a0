"""kill -9 at a bad moment, then start again on the same journal: nothing that matters is lost; the journal is clean."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.daemon import Json, Pumpd, alarm_of, bed_of, command, device_of, pump_of, ready, screen
from tests.acceptance.ward import ChaosWard, chaos_ward, clean

pytestmark = pytest.mark.chaos

BED = "demo-01"
NEXT = {"mrn": "4712", "family_name": "Birch", "given_name": "Bela", "birth_date": "1948-05-06", "sex": "male"}


async def overspeed(daemon: Pumpd, ward: ChaosWard, interlocks: tuple[str, ...]) -> Json:
    async with screen(daemon) as seen:
        ward.sim.beds[0].act("tenfold-rate")
        await seen.until(lambda s: s.alarm(BED, "over_hard") and s.pump(BED)["interlock"] in interlocks)
    return await daemon.get("ward")


# the moments: what happens right before the kill; gives the ward as it was then


async def alarm_shown(daemon: Pumpd, ward: ChaosWard) -> Json:
    ward.sim.beds[0].pump.faults.stop_ignored = True
    return await overspeed(daemon, ward, ("tripped", "stop_acked"))


async def stop_unanswered(daemon: Pumpd, ward: ChaosWard) -> Json:
    ward.sim.beds[0].pump.faults.stop_silent = True
    return await overspeed(daemon, ward, ("tripped",))


async def acknowledged(daemon: Pumpd, ward: ChaosWard) -> Json:
    seen = await alarm_shown(daemon, ward)
    alarm = alarm_of(seen, BED, "over_hard")
    assert alarm is not None
    await daemon.acknowledge(alarm)
    found = alarm_of(await daemon.get("ward"), BED, "over_hard")
    assert found is not None
    assert found["acknowledged"]["by"] == "R. Keller"
    return await daemon.get("ward")


async def latched(daemon: Pumpd, ward: ChaosWard) -> Json:
    ward.sim.beds[0].act("tenfold-rate")

    def is_latched(seen: Json) -> bool:
        alarm = alarm_of(seen, BED, "over_hard")
        return alarm is not None and alarm["state"] == "latched" and pump_of(seen, BED)["interlock"] == "stop_verified"

    return await daemon.until(is_latched)


async def bound(daemon: Pumpd, ward: ChaosWard) -> Json:
    await daemon.send("PUT", f"beds/{BED}/patient", {**NEXT, "weight_kg": 61.5})
    return await daemon.get("ward")


async def last_known(daemon: Pumpd, ward: ChaosWard) -> Json:
    """The ward as it is at the kill: no report of the pump can come between the look and the kill."""
    ward.witnesses[0].dumb = True
    await daemon.get("ward")  # what was on the line is heard before the next look
    seen = await daemon.get("ward")
    ward.witnesses[0].dumb = False  # nobody hears it before the kill: both are done in one turn
    return seen


MOMENTS = [alarm_shown, stop_unanswered, acknowledged, latched, bound]
ROUNDING = timedelta(milliseconds=20)
OUTSTANDING = ("tripped", "stop_acked", "stop_unconfirmed")


def check_alarms(before: Json, after: Json) -> None:
    """Every alarm of before is there with its onset; HIGH ones latched at least; the acknowledgement is kept."""
    there = {alarm["id"]: alarm for alarm in after["alarms"]}
    for alarm in before["alarms"]:
        if alarm["priority"] == "high":
            kept = there[alarm["id"]]
            assert kept["condition"] == alarm["condition"]
            assert abs(datetime.fromisoformat(kept["onset"]) - datetime.fromisoformat(alarm["onset"])) < ROUNDING
            check_acknowledged(alarm["acknowledged"], kept["acknowledged"])


def check_acknowledged(before: Json | None, after: Json | None) -> None:
    """By whom, why and when."""
    if before is not None:
        assert after is not None
        assert (after["by"], after["reason"]) == (before["by"], before["reason"])
        assert abs(datetime.fromisoformat(after["at"]) - datetime.fromisoformat(before["at"])) < ROUNDING


def check_dose(before: Json, after: Json) -> None:
    old, new = pump_of(before, BED)["delivered_mg"], pump_of(after, BED)["delivered_mg"]
    assert new["at_least"] <= old["at_least"], "a restart knows no more than before"
    assert new["at_most"] >= old["at_most"]


@pytest.mark.req("ALA-06", "DOS-02", "INT-01", "INT-02", "INT-03", "QUA-06")
@pytest.mark.parametrize("moment", MOMENTS)
async def test_what_was_known_before_a_kill_is_known_after_it(
    tmp_path: Path, moment: Callable[[Pumpd, ChaosWard], Awaitable[Json]]
) -> None:
    async with chaos_ward(tmp_path) as ward:
        ward.rate(0, 30)
        nothing = ward.delivered_mg(0)
        daemon = await Pumpd.run(ward.file)
        await daemon.until(ready)
        first = ward.delivered_mg(0)
        await moment(daemon, ward)
        before = await last_known(daemon, ward)
        await daemon.kill()
        ward.sim.beds[0].pump_line.endpoint.unplug()  # nothing new can be heard: what comes back is what was kept
        async with await Pumpd.run(ward.file) as again:
            after = await again.get("ward")
            assert bed_of(after, BED)["patient"] == bed_of(before, BED)["patient"]
            assert pump_of(after, BED)["rate_ml_h"]["v"] is None, "nothing is heard: no digit"
            check_alarms(before, after)
            if moment is not bound:
                check_dose(before, after)
                was = pump_of(before, BED)["interlock"]
                assert pump_of(after, BED)["interlock"] in (OUTSTANDING if was in OUTSTANDING else (was,))
            ward.sim.beds[0].act("replug-pump")
            await again.until(lambda w: device_of(w, f"{BED}-p1")["link"] == "up" and ready(w))
            ward.sim.beds[0].pump.faults.stop_silent = ward.sim.beds[0].pump.faults.stop_ignored = False
            if moment is not bound:
                await again.until(lambda w: pump_of(w, BED)["interlock"] == "stop_verified")
            true = ward.delivered_mg(0)
            given = pump_of(await again.get("ward"), BED)["delivered_mg"]
            if moment is bound:
                assert given["at_least"] <= ward.delivered_mg(0) - first, "only what went into this patient"
            else:
                assert given["at_most"] >= true - first, "understates what was given"
                assert given["at_least"] <= true - nothing, "overstates what was given"
            assert ward.never_started()
        await clean(ward)


@pytest.mark.req("ALA-06", "DOS-02", "INT-02")
async def test_killed_again_and_again_at_any_moment_it_always_comes_back_whole(tmp_path: Path) -> None:
    chance = random.Random(20)
    async with chaos_ward(tmp_path, beds=3) as ward:
        for bed in range(3):
            ward.rate(bed, 20)
        daemon = await Pumpd.run(ward.file)
        await daemon.until(ready)
        start = [ward.delivered_mg(bed) for bed in range(3)]
        ward.sim.beds[0].pump.faults.stop_silent = True
        ward.sim.beds[0].act("tenfold-rate")
        before = await daemon.until(lambda w: alarm_of(w, BED, "over_hard"))
        for _ in range(4):
            await asyncio.sleep(chance.uniform(0, 0.6))  # the moment of the kill is what is tried here
            await daemon.kill()
            daemon = await Pumpd.run(ward.file)
            after = await daemon.get("ward")
            assert alarm_of(after, BED, "over_hard")["id"] == alarm_of(before, BED, "over_hard")["id"]  # type: ignore[index]
            assert pump_of(after, BED)["interlock"] in OUTSTANDING
        async with daemon:
            await daemon.until(lambda w: alarm_of(w, BED, "stop_not_confirmed"))
            ward.sim.beds[0].pump.faults.stop_silent = False
            await daemon.until(lambda w: ready(w) and pump_of(w, BED)["interlock"] == "stop_verified")
            given_before = [ward.delivered_mg(bed) - start[bed] for bed in range(3)]
            seen = await daemon.get("ward")
            for number, bed in enumerate(seen["beds"]):
                given = bed["pumps"][0]["delivered_mg"]
                assert given["at_least"] <= ward.delivered_mg(number)
                assert given["at_most"] >= given_before[number]
            assert ward.never_started()
        await clean(ward)


@pytest.mark.req("ALA-06", "INT-02", "DOS-02", "QUA-06")
@pytest.mark.parametrize("pump_stops", [True, False])
async def test_killed_when_the_pump_hears_the_stop_the_trip_and_its_alarm_are_back(
    tmp_path: Path, pump_stops: bool
) -> None:
    """Milliseconds before the commit that tells of the stop."""
    async with chaos_ward(tmp_path) as ward:
        daemon = await Pumpd.run(ward.file)
        await daemon.until(ready)
        pump = ward.sim.beds[0].pump
        pump.faults.stop_ignored = not pump_stops
        before, nothing = await daemon.get("ward"), ward.delivered_mg(0)
        heard = asyncio.Event()

        def kill_at_the_stop(text: str) -> None:
            if text == "INF_STOP" and not heard.is_set():
                daemon.process.kill()
                heard.set()

        ward.witnesses[0].on_message = kill_at_the_stop
        ward.sim.beds[0].act("tenfold-rate")
        await asyncio.wait_for(heard.wait(), 20)
        await daemon.kill()
        ward.sim.beds[0].pump_line.endpoint.unplug()  # nothing new can be heard: what comes back is what was kept
        async with await Pumpd.run(ward.file) as again:
            after = await again.get("ward")
            over = alarm_of(after, BED, "over_hard")
            assert over is not None
            assert over["priority"] == "high"
            assert over["state"] in ("active", "latched")
            assert pump_of(after, BED)["interlock"] in OUTSTANDING
            assert bed_of(after, BED)["patient"] == bed_of(before, BED)["patient"]
            ward.sim.beds[0].act("replug-pump")
            pump.faults.stop_ignored = False
            await again.until(lambda w: pump_of(w, BED)["interlock"] == "stop_verified")
            seen = await again.get("ward")
            over = alarm_of(seen, BED, "over_hard")
            assert over is not None
            assert over["state"] == "latched"
            assert pump_of(seen, BED)["delivered_mg"]["at_most"] >= ward.delivered_mg(0) - nothing
            assert ward.never_started()
        await clean(ward)


async def test_killed_while_it_starts_it_starts_the_next_time(tmp_path: Path) -> None:
    async with chaos_ward(tmp_path) as ward:
        for _ in range(2):
            process = await command("run", "--config", str(ward.file))
            while not ward.journal.exists():  # noqa: ASYNC110 - a file tells nobody that it is there
                await asyncio.sleep(0.01)
            process.kill()
            await process.communicate()
        async with await Pumpd.run(ward.file) as daemon:
            seen = await daemon.until(ready)
            assert bed_of(seen, BED)["patient"]["mrn"] == "DEMO-0001"
        await clean(ward)
