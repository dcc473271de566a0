"""Who may come in, and the record of who did: sign-in and audit of a ward, wired.

A real ward always signs in. Only a simulated one (`pumpd demo`) takes everybody for signed in, on this machine alone.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pumpd
from pumpd.access.always import AlwaysSignedIn
from pumpd.access.audit import AuditEntry, What
from pumpd.access.port import AccessPort, AccountsPort
from pumpd.access.records import StoreUnavailable
from pumpd.clock import Clock, PeoplesTime
from pumpd.config.model import WardConfig
from pumpd.config.ward_checks import is_loopback
from pumpd.journal import JournalOpenError
from pumpd.journal.access_store import JournalAccess
from pumpd.journal.aside import Aside
from pumpd.journal.audit import AuditFault, AuditLimits, JournalAudit
from pumpd.journal.rows import micros
from pumpd.safety.events import SelfFault
from pumpd.signin import SignIn
from pumpd.signin.vouching import Vouching

if TYPE_CHECKING:
    from pumpd.signin.oidc import OidcProvider

DEMO = "demo"
Tell = Callable[[SelfFault], None]


class Reception:
    """Made by `open`, after the journal; run() is supervised; close() before the journal's."""

    def __init__(self, aside: Aside, audit: JournalAudit, access: AccessPort, signin: SignIn | None) -> None:
        self._aside, self._signin = aside, signin
        self.audit, self.access = audit, access
        self._closed = False
        self._oidc: OidcProvider | None = None
        self.provider: Vouching | None = None
        self.accounts: AccountsPort | None = None if signin is None else signin.accounts

    @classmethod
    async def open(
        cls, config: WardConfig, clock: Clock, people: PeoplesTime, access: AccessPort | None = None
    ) -> Reception:
        """access: of a test. Raises JournalOpenError, with a sentence for whoever starts the daemon."""
        if config.generation == DEMO and not is_loopback(config.server.host):
            raise JournalOpenError(f"a demonstration signs everybody in: only at 127.0.0.1, not {config.server.host}")

        def wall_us() -> int:
            return micros(clock.wall())

        aside = await Aside.open(config.journal_url)
        audit = JournalAudit(aside, wall_us, AuditLimits().stretched(people.stretch), people.sleep)
        if access is not None or config.generation == DEMO:
            return cls(aside, audit, access or AlwaysSignedIn(), None)
        signin: SignIn | None = None
        try:
            store, folder = JournalAccess(aside), config.access_folder
            signin = await SignIn.open(config.access, store, audit.note, clock.now_ms, wall_us, folder)
            reception = cls(aside, audit, signin, signin)
            await reception._open_provider(config, signin, clock.now_ms, wall_us)
        except (OSError, ValueError, StoreUnavailable, ImportError) as error:
            if signin is not None:
                await signin.close()
            await audit.close()
            await aside.close()
            raise JournalOpenError(f"sign-in: {error}") from error
        return reception

    async def _open_provider(
        self, config: WardConfig, signin: SignIn, now_ms: Callable[[], int], wall_us: Callable[[], int]
    ) -> None:
        """The libraries are an extra's (`pumpd[oidc]`), and loaded only where a provider is configured."""
        if config.provider is None:
            return
        module = await asyncio.to_thread(importlib.import_module, "pumpd.signin.oidc")
        oidc: OidcProvider = await module.OidcProvider.open(config.provider, now_ms)
        self._oidc, self.provider = oidc, Vouching(signin, config.provider, oidc, now_ms, wall_us)

    def begin(self, config: WardConfig, tell: Tell) -> None:
        """Note the start, and tell every bed when who does what is not being recorded."""
        self.audit.on_fault = lambda fault: tell(_fault(fault))
        if self.audit.fault is not None:
            tell(_fault(self.audit.fault))
        detail = f"pumpd {pumpd.__version__}, ward file sha256 {config.sha256[:12]}, {config.generation}"
        self.audit.note(AuditEntry(What.SYSTEM, "pumpd", subject="start", detail=detail))

    @property
    def setup_token(self) -> str:
        """What makes the first account; empty once there is one."""
        return "" if self._signin is None else self._signin.setup.token

    @property
    def setup_file(self) -> str:
        return "" if self._signin is None else str(self._signin.setup.file)

    async def run(self) -> None:
        """Until cancelled; where everybody is signed in there is nothing to do."""
        if self._signin is not None:
            await self._signin.run()

    async def close(self) -> None:
        """Everything noted and everybody's last use is on the disk, if it works. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self.audit.note(AuditEntry(What.SYSTEM, "pumpd", subject="stop"))
        if self._signin is not None:
            await self._signin.close()
        if self._oidc is not None:
            await self._oidc.close()
        await self.audit.close()
        await self._aside.close()


def _fault(fault: AuditFault | None) -> SelfFault:
    return SelfFault("audit_failing", "" if fault is None else fault.words, active=fault is not None)
