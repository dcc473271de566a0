"""Values of account administration: accounts, machine tokens and sessions as an administrator sees and makes them."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.access.roles import Identity, Permission, Role


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What is known of an account; no secret, and not the badge's number. identity: what its roles add up to."""

    account: str
    name: str
    roles: tuple[Role, ...]
    identity: Identity
    disabled: bool
    has_badge: bool
    has_pin: bool
    created_us: int
    last_sign_in_us: int | None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """password: the first one, told by the administrator. identity None: what the roles give."""

    account: str
    name: str
    roles: tuple[Role, ...]
    password: str
    badge: str = ""
    pin: str = ""
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """None: as it is. badge, pin "": taken away. A change of roles, password or `disabled` ends all its sessions."""

    name: str | None = None
    roles: tuple[Role, ...] | None = None
    identity: Identity | None = None
    disabled: bool | None = None
    password: str | None = None
    badge: str | None = None
    pin: str | None = None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """id: public; the secret was told once. expires_us None: never."""

    id: str
    name: str
    permissions: frozenset[Permission]
    identity: Identity
    created_by: str
    created_us: int
    expires_us: int | None
    last_used_us: int | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """For a machine. permissions: just those that it needs. days None: it does not expire."""

    name: str
    permissions: frozenset[Permission]
    identity: Identity = Identity.NONE
    days: int | None = 365


@dataclass(frozen=True, slots=True)
class TokenMade:
    """secret: the bearer token, told this once."""

    row: TokenRow
    secret: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that stands now. session: its public id. active_us: of the last act. ends_us None: never."""

    session: str
    account: str
    name: str
    roles: tuple[Role, ...]
    address: str
    since_us: int
    active_us: int
    ends_us: int | None
