"""Sign-in by a hospital's identity provider (OpenID Connect): its settings, what it says of somebody, and the ports.

Pure. How the words travel and are proved is pumpd.signin.oidc; who may ask for it, pumpd.signin.vouching.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pumpd.access.principal import Denied, SignedIn
from pumpd.access.roles import Role

RETURN_PATH = "/sign-in.html"
"""Where the provider sends the browser back to: what a site registers there, after the address of the page."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """name: on the button. secret, authorities: files, "" for none. roles: by the provider's groups.

    The claims are where the id token says the account's name, the person's name and the groups.
    """

    name: str
    issuer: str
    client_id: str
    secret: str
    authorities: str
    scopes: tuple[str, ...]
    account_claim: str
    name_claim: str
    groups_claim: str
    roles: Mapping[str, tuple[Role, ...]]


@dataclass(frozen=True, slots=True)
class AccountClaims:
    """What an identity provider says of somebody whom it has signed in. source: who they are there, never ""."""

    account: str
    name: str
    roles: tuple[Role, ...]
    source: str


def account_claims(settings: ProviderSettings, claims: Mapping[str, object]) -> AccountClaims:
    """Of an id token that was proved; what it does not say is empty.

    source: the issuer and its `sub`, the only name that is never given to another person there. People may choose the
    others themselves, so the account's name alone opens nobody else's account.
    """
    account = _text(claims.get(settings.account_claim))
    name = _text(claims.get(settings.name_claim)) or account
    subject = _text(claims.get("sub"))
    source = f"{settings.issuer} {subject}" if subject else ""
    return AccountClaims(account, name[:80], _roles(settings, claims.get(settings.groups_claim)), source)


def _roles(settings: ProviderSettings, groups: object) -> tuple[Role, ...]:
    """Of all groups that the site has given roles, each once."""
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    found = {role for group in named if isinstance(group, str) for role in settings.roles.get(group, ())}
    return tuple(role for role in Role if role in found)


def _text(claim: object) -> str:
    return claim.strip() if isinstance(claim, str) and claim.isprintable() else ""


@dataclass(frozen=True, slots=True)
class Begun:
    """location: where the browser goes now. cookie: binds what comes back to this browser, for so many seconds."""

    location: str
    cookie: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Returned:
    """What the provider gave the browser to bring: a code, or an error; issuer "" where it says none (RFC 9207)."""

    state: str
    code: str = ""
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class ProviderAway(Denied):
    """The provider does not answer, or not as one; who has an account here can sign in with it."""


class ProviderPort(Protocol):
    """Notes itself in the audit, right or wrong. origin: of the page, as the browser knows it."""

    @property
    def name(self) -> str:
        """As people know it."""
        ...

    async def begin(self, origin: str, address: str) -> Begun | Denied: ...

    async def finish(self, origin: str, cookie: str, returned: Returned, address: str) -> SignedIn | Denied: ...
