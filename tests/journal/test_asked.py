"""A journal closes although somebody is still asking it something."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.journal import Journal, JournalUnavailable, writer
from pumpd.journal.asked import end_questions
from tests.journal.steps import BOOT


async def test_a_question_that_is_being_answered_ends_before_the_journal_closes(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "end_questions", partial(end_questions, 60.0))  # however slow the machine is just now
    journal = await Journal.open(any_url, BOOT)
    asked = asyncio.Event()
    main = asyncio.get_running_loop()

    async def slow(engine: AsyncEngine) -> int:
        async with engine.connect() as connection:
            main.call_soon_threadsafe(asked.set)
            many = (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT max(i) FROM n"
            )
            return int((await connection.execute(text(many))).scalar_one())

    question = asyncio.create_task(journal.maintain(slow))
    await asked.wait()
    await journal.close()
    assert await question == 400_000


async def test_a_question_without_end_does_not_keep_the_journal_open(any_url: str) -> None:
    journal = await Journal.open(any_url, BOOT)
    asked = asyncio.Event()
    main = asyncio.get_running_loop()

    async def endless(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            main.call_soon_threadsafe(asked.set)
            await asyncio.Event().wait()

    question = asyncio.create_task(journal.maintain(endless))
    await asked.wait()
    async with asyncio.timeout(30):
        await journal.close()
    with pytest.raises(JournalUnavailable):
        await question


async def test_nobody_asks_and_nothing_is_waited_for() -> None:
    await end_questions(grace_s=0)
