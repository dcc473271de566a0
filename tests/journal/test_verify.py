"""Whoever changes the journal is found out, whichever way."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pumpd.journal.ops import verify
from pumpd.journal.records import JournalOpenError
from tests.journal.steps import Recorder, admitted, opened
from tests.journal.tamper import altered, elsewhere, file_of, tampered
from tests.postgres import Postgres

# (what is done, table that the first problem names)
TAMPERINGS = {
    "changed text": ("UPDATE decisions SET body = body || ' ' WHERE n = 4", "decisions"),
    "changed time": ("UPDATE decisions SET now_ms = now_ms + 1 WHERE n = 4", "decisions"),
    "changed wall time": ("UPDATE decisions SET wall_us = wall_us + 1 WHERE n = 4", "decisions"),
    "another bed": ("UPDATE decisions SET bed = 99 WHERE n = 4", "decisions"),
    "renamed bed": ("UPDATE beds SET name = 'b9'", "decisions"),
    "removed": ("DELETE FROM decisions WHERE n = 4", "decisions"),
    "removed first": ("DELETE FROM decisions WHERE n = 1", "decisions"),
    "removed and closed up": (
        "DELETE FROM decisions WHERE n = 4; UPDATE decisions SET n = -(n - 1) WHERE n > 4;"
        "UPDATE decisions SET n = -n WHERE n < 0",
        "decisions",
    ),
    "inserted": (
        "UPDATE decisions SET n = -(n + 1) WHERE n > 4; UPDATE decisions SET n = -n WHERE n < 0;"
        "INSERT INTO decisions SELECT 5, bed, seq, idx, now_ms, wall_us, kind, subject, body, hash"
        " FROM decisions WHERE n = 4",
        "decisions",
    ),
    "inserted before the first": (
        "INSERT INTO decisions SELECT 0, bed, seq, idx, now_ms, wall_us, kind, subject, body, hash"
        " FROM decisions WHERE n = 4",
        "decisions",
    ),
    "reordered": (
        "UPDATE decisions SET n = -4 WHERE n = 4; UPDATE decisions SET n = 4 WHERE n = 5;"
        "UPDATE decisions SET n = 5 WHERE n = -4",
        "decisions",
    ),
    "cut off at the end": ("DELETE FROM decisions WHERE n = (SELECT max(n) FROM decisions)", "decisions"),
    "appended": (
        "INSERT INTO decisions SELECT n + 1, bed, seq, idx, now_ms, wall_us, kind, subject, body, hash"
        " FROM decisions ORDER BY n DESC LIMIT 1",
        "decisions",
    ),
    "heartbeat removed": ("DELETE FROM meta", "meta"),
    "alarm changed": ("UPDATE alarms SET body = replace(body, 'nurse a', 'nurse b')", "alarms"),
    "alarm onset changed": ("UPDATE alarms SET onset_ms = onset_ms - 1", "alarms"),
    "alarm removed": ("DELETE FROM alarms", "alarms"),
    "alarm invented": (
        "INSERT INTO alarms SELECT 'x', bed, onset_ms, wall_us, n, body FROM alarms LIMIT 1",
        "alarms",
    ),
    "command removed": ("DELETE FROM commands", "commands"),
    "command changed": ("UPDATE commands SET pump = 'other'", "commands"),
    "command's time changed": ("UPDATE commands SET wall_us = wall_us - 1", "commands"),
    "outcome changed": ("UPDATE commands SET outcome = 'refused' WHERE outcome = 'done'", "commands"),
    "outcome removed": ("UPDATE commands SET outcome = NULL, detail = NULL, outcome_n = NULL", "commands"),
    "checkpoint's memory changed": ("UPDATE checkpoints SET chain_n = chain_n - 1", "checkpoints"),
}


async def record(url: str) -> None:
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        recorder.overspeed()
        journal.checkpoint("b1", recorder.seq, recorder.now, b"state")
        recorder.seconds(2)
        await journal.durable(recorder.token)


SAVED = ("alarms", "beds", "checkpoints", "commands", "decisions", "meta")
SAVE = ("CREATE SCHEMA saved", *(f"CREATE TABLE saved.{name} AS TABLE {name}" for name in SAVED))
PUT_BACK = tuple(f"DELETE FROM {name}; INSERT INTO {name} SELECT * FROM saved.{name}" for name in SAVED)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """On either database, once for all tests of this file."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('journal') / 'recorded.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.journal()
    asyncio.run(record(url))
    if file_of(url) is None:
        asyncio.run(altered(url, *SAVE))
    yield url
    if file_of(url) is None:
        asyncio.run(altered(url, "DROP SCHEMA saved CASCADE"))
        server.give_back(url)


@pytest.fixture
def copy(recorded: str, tmp_path: Path) -> Iterator[str]:
    """What was recorded, for a test that changes it."""
    path = file_of(recorded)
    if path is not None:
        shutil.copy(path, tmp_path / "copy.db")
        yield f"sqlite+aiosqlite:///{tmp_path}/copy.db"
        return
    yield recorded
    asyncio.run(tampered(recorded, *PUT_BACK))


def test_an_untouched_journal_verifies_and_names_its_head(recorded: str) -> None:
    report = verify(recorded)
    assert report.ok, report.problems
    assert report.links > 5
    assert report.head.startswith(f"{report.links}:")


async def test_a_journal_on_either_database_verifies_while_in_use(any_url: str) -> None:
    await record(any_url)
    async with opened(any_url) as journal:
        report = await journal.verify()
    assert report.ok, report.problems
    assert report.links > 5


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_is_found_and_the_table_named(name: str, copy: str) -> None:
    statements, table = TAMPERINGS[name]
    await tampered(copy, *statements.split(";"))
    report = await asyncio.to_thread(verify, copy)
    assert report.problems, name
    assert report.problems[0].table == table
    assert report.problems[0].row


@pytest.mark.parametrize(
    ("column", "changed"),
    [
        *((name, f"{name} || '1'") for name in ("body", "subject", "kind")),
        *((name, f"10 * {name} + 1") for name in ("now_ms", "wall_us", "seq", "idx")),
        ("hash", "(SELECT hash FROM decisions WHERE n = 4)"),
    ],
)
async def test_a_changed_column_of_a_link_names_that_link(column: str, changed: str, copy: str) -> None:
    await tampered(copy, f"UPDATE decisions SET {column} = {changed} WHERE n = 5")
    first = (await asyncio.to_thread(verify, copy)).problems[0]
    assert (first.table, first.row) == ("decisions", "5")
    assert "changed" in first.message


async def test_the_first_broken_link_is_named_by_its_number(copy: str) -> None:
    await tampered(copy, "UPDATE decisions SET subject = 'x' WHERE n = 6", "DELETE FROM decisions WHERE n = 3")
    first = (await asyncio.to_thread(verify, copy)).problems[0]
    assert (first.table, first.row) == ("decisions", "3")
    assert "missing" in first.message


async def test_verifying_a_journal_that_is_not_there_creates_none(any_url: str) -> None:
    nothing = elsewhere(any_url)
    for _ in range(2):
        with pytest.raises(JournalOpenError, match="does not exist"):
            await asyncio.to_thread(verify, nothing)
