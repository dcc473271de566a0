"""Nothing of the record can be changed or removed: the database itself refuses, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from pumpd.journal import Journal, ops
from pumpd.journal import engine as engines
from pumpd.journal.guards import KEPT_UP_TO_DATE, WRITTEN_ONCE, guards
from pumpd.journal.replay import replay
from pumpd.journal.schema import config
from tests.journal.letters import rows
from tests.journal.revisions import NEWEST
from tests.journal.steps import BOOT, Recorder, admitted, opened
from tests.journal.tamper import TRIGGERS, altered, file_of, without_guard

CHANGES = {
    "meta": "value = ''",
    "boots": "wall_us = 0",
    "beds": "name = 'other'",
    "shapes": "body = ''",
    "samples": "seq = 0",
    "events": "body = ''",
    "decisions": "body = ''",
    "policies": "body = ''",
    "alarms": "body = ''",
    "commands": "body = ''",
}
REFUSED = "the record is kept"


async def record(url: str) -> Recorder:
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        recorder.overspeed()
        await journal.durable(recorder.token)
    return recorder


async def attempt(url: str, statement: str) -> str | None:
    """Why the statement was refused, or None; what it did is taken back."""
    engine = engines.make_engine(engines.parse_url(url))
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
            await connection.rollback()
    except DBAPIError as error:
        return str(error.orig)
    finally:
        await engine.dispose()
    return None


@pytest.mark.req("REP-06")
async def test_no_row_of_the_record_can_be_changed_or_removed(any_url: str) -> None:
    await record(any_url)
    for table in WRITTEN_ONCE:
        for statement in (f"UPDATE {table} SET {CHANGES[table]}", f"DELETE FROM {table}"):
            assert REFUSED in (await attempt(any_url, statement) or ""), statement
    for table in KEPT_UP_TO_DATE:
        assert REFUSED in (await attempt(any_url, f"DELETE FROM {table}") or ""), table
        assert await attempt(any_url, f"UPDATE {table} SET {CHANGES[table]}") is None, table
    if engines.sqlite_path(engines.parse_url(any_url)) is None:
        for table in (*WRITTEN_ONCE, *KEPT_UP_TO_DATE):
            assert REFUSED in (await attempt(any_url, f"TRUNCATE {table}") or ""), table
    assert (await asyncio.to_thread(ops.verify, any_url)).ok


@pytest.mark.req("REP-06")
async def test_a_row_cannot_be_written_over_another_one(any_url: str) -> None:
    await record(any_url)
    if engines.sqlite_path(engines.parse_url(any_url)) is None:
        names = "bed, seq, idx, now_ms, wall_us, kind, subject, body, hash"
        over = f"INSERT INTO decisions SELECT n, {names} FROM decisions ON CONFLICT (n) DO UPDATE SET body = ''"
    else:
        over = "INSERT OR REPLACE INTO decisions SELECT * FROM decisions"
    assert REFUSED in (await attempt(any_url, over) or "")


@pytest.mark.req("REP-06")
async def test_the_journal_writes_prunes_and_restarts_beside_its_guards(any_url: str) -> None:
    recorder = await record(any_url)
    async with opened(any_url) as journal:
        again = Recorder(journal, seq=recorder.seq, now=recorder.now)
        again.state = recorder.state
        for _ in range(4):
            again.seconds(1)
            journal.checkpoint("b1", again.seq, again.now, b"state")
        await journal.durable(again.token)
    assert (await asyncio.to_thread(ops.verify, any_url)).ok
    engine = engines.make_engine(engines.parse_url(any_url), reading=True)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM checkpoints"))).scalar() == 2
    await engine.dispose()


async def first_schema(url: str) -> None:
    """A journal as the first pumpd left it, with a patient, alarms and commands in it."""
    await record(url)
    engine = engines.make_engine(engines.parse_url(url))

    def back(connection: Connection) -> None:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0001")

    async with engine.begin() as connection:
        await connection.run_sync(back)
    await engine.dispose()


@pytest.mark.req("REP-06")
async def test_a_journal_of_the_first_schema_is_upgraded_with_all_that_is_in_it(any_url: str) -> None:
    await first_schema(any_url)
    assert await attempt(any_url, "DELETE FROM decisions") is None, "the first schema had no guards"
    before = await asyncio.to_thread(ops.verify, any_url)
    assert before.ok, before.problems
    report = await asyncio.to_thread(ops.upgrade, any_url)
    assert (report.before, report.after) == ("0001", NEWEST)
    after = await asyncio.to_thread(ops.verify, any_url)
    assert (after.ok, after.head) == (True, before.head)
    assert (await asyncio.to_thread(replay, any_url)).identical
    assert REFUSED in (await attempt(any_url, "DELETE FROM decisions") or "")
    journal = await Journal.open(any_url, BOOT)
    assert await journal.alarm_history("b1", 10)
    await journal.close()


@pytest.mark.req("REP-06")
async def test_verify_names_a_guard_that_somebody_took_away(any_url: str) -> None:
    await record(any_url)
    if file_of(any_url) is not None:
        assert len(await rows(any_url, TRIGGERS)) == len(guards("sqlite"))
    await altered(any_url, without_guard(any_url, "decisions", "delete"))
    (problem,) = (await asyncio.to_thread(ops.verify, any_url)).problems
    assert (problem.table, problem.row) == ("decisions", "kept_decisions_delete")


@pytest.mark.req("REP-06")
async def test_verify_names_a_guard_that_somebody_switched_off(pg_url: str) -> None:
    """PostgreSQL only: SQLite's triggers cannot be switched off."""
    await record(pg_url)
    await altered(pg_url, "ALTER TABLE decisions DISABLE TRIGGER kept_decisions_delete")
    (problem,) = (await asyncio.to_thread(ops.verify, pg_url)).problems
    assert (problem.table, problem.row) == ("decisions", "kept_decisions_delete")
