"""Signing in by an identity provider: implements pumpd.access.provider.ProviderPort.

What comes back counts only in the browser that was sent, once, and within a few minutes: state, nonce and verifier all
follow, with a key that lives as long as the daemon, from a random cookie that only that browser has. Nothing is kept
here for whoever begins and never comes back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from pumpd.access.attempts import Attempts
from pumpd.access.principal import Denied, SignedIn
from pumpd.access.provider import RETURN_PATH, Begun, ProviderAway, ProviderSettings, Returned, account_claims
from pumpd.signin.oidc_errors import NotBelieved, ProviderDown
from pumpd.signin.secret import digest, keyed, new_secret, same
from pumpd.signin.service import SignIn

LASTS_S = 600
MOST_AT_ONCE = 8
MOST_USED = 10_000
MS_PER_S, US_PER_S = 1000, 1_000_000
FOREIGN = "this sign-in was not begun in this browser, or too long ago: begin again"
BUSY = Denied(("too many people sign in at this moment: try again",), 2)
FIRST = Denied(("this ward has no account yet: make the administrator's with the set-up token first",))
_ERROR = re.compile(r"[a-z_]{1,40}")


class Proves(Protocol):
    """As pumpd.signin.oidc.OidcProvider."""

    async def location(self, redirect: str, state: str, nonce: str, verifier: str) -> str: ...

    async def claims(self, code: str, redirect: str, verifier: str, nonce: str, now_s: int) -> Mapping[str, object]: ...


class Vouching:
    """Used from one event loop."""

    def __init__(
        self,
        signin: SignIn,
        settings: ProviderSettings,
        provider: Proves,
        now_ms: Callable[[], int],
        wall_us: Callable[[], int],
    ) -> None:
        self._signin, self._settings, self._provider = signin, settings, provider
        self._now_ms, self._wall_us = now_ms, wall_us
        self._key = new_secret().encode()
        self._attempts = Attempts(signin.policy.limits)
        self._used: dict[bytes, None] = {}
        self._under_way = 0

    @property
    def name(self) -> str:
        return self._settings.name

    async def begin(self, origin: str, address: str) -> Begun | Denied:
        if self._signin.needs_setup():
            return FIRST
        cookie = f"{self._now_ms()}.{new_secret()}"
        state, nonce, verifier = self._bound(cookie)
        try:
            location = await self._provider.location(origin + RETURN_PATH, state, nonce, verifier)
        except ProviderDown as error:
            return self._away(error, address)
        return Begun(location, cookie, LASTS_S)

    async def finish(self, origin: str, cookie: str, returned: Returned, address: str) -> SignedIn | Denied:
        wait_ms = self._attempts.begin(address, address, began := self._now_ms())
        if wait_ms:
            seconds = -(-wait_ms // MS_PER_S)
            return Denied((f"too many attempts: try again in {seconds} s",), seconds)
        if why := self._why_not(cookie, returned):
            return self._refused(why, address)
        if self._under_way >= MOST_AT_ONCE:
            return BUSY
        self._use(cookie)
        self._under_way += 1
        try:
            made = await self._vouched(origin, cookie, returned, address)
        finally:
            self._under_way -= 1
        if isinstance(made, SignedIn | ProviderAway):
            self._attempts.right(address, address, began)
        return made

    async def _vouched(self, origin: str, cookie: str, returned: Returned, address: str) -> SignedIn | Denied:
        _, nonce, verifier = self._bound(cookie)
        redirect, now_s = origin + RETURN_PATH, self._wall_us() // US_PER_S
        try:
            claims = await self._provider.claims(returned.code, redirect, verifier, nonce, now_s)
        except ProviderDown as error:
            return self._away(error, address)
        except NotBelieved as error:
            return self._refused(str(error), address)
        return await self._signin.sign_in_as(account_claims(self._settings, claims), address)

    def _why_not(self, cookie: str, returned: Returned) -> str:
        """Before anything of it is sent to anybody."""
        if not self._is_ours(cookie, returned.state):
            return FOREIGN
        if returned.issuer and returned.issuer != self._settings.issuer:
            return "this answer is another identity provider's"
        if returned.error or not returned.code:
            code = returned.error if _ERROR.fullmatch(returned.error) else "no code"
            return f"{self.name} did not sign you in ({code})"
        return ""

    def _is_ours(self, cookie: str, state: str) -> bool:
        made, _, secret = cookie.partition(".")
        if not (made.isascii() and made.isdecimal() and len(made) < 20 and secret):
            return False
        in_time = 0 <= self._now_ms() - int(made) <= LASTS_S * MS_PER_S
        return in_time and same(self._bound(cookie)[0], state) and digest(cookie) not in self._used

    def _bound(self, cookie: str) -> tuple[str, str, str]:
        """state, nonce, verifier."""
        state, nonce, verifier = (keyed(self._key, kind, cookie).hex() for kind in ("state", "nonce", "verifier"))
        return state, nonce, verifier

    def _use(self, cookie: str) -> None:
        self._used[digest(cookie)] = None
        while len(self._used) > MOST_USED:
            del self._used[next(iter(self._used))]

    def _away(self, error: ProviderDown, address: str) -> ProviderAway:
        self._signin.not_signed_in(address, "provider_away", f"{self.name}: {error}")
        return ProviderAway((f"{self.name} does not answer: sign in with account and password",))

    def _refused(self, why: str, address: str) -> Denied:
        self._signin.not_signed_in(address, "refused", f"{self.name}: {why}")
        return Denied((why,))
