"""What is kept of accounts, sessions and machine tokens, and the port of who keeps it. Values only.

No record holds a secret: passwords and PINs are argon2id hashes, session and token secrets are SHA-256 digests of
256 random bits, badge numbers are hashed with a key that is not in the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from pumpd.access.roles import Identity, Permission, Role


@dataclass(frozen=True, slots=True)
class Account:
    """name: unique, lower case. display: "Kim Lee RN". password, pin: argon2id, "" for none. source: who answers for
    the person, "" for this site itself, else an identity provider. identity: of a display, instead of its role's.
    removed: its name is not given to another person. Times are wall time, microseconds since 1970.
    """

    name: str
    display: str
    roles: tuple[Role, ...]
    password: str = ""
    pin: str = ""
    badge: bytes | None = None
    disabled: bool = False
    source: str = ""
    identity: Identity | None = None
    removed: bool = False
    made_us: int = 0
    signed_in_us: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """id: public. digest: of the cookie's secret. Times are kernel time (pumpd.clock), which goes on over restarts."""

    id: str
    digest: bytes
    account: str
    address: str
    made_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Token:
    """A machine's. expires_us, used_us: wall time, microseconds since 1970; None: never."""

    id: str
    digest: bytes
    name: str
    permissions: frozenset[Permission]
    identity: Identity
    made_us: int
    expires_us: int | None = None
    used_us: int | None = None
    revoked: bool = False
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """All that is kept. changes: counts what others than the daemon have changed."""

    accounts: tuple[Account, ...] = ()
    sessions: tuple[Session, ...] = ()
    tokens: tuple[Token, ...] = ()
    changes: int = 0


class AccessStore(Protocol):
    """Keeps it durably: each is committed when it returns. Raises StoreUnavailable; then nothing was changed."""

    async def load(self) -> Stored: ...

    async def changes(self) -> int:
        """As Stored.changes, for a look every few seconds."""
        ...

    async def first_account(self, account: Account) -> bool:
        """Keep it if it is the very first; False: there is one already."""
        ...

    async def save_account(self, account: Account, *, signs_out: bool) -> None:
        """A new one, or the new state of one, but for its last sign-in. signs_out: its sessions are gone."""
        ...

    async def rehashed(self, name: str, old: str, new: str) -> None:
        """The same password under a new cost, unless it was changed meanwhile."""
        ...

    async def save_session(self, session: Session, signed_in_us: int) -> None:
        """A new one, and when its account has signed in."""
        ...

    async def end_sessions(self, ids: Collection[str]) -> None: ...

    async def seen(self, sessions_ms: Mapping[str, int], tokens_us: Mapping[str, int]) -> None:
        """When sessions (ms) and tokens (µs) were last used."""
        ...

    async def save_token(self, token: Token) -> None: ...


class StoreUnavailable(RuntimeError):
    """Nothing can be kept at the moment; the message says why."""
