"""Record that is needed stays, and a clock that was set lets nothing go."""

from __future__ import annotations

import sqlite3

import pytest

from pumpd.journal.cutting import cut_samples
from pumpd.journal.letting_go import RecordRule
from pumpd.journal.record_cut import RecordKeeper
from pumpd.journal.rollup import roll_up
from pumpd.units import Ms
from tests.journal.letters import rows
from tests.journal.old_record import DAY_MS, DAYS, World
from tests.journal.sixteen_months import lived, old, path_of, planned, without_pauses
from tests.journal.steps import opened, reading_step, wall
from tests.journal.tamper import unguarded

__all__ = ["lived", "old", "without_pauses"]  # fixtures
HOLDS = {
    "a patient who is still there": (
        "INSERT INTO events SELECT 999999, bed, 100, now_ms, wall_us, kind, body FROM events"
        " WHERE kind = 'PatientBound' LIMIT 1; DROP TRIGGER kept_events_delete;"
        "DELETE FROM events WHERE kind = 'PatientReleased' AND bed = 1 AND seq > 100",
        100,
        "its patient is still there",
    ),
    "an alarm that is latched": (
        """UPDATE alarms SET body = replace(body, '"state":"ended"', '"state":"latched"') WHERE id = 'b1-a30'""",
        None,
        "alarm b1-a30 stands",
    ),
    "a course that runs": (
        "INSERT INTO decisions SELECT 999999, bed, 60, 0, now_ms, wall_us, 'CourseChanged', 'c1',"
        """'{"type":"CourseChanged","course":"c1","open":true,"mrn":"M1","by":"nurse a","why":""}', hash"""
        " FROM decisions WHERE n = 1",
        60,
        "course c1 is open",
    ),
    "a destination that was not told": (
        "INSERT INTO messages_told VALUES ('ehr', 'b1', 80), ('mqtt vitals', 'b1', 1760000000)",
        81,
        "ehr has not been told",
    ),
    "a report that is owed": (
        "INSERT INTO messages_told VALUES ('ehr MDM', 'b1', 70)",
        71,
        "ehr MDM has not been told",
    ),
    "a dead letter": (
        "INSERT INTO messages_out VALUES (1, 'x', 'i', 'PCD-04', 0, 1, NULL, 'b1', 50, x'00', 'dead', 1, 1, 'no', 1)",
        50,
        "a message about it waits, or was refused",
    ),
}


@pytest.mark.parametrize("name", HOLDS)
async def test_nothing_goes_that_is_still_needed(name: str, old: World) -> None:
    statements, step, why = HOLDS[name]
    free = await planned(old)
    with sqlite3.connect(path_of(old)) as connection:
        connection.executescript(statements)
        if step is None:
            first = "SELECT min(seq) FROM decisions WHERE subject = 'b1-a30'"
            step = connection.execute(first).fetchone()[0]
    held = await planned(old)
    assert free is not None
    assert held is not None
    assert held.beds[1].seq < step < free.beds[1].seq
    assert held.held == {"b1": why}
    assert held.link < free.link, "the chain is one for all beds"
    assert held.beds[2] == free.beds[2], "another bed's events go all the same"


async def test_a_destination_that_is_no_longer_told_holds_nothing(old: World) -> None:
    free = await planned(old)
    with sqlite3.connect(path_of(old)) as connection:
        connection.execute("INSERT INTO messages_told VALUES ('gone', 'b1', 80)")
    assert await planned(old) == free


async def test_a_bed_without_checkpoints_keeps_its_record_and_the_chain(old: World) -> None:
    with sqlite3.connect(path_of(old)) as connection:
        connection.execute("DELETE FROM checkpoints WHERE bed = 2")
    found = await planned(old)
    assert found is not None
    assert set(found.beds) == {1}
    first = (await rows(old.url, "SELECT min(n) FROM decisions WHERE bed = 2"))[0][0]
    assert found.link < first


async def test_a_bed_that_is_not_used_any_more_does_not_keep_the_others_record(old: World) -> None:
    """Its last step is a checkpoint, as after every clean exit."""
    query = "SELECT seq FROM checkpoints WHERE bed = 2 AND keep = 1 ORDER BY seq LIMIT 1 OFFSET 3"
    (seq,) = (await rows(old.url, query))[0]
    with unguarded(path_of(old)) as connection:
        for table in ("checkpoints", "events", "decisions"):
            connection.execute(f"DELETE FROM {table} WHERE bed = 2 AND seq > {seq}")
        connection.execute("DELETE FROM samples WHERE bed = 2")
        connection.execute("DELETE FROM alarms WHERE n NOT IN (SELECT n FROM decisions)")
    found = await planned(old)
    assert found is not None
    assert found.beds[2].seq == seq
    assert found.link > 500


async def test_a_clock_set_to_another_year_lets_nothing_go(old: World) -> None:
    assert await planned(old) is not None
    old.now += 3_650 * DAY_MS
    assert await planned(old) is None


async def test_kernel_time_has_to_be_as_old_as_the_wall_says(old: World) -> None:
    old.now += 200 * DAY_MS
    found = await planned(old)
    assert found is not None
    assert found.beds[1].now_ms <= (DAYS - 365) * DAY_MS


async def test_a_clock_that_was_set_while_it_ran_makes_no_reading_old(any_url: str) -> None:
    async with opened(any_url) as journal:
        for seq, now_ms in enumerate(range(0, 20 * DAY_MS, DAY_MS), 1):
            journal.append(reading_step(seq, now_ms))
            journal.checkpoint("b1", seq, Ms(now_ms), b"state")
        await journal.append_durable(reading_step(99, 21 * DAY_MS))
        await roll_up(journal)
        assert await cut_samples(journal, 30, lambda: wall(4_000 * DAY_MS)) == 0


async def test_unless_it_was_asked_for_nothing_goes(old: World) -> None:
    async with old.open() as journal:
        assert await RecordKeeper(journal, RecordRule(), old.wall)() == 0
        assert (await journal.verify()).anchors == ()
