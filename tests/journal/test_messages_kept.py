"""Messages are part of the record: guarded by the database, verified, copied, and added to older journals."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection

from pumpd.journal import engine as engines
from pumpd.journal import ops
from pumpd.journal.guards import MESSAGES, guards
from pumpd.journal.schema import config
from tests.journal.letters import letters, message, outgoing, rows
from tests.journal.revisions import NEWEST
from tests.journal.tamper import altered, file_of, tampered, without_guard
from tests.journal.test_kept import REFUSED, attempt, record

DONE = "UPDATE messages_out SET state = 'waiting' WHERE id = 'done'"
REFUSALS = (
    "UPDATE messages_in SET raw = ''",
    "UPDATE messages_in SET answer = NULL",
    "UPDATE messages_in SET state = 'received' WHERE control_id = 'applied'",
    "DELETE FROM messages_in",
    "UPDATE messages_out SET destination = 'other'",
    "UPDATE messages_out SET raw = ''",
    "UPDATE messages_out SET raw = '', state = 'thinned' WHERE id = 'alarm'",
    DONE,
    "DELETE FROM messages_out WHERE id = 'dead'",
    "DELETE FROM messages_out WHERE id = 'alarm'",
    "DELETE FROM messages_told",
    "UPDATE dead_letters SET person = 'nurse b'",
    "DELETE FROM dead_letters",
)
ALLOWED = (
    "DELETE FROM messages_in WHERE control_id = 'applied'",
    "UPDATE messages_in SET state = 'applied' WHERE control_id = 'm1'",
    "DELETE FROM messages_out WHERE id IN ('done', 'thinned', 'discarded')",
    "UPDATE messages_told SET seq = 9",
)


async def correspondence(url: str) -> None:
    """One message in each state."""
    async with letters(url) as (_, store):
        for name in ("m1", "applied"):
            await store.received(message(name))
        await store.applied(message("applied").key)
        await store.queue([outgoing("done"), outgoing("dead", bed="b1", seq=1), outgoing("discarded")])
        for queued in await store.waiting("ehr", 10):
            if queued.message.id == "done":
                await store.sent(queued.number, "AA")
            else:
                await store.refused(queued.number, "AR", 1_000)
            if queued.message.id == "discarded":
                await store.settle_dead(queued.number, "nurse a", False, 2_000)
        await store.queue([outgoing("thinned", stale_us=1), outgoing("alarm", urgent=True)])
        await store.thinned("ehr", 1_000)


@pytest.mark.req("REP-06")
async def test_what_was_received_and_what_was_refused_cannot_be_changed_or_removed(any_url: str) -> None:
    await correspondence(any_url)
    for statement in REFUSALS:
        assert REFUSED in (await attempt(any_url, statement) or ""), statement
    for statement in ALLOWED:
        assert await attempt(any_url, statement) is None, statement
    if engines.sqlite_path(engines.parse_url(any_url)) is None:
        for table in MESSAGES:
            assert REFUSED in (await attempt(any_url, f"TRUNCATE {table}") or ""), table
    else:
        for table in ("messages_in", "messages_out", "dead_letters"):
            over = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
            assert REFUSED in (await attempt(any_url, over) or ""), table
    assert (await asyncio.to_thread(ops.verify, any_url)).problems == ()


@pytest.mark.req("REP-06")
async def test_a_row_of_another_number_cannot_take_a_message_s_place(any_url: str) -> None:
    await correspondence(any_url)
    columns = "peer, app, control_id, sent, kind, raw, answer, received_us, state"
    rows_of_others = f"INTO messages_in SELECT id + 100, {columns} FROM messages_in"
    if file_of(any_url) is not None:
        assert REFUSED in (await attempt(any_url, f"INSERT OR REPLACE {rows_of_others}") or "")
        return
    key = "(control_id, app, sent) WHERE state <> 'withdrawn'"
    over = f"INSERT {rows_of_others} ON CONFLICT {key} DO UPDATE SET raw = ''"
    assert REFUSED in (await attempt(any_url, over) or "")
    assert "duplicate key" in (await attempt(any_url, f"INSERT {rows_of_others}") or "")


@pytest.mark.req("REP-06")
async def test_a_journal_of_the_second_schema_is_upgraded_with_all_that_is_in_it(any_url: str) -> None:
    await record(any_url)
    engine = engines.make_engine(engines.parse_url(any_url))

    def back(connection: Connection) -> None:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0002")

    async with engine.begin() as connection:
        await connection.run_sync(back)
    await engine.dispose()
    before = await asyncio.to_thread(ops.verify, any_url)
    assert before.ok, before.problems
    report = await asyncio.to_thread(ops.upgrade, any_url)
    assert (report.before, report.after) == ("0002", NEWEST)
    await correspondence(any_url)
    after = await asyncio.to_thread(ops.verify, any_url)
    assert (after.problems, after.head) == ((), before.head)


async def test_a_backup_holds_the_messages_and_verifies(any_url: str, other_url: str, tmp_path: Path) -> None:
    await correspondence(any_url)
    report = await asyncio.to_thread(ops.backup, any_url, tmp_path / "copy")
    assert report.verified.ok
    assert (await asyncio.to_thread(ops.restore, other_url, report.target)).ok
    async with letters(other_url) as (_, store):
        assert [letter.message.id for letter in await store.dead_letters(None, 9)] == ["dead"]
        assert await store.unapplied() == [message("m1")]


async def test_verify_names_each_guard_of_messages_that_was_taken_away(any_url: str) -> None:
    await correspondence(any_url)
    dialect = "postgresql" if file_of(any_url) is None else "sqlite"
    wanted = {name: table for name, table in guards(dialect).items() if table in MESSAGES}
    assert len(wanted) > len(MESSAGES)
    await altered(any_url, *(without_guard(any_url, table, name.rpartition("_")[2]) for name, table in wanted.items()))
    problems = (await asyncio.to_thread(ops.verify, any_url)).problems
    assert {problem.row: problem.table for problem in problems} == wanted


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        (
            "UPDATE messages_out SET state = 'waiting' WHERE id = 'dead'",
            "is waiting, and the last note of it is",
        ),
        ("UPDATE messages_out SET state = 'sent' WHERE id = 'discarded'", "is sent, and the last note"),
        ("UPDATE messages_out SET refusals = 2 WHERE id = 'dead'", "more or less often"),
        ("DELETE FROM messages_out WHERE id = 'dead'", "missing"),
        ("DELETE FROM dead_letters WHERE act = 'discarded'", "is discarded, and the last note of it is refused"),
        ("DELETE FROM dead_letters WHERE number = 2", "is dead, and the last note of it is missing"),
    ],
)
async def test_verify_sees_a_dead_letter_that_somebody_made_away_with(any_url: str, tampering: str, says: str) -> None:
    await correspondence(any_url)
    await tampered(any_url, tampering)
    (problem,) = (await asyncio.to_thread(ops.verify, any_url)).problems
    assert says in problem.message
    assert problem.table == "messages_out"


async def test_numbers_go_on_where_an_earlier_run_ended(any_url: str) -> None:
    await correspondence(any_url)
    await rows(any_url, "SELECT 1")
    async with letters(any_url) as (_, store):
        await store.received(message("later"))
        await store.queue([outgoing("later")])
    assert await rows(any_url, "SELECT max(id), count(*) FROM messages_in") == [(3, 3)]
    assert await rows(any_url, "SELECT id FROM messages_out ORDER BY number DESC LIMIT 1") == [("later",)]
