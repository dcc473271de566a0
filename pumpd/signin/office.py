"""Looking after accounts and tokens beside a daemon that may be running: it sees what was changed within seconds."""

from __future__ import annotations

import asyncio
import getpass
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pumpd.access.audit import AuditEntry, What
from pumpd.access.policy import AccessPolicy
from pumpd.access.principal import Principal
from pumpd.access.records import Session
from pumpd.access.roles import Identity, Permission
from pumpd.journal import JournalOpenError, ops
from pumpd.journal.access_store import JournalAccess
from pumpd.journal.aside import Aside
from pumpd.journal.audit import JournalAudit
from pumpd.signin.accounts import Accounts
from pumpd.signin.hashing import Hasher
from pumpd.signin.people import account_name
from pumpd.signin.register import Register
from pumpd.signin.secret import read_key
from pumpd.signin.setup import SetUp

NS_PER_US = 1000
NOT_NOTED = "the audit could not be written: what was done is not noted in it"


class NotNoted(RuntimeError):
    """It was done, and the audit could not be told."""


@dataclass(frozen=True, slots=True)
class Office:
    """accounts: as the page has them. by: whoever is at the keyboard, by the machine's name for them."""

    accounts: Accounts
    audit: JournalAudit
    store: JournalAccess
    by: Principal

    async def sessions(self, account: str) -> tuple[Session, ...]:
        """Those that the daemon has written down."""
        return tuple(one for one in (await self.store.load()).sessions if one.account == account_name(account))

    async def sign_out(self, account: str) -> int:
        """End all of an account's sessions; how many there were."""
        sessions = await self.sessions(account)
        if sessions:
            await self.store.end_sessions([one.id for one in sessions])
            detail = f"signed out everywhere: {len(sessions)}"
            self.audit.note(AuditEntry(What.ACCOUNT, self.by.account, subject=account_name(account), detail=detail))
        return len(sessions)


def wall_us() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // NS_PER_US


def at_the_keyboard() -> Principal:
    """Who calls the command line: whoever may write the journal's file may do this."""
    name = f"command line: {getpass.getuser()}"
    return Principal(name, name, (), frozenset({Permission.ACCOUNTS}), Identity.NONE, "")


async def note_one(url: str, entry: AuditEntry) -> None:
    """Note it and see it on the disk. Raises JournalOpenError."""
    aside = await Aside.open(url)
    audit = JournalAudit(aside, wall_us)
    audit.note(entry)
    await audit.close()
    await aside.close()
    if audit.waiting:
        raise JournalOpenError(NOT_NOTED)


@asynccontextmanager
async def open_office(policy: AccessPolicy, url: str, folder: Path) -> AsyncIterator[Office]:
    """Raises JournalOpenError, StoreUnavailable, OSError, ValueError; NotNoted at the end."""
    await asyncio.to_thread(ops.prepare, url)
    key = await asyncio.to_thread(read_key, folder)
    aside = await Aside.open(url)
    audit, hasher = JournalAudit(aside, wall_us), Hasher(policy.cost)
    try:
        store = JournalAccess(aside, elsewhere=True)
        register = Register(policy, store, audit.note, lambda: 0, wall_us, key, SetUp(None))
        await register.load()
        yield Office(Accounts(register, hasher, lambda: 0, wall_us, key), audit, store, at_the_keyboard())
    finally:
        hasher.close()
        await audit.close()
        await aside.close()
    if audit.waiting:
        raise NotNoted(NOT_NOTED)
