"""The sessions and machine tokens that stand now, in memory: every request and every send asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pumpd.access.expiry import Expired, expired
from pumpd.access.principal import Principal
from pumpd.access.records import Session, Token
from pumpd.signin.secret import digest

US_PER_MS = 1000
Ending = Callable[[], None]


@dataclass(slots=True)
class Live:
    """A session that stands, or a token (record None) that is valid. seen_ms: last use, written down now and then."""

    principal: Principal
    digest: bytes
    seen_ms: int
    record: Session | None = None
    token: Token | None = None
    idle_ms: int | None = None
    absolute_ms: int | None = None
    kept_ms: int = -1
    """What the store has of seen_ms."""

    def expired(self, now_ms: int, wall_us: int) -> str | None:
        """Why it ends by itself at this moment; None: it stands."""
        if self.record is not None:
            return expired(self.record.made_ms, self.seen_ms, now_ms, self.idle_ms, self.absolute_ms)
        assert self.token is not None
        until_us = self.token.expires_us
        return Expired.ABSOLUTE if until_us is not None and wall_us >= until_us else None


class Standing:
    """By secret and by public id. `ended` is told of each that ends, with the reason, after its own listeners."""

    def __init__(self, now_ms: Callable[[], int], wall_us: Callable[[], int]) -> None:
        self._now_ms, self._wall_us = now_ms, wall_us
        self._by_digest: dict[bytes, Live] = {}
        self._by_id: dict[str, Live] = {}
        self._listeners: dict[str, dict[int, Ending]] = {}
        self._numbers = 0
        self.ended: Callable[[Live, str], None] = lambda live, why: None

    def add(self, live: Live) -> None:
        self._by_digest[live.digest] = self._by_id[live.principal.session] = live

    def of_secret(self, secret: str, *, active: bool) -> Live | None:
        """Whose secret it is, if that stands; active: and it is being used."""
        return self._used(self._by_digest.get(digest(secret)), active)

    def of_id(self, session: str) -> Live | None:
        """It stands, or None; this is not a use of it."""
        return self._used(self._by_id.get(session), active=False)

    def _used(self, live: Live | None, active: bool) -> Live | None:
        if live is None:
            return None
        now_ms = self._now_ms()
        why = live.expired(now_ms, self._wall_us())
        if why is not None:
            self.end(live, why)
            return None
        if active:
            live.seen_ms = now_ms
        return live

    def on_end(self, session: str, ended: Ending) -> Ending:
        """`ended` once, when it ends; now, if it does not stand. Returns how to be forgotten."""
        if self.of_id(session) is None:
            ended()
            return lambda: None
        self._numbers += 1
        number, listeners = self._numbers, self._listeners.setdefault(session, {})
        listeners[number] = ended
        return lambda: self._forget(session, number)

    def _forget(self, session: str, number: int) -> None:
        listeners = self._listeners.get(session)
        if listeners is not None and listeners.pop(number, None) is not None and not listeners:
            del self._listeners[session]

    def end(self, live: Live, why: str) -> None:
        """It stands no more, and everybody is told."""
        if self._by_id.pop(live.principal.session, None) is None:
            return
        del self._by_digest[live.digest]
        for ended in self._listeners.pop(live.principal.session, {}).values():
            ended()
        self.ended(live, why)

    def sweep(self) -> None:
        """End what has expired."""
        now_ms, wall_us = self._now_ms(), self._wall_us()
        for live in tuple(self._by_id.values()):
            why = live.expired(now_ms, wall_us)
            if why is not None:
                self.end(live, why)

    def of_account(self, account: str) -> Iterator[Live]:
        """Sessions of the account, the least recently used first."""
        found = [one for one in self._by_id.values() if one.record is not None and one.record.account == account]
        return iter(sorted(found, key=lambda live: live.seen_ms))

    def all(self) -> tuple[Live, ...]:
        return tuple(self._by_id.values())


def as_record(live: Live) -> Session:
    """The session as it is to be kept now."""
    assert live.record is not None
    return replace(live.record, seen_ms=live.seen_ms)
