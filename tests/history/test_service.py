"""The reader is a process of its own: it stays, is replaced when it dies, and ends with the daemon."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pumpd.history import BedHistory, HistoryError
from pumpd.history.shapes import Kind
from tests.history.conftest import Kept, question


async def asked(reader: BedHistory, kind: Kind) -> Any:
    return json.loads(await reader.ask(question(kind)))


async def test_one_process_answers_question_after_question(history: BedHistory) -> None:
    await asked(history, Kind.EVENTS)
    first = history._worker
    found = await asyncio.gather(*(asked(history, kind) for kind in Kind))
    assert history._worker is first
    assert all(one["stay"] == "s1" for one in found)


async def test_a_reader_that_was_killed_is_told_once_and_replaced(history: BedHistory) -> None:
    await asked(history, Kind.EVENTS)
    assert history._worker is not None
    history._worker.kill()
    await history._worker.wait()
    assert (await asked(history, Kind.EVENTS))["stay"] == "s1"


async def test_a_question_that_was_given_up_leaves_no_answer_to_the_next_one(history: BedHistory) -> None:
    await asked(history, Kind.EVENTS)
    given_up = asyncio.create_task(asked(history, Kind.DOSES))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert "series" in await asked(history, Kind.VITALS)


async def test_a_journal_that_cannot_be_read_is_said_and_no_journal_too(kept: Kept) -> None:
    for url in (kept.url.replace("journal.db", "not-there/journal.db"), None):
        reader = BedHistory(url)
        with pytest.raises(HistoryError):
            await asked(reader, Kind.EVENTS)
        await reader.close()


async def test_after_the_end_nothing_is_asked_any_more(kept: Kept) -> None:
    reader = BedHistory(kept.url)
    await asked(reader, Kind.EVENTS)
    worker = reader._worker
    await reader.close()
    assert worker is not None
    assert worker.returncode is not None
    with pytest.raises(HistoryError):
        await asked(reader, Kind.EVENTS)
