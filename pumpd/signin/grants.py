"""Who stands at a shared screen for a moment: grants that end by themselves, with the screen, or with the account."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.access.principal import Principal
from pumpd.signin.secret import digest

MOST = 1000


@dataclass(frozen=True, slots=True)
class Grant:
    screen: str
    principal: Principal
    until_ms: int


class Grants:
    """In memory only: a grant does not outlive the daemon."""

    def __init__(self) -> None:
        self._grants: dict[bytes, Grant] = {}

    def add(self, token: str, grant: Grant) -> None:
        self._grants[digest(token)] = grant
        while len(self._grants) > MOST:
            del self._grants[next(iter(self._grants))]

    def find(self, token: str, screen: str, now_ms: int) -> Principal | None:
        """Of that screen and no other, while it lasts."""
        grant = self._grants.get(digest(token))
        if grant is None or grant.screen != screen or now_ms > grant.until_ms:
            return None
        return grant.principal

    def accounts(self) -> set[str]:
        """Whose grants there are."""
        return {grant.principal.account for grant in self._grants.values()}

    def end(self, *, screen: str = "", account: str = "", before_ms: int | None = None) -> None:
        """Of a screen, of an account, or what has run out."""
        for key, grant in tuple(self._grants.items()):
            old = before_ms is not None and grant.until_ms < before_ms
            if old or grant.screen == screen or grant.principal.account == account:
                del self._grants[key]
