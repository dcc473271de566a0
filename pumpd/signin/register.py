"""The book of who is signed in: accounts, sessions, tokens and grants in memory, and their way to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace

from pumpd.access.audit import AuditEntry, What
from pumpd.access.policy import AccessPolicy
from pumpd.access.principal import Principal, SteppedUp
from pumpd.access.records import AccessStore, Account, Session, StoreUnavailable, Token
from pumpd.signin.grants import Grant, Grants
from pumpd.signin.keeping import Keeping
from pumpd.signin.people import People, changed, machine
from pumpd.signin.secret import digest, new_id, new_secret
from pumpd.signin.sessions import Live, Standing
from pumpd.signin.setup import SetUp

MS_PER_S = 1000
MOST_SESSIONS = 64
"""Of one account; the one that was not used for the longest time ends for the next."""

Note = Callable[[AuditEntry], None]


class Register:
    """load() once, then look() every second. Used from one event loop."""

    def __init__(
        self,
        policy: AccessPolicy,
        store: AccessStore,
        note: Note,
        now_ms: Callable[[], int],
        wall_us: Callable[[], int],
        key: bytes,
        setup: SetUp,
    ) -> None:
        self.policy, self.setup = policy, setup
        self.people = People(policy, key)
        self.standing = Standing(now_ms, wall_us)
        self.standing.ended = self._on_ended
        self._store, self._note, self._now_ms, self._wall_us = store, note, now_ms, wall_us
        self._keeping = Keeping(store)
        self._grants = Grants()
        self._changes = 0
        self.tokens: dict[str, Token] = {}

    # sessions and grants

    async def begin(self, account: Account, address: str) -> tuple[Live, str]:
        """A new session and its secret, on the disk before it is told of; while the disk fails only in memory."""
        now_ms, secret = self._now_ms(), new_secret()
        live = self._live(Session(new_id("s"), digest(secret), account.name, address, now_ms, now_ms), account)
        for oldest in [*self.standing.of_account(account.name)][: -MOST_SESSIONS + 1]:
            self.standing.end(oldest, "too_many")
        self.standing.add(live)
        wall_us = self._wall_us()
        self._keeping.began(live, wall_us)
        self.people.put(replace(account, signed_in_us=wall_us))
        kept = await self._keeping.write()
        vouched = f"vouched for by {account.source}" if account.source else ""
        detail = vouched if kept else "the disk fails: this session does not outlive a restart"
        self.tell(What.SIGN_IN, account.name, as_whom=live.principal, address=address, detail=detail)
        return live, secret

    async def end(self, session: str, why: str = "sign_out") -> bool:
        """It ends, if it stands. A machine's token does not end like this."""
        live = self.standing.of_id(session)
        if live is None or live.record is None:
            return False
        self.standing.end(live, why)
        await self._keeping.write()
        return True

    def grant(self, account: Account, screen: Principal, address: str) -> SteppedUp:
        """No more than may be done at a shared screen, and no more of a patient's name than this screen shows."""
        policy, own = self.policy, self.people.principal(account, screen.session)
        permissions = own.permissions & policy.step_up
        principal = replace(own, permissions=permissions, identity=screen.identity, at_screen=screen.account)
        token = new_secret()
        self._grants.add(token, Grant(screen.session, principal, self._now_ms() + policy.step_up_ms))
        self.tell(What.STEP_UP, account.name, as_whom=principal, address=address, subject=screen.account)
        return SteppedUp(principal, token, policy.step_up_ms // MS_PER_S)

    def granted(self, token: str, screen: Principal) -> Principal | None:
        """Who stands at that screen with this grant."""
        if not token or self.standing.of_id(screen.session) is None:
            return None
        return self._grants.find(token, screen.session, self._now_ms())

    async def save(self, account: Account) -> None:
        """A new account, or one that has changed: sessions of what it was end. Raises StoreUnavailable."""
        signs_out = changed(self.people.known(account.name), account)
        await self._store.save_account(account, signs_out=signs_out)
        self._adopt(account)

    async def save_token(self, token: Token) -> None:
        """A new one, or one that is revoked. Raises StoreUnavailable."""
        await self._store.save_token(token)
        self._replace_tokens([*(one for one in self.tokens.values() if one.id != token.id), token])

    async def save_first(self, account: Account) -> bool:
        """False: there is one already. Raises StoreUnavailable."""
        made = await self._store.first_account(account)
        if made:
            self._adopt(account)
            await asyncio.to_thread(self.setup.end)
        else:
            await self.load()
        return made

    async def rehash(self, account: Account, password: str) -> Account:
        """The same password under today's cost; its sessions go on. Raises StoreUnavailable."""
        await self._store.rehashed(account.name, account.password, password)
        fresh = replace(account, password=password)
        if self.people.known(account.name) == account:
            self.people.put(fresh)
        return fresh

    def _adopt(self, account: Account) -> None:
        old = self.people.known(account.name)
        self.people.put(account)
        if changed(old, account):
            self._end_all_of(account.name)

    def tell(
        self,
        what: What,
        who: str,
        *,
        as_whom: Principal | None = None,
        address: str = "",
        subject: str = "",
        outcome: str = "ok",
        detail: str = "",
    ) -> None:
        """Note it in the audit."""
        roles = () if as_whom is None else tuple(role.value for role in as_whom.roles)
        session = "" if as_whom is None else as_whom.session
        self._note(AuditEntry(what, who, roles, session, address, subject, outcome=outcome, detail=detail))

    def _live(self, session: Session, account: Account) -> Live:
        idle_ms, absolute_ms = self.policy.idle_ms(account.roles), self.policy.absolute_ms(account.roles)
        return Live(
            self.people.principal(account, session.id),
            session.digest,
            session.seen_ms,
            record=session,
            idle_ms=idle_ms,
            absolute_ms=absolute_ms,
            kept_ms=session.seen_ms,
        )

    def _on_ended(self, live: Live, why: str) -> None:
        self._keeping.ended(live)
        self._grants.end(screen=live.principal.session)
        what = What.SIGN_OUT if why == "sign_out" else What.SESSION_ENDED
        address = live.record.address if live.record is not None else ""
        self.tell(what, live.principal.account, as_whom=live.principal, address=address, detail=why)

    def _end_all_of(self, name: str) -> None:
        self._grants.end(account=name)
        for live in [*self.standing.of_account(name)]:
            self.standing.end(live, "account_changed")

    # what is kept

    async def load(self, *, first: bool = False) -> None:
        """Read what the store has; first: sessions of an earlier run too. Raises StoreUnavailable, OSError."""
        kept = {live.principal.session for live in self.standing.all() if self._keeping.has(live)}
        stored = await self._store.load()
        self._changes = stored.changes
        self._end_removed(kept - {session.id for session in stored.sessions})
        self._replace_people(stored.accounts)
        self._replace_tokens(stored.tokens)
        if first:
            self._take_up(stored.sessions)
        if not len(self.people) and not self.setup.token:
            await asyncio.to_thread(self.setup.begin)
        elif len(self.people) and (self.setup.token or first):
            await asyncio.to_thread(self.setup.end)

    async def look(self, *, changes: bool = True) -> None:
        """End what has expired, write what waits, see what somebody else has changed."""
        self.standing.sweep()
        self._grants.end(before_ms=self._now_ms())
        await self.write()
        if changes:
            await self._see_changes()

    async def write(self, *, all_of_it: bool = False) -> None:
        """What waits; all_of_it: and when each session was last used, however lately."""
        if self._keeping.waiting:
            await self._keeping.write()
        await self._keeping.seen(self.standing.all(), self._wall_us(), self._now_ms(), all_of_it=all_of_it)

    async def _see_changes(self) -> None:
        try:
            if await self._store.changes() != self._changes:
                await self.load()
        except StoreUnavailable:
            return  # as it was; that the disk fails is told by who writes

    def _replace_people(self, accounts: Collection[Account]) -> None:
        names = {live.record.account for live in self.standing.all() if live.record is not None}
        before = {name: self.people.known(name) for name in names | self._grants.accounts()}
        self.people.replace(accounts)
        for name, account in before.items():
            if changed(account, self.people.known(name)):
                self._end_all_of(name)

    def _replace_tokens(self, tokens: Collection[Token]) -> None:
        self.tokens = {token.id: token for token in tokens}
        wanted = {token.id: token for token in tokens if not token.revoked}
        for live in self.standing.all():
            if live.token is not None and not _same(live.token, wanted.pop(live.token.id, None)):
                self.standing.end(live, "revoked")
        now_ms = self._now_ms()
        for token in wanted.values():
            live = Live(machine(token), token.digest, now_ms, token=token, kept_ms=now_ms)
            if live.expired(now_ms, self._wall_us()) is None:
                self.standing.add(live)

    def _end_removed(self, sessions: Collection[str]) -> None:
        """What the store had and has no more: the command line has signed them out."""
        for session in sessions:
            live = self.standing.of_id(session)
            if live is not None:
                self.standing.end(live, "signed_out")

    def _take_up(self, sessions: Collection[Session]) -> None:
        """Whose account is still what it was; what has expired meanwhile ends at once, which the record says."""
        for session in sessions:
            account = self.people.find(session.account)
            if account is not None and all(role in self.policy.roles for role in account.roles):
                self.standing.add(self._live(session, account))
        self.standing.sweep()


def _same(old: Token, new: Token | None) -> bool:
    return new is not None and replace(old, used_us=None) == replace(new, used_us=None)
