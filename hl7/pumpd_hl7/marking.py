"""What was done is written down as done, many messages in one commit: nobody waits for it."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from pumpd.gateways import MessageStore
from pumpd.journal import JournalUnavailable
from pumpd_hl7.checks import Key

log = structlog.get_logger(__name__)
MARK_S = 0.1  # for which what was done gathers before it is marked so
MARKED = 256  # at once
AGAIN_S = 1.0  # after the journal failed


class Marking:
    """Again while the journal fails; what it does not come to before the end is done once more after the restart."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store
        self._done: list[Key] = []
        self._task: asyncio.Task[None] | None = None
        self._ends = asyncio.Event()

    def note(self, key: Key) -> None:
        """This one was done."""
        self._done.append(key)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._mark(), name="hl7 messages marked as done")

    async def drain(self) -> None:
        """Returns when all of them are marked, or the journal does not take it."""
        self._ends.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _mark(self) -> None:
        wait_s = MARK_S
        try:
            while self._done:
                if len(self._done) < MARKED or wait_s > MARK_S:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._ends.wait(), wait_s)
                marked = await self._marked(self._done[:MARKED])
                if not marked and self._ends.is_set():
                    return
                wait_s = MARK_S if marked else AGAIN_S
        finally:
            self._task = None

    async def _marked(self, done: list[Key]) -> bool:
        try:
            await self._store.applied(*done)
        except JournalUnavailable as error:
            log.warning("hl7_not_marked_applied", why=str(error))
            return False
        del self._done[: len(done)]
        return True
