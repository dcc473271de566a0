"""Looking after accounts, machine tokens and sessions: implements pumpd.access.port.AccountsPort.

The same for the page and for the command line. What is changed is durable, and whoever it concerns is signed out,
before the answer. Nobody can take the last administrator away.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from pumpd.access.accounts import AccountChange, AccountRow, NewAccount, NewToken, SessionRow, TokenMade, TokenRow
from pumpd.access.audit import What
from pumpd.access.policy import AccessPolicy
from pumpd.access.principal import Denied, Principal
from pumpd.access.records import Account, StoreUnavailable, Token
from pumpd.access.roles import Identity, Permission, Role
from pumpd.access.secret_rules import password_problems, pin_problems
from pumpd.signin.hashing import Busy, Hasher
from pumpd.signin.people import NAME_RULE, account_name, badge_digest, is_name
from pumpd.signin.register import Register
from pumpd.signin.secret import TOKEN_PREFIX, digest, new_id, new_secret
from pumpd.signin.sessions import US_PER_MS, Live

US_PER_DAY = 86_400_000_000
MOST_DAYS = 3_650
NOT_KEPT = Denied(("nothing can be recorded at this moment: nothing was changed, try again",))
BUSY = Denied(("too many people sign in at this moment: nothing was changed, try again",), 2)
LAST = "this is the last administrator: make another one first"

P = ParamSpec("P")
T = TypeVar("T")


def _one_at_a_time(
    act: Callable[Concatenate[Accounts, P], Awaitable[T]],
) -> Callable[Concatenate[Accounts, P], Coroutine[Any, Any, T]]:
    """What it looks at (is this the last administrator? is the name free?) is still so when it is kept."""

    @functools.wraps(act)
    async def alone(self: Accounts, /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._alone:
            return await act(self, *args, **kwargs)

    return alone


class Accounts:
    """Over the register of a running daemon, or of the command line."""

    def __init__(
        self, register: Register, hasher: Hasher, now_ms: Callable[[], int], wall_us: Callable[[], int], key: bytes
    ) -> None:
        self._register, self._hasher, self._key = register, hasher, key
        self._now_ms, self._wall_us = now_ms, wall_us
        self._people, self._policy = register.people, register.policy
        self._alone = asyncio.Lock()

    async def accounts(self) -> tuple[AccountRow, ...]:
        return tuple(map(self._row, self._people.all()))

    @_one_at_a_time
    async def add_account(self, new: NewAccount, by: Principal) -> AccountRow | Denied:
        name = account_name(new.account)
        problems = [*_name_problems(name, new.name), *_role_problems(new.roles, new.identity, self._policy)]
        if (old := self._people.known(name)) is not None:
            gone = ", and was removed: names are not given to another person" if old.removed else ""
            problems.append(f"there is an account {name} already{gone}")
        problems += self._secret_problems(name, new.password, new.badge, new.pin)
        if problems:
            return Denied(tuple(problems))
        account = Account(name, new.name.strip(), tuple(new.roles), identity=new.identity, made_us=self._wall_us())
        account = replace(account, badge=badge_digest(self._key, new.badge) if new.badge.strip() else None)
        return await self._save(account, by, f"added: {_words(account.roles)}", password=new.password, pin=new.pin)

    @_one_at_a_time
    async def change_account(self, account: str, change: AccountChange, by: Principal) -> AccountRow | Denied | None:
        old = self._known(account)
        if old is None:
            return None
        fresh = _changed(old, change)
        problems = [*_name_problems(old.name, fresh.display)]
        if change.roles is not None or change.identity is not None:
            problems += _role_problems(fresh.roles, fresh.identity, self._policy)
        problems += self._secret_problems(old.name, change.password, change.badge or "", change.pin or "")
        problems += self._last_admin(old, fresh)
        if problems:
            return Denied(tuple(problems))
        if change.badge is not None:
            fresh = replace(fresh, badge=badge_digest(self._key, change.badge) if change.badge.strip() else None)
        if change.pin == "":
            fresh = replace(fresh, pin="")
        return await self._save(fresh, by, _what_changed(change), password=change.password, pin=change.pin or None)

    @_one_at_a_time
    async def remove_account(self, account: str, by: Principal) -> Denied | bool:
        old = self._known(account)
        if old is None:
            return False
        gone = replace(old, removed=True, disabled=True, password="", pin="", badge=None)
        if problems := self._last_admin(old, gone):
            return Denied(tuple(problems))
        saved = await self._save(gone, by, "removed")
        return saved if isinstance(saved, Denied) else True

    async def tokens(self) -> tuple[TokenRow, ...]:
        return tuple(_token_row(one) for one in self._register.tokens.values() if not one.revoked)

    @_one_at_a_time
    async def add_token(self, new: NewToken, by: Principal) -> TokenMade | Denied:
        if problems := _token_problems(new, self._register.tokens.values()):
            return Denied(tuple(problems))
        secret, now_us = TOKEN_PREFIX + new_secret(), self._wall_us()
        until_us = None if new.days is None else now_us + new.days * US_PER_DAY
        name, permissions = new.name.strip(), frozenset(new.permissions)
        token = Token(
            new_id("t"), digest(secret), name, permissions, new.identity, now_us, until_us, made_by=by.account
        )
        detail = f"token {token.name} made: {_words(sorted(token.permissions))}; names: {token.identity.value}"
        if not await self._save_token(token, by, detail):
            return NOT_KEPT
        return TokenMade(_token_row(token), secret)

    @_one_at_a_time
    async def revoke_token(self, token: str, by: Principal) -> bool:
        old = self._register.tokens.get(token)
        if old is None or old.revoked:
            return False
        return await self._save_token(replace(old, revoked=True), by, f"token {old.name} revoked")

    async def sessions(self) -> tuple[SessionRow, ...]:
        standing = (live for live in self._register.standing.all() if live.record is not None)
        return tuple(self._session_row(live) for live in standing)

    async def end_session(self, session: str, by: Principal) -> bool:
        ended = await self._register.end(session, f"ended by {by.account}")
        return ended

    # what may be

    def _known(self, account: str) -> Account | None:
        known = self._people.known(account_name(account))
        return None if known is None or known.removed else known

    def _secret_problems(self, name: str, password: str | None, badge: str, pin: str) -> list[str]:
        rules, problems = self._policy.secrets, list[str]()
        if password is not None:
            problems += password_problems(password, name, rules)
        if pin:
            problems += pin_problems(pin, rules)
        holder = self._people.of_badge_number(badge) if badge.strip() else None
        if holder is not None and holder != name:
            problems.append("this badge is another account's")
        return problems

    def _last_admin(self, old: Account, fresh: Account) -> list[str]:
        others = [one for one in self._people.all() if one.name != old.name and _looks_after(one, self._policy)]
        losing = _looks_after(old, self._policy) and not _looks_after(fresh, self._policy)
        return [LAST] if losing and not others else []

    # what is kept

    async def _save(
        self, account: Account, by: Principal, detail: str, *, password: str | None = None, pin: str | None = None
    ) -> AccountRow | Denied:
        try:
            if password:
                account = replace(account, password=await self._hasher.hash(password))
            if pin:
                account = replace(account, pin=await self._hasher.hash(pin))
            await self._register.save(account)
        except Busy:
            return BUSY
        except StoreUnavailable:
            return NOT_KEPT
        self._register.tell(What.ACCOUNT, by.account, as_whom=by, subject=account.name, detail=detail)
        return self._row(account)

    async def _save_token(self, token: Token, by: Principal, detail: str) -> bool:
        try:
            await self._register.save_token(token)
        except StoreUnavailable:
            return False
        self._register.tell(What.ACCOUNT, by.account, as_whom=by, subject=token.id, detail=detail)
        return True

    def _row(self, account: Account) -> AccountRow:
        return AccountRow(
            account.name,
            account.display,
            account.roles,
            self._people.identity(account),
            account.disabled,
            account.badge is not None,
            bool(account.pin),
            account.made_us,
            account.signed_in_us,
        )

    def _session_row(self, live: Live) -> SessionRow:
        assert live.record is not None
        wall_us, now_ms, who = self._wall_us(), self._now_ms(), live.principal

        def at_us(at_ms: int) -> int:
            return wall_us - (now_ms - at_ms) * US_PER_MS

        made_ms = live.record.made_ms
        ends = [made_ms + live.absolute_ms] if live.absolute_ms is not None else []
        ends += [live.seen_ms + live.idle_ms] if live.idle_ms is not None else []
        return SessionRow(
            who.session,
            who.account,
            who.name,
            who.roles,
            live.record.address,
            at_us(made_ms),
            at_us(live.seen_ms),
            at_us(min(ends)) if ends else None,
        )


def _changed(old: Account, change: AccountChange) -> Account:
    """Without its secrets."""
    fresh = old if change.name is None else replace(old, display=change.name.strip())
    fresh = fresh if change.roles is None else replace(fresh, roles=tuple(change.roles))
    fresh = fresh if change.identity is None else replace(fresh, identity=change.identity)
    return fresh if change.disabled is None else replace(fresh, disabled=change.disabled)


def _what_changed(change: AccountChange) -> str:
    """For the audit: what, and never a secret."""
    told = [f"name: {change.name.strip()}"] if change.name is not None else []
    told += [f"roles: {_words(change.roles)}"] if change.roles is not None else []
    told += [f"names: {change.identity.value}"] if change.identity is not None else []
    told += ["disabled" if change.disabled else "enabled"] if change.disabled is not None else []
    told += ["a new password"] if change.password is not None else []
    for word, value in (("badge", change.badge), ("PIN", change.pin)):
        told += [] if value is None else [f"a new {word}" if value.strip() else f"{word} taken away"]
    return "; ".join(told)


def _name_problems(name: str, display: str) -> list[str]:
    found = [] if is_name(name) else [f"an account's name: {NAME_RULE}"]
    return found if display.strip() else [*found, "an account has a person's (or a screen's) name"]


def _role_problems(roles: Iterable[Role], identity: Identity | None, policy: AccessPolicy) -> list[str]:
    roles = set(roles)
    found = [] if roles else ["an account has a role"]
    found += [f"no role of an account: {role.value}" for role in sorted(roles - set(policy.roles))]
    if Role.DISPLAY in roles and len(roles) > 1:
        found.append("a display's account never signs out: it has no other role")
    if identity is not None and roles != {Role.DISPLAY}:
        found.append("only a display's account says how much of a name it shows; of people their roles say it")
    return found


def _token_problems(new: NewToken, known: Iterable[Token]) -> list[str]:
    found = [] if new.name.strip() else ["a token has a name: what uses it"]
    found += [] if new.permissions else ["a token may do something"]
    if any(token.name == new.name.strip() and not token.revoked for token in known):
        found.append(f"there is a token {new.name.strip()} already: revoke it, or take another name")
    if Permission.ACCOUNTS in new.permissions:
        found.append("a machine does not look after accounts")
    if new.days is not None and not 1 <= new.days <= MOST_DAYS:
        found.append(f"a token expires in 1 to {MOST_DAYS} days, or never")
    return found


def _looks_after(account: Account, policy: AccessPolicy) -> bool:
    """Can the account, as it is, look after accounts? (An identity provider's people can too, while it works.)"""
    usable = not account.disabled and not account.removed and bool(account.password)
    return usable and Permission.ACCOUNTS in policy.permissions(role for role in account.roles if role in policy.roles)


def _token_row(token: Token) -> TokenRow:
    return TokenRow(
        token.id,
        token.name,
        token.permissions,
        token.identity,
        token.made_by,
        token.made_us,
        token.expires_us,
        token.used_us,
    )


def _words(values: Iterable[Role | Permission]) -> str:
    return ", ".join(value.value for value in values)
