"""Who may look at the hospital: sign-in and audit of the hub, over a small database of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pumpd
from pumpd.access.audit import AuditEntry, What
from pumpd.access.records import StoreUnavailable
from pumpd.clock import Clock
from pumpd.hub.config import HubConfig
from pumpd.journal import JournalOpenError
from pumpd.journal.access_store import JournalAccess
from pumpd.journal.aside import Aside
from pumpd.journal.audit import AuditLimits, JournalAudit
from pumpd.journal.engine import make_engine, make_folder, parse_url, sqlite_path
from pumpd.journal.rows import micros
from pumpd.journal.schema import upgrade_engine
from pumpd.signin import SignIn


@dataclass(frozen=True, slots=True)
class HubReception:
    """Made by `open_reception`."""

    aside: Aside
    audit: JournalAudit
    signin: SignIn

    async def close(self) -> None:
        """Everything noted is on the disk, if it works."""
        self.audit.note(AuditEntry(What.SYSTEM, "pumpd", subject="stop"))
        await self.signin.close()
        await self.audit.close()
        await self.aside.close()


async def open_reception(config: HubConfig, clock: Clock) -> HubReception:
    """Raises JournalOpenError, with a sentence for whoever starts the hub."""

    def wall_us() -> int:
        return micros(clock.wall())

    await _upgrade(config.accounts_url)
    aside = await Aside.open(config.accounts_url)
    audit = JournalAudit(aside, wall_us, AuditLimits(), asyncio.sleep)
    try:
        store = JournalAccess(aside)
        signin = await SignIn.open(config.access, store, audit.note, clock.now_ms, wall_us, config.access_folder)
    except (OSError, ValueError, StoreUnavailable) as error:
        await audit.close()
        await aside.close()
        raise JournalOpenError(f"sign-in: {error}") from error
    detail = f"pumpd {pumpd.__version__}, hub {config.id}, file sha256 {config.sha256[:12]}"
    audit.note(AuditEntry(What.SYSTEM, "pumpd", subject="start", detail=detail))
    return HubReception(aside, audit, signin)


async def _upgrade(url: str) -> None:
    parsed = parse_url(url)
    path = sqlite_path(parsed)
    if path is not None:
        await asyncio.to_thread(make_folder, path)
    engine = make_engine(parsed)
    try:
        await upgrade_engine(engine)
    finally:
        await engine.dispose()
