"""An audit for the journal's tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from pumpd.access.audit import AuditEntry, What
from pumpd.journal import ops
from pumpd.journal.aside import Aside
from pumpd.journal.audit import AuditLimits, JournalAudit

QUICK = AuditLimits(gather_s=0, retry_s=0.01)


class Notes:
    """An audit whose clock goes on by one microsecond at every look."""

    def __init__(self, audit: JournalAudit, aside: Aside) -> None:
        self.audit, self.aside = audit, aside

    async def three(self) -> None:
        self.audit.note(AuditEntry(What.SIGN_IN, "klee", ("nurse",), "s-1", "10.0.0.7"))
        self.audit.note(AuditEntry(What.ACT, "klee", ("nurse",), "s-1", "10.0.0.7", "stop", "4b-01", "stay-9"))
        self.audit.note(AuditEntry(What.REFUSED, "Zoë 100%", (), "", "10.0.0.8", "rate", "4b-02", outcome="forbidden"))
        await self.audit.verify()


@contextlib.asynccontextmanager
async def notes(url: str, limits: AuditLimits = QUICK, start_us: int = 1_000) -> AsyncIterator[Notes]:
    await asyncio.to_thread(ops.prepare, url)
    aside, now = await Aside.open(url), iter(range(start_us, 1 << 40))
    audit = JournalAudit(aside, lambda: next(now), limits)
    try:
        yield Notes(audit, aside)
    finally:
        await audit.close(60)  # a busy machine's disk is not a failing one
        await aside.close()
