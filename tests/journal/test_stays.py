"""Stays, courses and their steps as the journal finds them again, quickly, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from msgspec.structs import replace as changed
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal import engine as engines
from pumpd.journal.heart import kernel_fingerprint
from pumpd.journal.records import GapRecord
from pumpd.journal.stays import bed_of, course_rows, gap_rows, last_moment, policy_rows, run_rows, stays, steps
from pumpd.safety.decisions import AlarmChanged, CourseChanged, FlowChanged, Permitted
from pumpd.safety.events import Heard, PatientBound, PatientReleased
from pumpd.units import Ms
from tests.journal.steps import BOOT, Recorder, opened, wall
from tests.journal.tamper import file_of
from tests.safety.build import PUMP, patient, status
from tests.safety.course import course_policy

BY_INDEX = {
    "decisions_course": "SELECT n FROM decisions WHERE kind IN ('CourseChanged', 'InfusionChanged')"
    " AND subject = 'b1-c1'",
    "events_stay": "SELECT id FROM events WHERE kind IN ('PatientBound', 'PatientReleased') ORDER BY id",
}


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[AsyncConnection]:
    engine = engines.make_engine(engines.parse_url(url), reading=True)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def record(url: str) -> Recorder:
    """Two patients one after the other, the first back later; the second one gets ketamine without a plan."""
    async with opened(url) as journal:
        bed = Recorder(journal, policy=course_policy())
        first, second = patient(), replace(patient(), mrn="M2", family_name="Other")
        bed.do(PatientBound(first, ""))
        bed.do(PatientBound(first, "nurse a"), 1_000)
        bed.do(Heard(PUMP, status(0, False)), 1_000)
        bed.do(PatientBound(replace(first, weight_g=71_000), "nurse a"), 1_000)
        bed.do(PatientBound(second, "nurse a"), 1_000)
        bed.do(Heard(PUMP, status(0, False)), 1_000)
        bed.seconds(5, 7_000)
        bed.do(Heard(PUMP, status(0, False)), 1_000)
        bed.do(PatientReleased("nurse a", "transfer"), 1_000)
        bed.do(PatientBound(first, "nurse a"), 1_000)
        gap = GapRecord("b1", bed.seq + 3, Ms(bed.now + 500), wall(bed.now + 500), 3, bed.seq + 1, "disk full")
        await journal.append_durable(gap)
    return bed


async def test_a_stay_ends_with_a_release_or_with_another_patient(any_url: str) -> None:
    await record(any_url)
    async with reading(any_url) as connection:
        found = await stays(connection)
    assert [one.mrn for one in found] == [patient().mrn, "M2", patient().mrn]
    first, second, third = found
    assert first.ended_ms == second.began_ms
    assert second.ended_ms is not None
    assert second.ended_ms < third.began_ms
    assert third.ended_ms is None


async def test_a_course_is_found_by_its_id_and_its_steps_are_whole(any_url: str) -> None:
    await record(any_url)
    async with reading(any_url) as connection:
        every = await course_rows(connection)
        mine = await course_rows(connection, "b1-c1")
        assert await course_rows(connection, "b1-c2") == []
        assert [row.n for row in every] == [row.n for row in mine]
        opened_row, closed_row = mine[0], mine[-1]
        found = [one async for one in steps(connection, 1, opened_row.now_ms, closed_row.now_ms, ("PatientReleased",))]
    assert isinstance(opened_row.value, CourseChanged)
    assert isinstance(closed_row.value, CourseChanged)
    assert (opened_row.value.open, closed_row.value.open) == (True, False)
    assert [one.seq for one in found] == sorted(one.seq for one in found)
    assert isinstance(found[-1].event, PatientReleased)
    kinds = {type(one.value) for step in found for one in step.decisions}
    assert {CourseChanged, FlowChanged, AlarmChanged, Permitted} <= kinds
    assert all(step.at == wall(step.now_ms) for step in found)


async def test_steps_begin_and_end_where_they_are_asked_for(any_url: str) -> None:
    await record(any_url)
    async with reading(any_url) as connection:
        whole = [one async for one in steps(connection, 1, 0, 10**9, ("PatientBound",))]
        middle = whole[len(whole) // 2].now_ms
        later = [one async for one in steps(connection, 1, middle, 10**9, ("PatientBound",))]
        earlier = [one async for one in steps(connection, 1, 0, middle - 1, ("PatientBound",))]
    assert earlier + later == whole
    assert later
    assert earlier


async def test_policies_runs_gaps_and_the_last_moment(any_url: str) -> None:
    bed = await record(any_url)
    async with reading(any_url) as connection:
        (policy,) = await policy_rows(connection, 1, 10**9)
        assert policy.policy == bed.policy
        assert len(policy.sha) == 64
        (run,) = await run_rows(connection)
        assert run.origins == changed(BOOT.origins, kernel=kernel_fingerprint(), first_link=1)
        assert await bed_of(connection, 1) == "b1"
        moment = await last_moment(connection)
        assert moment is not None
        gaps = await gap_rows(connection, 1, 0, 10**9)
    assert [(gap.steps, gap.detail) for gap in gaps] == [(3, "disk full")]


async def test_courses_and_stays_are_looked_up_by_index(any_url: str) -> None:
    await record(any_url)
    explain = "EXPLAIN QUERY PLAN" if file_of(any_url) is not None else "EXPLAIN"
    async with reading(any_url) as connection:
        if file_of(any_url) is None:  # which would rather read so few rows one by one
            await connection.execute(text("SET enable_seqscan = off"))
        for index, query in BY_INDEX.items():
            plan: Any = (await connection.execute(text(f"{explain} {query}"))).all()
            assert index in str(plan), str(plan)
