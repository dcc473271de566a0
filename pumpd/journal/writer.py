"""The journal's thread: its own event loop, the only writer of the database, and what it does when that fails."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from operator import attrgetter

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.journal.asked import end_questions, why
from pumpd.journal.backlog import Backlog
from pumpd.journal.inbox import Entry
from pumpd.journal.limits import Limits
from pumpd.journal.records import BootInfo, JournalFault, JournalStats, LastSeen, MessageRecord
from pumpd.journal.recovery import Left, open_tail
from pumpd.journal.store import FAILURES, Store
from pumpd.journal.tail import Tail
from pumpd.loop import run_loop
from pumpd.scheduling import step_back

log = structlog.get_logger(__name__)
_token_of = attrgetter("token")


class Writer:
    """start() and stop() from the main loop; wake(): something urgent waits in the inbox; hurry(): somebody for it."""

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
        self._unsettled: list[Entry] = []  # of a commit of which nobody knows whether it was done
        self._opened: asyncio.Future[None] = main.create_future()
        self._closed: asyncio.Future[None] = main.create_future()
        self._thread = threading.Thread(target=self._run, name="pumpd-journal", daemon=True)
        self._woken = self._hurried = False
        self._stop_at: float | None = None
        self._fault: JournalFault | None = None
        self._retry_s = 0.0
        self._flushed_at = 0.0  # the journal's loop time at which the last flush began
        self._commits = self._committed = 0
        self._last_commit_s = 0.0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.last_seen: LastSeen | None = None
        self.tail: Tail | None = None
        self.left = Left([], {})  # by a killed run, and not taken by the database either

    @property
    def reader(self) -> AsyncEngine:
        """Engine for queries; only for coroutines on the journal's loop."""
        return self._store.reader

    @property
    def engine(self) -> AsyncEngine:
        """Engine for upkeep; only for coroutines on the journal's loop."""
        return self._store.engine

    async def start(self) -> None:
        """Raises JournalOpenError."""
        self._thread.start()
        await self._opened

    async def stop(self, timeout_s: float) -> None:
        """Commit what waits, for at most timeout_s, then end the thread. May be called twice."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + timeout_s
            self.hurry()
        await asyncio.shield(self._closed)
        self._thread.join()

    def wake(self) -> None:
        """From the main loop's thread; many calls before the thread reacts are one wake-up."""
        if not self._woken and self.loop is not None:
            self._woken = True
            with suppress(RuntimeError):  # the thread's loop has ended
                self.loop.call_soon_threadsafe(self._urgent.set)

    def hurry(self) -> None:
        """As wake(); and nothing is gathered any longer but what comes in the same turn of the main loop."""
        if not self._hurried:
            self._hurried = True
            self._main.call_soon(self._hurry_thread)

    def _hurry_thread(self) -> None:
        if self.loop is not None:
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._hurry)

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
        step_back()
        error: BaseException | None = None
        try:
            run_loop(self._serve())
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
        self._urgent, self._now = asyncio.Event(), asyncio.Event()
        self._store = await Store.open(self._url, self._boot)
        try:
            self.tail, self.left = await open_tail(self._store, self._boot.boot_id)
            self.last_seen = self._store.last_seen
            self.loop = asyncio.get_running_loop()
            self._flushed_at = self.loop.time()  # nothing came in before
            self._tell(self._opened.set_result, None)
            while not self._finishing():
                await self._wait()
                await self._flush()
            if self.tail is not None and not self._waits():
                self.tail.remove()  # while the database is still locked: a later run's is not touched
        finally:
            self.loop = None
            await end_questions()
            await self._store.close()

    def _finishing(self) -> bool:
        if self._stop_at is None:
            return False
        self._take()
        return not self._waits() or time.monotonic() > self._stop_at

    def _waits(self) -> bool:
        return bool(self._backlog or self._unsettled)

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
        """Let come together what is urgent just now, unless somebody waits for it."""
        loop = asyncio.get_running_loop()
        left = min(until - loop.time(), self._limits.gather_s)
        if left > 0 and not self._now.is_set():
            alarm = loop.call_later(left, self._now.set)
            await self._now.wait()
            alarm.cancel()

    def _hurry(self) -> None:
        self._urgent.set()
        self._now.set()

    def _take(self) -> None:
        """Empty the inbox into the backlog. The flags go first, so that no wake-up can be missed."""
        if hasattr(self, "_urgent"):
            self._urgent.clear()
        self._woken = False
        self._backlog.take_in(self._inbox)
        self._backlog.bound()

    async def _flush(self) -> None:
        self._flushed_at = asyncio.get_running_loop().time()
        self._now.clear()
        self._hurried = False  # before the inbox is looked at: who comes later is heard anew
        self._take()
        if not await self._settle():
            return
        while self._backlog:
            entries = self._backlog.take(self._limits.chunk)
            began = time.monotonic()
            try:
                await self._commit(entries)
            except FAILURES as error:
                if not await self._commit_steps(entries, error):
                    self._keep(entries)
                    return self._failed(error)
            self._succeeded(entries, time.monotonic() - began)

    def _keep(self, entries: list[Entry]) -> None:
        """For later; of a commit of which nobody knows apart, so that nothing is written twice."""
        if not self._store.unsettled:
            return self._backlog.put_back(entries)
        self._unsettled = entries

    async def _settle(self) -> bool:
        """Find out what became of a commit during which the server was lost. False: still not known."""
        if not self._unsettled:
            return True
        try:
            done = await self._store.settle()
        except FAILURES as error:
            self._failed(error)
            return False
        entries, self._unsettled = self._unsettled, []
        self._succeeded(entries, 0.0) if done else self._backlog.put_back(entries)
        return True

    async def _commit(self, entries: list[Entry]) -> None:
        """One transaction; while a slow disk keeps it, the inbox stays empty and the stall is reported."""
        self._watch(time.monotonic())
        try:
            await self._store.commit(entries)
        finally:
            self._watching.cancel()

    async def _commit_steps(self, entries: list[Entry], error: BaseException) -> bool:
        """A failed batch without its messages: what the database does not take of them must not hold up the beds."""
        steps = [entry for entry in entries if not isinstance(entry.record, MessageRecord)]
        if self._store.unsettled or not steps or len(steps) == len(entries):
            return False
        try:
            await self._commit(steps)
        except FAILURES:
            if self._store.unsettled:
                self._backlog.put_back([entry for entry in entries if isinstance(entry.record, MessageRecord)])
                entries[:] = steps
            return False
        messages = frozenset(map(_token_of, entries)) - frozenset(map(_token_of, steps))
        log.error("messages were not taken by the database", changes=len(messages), why=why(error))
        self._tell(self._on_spoiled, messages, why(error))
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
        self._tell(self._on_commit, max([entry.token for entry in entries]))
        self._backlog.written(entries)

    def _failed(self, error: BaseException) -> None:
        limits = self._limits
        self._retry_s = min(limits.retry_most_s, 2 * self._retry_s or limits.retry_first_s)
        self._report(why(error))

    def _report(self, detail: str) -> None:
        if self._fault is None:
            self._fault = JournalFault(detail, datetime.now(UTC))
            self._tell(self._on_fault, self._fault)

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        with suppress(RuntimeError):  # the main loop has ended: nobody is left to be told
            self._main.call_soon_threadsafe(callback, *args)
