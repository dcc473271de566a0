"""The bench's ward with the real sign-in service before it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from playwright.sync_api import Page, expect

from pumpd.access.audit import AuditEntry, AuditQuery, AuditRow, AuditVerdict
from tests.e2e.bench_ward import BenchWard
from tests.signin.memory import Desk

T = TypeVar("T")


def at_home(page: Page, name: str) -> None:
    """Signed in: the page hears the ward, and knows whose it is. Until then it asks the server for that, and a session
    that ends meanwhile is a complaint in its console; and a dialog would ask for a name."""
    expect(page.locator(".connection.live")).to_be_visible()
    expect(page.locator("details.account summary")).to_have_text(name)


class NotedOnly:
    """Implements AuditPort as far as a page needs it."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def note(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    async def search(self, query: AuditQuery) -> tuple[AuditRow, ...]:
        return ()

    async def verify(self) -> AuditVerdict:
        return AuditVerdict(0, None)


class SignedWard(BenchWard):
    """people: klee (nurse), charge, bio, wall (display) and admin have accounts; else the ward is new."""

    def __init__(self, beds: int = 4, *, people: bool = True) -> None:
        super().__init__(beds=beds)
        self._people = people

    async def _parts(self) -> dict[str, Any]:
        self.desk, self.audit = Desk(), NotedOnly()
        self.desk.policy = replace(self.desk.policy, cost=replace(self.desk.policy.cost, memory_kib=1024, passes=1))
        if self._people:
            await self.desk.add_people()
        await self.desk.start()
        return {"access": self.desk.access, "audit": self.audit, "accounts": self.desk.access.accounts}

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        """Carried out on the ward's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
