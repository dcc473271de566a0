"""The journal as the event loop sees it. Nothing here touches a database or waits for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.clock import Clock
from pumpd.journal import charts, query, trends
from pumpd.journal.backlog import gap_of, merge_gap
from pumpd.journal.charts import ChartHistory
from pumpd.journal.inbox import REFUSED, Entry, Waiters, is_reading
from pumpd.journal.keeper import Keeper
from pumpd.journal.limits import Limits
from pumpd.journal.records import (
    BootInfo,
    CheckpointRecord,
    JournalFault,
    JournalStats,
    JournalUnavailable,
    LastSeen,
    Marked,
    MessageRecord,
    PolicyRecord,
    Record,
    Restored,
    StepRecord,
    TrendPoint,
)
from pumpd.journal.recovery import with_unwritten
from pumpd.journal.rows import micros, utc_now
from pumpd.journal.store import FAILURES
from pumpd.journal.verify import VerifyReport, verify_engine
from pumpd.journal.writer import Writer
from pumpd.safety.alarms import Alarm
from pumpd.safety.events import Event
from pumpd.safety.policy import BedPolicy
from pumpd.units import Ms

if TYPE_CHECKING:
    from pumpd.journal.messages import JournalMessages

T = TypeVar("T")
OnFault = Callable[[JournalFault | None], None]


class Journal:
    """Made by `open`, used from one event loop, ended by `close`."""

    def __init__(self, url: str, boot: BootInfo, limits: Limits, wall: Callable[[], datetime] = utc_now) -> None:
        self._loop = asyncio.get_running_loop()
        self._boot_ms = Clock().boot_ms  # of the machine, whatever time the beds have: how long something waits
        self._wall, self.boot = wall, boot
        self._inbox: deque[Entry] = deque()
        self._waiters = Waiters()
        self._token = 0
        self._overflow = 0
        self._limits, self._cap = limits, 2 * limits.records
        self._refused: dict[str, Entry] = {}
        self._starved: JournalFault | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._keeper = Keeper(None, self._waiters)
        self.messages: JournalMessages | None = None  # JournalMessages.open makes it
        self.on_fault: OnFault | None = None
        self.fault: JournalFault | None = None
        told = (self._on_commit, self._on_fault, self._waiters.spoil)
        self._writer = Writer(url, boot, limits, self._inbox, self._loop, *told)

    @classmethod
    async def open(
        cls,
        url: str,
        boot: BootInfo,
        *,
        on_fault: OnFault | None = None,
        limits: Limits | None = None,
        wall: Callable[[], datetime] = utc_now,
    ) -> Journal:
        """Open or create the database and bring its schema up to date, all on the journal's thread.

        Raises JournalOpenError with a sentence for the person who configured the URL.
        """
        journal = cls(url, boot, limits or Limits(), wall)
        journal.on_fault = on_fault
        await journal._writer.start()
        journal._adopt()
        journal._look()
        return journal

    def _adopt(self) -> None:
        """Take over the tail, and what a killed run left that the database did not take."""
        self._keeper = Keeper(self._writer.tail, self._waiters)
        for entry in self._writer.left.entries:
            self._token += 1
            self._take(replace(entry, token=self._token))

    def foresee(self, record: StepRecord) -> None:
        """Keep a step over a kill -9 although its stop leaves first; `append` of this record follows at once.

        Some copying in memory; nothing is waited for. Never raises.
        """
        self._keeper.foresee(record, self._boot_ms())

    def foresee_event(self, bed: str, seq: int, now_ms: Ms, event: Event) -> None:
        """Keep the event of step seq over a kill -9 although its stop leaves before the step; `append` follows at once.

        Less copying than `foresee`, and the next start has to step on it again (`marked`). Never raises.
        """
        self._keeper.note(bed, seq, now_ms, event)

    def marked(self, bed: str) -> Marked | None:
        """The report whose stop left just before the last run was killed; of use if no record of its step is left."""
        return self._writer.left.marks.get(bed)

    def append(self, record: Record) -> int:
        """Take a record and return its token, REFUSED when there is no room. Never blocks, never raises.

        A step with a decision or with an event other than a reading is written at once, the rest within 1 s.
        """
        if len(self._inbox) >= self._cap:
            return self._refuse(record)
        if self._refused:
            self._inbox.extend(self._refused.values())
            self._refused.clear()
        self._token = token = self._token + 1
        if is_reading(record):
            entry = Entry(token, self._boot_ms(), False, record)
            self._inbox.append(entry)
            self._keeper.reading(record.bed, entry)
        else:
            self._take(Entry(token, self._boot_ms(), True, record))
        return token

    def _take(self, entry: Entry) -> None:
        self._inbox.append(entry)
        if isinstance(entry.record, MessageRecord):  # nobody counts on a message before it is committed
            return self._writer.hurry()
        self._keeper.urgent(entry)
        self._writer.wake()

    def _refuse(self, record: Record) -> int:
        """The thread takes nothing any more: memory stays bounded. What is missing is written once it does."""
        self._overflow += 1
        if isinstance(record, MessageRecord):
            return REFUSED
        gap = gap_of(record, "the journal's thread did not keep up")
        merge_gap(self._refused, Entry(self._token, self._boot_ms(), True, gap))
        return REFUSED

    def durable(self, token: int) -> asyncio.Future[None]:
        """Done when the token's record and all before it are committed; fails with JournalUnavailable.

        While the journal is failing the future has failed already; the record is still kept for later.
        """
        self._writer.hurry()
        return self._waiters.durable(token, self._loop)

    def _look(self) -> None:
        """The thread cannot say itself that it does not run (starved, or held up outside of a commit)."""
        self._looking = self._loop.call_later(self._limits.stall_s, self._look)
        try:
            waited_ms = self._boot_ms() - self._inbox[0].boot_ms
        except IndexError:
            waited_ms = 0
        starved = waited_ms > 1000 * (self._limits.stall_s + self._limits.retry_most_s)
        if starved and self.fault is None:
            self._starved = JournalFault("the journal's thread does not run", datetime.now(UTC))
            self._on_fault(self._starved)
        elif not starved and self.fault is not None and self.fault is self._starved:
            self._on_fault(None)

    def is_durable(self, token: int) -> bool:
        """The token's record and all before it are committed."""
        return token <= self._waiters.committed

    def awaited(self) -> bool:
        """Somebody waits for a commit now."""
        return self._waiters.any()

    def append_durable(self, record: Record) -> asyncio.Future[None]:
        """`append`, then `durable`: the record is taken now, whether or not the result is awaited."""
        return self.durable(self.append(record))

    def policy(self, bed: str, seq: int, now_ms: Ms, policy: BedPolicy) -> int:
        """The policy passed to step `seq` and later; at each start. (PolicyReplaced is recorded by itself.)"""
        return self.append(PolicyRecord(bed, seq, now_ms, self._wall(), policy))

    def checkpoint(self, bed: str, seq: int, now_ms: Ms, state: bytes) -> int:
        """The bed's state after step `seq`. The last two are kept, the first of a day, and the first after a gap."""
        return self.append(CheckpointRecord(bed, seq, now_ms, self._wall(), state))

    async def restore(self, bed: str, *, use_checkpoint: bool = True) -> Restored | None:
        """The newest checkpoint that can be read and what came after it, or None for a bed without any.

        Whoever wrote the checkpoint: what other kernel code has judged is not judged anew. See pumpd.journal.judged.
        use_checkpoint False: all events from the first.
        """
        found = await self._ask(query.restore(self._writer.reader, bed, use_checkpoint))
        return with_unwritten(found, bed, self._writer.left.entries)

    async def last_seen(self) -> LastSeen | None:
        """The last commit of earlier runs (as found by `open`), or None in a new journal."""
        return self._writer.last_seen

    async def alarm_history(self, bed: str | None, limit: int) -> list[Alarm]:
        """Past and present alarm instances of one bed or all, newest onset first."""
        return await self._ask(query.alarm_history(self._writer.reader, bed, limit))

    async def chart_history(self, bed: str) -> ChartHistory:
        """What the present patient's chart is made of, up to everything that was appended before this was asked.

        Raises JournalUnavailable while the journal is failing.
        """
        await self.durable(self._token)
        return await self._ask(charts.chart_history(self._writer.reader, bed))

    async def trends(
        self, bed: str, signals: tuple[str, ...], start: datetime, end: datetime, points: int
    ) -> dict[str, list[TrendPoint]]:
        """min, mean, max of believed readings per bucket; wall times map to kernel time as of the last commit."""
        return await self._ask(trends.trends(self._writer.reader, bed, signals, start, end, points))

    async def verify(self) -> VerifyReport:
        """Check the whole hash chain while running."""
        return await self._ask(verify_engine(self._writer.reader))

    def stats(self) -> JournalStats:
        """Counters for metrics."""
        return self._writer.stats(self._overflow, self._token - self._waiters.committed, self.fault is not None)

    async def close(self, timeout_s: float = 5.0) -> None:
        """Write what is waiting and end the thread; a failing journal is given up after timeout_s."""
        if self._looking is not None:
            self._looking.cancel()
        self._inbox.extend(self._refused.values())
        self._refused.clear()
        await self._writer.stop(timeout_s)
        self._keeper = Keeper(None, self._waiters)
        if (tail := self._writer.tail) is not None:
            tail.end()
        self._waiters.fail("the journal is closed")

    def must_work(self) -> None:
        """Raises JournalUnavailable while the journal is failing: for what is better not taken than kept for later."""
        if self.fault is not None:
            raise JournalUnavailable(self.fault.detail)

    def wall_us(self) -> int:
        """Now, in microseconds since 1970."""
        return micros(self._wall())

    async def ask(self, question: Callable[[AsyncEngine], Coroutine[Any, Any, T]]) -> T:
        """Ask the database something, on the journal's thread. Raises JournalUnavailable."""
        return await self._answered(question(self._writer.reader))

    @property
    def on_server(self) -> bool:
        """The database is a server's, and not a file."""
        return self._writer.engine.dialect.name != "sqlite"

    async def maintain(self, work: Callable[[AsyncEngine], Coroutine[Any, Any, T]]) -> T:
        """Change how a server keeps the record, on the journal's thread. Raises JournalUnavailable."""
        return await self._answered(work(self._writer.engine))

    async def _answered(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await self._ask(work)
        except FAILURES as error:
            raise JournalUnavailable(str(getattr(error, "orig", None) or error)) from error

    async def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        loop = self._writer.loop
        if loop is None or loop.is_closed():
            work.close()
            raise JournalUnavailable("the journal is closed")
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            raise JournalUnavailable("the journal is closed") from None

    def _on_commit(self, token: int) -> None:
        self._waiters.advance(token)

    def _on_fault(self, fault: JournalFault | None) -> None:
        self.fault = fault
        if fault is None:
            self._waiters.fault = None
        else:
            self._waiters.fail(fault.detail)
        if self.on_fault is not None:
            self.on_fault(fault)
