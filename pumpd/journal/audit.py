"""The audit as the event loop sees it: implements pumpd.access.port.AuditPort. Nothing here waits for a disk.

Entries that the disk does not take wait in memory, the oldest first. When there are more than there is room for, the
newest are counted instead, and the record itself says so once it can. Refusals that repeat are one row, counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice

import structlog

from pumpd.access.audit import AuditEntry, AuditQuery, AuditRow, AuditVerdict, What
from pumpd.access.records import StoreUnavailable
from pumpd.access.repeats import Repeats
from pumpd.journal import audit_sql
from pumpd.journal.aside import Aside, Database
from pumpd.journal.verify import snapshot

log = structlog.get_logger(__name__)
US_PER_S = 1_000_000
_SIGN_INS = frozenset({What.SIGN_IN, What.STEP_UP})


@dataclass(frozen=True, slots=True)
class AuditLimits:
    """entries: wait at most. chunk: of one transaction. gather_s: from one commit to the next, which leaves the
    database to the beds. stall_s: an entry that waits longer is a fault. again_s: how often a fault tells its count.
    count_s: how often it is looked whether what repeats is to be told.
    """

    entries: int = 50_000
    chunk: int = 1_000
    gather_s: float = 0.1
    retry_s: float = 2.0
    stall_s: float = 10.0
    again_s: float = 60.0
    count_s: float = 5.0

    def stretched(self, factor: float) -> AuditLimits:
        """For a loop whose time runs faster than people's: what is measured by it, not what is slept."""
        return replace(self, stall_s=factor * self.stall_s, again_s=factor * self.again_s)


@dataclass(frozen=True, slots=True)
class AuditFault:
    """Entries are not being kept. waiting: in memory; lost: found no room there, and are only counted."""

    detail: str
    waiting: int
    lost: int = 0

    @property
    def words(self) -> str:
        lost = f", {self.lost} are lost" if self.lost else ""
        return f"{self.detail}; {self.waiting} entries wait{lost}"


OnFault = Callable[[AuditFault | None], None]


