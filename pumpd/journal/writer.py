"""The journal's thread: its own event loop, the only writer of the database, and what it does when that fails."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.journal.backlog import Backlog
from pumpd.journal.inbox import Entry
from pumpd.journal.records import BootInfo, JournalFault, JournalStats, LastSeen, MessageRecord
from pumpd.journal.recovery import Left, open_tail
from pumpd.journal.store import FAILURES, Store
from pumpd.journal.tail import Tail

log = structlog.get_logger(__name__)
_token_of = attrgetter("token")


def _why(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error)


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds and counts of records.

    flush_s: readings are committed at least this often, so that a power cut loses less than 1 s of them.
    gather_s: how long something urgent waits for what else is urgent just now: a commit each would keep the disk, and
    the interpreter, busy without need while alarms come in dozens. Messages alone gather only until none has come for
    lull_s: a peer sends its next one when this one is answered.
    stall_s: a commit that takes longer is reported as a fault. readings: kept while failing, oldest dropped
    first; records: kept at most of anything. chunk: most records of one transaction.
    """

    flush_s: float = 0.9
    stall_s: float = 5.0
    retry_first_s: float = 0.25
    retry_most_s: float = 5.0
    readings: int = 20_000
    records: int = 100_000
    chunk: int = 5_000
    gather_s: float = 0.01
    lull_s: float = 0.001


