"""A store that forgets with its process, and that can be told to fail: for what is not about the disk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from pumpd.access.audit import AuditEntry
from pumpd.access.policy import AccessPolicy
from pumpd.access.records import Account, Session, Stored, StoreUnavailable, Token
from pumpd.access.roles import Role
from pumpd.config.access import read_access
from pumpd.signin import SignIn
from pumpd.signin.hashing import Hasher

ACCESS_TOML = Path(__file__).resolve().parents[2] / "config" / "access.toml"
PASSWORD, PIN = "a long night shift", "483920"


def shipped_policy() -> AccessPolicy:
    policy = read_access(ACCESS_TOML)
    assert isinstance(policy, AccessPolicy), policy
    return policy


class MemoryStore:
    """Implements AccessStore."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[str, Token] = {}
        self.changed = 0
        self.fails = False

    def _works(self) -> None:
        if self.fails:
            raise StoreUnavailable("the disk is full")

    async def load(self) -> Stored:
        self._works()
        kept = (tuple(self.accounts.values()), tuple(self.sessions.values()), tuple(self.tokens.values()))
        return Stored(*kept, self.changed)

    async def changes(self) -> int:
        self._works()
        return self.changed

    async def first_account(self, account: Account) -> bool:
        self._works()
        if self.accounts:
            return False
        self.accounts[account.name] = account
        return True

    async def save_account(self, account: Account, *, signs_out: bool) -> None:
        self._works()
        self.accounts[account.name] = account
        if signs_out:
            self.sessions = {name: one for name, one in self.sessions.items() if one.account != account.name}

    async def rehashed(self, name: str, old: str, new: str) -> None:
        self._works()
        if self.accounts[name].password == old:
            self.accounts[name] = replace(self.accounts[name], password=new)

    async def save_session(self, session: Session, signed_in_us: int) -> None:
        self._works()
        self.sessions[session.id] = session
        self.accounts[session.account] = replace(self.accounts[session.account], signed_in_us=signed_in_us)

    async def end_sessions(self, ids: Collection[str]) -> None:
        self._works()
        for name in ids:
            self.sessions.pop(name, None)

    async def seen(self, sessions_ms: Mapping[str, int], tokens_us: Mapping[str, int]) -> None:
        self._works()
        for name, at in sessions_ms.items():
            self.sessions[name] = replace(self.sessions[name], seen_ms=at)
        for name, at in tokens_us.items():
            self.tokens[name] = replace(self.tokens[name], used_us=at)

    async def save_token(self, token: Token) -> None:
        self._works()
        self.tokens[token.id] = token


class Desk:
    """A SignIn over a MemoryStore with a clock that is set by hand, and accounts klee, charge, bio, wall and admin.

    All have the password PASSWORD, and people the PIN PIN. noted: the audit.
    """

    def __init__(self) -> None:
        self.store, self.policy = MemoryStore(), shipped_policy()
        self.now_ms, self.noted = 1_000_000, list[AuditEntry]()

    @classmethod
    async def open(cls, folder: Path | None = None, *, people: bool = True) -> Desk:
        desk = cls()
        if people:
            await desk.add_people()
        await desk.start(folder)
        return desk

    async def add_people(self) -> None:
        hasher = Hasher(self.policy.cost)
        password, pin = await hasher.hash(PASSWORD), await hasher.hash(PIN)
        hasher.close()
        staff = (
            ("klee", "Kim Lee RN", Role.NURSE),
            ("charge", "Ana Ruiz RN", Role.CHARGE),
            ("bio", "Bo Ek", Role.BIOMED),
        )
        for name, display, role in (*staff, ("wall", "Wall 4B", Role.DISPLAY), ("admin", "Ada Min", Role.ADMIN)):
            self.store.accounts[name] = Account(name, display, (role,), password, "" if name == "wall" else pin)

    async def start(self, folder: Path | None = None) -> None:
        self.access = await SignIn.open(
            self.policy, self.store, self.noted.append, lambda: self.now_ms, lambda: self.now_ms * 1000, folder
        )

    def changed_elsewhere(self, account: Account) -> None:
        """As the command line does it beside a running daemon."""
        self.store.accounts[account.name] = account
        self.store.changed += 1
