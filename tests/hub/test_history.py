"""The hospital's history in PostgreSQL: nothing missing and nothing twice, whatever is restarted meanwhile."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from pumpd.safety.alarms import AckReason
from pumpd.safety.events import Acknowledged, SelfFault
from pumpd.safety.policy import Priority
from tests.bus.brokers import Ear, Mosquitto, listening
from tests.daemon.house import House
from tests.hub.stand import Watched, a_hub, ask
from tests.postgres import Postgres

pytestmark = pytest.mark.slow
STORM = 40


async def storm(house: House, name: str) -> None:
    """Many alarms that come and go, and one that somebody sees."""
    for number in range(STORM):
        for active in (True, False):
            await house.daemon.ward.submit(house.bed.id, SelfFault(f"{name}_{number}", "", active))
    await house.daemon.ward.submit(house.bed.id, SelfFault(f"{name}_seen", "", active=True))
    alarm = next(alarm for alarm in house.view.alarms if alarm.condition == f"{name}_seen")
    await house.daemon.ward.submit(house.bed.id, Acknowledged(alarm.id, "R. Keller", AckReason.CARE_IN_PROGRESS))


def seen_twice(ear: Ear) -> bool:
    """The last word of each of two storms, and all that was before it."""
    phases = [event["body"]["phase"] for event in ear.all("/event") if event["kind"] == "alarm"]
    return len(phases) >= 4 * STORM + 2 and phases.count("acknowledged") >= 2


async def recorded(database: str) -> set[str]:
    return {str(row[0]) for row in await ask(database, "SELECT id FROM events")}


async def until_recorded(hub: Watched, database: str, ids: set[str]) -> None:
    """The hub counts what it has committed; the database is asked when that changes."""
    history = hub.hub.history
    assert history is not None
    while True:
        before = history.counts.commits
        if ids <= await recorded(database):
            return
        await hub.until(partial(lambda counts, commits: counts.commits != commits, history.counts, before))


async def test_postgresql_restarted_under_load_loses_no_event_and_doubles_none(
    mosquitto: Mosquitto, ward: House, postgres: Postgres, database: str, tmp_path: Path
) -> None:
    async with listening(mosquitto.broker, "pumpd/v1/st-elsewhere/demo/#") as ear:
        async with a_hub(tmp_path, mosquitto.port, database=database) as hub:
            await hub.until(lambda: hub.hub.history is not None and hub.hub.history.counts.frames)
            storming = asyncio.create_task(storm(ward, "first"))
            await asyncio.to_thread(postgres.stop)
            await hub.until(lambda: any("history" in problem for problem in hub.hub.problems()))
            await storming
            await storm(ward, "second")
            await asyncio.to_thread(postgres.start)
            await ear.until(lambda: seen_twice(ear))
            told = {event["id"] for event in ear.all("/event")}
            await until_recorded(hub, database, told)
            await hub.until(lambda: hub.hub.problems() == ())
        rows = await ask(database, "SELECT kind, body->>'phase' FROM events")
        assert len(rows) == len(await recorded(database))
        assert len([row for row in rows if row[1] == "acknowledged"]) >= 2
        frames = await ask(database, "SELECT seq FROM frames ORDER BY seq")
        assert len(frames) == len(set(frames))


def alarms_at(hub: Watched) -> list[str]:
    return [alarm.id for alarm in hub.hub.hospital().alarms]


async def test_two_hubs_share_the_frames_agree_on_what_they_show_and_a_hub_that_was_away_catches_up(
    mosquitto: Mosquitto, ward: House, database: str, tmp_path: Path
) -> None:
    async with a_hub(tmp_path, mosquitto.port, database=database) as one:
        async with a_hub(tmp_path, mosquitto.port, database=database, hub="other") as two:
            histories = [hub.hub.history for hub in (one, two)]
            await one.until(lambda: all(history is not None and history.counts.frames for history in histories))
            ward.bed.act("tenfold-rate")
            await one.until(lambda: (shown := one.ward()) is not None and shown.high)
            await two.until(lambda: (shown := two.ward()) is not None and shown.high)
            await one.until(lambda: alarms_at(one) == alarms_at(two))
            frames = await ask(database, "SELECT session, seq, bed FROM frames")
            assert len(frames) == len(set(frames))
        high = next(alarm for alarm in ward.view.alarms if alarm.priority is Priority.HIGH)
    async with listening(mosquitto.broker, "pumpd/v1/st-elsewhere/demo/#") as ear:  # no hub is there
        await ward.daemon.ward.submit(ward.bed.id, Acknowledged(high.id, "R. Keller", AckReason.CARE_IN_PROGRESS))
        await ear.until(lambda: ear.cleared(f"alarm/{high.id}") and ear.all("/event"))
        missed = {event["id"] for event in ear.all("/event")}
    async with a_hub(tmp_path, mosquitto.port, database=database) as one:
        await until_recorded(one, database, missed)


async def test_a_database_of_a_newer_hub_is_not_written(mosquitto: Mosquitto, database: str, tmp_path: Path) -> None:
    await ask(database, "CREATE TABLE hub_schema (version integer NOT NULL)")
    await ask(database, "INSERT INTO hub_schema VALUES (99)")
    async with a_hub(tmp_path, mosquitto.port, database=database) as hub:
        await hub.until(lambda: any("schema 99" in problem for problem in hub.hub.problems()))
