"""What the store is still to be told. A disk that fails keeps nobody from a pump's stop: sessions go on in memory."""

from __future__ import annotations

import asyncio

import structlog

from pumpd.access.records import AccessStore, Session, StoreUnavailable
from pumpd.signin.sessions import Live, as_record

log = structlog.get_logger(__name__)
SEEN_EVERY_MS = 60_000
"""How often a use is written down: so much of an idle time is forgotten at most, when the daemon is killed."""


class Keeping:
    """Sessions that begin and end, and when they were used. Used from one event loop."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store
        self._unsaved: dict[str, tuple[Session, int]] = {}
        self._gone: dict[str, None] = {}
        self._one_at_a_time = asyncio.Lock()
        self.failing = False

    @property
    def waiting(self) -> int:
        """Beginnings and ends that are not on the disk."""
        return len(self._unsaved) + len(self._gone)

    def has(self, live: Live) -> bool:
        """Does the store have this session?"""
        return live.record is not None and live.principal.session not in self._unsaved

    def began(self, live: Live, wall_us: int) -> None:
        self._unsaved[live.principal.session] = as_record(live), wall_us

    def ended(self, live: Live) -> None:
        if live.record is not None:
            self._gone[live.principal.session] = None

    async def write(self) -> bool:
        """All that waits; False: the disk does not take it now, and it goes on waiting."""
        async with self._one_at_a_time:
            try:
                await self._write()
            except StoreUnavailable as error:
                if not self.failing:
                    log.error("sign-in: sessions are not kept, and will not outlive a restart", why=str(error))
                self.failing = True
            else:
                self.failing = False
        return not self.failing

    async def _write(self) -> None:
        for session, wall_us in tuple(self._unsaved.values()):
            if session.id not in self._gone:
                await self._store.save_session(session, wall_us)
            self._unsaved.pop(session.id, None)
        if self._gone:
            ids = tuple(self._gone)
            await self._store.end_sessions(ids)
            for one in ids:
                self._gone.pop(one, None)

    async def seen(self, standing: tuple[Live, ...], wall_us: int, now_ms: int, *, all_of_it: bool = False) -> None:
        """Write down when they were used, where that is old news by now. (A token's use is told in wall time.)"""
        late = 0 if all_of_it else SEEN_EVERY_MS
        used = [one for one in standing if one.seen_ms > one.kept_ms and one.seen_ms - one.kept_ms >= late]
        if not used:
            return
        at = {one.principal.session: one.seen_ms for one in used}
        sessions = {one.principal.session: one.seen_ms for one in used if one.record is not None}
        tokens = {name: wall_us - (now_ms - ms) * 1000 for name, ms in at.items() if name not in sessions}
        try:
            await self._store.seen(sessions, tokens)
        except StoreUnavailable:
            return
        for one in used:
            one.kept_ms = at[one.principal.session]
