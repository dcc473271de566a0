"""The accounts in memory: by name and by badge, and what each becomes once signed in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from pumpd.access.policy import AccessPolicy
from pumpd.access.principal import Principal
from pumpd.access.records import Account, Token
from pumpd.access.roles import Identity, Role
from pumpd.signin.secret import keyed

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
NAME_RULE = "letters, digits, dot, dash, underscore and @, at most 64"


def account_name(text: str) -> str:
    """As it is compared and kept: people type it in any case."""
    return text.strip().lower()


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


class People:
    """What was read from the store."""

    def __init__(self, policy: AccessPolicy, key: bytes) -> None:
        self._policy, self._key = policy, key
        self._by_name: dict[str, Account] = {}
        self._by_badge: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def replace(self, accounts: Iterable[Account]) -> None:
        self._by_name = {account.name: account for account in accounts}
        self._by_badge = {one.badge: name for name, one in self._by_name.items() if one.badge is not None}

    def put(self, account: Account) -> None:
        self.replace([*(one for one in self._by_name.values() if one.name != account.name), account])

    def find(self, name: str) -> Account | None:
        """Who may sign in under this name."""
        account = self._by_name.get(name)
        return None if account is None or account.disabled or account.removed else account

    def all(self) -> tuple[Account, ...]:
        """Those that were not removed, by name."""
        return tuple(self._by_name[name] for name in sorted(self._by_name) if not self._by_name[name].removed)

    def known(self, name: str) -> Account | None:
        """Disabled, removed or neither."""
        return self._by_name.get(name)

    def of_badge(self, badge: str) -> Account | None:
        """By the number of a badge, else by name."""
        name = self._by_badge.get(badge_digest(self._key, badge), account_name(badge))
        return self.find(name)

    def of_badge_number(self, badge: str) -> str | None:
        """Whose badge it is, by the account's name."""
        return self._by_badge.get(badge_digest(self._key, badge))

    def principal(self, account: Account, session: str) -> Principal:
        permissions = self._policy.permissions(account.roles)
        return Principal(account.name, account.display, account.roles, permissions, self.identity(account), session)

    def identity(self, account: Account) -> Identity:
        """What the account's screens show of who lies in a bed."""
        return account.identity if account.identity is not None else self._policy.identity(account.roles)


def badge_digest(key: bytes, badge: str) -> bytes:
    """What is kept of a badge's number."""
    return keyed(key, "badge", badge.strip())


def machine(token: Token) -> Principal:
    """A program that has come with its token."""
    return Principal(f"token:{token.name}", token.name, (Role.MACHINE,), token.permissions, token.identity, token.id)


def changed(old: Account | None, new: Account | None) -> bool:
    """Must sessions of the account end? A PIN or a badge opens none."""
    if old is None or new is None:
        return True
    return _without_badge(old) != _without_badge(new)


def _without_badge(account: Account) -> Account:
    return replace(account, pin="", badge=None, made_us=0, signed_in_us=None)