class JournalAudit:
    """Made and used on one event loop, ended by close(). wall_us: now, in microseconds since 1970. sleep: people's."""

    def __init__(
        self,
        aside: Aside,
        wall_us: Callable[[], int],
        limits: AuditLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._aside, self._wall_us, self._limits, self._sleep = aside, wall_us, limits or AuditLimits(), sleep
        self._waiting: deque[tuple[int, AuditEntry]] = deque()
        self._noted = self._kept = self.sign_ins_refused = 0
        self._lost, self._lost_from_us = 0, 0
        self._woken, self._turned = asyncio.Event(), asyncio.Condition()
        self._closing = asyncio.Event()
        self._told_s = 0.0
        self._repeats, self._counting = Repeats(), asyncio.Event()
        self.fault: AuditFault | None = None
        self.on_fault: OnFault = lambda fault: None
        self._writer = asyncio.create_task(self._write(), name="audit")
        self._counter = asyncio.create_task(self._count(), name="audit counts")

    @property
    def waiting(self) -> int:
        """Entries that are not on the disk."""
        return len(self._waiting)

    def note(self, entry: AuditEntry) -> None:
        for at_us, each in self._repeats.noted(self._wall_us(), entry):
            self._keep(at_us, each)
        if self._repeats.open:
            self._counting.set()

    async def _count(self) -> None:
        """Tell what has repeated, when it is time."""
        while True:
            await self._counting.wait()
            await self._sleep(self._limits.count_s)
            for at_us, each in self._repeats.ended(self._wall_us()):
                self._keep(at_us, each)
            if not self._repeats.open:
                self._counting.clear()

    def _keep(self, at_us: int, entry: AuditEntry) -> None:
        self.sign_ins_refused += entry.what in _SIGN_INS and entry.outcome != "ok"
        if len(self._waiting) < self._limits.entries:
            self._waiting.append((at_us, entry))
            self._noted += 1
        else:
            self._lose(at_us, entry)
        self._woken.set()

    def _lose(self, at_us: int, entry: AuditEntry) -> None:
        """The log is the last place that may still have it; what is about patients stays out of it."""
        self._lost_from_us = self._lost_from_us or at_us
        self._lost += 1
        log.error("audit: no room for an entry", what=entry.what.value, who=entry.who, outcome=entry.outcome)

    async def search(self, query: AuditQuery) -> tuple[AuditRow, ...]:
        """Newest first, with all that was noted before. Raises StoreUnavailable."""
        await self._settled()

        async def work(database: Database) -> tuple[AuditRow, ...]:
            async with database.reader.connect() as connection:
                return await audit_sql.search(connection, query)

        return await self._aside.ask(work)

    async def verify(self) -> AuditVerdict:
        """Of what is on the disk. Raises StoreUnavailable."""
        await self._settled()

        async def work(database: Database) -> AuditVerdict:
            async with database.reader.connect() as connection:
                await snapshot(connection)
                return await audit_sql.verify(connection)

        return await self._aside.ask(work)

    async def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits; a failing disk is given up after timeout_s, and the log says how much it did not take."""
        self._counter.cancel()
        await asyncio.wait([self._counter])
        for at_us, each in self._repeats.ended(self._wall_us(), everything=True):
            self._keep(at_us, each)
        self._closing.set()
        self._woken.set()
        await _first(self._writer, self._sleep(timeout_s))
        if self._waiting or self._lost:
            log.error("audit: entries are lost", waiting=len(self._waiting), lost=self._lost)

    async def _settled(self) -> None:
        """What was noted up to now is on the disk, unless that fails."""
        until = self._noted
        async with self._turned:
            await self._turned.wait_for(lambda: self._kept >= until or self.fault is not None)

    async def _write(self) -> None:
        limits = self._limits
        while not (self._closing.is_set() and self._kept == self._noted and not self._lost):
            await self._woken.wait()
            self._woken.clear()
            while self._waiting or self._lost:
                good = await self._commit()
                async with self._turned:
                    self._turned.notify_all()
                if good:
                    await _first(self._closing.wait(), self._sleep(limits.gather_s))
                else:
                    await self._sleep(limits.retry_s)

    async def _commit(self) -> bool:
        """The oldest that wait, in one transaction."""
        chunk = list(islice(self._waiting, self._limits.chunk))
        lost = self._lost if len(chunk) == len(self._waiting) else 0
        told = [(self._wall_us(), self._of_lost(lost))] if lost else []
        task = asyncio.ensure_future(self._aside.ask(partial(_append, entries=[*chunk, *told])))
        try:
            done, _ = await asyncio.wait([task], timeout=self._limits.stall_s)
            if not done:
                self._fail(f"a commit has not returned for {self._limits.stall_s:g} s")
            await task
        except StoreUnavailable as error:
            self._fail(str(error))
            return False
        for _ in chunk:
            self._waiting.popleft()
        self._kept += len(chunk)
        self._lost -= lost
        self._lost_from_us = self._lost_from_us if self._lost else 0
        self._works()
        return True

    def _of_lost(self, lost: int) -> AuditEntry:
        since = datetime.fromtimestamp(self._lost_from_us / US_PER_S, UTC).isoformat(timespec="seconds")
        detail = f"{lost} entries since {since} could not be kept"
        return AuditEntry(What.SYSTEM, "pumpd", subject="audit", outcome="lost", detail=detail)

    def _fail(self, detail: str) -> None:
        """Told at once, then now and then with how many wait by now."""
        now_s = asyncio.get_running_loop().time()
        fault = AuditFault(detail, len(self._waiting), self._lost)
        if self.fault is None or now_s - self._told_s >= self._limits.again_s:
            self._told_s = now_s
            log.error("audit: nothing is kept", why=detail, waiting=fault.waiting, lost=fault.lost)
            self.on_fault(fault)
        self.fault = fault

    def _works(self) -> None:
        if self.fault is not None:
            self.fault = None
            log.warning("audit: entries are kept again")
            self.on_fault(None)


async def _first(*works: Awaitable[object]) -> None:
    """Until one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _append(database: Database, entries: list[tuple[int, AuditEntry]]) -> None:
    async with database.writing() as connection:
        await audit_sql.append(connection, entries)
