"""Messages for the journal's tests, and a journal with its message tables."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import text

from pumpd.gateways import Outgoing, Received
from pumpd.journal import Journal
from pumpd.journal import engine as engines
from pumpd.journal.messages import JournalMessages
from tests.journal.steps import opened

EHR = "ehr"


def message(control_id: str = "m1", answer: bytes = b"MSA|AA", raw: bytes = b"MSH|...", sent: str = "2026") -> Received:
    return Received("engine", ("EHR", control_id, sent), "ADT^A01", raw, answer, 1_000)


def outgoing(name: str, destination: str = EHR, **more: Any) -> Outgoing:
    return Outgoing(destination, name, "PCD-01", f"MSH {name}".encode(), 1_000, **more)


@contextlib.asynccontextmanager
async def letters(url: str, **more: Any) -> AsyncIterator[tuple[Journal, JournalMessages]]:
    async with opened(url, **more) as journal:
        yield journal, await JournalMessages.open(journal)


async def names(store: JournalMessages, destination: str = EHR) -> list[str]:
    """What waits, in the order of sending."""
    return [queued.message.id for queued in await store.waiting(destination, 1000)]


async def rows(url: str, query: str) -> list[Any]:
    """Straight from the database."""
    engine = engines.make_engine(engines.parse_url(url), reading=True)
    try:
        async with engine.connect() as connection:
            return list((await connection.execute(text(query))).all())
    finally:
        await engine.dispose()
