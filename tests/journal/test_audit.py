"""The audit: every entry kept, in order, found again, never changed unseen."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from pumpd.access.audit import AuditEntry, AuditQuery, What
from pumpd.journal import engine as engines
from pumpd.journal import ops
from pumpd.journal.audit_chain import GENESIS, columns, link
from tests.journal.letters import rows
from tests.journal.notes import notes
from tests.journal.tamper import altered, tampered, without_guard


async def test_what_was_noted_is_found_newest_first_and_the_chain_is_whole(any_url: str) -> None:
    async with notes(any_url) as book:
        await book.three()
        found = await book.audit.search(AuditQuery())
        assert [(row.seq, row.at_us, row.entry.what) for row in found] == [
            (3, 1_002, What.REFUSED),
            (2, 1_001, What.ACT),
            (1, 1_000, What.SIGN_IN),
        ]
        assert found[1].entry == AuditEntry(
            What.ACT, "klee", ("nurse",), "s-1", "10.0.0.7", "stop", "4b-01", "stay-9", "ok", ""
        )
        verdict = await book.audit.verify()
        assert (verdict.rows, verdict.problem) == (3, None)
    assert (await asyncio.to_thread(ops.verify, any_url)).ok


QUERIES: list[tuple[AuditQuery, list[int]]] = [
    (AuditQuery(first_us=1_001), [3, 2]),
    (AuditQuery(last_us=1_001), [2, 1]),
    (AuditQuery(who="klee"), [2, 1]),
    (AuditQuery(who="KLEE"), []),
    (AuditQuery(what=What.ACT), [2]),
    (AuditQuery(bed="4b-02"), [3]),
    (AuditQuery(text="STOP"), [2]),
    (AuditQuery(text="100%"), [3]),
    (AuditQuery(text="100_"), []),
    (AuditQuery(before_seq=3, limit=1), [2]),
    (AuditQuery(who="klee", bed="4b-01", first_us=1_000, text="o"), [2]),
    (AuditQuery(limit=0), []),
]


@pytest.mark.req("AUD-05")
async def test_every_field_of_a_search_narrows_it(any_url: str) -> None:
    async with notes(any_url) as book:
        await book.three()
        for query, expected in QUERIES:
            assert [row.seq for row in await book.audit.search(query)] == expected, query


async def test_the_chain_goes_on_after_a_restart_and_with_a_second_writer(any_url: str) -> None:
    async with notes(any_url) as daemon:
        await daemon.three()
        async with notes(any_url, start_us=9_000) as command_line:
            for number in range(20):
                daemon.audit.note(AuditEntry(What.SAW, "klee", subject=f"bed {number}"))
                command_line.audit.note(AuditEntry(What.ACCOUNT, "root", subject=f"user {number}"))
            await command_line.audit.verify()
        verdict = await daemon.audit.verify()
    async with notes(any_url) as again:
        await again.three()
        assert (await again.audit.verify()).problem is None
        assert (verdict.rows, (await again.audit.verify()).rows) == (43, 46)


ATTEMPTS = (
    "UPDATE audit SET who = 'nobody' WHERE seq = 2",
    "DELETE FROM audit WHERE seq = 2",
    "DELETE FROM accounts",
    "DELETE FROM tokens",
)


async def attempt(url: str, statement: str) -> str | None:
    """What the database says to it; None: it did it."""
    engine = engines.make_engine(engines.parse_url(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text(statement))
    except Exception as error:  # whatever the driver calls it
        return str(error)
    finally:
        await engine.dispose()
    return None


@pytest.mark.req("AUD-02")
async def test_the_database_itself_refuses_to_change_or_remove_the_record(any_url: str) -> None:
    account = "INSERT INTO accounts VALUES ('a', 'A', 'nurse', '', '', NULL, 0, '', NULL, 0, 1, NULL)"
    token = "INSERT INTO tokens VALUES ('t', :d, 'T', 'view', 'none', 1, NULL, NULL, 0, '')"
    async with notes(any_url) as book:
        await book.three()
        assert await attempt(any_url, account) is None
        blob = "x'00'" if any_url.startswith("sqlite") else "'\\x00'::bytea"
        assert await attempt(any_url, token.replace(":d", blob)) is None
        for statement in ATTEMPTS:
            assert "the record is kept" in (await attempt(any_url, statement) or ""), statement
        if any_url.startswith("sqlite"):
            replacing = "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2"
            assert "the record is kept" in (await attempt(any_url, replacing) or "")
        else:
            assert "the record is kept" in (await attempt(any_url, "TRUNCATE audit") or "")


TAMPERING: list[tuple[str, str, str]] = [
    ("changed", "UPDATE audit SET who = 'nobody' WHERE seq = 2", "row 2: was changed or moved"),
    ("its time changed", "UPDATE audit SET at_us = at_us + 1 WHERE seq = 3", "row 3: was changed or moved"),
    ("removed", "DELETE FROM audit WHERE seq = 2", "row 2: is missing"),
    ("the first removed", "DELETE FROM audit WHERE seq = 1", "row 1: is missing"),
    ("the last removed", "DELETE FROM audit WHERE seq = 3", "row 3: is missing, and all that follow it up to 3"),
    ("all removed", "DELETE FROM audit", "row 1: is missing, and all that follow it up to 3"),
    ("closed up", "DELETE FROM audit WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3", "row 2: was changed"),
    (
        "exchanged",
        "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;"
        " UPDATE audit SET seq = 3 WHERE seq = 9",
        "row 2: was changed or moved",
    ),
    ("one put before", "INSERT INTO audit SELECT 0, at_us, what, who, roles, session, address, subject, bed, patient,"
     " outcome, detail, hash FROM audit WHERE seq = 1", "row 0: stands before the first"),
    ("unnoticed at the end", "INSERT INTO audit SELECT 4, at_us, what, who, roles, session, address, subject, bed,"
     " patient, outcome, detail, hash FROM audit WHERE seq = 1", "row 4: was changed"),
    ("the head forgotten", "DELETE FROM meta WHERE key = 'audit_head'", "row 1: was added by somebody else"),
]  # fmt: skip


@pytest.mark.req("AUD-02")
@pytest.mark.parametrize(("statements", "problem"), [t[1:] for t in TAMPERING], ids=[t[0] for t in TAMPERING])
async def test_tampering_is_found_and_its_row_is_named(any_url: str, statements: str, problem: str) -> None:
    async with notes(any_url) as book:
        await book.three()
    await tampered(any_url, *statements.split(";"))
    async with notes(any_url) as book:
        found = (await book.audit.verify()).problem
        assert found is not None
        assert found.startswith(problem)
    report = await asyncio.to_thread(ops.verify, any_url)
    assert [(one.table, f"row {one.row}: {one.message}") for one in report.problems] == [("audit", found)]


@pytest.mark.req("AUD-02")
async def test_what_was_cut_off_does_not_heal_when_more_is_noted(any_url: str) -> None:
    async with notes(any_url) as book:
        await book.three()
    await tampered(any_url, "DELETE FROM audit WHERE seq = 3")
    async with notes(any_url) as book:
        await book.three()
        assert (await book.audit.verify()).problem == "row 3: is missing"


async def test_a_trigger_that_is_gone_is_told_by_the_journals_check(any_url: str) -> None:
    async with notes(any_url) as book:
        await book.three()
    await altered(any_url, without_guard(any_url, "audit", "delete"))
    problems = (await asyncio.to_thread(ops.verify, any_url)).problems
    assert [(one.table, one.row) for one in problems] == [("audit", "kept_audit_delete")]


ENTRIES = st.builds(
    AuditEntry,
    st.sampled_from(What),
    st.text(max_size=8),
    st.lists(st.sampled_from(["nurse", "charge"]), max_size=2).map(tuple),
    subject=st.text(max_size=8),
    bed=st.none() | st.text(max_size=4),
    detail=st.text(max_size=8),
)


@given(st.lists(ENTRIES, min_size=2, max_size=6), st.data())
def test_two_rows_that_differ_never_make_the_same_link(entries: list[AuditEntry], data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(entries)) for _ in range(2))
    same = columns(1, 2, one) == columns(1, 2, other)
    assert (link(GENESIS, columns(1, 2, one)) == link(GENESIS, columns(1, 2, other))) is same
    assert link(GENESIS, columns(1, 2, one)) != link(GENESIS, columns(2, 2, one))


def test_a_text_without_end_is_cut_and_no_character_upsets_the_database() -> None:
    row = columns(1, 2, AuditEntry(What.SIGN_IN, "x" * 9_999, detail="a\0b\ud800"))
    assert len(row[3]) == 500
    assert row[-1] == "a\\x00b\\ud800"


async def test_what_was_noted_just_before_the_end_is_kept(any_url: str) -> None:
    async with notes(any_url) as book:
        book.audit.note(AuditEntry(What.EXPORT, "root"))
    kept = await rows(any_url, "SELECT who FROM audit")
    assert [row[0] for row in kept] == ["root"]
