"""Who is signed in: implements pumpd.access.port.AccessPort. Used from one event loop, which it never holds up.

What is asked at every request is answered from memory. Whoever signs in has a new session with a new secret each time,
so a session that somebody else has prepared is worth nothing. Secrets that people choose are looked at on a thread of
its own (pumpd.signin.hashing), and with the same work whether or not there is such an account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pumpd.access.accounts import AccountChange
from pumpd.access.attempts import Attempts
from pumpd.access.audit import What
from pumpd.access.policy import AccessPolicy
from pumpd.access.principal import Credentials, Denied, Principal, SignedIn, SteppedUp
from pumpd.access.provider import AccountClaims
from pumpd.access.records import AccessStore, Account, StoreUnavailable
from pumpd.access.roles import Role
from pumpd.access.secret_rules import password_problems
from pumpd.signin.accounts import Accounts
from pumpd.signin.hashing import Busy, Hasher
from pumpd.signin.people import NAME_RULE, account_name, is_name
from pumpd.signin.register import MS_PER_S, Note, Register
from pumpd.signin.secret import TOKEN_PREFIX, keyed, new_secret, read_key
from pumpd.signin.setup import SetUp

EVERY_S = 1.0
CHANGES_EVERY = 2
"""Turns of run() from one look for changes that the command line has made to the next."""

WRONG = Denied(("name and password do not fit together",))
WRONG_PIN = Denied(("badge and PIN do not fit together",))
WRONG_NOW = Denied(("this is not the password that holds now",))
NOT_HERE = Denied(("only people who sign in here with a password of their own change it here",))
NO_SETUP = Denied(("this is not the set-up token",))
THERE_IS_ONE = Denied(("there is an account already: sign in",))
NOT_KEPT = Denied(("nothing can be recorded at this moment: try again",))
BUSY = Denied(("too many people sign in at this moment: try again",), 2)


class SignIn:
    """Made by `open`; run() is supervised by the daemon; close() at the end."""

    def __init__(self, register: Register, now_ms: Callable[[], int], wall_us: Callable[[], int], key: bytes) -> None:
        self._register, self._now_ms, self._wall_us, self._key = register, now_ms, wall_us, key
        self._people, self._standing = register.people, register.standing
        self.policy, self.setup = register.policy, register.setup
        self._attempts = Attempts(self.policy.limits)
        self._hasher = Hasher(self.policy.cost)
        self.accounts = Accounts(register, self._hasher, now_ms, wall_us, key)

    @classmethod
    async def open(
        cls,
        policy: AccessPolicy,
        store: AccessStore,
        note: Note,
        now_ms: Callable[[], int],
        wall_us: Callable[[], int],
        folder: Path | None = None,
    ) -> SignIn:
        """Read what is kept. folder: of the key and the set-up token; None: both live in memory only (tests).

        Raises StoreUnavailable, OSError or ValueError.
        """
        key = new_secret().encode() if folder is None else await asyncio.to_thread(read_key, folder)
        register = Register(policy, store, note, now_ms, wall_us, key, SetUp(folder))
        await register.load(first=True)
        return cls(register, now_ms, wall_us, key)

    async def run(self) -> None:
        """For ever, once a second: ends what has expired, writes what waits, sees what was changed."""
        turn = 0
        while True:
            await asyncio.sleep(EVERY_S)
            turn += 1
            await self.look(changes=turn % CHANGES_EVERY == 0)

    async def look(self, *, changes: bool = True) -> None:
        """One turn of run()."""
        await self._register.look(changes=changes)

    async def close(self) -> None:
        """Write what waits. Who is signed in still is after a restart."""
        await self._register.write(all_of_it=True)
        self._hasher.close()

    # asked at every request and every send

    def who(self, credentials: Credentials, *, active: bool = True) -> Principal | None:
        live = None
        if credentials.cookie:
            live = self._standing.of_secret(credentials.cookie, active=active)
        if live is None and credentials.bearer.startswith(TOKEN_PREFIX):
            live = self._standing.of_secret(credentials.bearer, active=active)
        return None if live is None else live.principal

    def csrf_of(self, session: str) -> str:
        live = self._standing.of_id(session)
        return "" if live is None or live.record is None else self._csrf(session)

    def idle_s_of(self, session: str) -> int:
        live = self._standing.of_id(session)
        return 0 if live is None else _seconds(live.idle_ms)

    def valid(self, session: str) -> bool:
        return self._standing.of_id(session) is not None

    def on_end(self, session: str, ended: Callable[[], None]) -> Callable[[], None]:
        return self._standing.on_end(session, ended)

    def stepped_up(self, screen: Principal, token: str) -> Principal | None:
        return self._register.granted(token, screen)

    def needs_setup(self) -> bool:
        return bool(self.setup.token)

    # what people do

    async def sign_in(self, account: str, password: str, address: str) -> SignedIn | Denied:
        name = account_name(account)
        found = self._people.find(name)
        kept = "" if found is None else found.password
        good = await self._checked(What.SIGN_IN, name, kept, password, address)
        if isinstance(good, Denied):
            return good
        still = self._people.find(name)
        if not good or still is None or still.password != kept:
            self._register.tell(What.SIGN_IN, name, address=address, outcome="wrong")
            return WRONG
        return await self._signed_in(await self._renewed(still, password), address)

    async def sign_in_as(self, claims: AccountClaims, address: str) -> SignedIn | Denied:
        """Somebody whom an identity provider vouches for; the account is made or brought up to date."""
        name = account_name(claims.account)
        known = self._people.known(name)
        why = self._why_not(claims, name, known)
        if why:
            self._register.tell(What.SIGN_IN, name, address=address, outcome="refused", detail=why)
            return Denied((why,))
        fresh = Account(name, "", (), source=claims.source, made_us=self._wall_us())
        account = replace(known or fresh, display=claims.name.strip(), roles=claims.roles)
        if account != known:
            try:
                await self._register.save(account)
            except StoreUnavailable:
                return NOT_KEPT
        return await self._signed_in(account, address)

    def not_signed_in(self, address: str, outcome: str, detail: str) -> None:
        """Note that an identity provider vouched for nobody."""
        self._register.tell(What.SIGN_IN, "", address=address, outcome=outcome, detail=detail)

    def _why_not(self, claims: AccountClaims, name: str, known: Account | None) -> str:
        if not claims.source or not is_name(name) or not claims.name.strip():
            return "the identity provider did not say who this is"
        if not claims.roles or not all(role in self.policy.roles for role in claims.roles):
            return "the identity provider gave no role that this site knows"
        if known is not None and known.source != claims.source:
            return "an account of that name is somebody else's here"
        shut = known is not None and (known.disabled or known.removed)
        return "this account is disabled" if shut else ""

    async def sign_out(self, session: str) -> None:
        await self._register.end(session)

    async def step_up(self, screen: Principal, badge: str, pin: str, address: str) -> SteppedUp | Denied:
        found = self._people.of_badge(badge)
        name = account_name(badge) if found is None else found.name
        kept = "" if found is None else found.pin
        good = await self._checked(What.STEP_UP, name, kept, pin, address, screen)
        if isinstance(good, Denied):
            return good
        still = self._people.find(name)
        if not good or still is None or still.pin != kept or not self.valid(screen.session):
            self._register.tell(What.STEP_UP, name, as_whom=screen, address=address, outcome="wrong")
            return WRONG_PIN
        return self._register.grant(still, screen, address)

    async def change_own(
        self, who: Principal, current: str, password: str | None, pin: str | None, address: str
    ) -> Denied | None:
        account = self._people.find(who.account)
        if account is None or not account.password or who.at_screen or Role.DISPLAY in account.roles:
            return NOT_HERE
        good = await self._checked(What.ACCOUNT, account.name, account.password, current, address, who)
        if isinstance(good, Denied):
            return good
        still = self._people.find(account.name)
        if not good or still is None or still.password != account.password:
            self._register.tell(What.ACCOUNT, account.name, as_whom=who, address=address, outcome="wrong")
            return WRONG_NOW
        made = await self.accounts.change_account(account.name, AccountChange(password=password, pin=pin), who)
        return made if isinstance(made, Denied) else None

    async def set_up(self, token: str, account: str, name: str, password: str, address: str) -> SignedIn | Denied:
        own_count = f"set-up at {address}"  # no account's name; a stranger's guesses keep nobody else from it
        wait_ms = self._attempts.begin(own_count, address, began := self._now_ms())
        if wait_ms:
            return _wait(wait_ms)
        if not self.setup.is_right(token):
            self._register.tell(What.ACCOUNT, "", address=address, subject="set-up", outcome="wrong")
            return NO_SETUP if self.setup.token else THERE_IS_ONE
        self._attempts.right(own_count, address, began)
        own, name = account_name(account), name.strip()
        problems = password_problems(password, own, self.policy.secrets)
        if not is_name(own) or not name:
            problems = (f"an account has a name of its own ({NAME_RULE}) and a person's", *problems)
        return Denied(problems) if problems else await self._first(own, name, password, address)

    async def _first(self, own: str, name: str, password: str, address: str) -> SignedIn | Denied:
        try:
            hashed = await self._hasher.hash(password)
            account = Account(own, name, (Role.ADMIN,), hashed, made_us=self._wall_us())
            if not await self._register.save_first(account):
                return THERE_IS_ONE
        except Busy:
            return BUSY
        except StoreUnavailable:
            return NOT_KEPT
        self._register.tell(What.ACCOUNT, own, address=address, subject=own, detail="first account: admin")
        return await self._signed_in(account, address)

    async def _checked(
        self, what: What, name: str, kept: str, secret: str, address: str, screen: Principal | None = None
    ) -> bool | Denied:
        """Is it the secret? Denied: it was not looked at."""
        wait_ms = self._attempts.begin(name, address, began := self._now_ms())
        if wait_ms:
            self._register.tell(what, name, as_whom=screen, address=address, outcome="rate_limited")
            return _wait(wait_ms)
        expected = self._attempts.known(name, address)
        short = secret[: self.policy.secrets.password_max + 1]
        try:
            good = await self._hasher.matches(kept, short, expected=expected)
        except Busy:
            self._register.tell(what, name, as_whom=screen, address=address, outcome="busy")
            return BUSY
        if good:
            self._attempts.right(name, address, began)
        return good

    async def _signed_in(self, account: Account, address: str) -> SignedIn:
        live, cookie = await self._register.begin(account, address)
        idle_s, absolute_s = _seconds(live.idle_ms), _seconds(live.absolute_ms)
        return SignedIn(live.principal, cookie, self._csrf(live.principal.session), idle_s, absolute_s)

    async def _renewed(self, account: Account, password: str) -> Account:
        """Has the site raised the cost since the password was set? This is the moment when it is known."""
        if not self._hasher.outdated(account.password):
            return account
        try:
            return await self._register.rehash(account, await self._hasher.hash(password))
        except (Busy, StoreUnavailable):
            return account

    def _csrf(self, session: str) -> str:
        return keyed(self._key, "csrf", session).hex()


def _wait(wait_ms: int) -> Denied:
    seconds = -(-wait_ms // MS_PER_S)
    return Denied((f"too many attempts: try again in {seconds} s",), seconds)


def _seconds(time_ms: int | None) -> int:
    return 0 if time_ms is None else time_ms // MS_PER_S
