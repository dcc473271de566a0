"""The buffer between the event loop and the journal thread, and the waiters for durability.

Without locks: the loop alone appends, the thread alone takes from the left, and both are single
operations of a deque. Tokens count records; record number t is durable once the thread says so.
"""

from __future__ import annotations

import asyncio
from collections import deque

from msgspec import Struct

from pumpd.journal.packing import PACKED
from pumpd.journal.records import JournalUnavailable, Record, StepRecord
from pumpd.safety.events import Heard

REFUSED = -1  # the token of a record that was not taken


class Entry(Struct, frozen=True, gc=False):
    """A record with its token and the machine's boot time when it came in."""

    token: int
    boot_ms: int
    urgent: bool
    record: Record


class Waiters:
    """Futures for tokens, oldest first. Lives on the event loop's thread."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.committed = 0
        self.fault: str | None = None

    def durable(self, token: int, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """A future that is done when `token` is committed, or fails with JournalUnavailable."""
        future: asyncio.Future[None] = loop.create_future()
        if token == REFUSED:
            _refuse(future, self.fault or "the journal has no room: its thread does not keep up")
        elif token <= self.committed:
            future.set_result(None)
        elif self.fault is not None:
            _refuse(future, self.fault)
        else:
            self._waiting.append((token, future))
        return future

    def any(self) -> bool:
        """Is anybody waiting?"""
        return bool(self._waiting)

    def advance(self, committed: int) -> None:
        """Everything up to `committed` is on the disk."""
        self.committed = committed
        while self._waiting and self._waiting[0][0] <= committed:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)

    def spoil(self, tokens: frozenset[int], detail: str) -> None:
        """These are not going to be committed; the journal works."""
        for token, future in self._waiting:
            if token in tokens:
                _refuse(future, detail)

    def fail(self, detail: str) -> None:
        """Nobody waits while the journal is failing."""
        self.fault = detail
        while self._waiting:
            _refuse(self._waiting.popleft()[1], detail)


def _refuse(future: asyncio.Future[None], detail: str) -> None:
    if future.done():
        return
    future.set_exception(JournalUnavailable(detail))
    future.exception()  # a caller that does not wait must not make the loop complain


def is_reading(record: Record) -> bool:
    """True for a step that only heard a reading or a tick and decided nothing: these may wait and may be lost."""
    if type(record) is not StepRecord or record.decisions:
        return False
    event = record.event
    return type(event.fact if type(event) is Heard else event) in PACKED
