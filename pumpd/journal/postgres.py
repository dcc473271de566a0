"""What only PostgreSQL needs: connecting, the writer's lock, and a batch as one transaction with COPY.

SQLAlchemy still makes, configures and drops the connections; only the writer's batches go straight to the driver,
because COPY takes a thousand rows in the time of some hundred inserts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from pumpd.journal.one_go import OneGo, Work

LOCK = 0x70756D7064
"""Held by whoever writes the journal, for as long as its connection lives. "pumpd" in ASCII; any number would do."""
STATEMENT_S = 20.0
"""A server that does not answer so long is taken for lost: the batch is kept, and tried again on a new connection."""
CONNECT_S = 10.0
LOCK_RETRY_S = 0.05
SESSION = {
    "application_name": "pumpd",
    # a peer that vanished without a word is noticed by the server too: it gives the writer's lock back
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "idle_in_transaction_session_timeout": "60000",
}
Copied = Mapping[str, tuple[str, tuple[str, ...]]]
"""Texts of inserts that are done by COPY: table and columns."""


async def connect(*args: Any, **options: Any) -> Any:
    """A connection of the driver. Raises OSError in the server's words, whatever was wrong."""
    return await _asked(_driver().connect(*args, **options))


def _driver() -> Any:
    import asyncpg  # noqa: PLC0415 an extra, and SQLite does without it

    return asyncpg


async def hold(driver: Any, wait_s: float) -> None:
    """Take the writer's lock for this connection.

    A connection that was lost may hold it until the server has noticed: it ends with whatever it was doing, so that
    afterwards nothing is under way any more. Raises OSError after wait_s.
    """
    until = time.monotonic() + wait_s
    while not await _asked(driver.fetchval("SELECT pg_try_advisory_lock($1)", LOCK, timeout=STATEMENT_S)):
        if time.monotonic() > until:
            raise BlockingIOError("is in use by another pumpd")
        await asyncio.sleep(LOCK_RETRY_S)


def one_transaction(driver: Any, copied: Copied) -> OneGo:
    """A function that runs statements in one transaction, up to its commit. It raises OSError."""
    return partial(_run, driver, copied)


async def commit(driver: Any) -> None:
    """Raises OSError; then nobody knows whether it was done."""
    await _asked(driver.execute("COMMIT", timeout=STATEMENT_S))


async def _run(driver: Any, copied: Copied, work: Work) -> None:
    await _asked(driver.execute("BEGIN", timeout=STATEMENT_S))
    for text, rows in work:
        if text in copied:
            table, columns = copied[text]
            copying = driver.copy_records_to_table(table, records=rows, columns=columns, timeout=STATEMENT_S)
            await _asked(copying)
        else:
            await _asked(driver.executemany(text, rows, timeout=STATEMENT_S))


async def _asked(answer: Any) -> Any:
    driver = _driver()
    try:
        return await answer
    except (driver.PostgresError, driver.InterfaceError, driver.InternalClientError) as error:
        # the last: what the driver says of itself where the server went between two messages of one exchange
        raise OSError(str(error)) from error
