"""Somebody who is signed in, as the web face sees them."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.access.roles import Identity, Permission, Role


@dataclass(frozen=True, slots=True)
class Principal:
    """account: the unique sign-in name. name: as the record and the screens write it ("Kim Lee RN").

    session: the session's or token's public id; never the secret. at_screen: where a person stepped up at a shared
    screen, that screen's account. demo: nobody signed in; a demonstration did it by itself.
    """

    account: str
    name: str
    roles: tuple[Role, ...]
    permissions: frozenset[Permission]
    identity: Identity
    session: str
    at_screen: str | None = None
    demo: bool = False

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def by(self) -> str:
        """Who the record says acted: "Kim Lee RN (klee)", "Kim Lee RN (klee) at wall-4b"."""
        at = f" at {self.at_screen}" if self.at_screen else ""
        return f"{self.name} ({self.account}){at}" if self.name != self.account else f"{self.account}{at}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brought, both secret: the session cookie's value, or a bearer token. Empty: nothing."""

    cookie: str = ""
    bearer: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """Why not, in words for the person; never says whether the account exists. retry_after_s: the rate limit's."""

    reasons: tuple[str, ...]
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """cookie: the new session's secret, told once. csrf: what acts of this session must carry. idle_s 0: never."""

    principal: Principal
    cookie: str
    csrf: str
    idle_s: int
    absolute_s: int


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """A grant for a few acts at a shared screen: `token` goes with each; it ends after `seconds` or with the screen."""

    principal: Principal
    token: str
    seconds: int