class Writer:
    """start() and stop() from the main loop; wake() tells it that something urgent waits in the inbox."""

    def __init__(
        self,
        url: str,
        boot: BootInfo,
        limits: Limits,
        inbox: deque[Entry],
        main: asyncio.AbstractEventLoop,
        on_commit: Callable[[int], None],
        on_fault: Callable[[JournalFault | None], None],
        on_spoiled: Callable[[frozenset[int], str], None],
    ) -> None:
        self._url, self._boot, self._limits = url, boot, limits
        self._inbox, self._main = inbox, main
        self._on_commit, self._on_fault, self._on_spoiled = on_commit, on_fault, on_spoiled
        self._backlog = Backlog(limits.readings, limits.records)
        self._opened: asyncio.Future[None] = main.create_future()
        self._closed: asyncio.Future[None] = main.create_future()
        self._thread = threading.Thread(target=self._run, name="pumpd-journal", daemon=True)
        self._woken = False
        self._stop_at: float | None = None
        self._fault: JournalFault | None = None
        self._retry_s = 0.0
        self._flushed_at = 0.0  # the journal's loop time at which the last flush began
        self._commits = self._committed = 0
        self._messages = self._steps = 0  # of what waits and is urgent
        self._last_commit_s = 0.0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.last_seen: LastSeen | None = None
        self.tail: Tail | None = None
        self.left = Left([], {})  # by a killed run, and not taken by the database either

    @property
    def reader(self) -> AsyncEngine:
        """Engine for queries; only for coroutines on the journal's loop."""
        return self._store.reader

    async def start(self) -> None:
        """Raises JournalOpenError."""
        self._thread.start()
        await self._opened

    async def stop(self, timeout_s: float) -> None:
        """Commit what waits, for at most timeout_s, then end the thread. May be called twice."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + timeout_s
            self.wake()
        await asyncio.shield(self._closed)
        self._thread.join()

    def wake(self) -> None:
        """From the main loop's thread; many calls before the thread reacts are one wake-up."""
        if not self._woken and self.loop is not None:
            self._woken = True
            with suppress(RuntimeError):  # the thread's loop has ended
                self.loop.call_soon_threadsafe(self._urgent.set)

    def stats(self, overflow: int, waiting: int, failing: bool) -> JournalStats:
        backlog = self._backlog
        return JournalStats(
            self._committed,
            waiting,
            backlog.dropped_readings,
            backlog.dropped_records + overflow,
            self._commits,
            self._last_commit_s,
            failing,
        )

    # ---- on the journal's thread from here on

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 the end of a thread: whatever it was goes to the main loop
            error = failure
        self._tell(self._finished, error)

    def _finished(self, error: BaseException | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(error or RuntimeError("the journal's thread ended"))
        elif error is not None:
            self._on_fault(JournalFault(f"the journal's thread ended: {error!r}", datetime.now(UTC)))
        if not self._closed.done():
            self._closed.set_result(None)

    async def _serve(self) -> None:
        self._urgent = asyncio.Event()
        self._store = await Store.open(self._url, self._boot)
        try:
            self.tail, self.left = await open_tail(self._store, self._boot.boot_id)
            self.last_seen = self._store.last_seen
            self.loop = asyncio.get_running_loop()
            self._tell(self._opened.set_result, None)
            while not self._finishing():
                await self._wait()
                await self._flush()
            if self.tail is not None and not self._backlog:
                self.tail.remove()  # while the database is still locked: a later run's is not touched
        finally:
            await self._store.close()

    def _finishing(self) -> bool:
        if self._stop_at is None:
            return False
        self._take()
        return not self._backlog or time.monotonic() > self._stop_at

    async def _wait(self) -> None:
        """Until something is urgent, but no longer than readings may wait; while failing, until the next attempt.

        Readings wait from the beginning of the last commit on: the oldest may have come in just after it.
        """
        loop, limits = asyncio.get_running_loop(), self._limits
        until = loop.time() + self._retry_s if self._retry_s else self._flushed_at + limits.flush_s
        while (left := until - loop.time()) > 0:
            alarm = loop.call_later(left, self._urgent.set)
            await self._urgent.wait()
            alarm.cancel()
            if self._stop_at is None:
                await self._gather(until)
            self._take()
            if not self._retry_s or self._stop_at is not None:
                return

    async def _gather(self, until: float) -> None:
        """Let come together what is urgent just now."""
        loop, limits = asyncio.get_running_loop(), self._limits
        until = min(until, loop.time() + limits.gather_s)
        while (left := until - loop.time()) > 0:
            self._take()
            messages = self._messages
            alone = messages and not self._steps
            await asyncio.sleep(min(left, limits.lull_s) if alone else left)
            self._take()
            if alone and self._messages == messages:
                return

    def _take(self) -> None:
        """Empty the inbox into the backlog. The flags go first, so that no wake-up can be missed."""
        if hasattr(self, "_urgent"):
            self._urgent.clear()
        self._woken = False
        inbox, add = self._inbox, self._backlog.add
        while inbox:
            entry = inbox.popleft()
            add(entry)
            if type(entry.record) is MessageRecord:
                self._messages += 1
            elif entry.urgent:
                self._steps += 1
        self._backlog.bound()

    async def _flush(self) -> None:
        self._flushed_at = asyncio.get_running_loop().time()
        self._take()
        while self._backlog:
            entries = self._backlog.take(self._limits.chunk)
            began = time.monotonic()
            try:
                await self._commit(entries)
            except FAILURES as error:
                if not await self._commit_steps(entries, error):
                    self._backlog.put_back(entries)
                    self._failed(error)
                    return
            self._succeeded(entries, time.monotonic() - began)
        self._messages = self._steps = 0

    async def _commit(self, entries: list[Entry]) -> None:
        """One transaction; while a slow disk keeps it, the inbox stays empty and the stall is reported."""
        self._watch(time.monotonic())
        try:
            await self._store.commit(entries)
        finally:
            self._watching.cancel()

    async def _commit_steps(self, entries: list[Entry], error: BaseException) -> bool:
        """A failed batch without its messages: what the database does not take of them must not hold up the beds."""
        steps = [entry for entry in entries if type(entry.record) is not MessageRecord]
        if not steps or len(steps) == len(entries):
            return False
        try:
            await self._commit(steps)
        except FAILURES:
            return False
        messages = frozenset(map(_token_of, entries)) - frozenset(map(_token_of, steps))
        log.error("messages were not taken by the database", changes=len(messages), why=_why(error))
        self._tell(self._on_spoiled, messages, _why(error))
        return True

    def _watch(self, began: float) -> None:
        """Look again and again at a commit that began then."""
        limits = self._limits
        delay_s = min(limits.stall_s, limits.flush_s)
        self._watching = asyncio.get_running_loop().call_later(delay_s, self._waiting_for_commit, began)

    def _waiting_for_commit(self, began: float) -> None:
        self._take()
        if time.monotonic() - began >= self._limits.stall_s:
            self._report(f"a commit has not returned for {self._limits.stall_s:g} s: the disk stalls")
        self._watch(began)

    def _succeeded(self, entries: list[Entry], took_s: float) -> None:
        self._commits += 1
        self._committed += len(entries)
        self._last_commit_s, self._retry_s = took_s, 0.0
        if self._fault is not None:
            self._fault = None
            self._tell(self._on_fault, None)
        self._tell(self._on_commit, max(map(_token_of, entries)))

    def _failed(self, error: BaseException) -> None:
        limits = self._limits
        self._retry_s = min(limits.retry_most_s, 2 * self._retry_s or limits.retry_first_s)
        self._report(_why(error))

    def _report(self, detail: str) -> None:
        if self._fault is None:
            self._fault = JournalFault(detail, datetime.now(UTC))
            self._tell(self._on_fault, self._fault)

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        with suppress(RuntimeError):  # the main loop has ended: nobody is left to be told
            self._main.call_soon_threadsafe(callback, *args)
