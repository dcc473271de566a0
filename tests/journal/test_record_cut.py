"""Record that is old enough goes; what is left can be checked, replayed and gone on with."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pumpd.journal import Journal, ops
from pumpd.journal import engine as engines
from pumpd.journal.letting_go import RecordRule, plan
from pumpd.journal.record_cut import RecordKeeper, cut_record
from pumpd.journal.replay import rebuild, replay
from pumpd.safety.state import BedState
from tests.journal.letters import rows
from tests.journal.old_record import BEDS, DAY_MS, DAYS, RULE, World
from tests.journal.sixteen_months import lived, old, without_pauses
from tests.journal.tamper import unguarded
from tests.safety.build import bed_policy

__all__ = ["lived", "old", "without_pauses"]  # fixtures
TABLES = ("events", "decisions", "alarms", "commands", "policies", "samples")
LEFT = {table: f"SELECT * FROM {table} ORDER BY 1" for table in TABLES}


async def state_of(journal: Journal, bed: str) -> BedState:
    restored = await journal.restore(bed)
    assert restored is not None
    return rebuild(restored, bed_policy(bed=bed))


@pytest.mark.req("REP-07")
async def test_what_is_left_verifies_replays_and_goes_on(any_url: str) -> None:
    world = World(any_url)
    async with world.open() as journal:
        beds = await world.live(journal)
        before = {bed: await state_of(journal, bed) for bed in BEDS}
        alarms = len(await journal.alarm_history(None, 10_000))
        count = await cut_record(journal, RULE, world.now_us)
        verified = await journal.verify()
    assert verified.ok, verified.problems
    (anchor,) = verified.anchors
    assert sum(anchor.rows.values()) == count > 500
    assert (anchor.days, anchor.ward, anchor.config, anchor.link) == (
        365,
        "4b",
        "c0ffee",
        verified.judged[0].first_link - 1,
    )
    assert verified.links > 1_000 < anchor.link + verified.links
    for bed in BEDS:
        kept = anchor.beds[bed].now_ms
        assert (DAYS - 365 - 20) * DAY_MS < kept < (DAYS - 365) * DAY_MS, "whole stays, and no more than is old enough"
    played = await asyncio.to_thread(replay, any_url)
    assert played.identical
    assert [bed.gone for bed in played.beds] == [anchor.beds[bed].seq for bed in BEDS]
    assert all(bed.steps > 500 and bed.gaps == 0 for bed in played.beds)
    async with world.open() as journal:
        assert {bed: await state_of(journal, bed) for bed in BEDS} == before
        assert 0 < len(await journal.alarm_history(None, 10_000)) == alarms - anchor.rows["alarms"]
        for bed in beds.values():
            bed.journal = journal
            bed.until(DAYS + 1)
            await journal.durable(bed.token)
    assert (await asyncio.to_thread(ops.verify, any_url)).ok
    assert (await asyncio.to_thread(replay, any_url)).identical


@pytest.mark.req("REP-07")
async def test_the_database_lets_go_what_an_anchor_speaks_of_and_nothing_else(any_url: str) -> None:
    world = World(any_url)
    async with world.open() as journal:
        await world.live(journal)
        await cut_record(journal, RULE, world.now_us)
    engine = engines.make_engine(engines.parse_url(any_url))
    for table in ("events", "decisions", "alarms", "commands", "anchors", "anchored"):
        with pytest.raises(DBAPIError, match="record is kept"):
            async with engine.begin() as connection:
                await connection.execute(text(f"DELETE FROM {table}"))
    with pytest.raises(DBAPIError, match="record is kept"):
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE anchors SET link = link + 100"))
    await engine.dispose()
    assert (await asyncio.to_thread(ops.verify, any_url)).ok


def let_go_and_die(world: World, commits: int) -> int:
    command = [sys.executable, "-m", "tests.journal.old_record", world.url, str(world.now_us), str(commits)]
    return subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False).returncode


@pytest.mark.timeout(400)  # it takes long, and on a busy machine some times as long
@pytest.mark.req("REP-07")
async def test_a_killed_cut_leaves_a_whole_record_and_is_gone_on_with(any_url: str) -> None:
    world = World(any_url)
    async with world.open() as journal:
        await world.live(journal)
    for commits in (0, 1, 1, 2, 0):  # before the anchor or with it, after it, and between what goes
        assert await asyncio.to_thread(let_go_and_die, world, commits) == -signal.SIGKILL
        found = await asyncio.to_thread(ops.verify, any_url)
        assert found.ok, (commits, found.problems)
        assert (await asyncio.to_thread(replay, any_url)).identical
    assert len(found.anchors) == 1
    async with world.open() as journal:
        keeper = RecordKeeper(journal, RULE, world.wall)
        assert await keeper() > 0
        assert await keeper() == 0
        last = await journal.verify()
        found = await journal.ask(partial(plan, rule=RULE, now_us=world.now_us))
    assert last.ok, last.problems
    assert len(last.anchors) == 1
    (anchor,) = last.anchors
    assert (await rows(any_url, "SELECT min(n) FROM decisions"))[0][0] == anchor.link + 1
    assert found is None, "it is done once"


@pytest.mark.req("REP-07")
async def test_a_later_cut_goes_on_where_the_last_one_ended_and_takes_its_link_along(old: World) -> None:
    async with old.open() as journal:
        await cut_record(journal, RecordRule(440), old.now_us)
        assert await cut_record(journal, RULE, old.now_us) == 0, "a week has not passed"
        await cut_record(journal, RULE, old.now_us + 8 * 86_400_000_000)
        report = await journal.verify()
    assert report.ok, report.problems
    first, second = report.anchors
    assert 0 < first.link < second.link
    assert all(first.beds[bed].seq < second.beds[bed].seq for bed in BEDS)
    assert (await asyncio.to_thread(replay, old.url)).identical


@pytest.mark.req("REP-07")
async def test_when_the_link_of_an_older_anchor_has_gone_too_everything_still_verifies(any_url: str) -> None:
    world = World(any_url)
    async with world.open() as journal:
        beds = await world.live(journal)
        await cut_record(journal, RULE, world.now_us)
        await world.go_on(journal, beds, range(DAYS + 4, DAYS + 404, 4))
        await cut_record(journal, RULE, world.now_us)
        report = await journal.verify()
    assert report.ok, report.problems
    links = {subject for (subject,) in await rows(any_url, "SELECT subject FROM decisions WHERE kind = 'Anchor'")}
    assert links == {"2"}
    assert [anchor.number for anchor in report.anchors] == [1, 2]
    assert (await asyncio.to_thread(replay, any_url)).identical


FORGED = (
    "INSERT INTO anchors SELECT 2, link + 50, (SELECT hash FROM decisions WHERE n = link + 50), at_us, body"
    " FROM anchors; DELETE FROM decisions WHERE n <= (SELECT max(link) FROM anchors)"
)
TAMPERINGS = {
    "link moved": ("UPDATE anchors SET link = link + 1", "decisions"),
    "hash changed": ("UPDATE anchors SET hash = zeroblob(32)", "decisions"),
    "body changed": ("UPDATE anchors SET body = replace(body, '\"days\":365', '\"days\":3650')", "anchors"),
    "time changed": ("UPDATE anchors SET at_us = at_us + 1", "anchors"),
    "removed": ("DELETE FROM anchors", "decisions"),
    "forged": (FORGED, "anchors"),
    "of a bed changed": ("UPDATE anchored SET seq = seq + 100 WHERE bed = 1", "anchored"),
    "of a bed added": ("INSERT INTO anchored VALUES (2, 7, 900, 900)", "anchored"),
    "first link after it removed": ("DELETE FROM decisions WHERE n = (SELECT min(n) FROM decisions)", "decisions"),
    "its own link changed": ("UPDATE decisions SET body = body || ' ' WHERE kind = 'Anchor'", "decisions"),
    "an alarm of today removed": ("DELETE FROM alarms WHERE n = (SELECT max(n) FROM alarms)", "alarms"),
}


@pytest.fixture(scope="module")
def cut(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cut") / "cut.db"
    ops.backup(f"sqlite:///{lived}", path)

    async def let_go() -> None:
        world = World(f"sqlite+aiosqlite:///{path}")
        world.now = DAYS * DAY_MS
        async with world.open() as journal:
            await cut_record(journal, RULE, world.now_us)

    asyncio.run(let_go())
    return path


@pytest.mark.req("REP-07")
@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_with_an_anchor_is_found(name: str, cut: Path, tmp_path: Path) -> None:
    statements, table = TAMPERINGS[name]
    copy = tmp_path / "copy.db"
    ops.backup(f"sqlite:///{cut}", copy)
    with unguarded(copy) as connection:
        connection.executescript(statements)
    report = ops.verify(f"sqlite:///{copy}")
    assert table in {problem.table for problem in report.problems}, report.problems


def test_verify_says_what_was_let_go_and_by_whom(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pumpd.cli import db

    db.verify(journal=f"sqlite:///{cut}")
    said: Any = capsys.readouterr().out
    assert "were let go (anchor 1) on 2027-05-" in said
    assert "record_days = 365 of ward 4b (file c0ffee)" in said
    assert "the chain is checked from there on" in said
