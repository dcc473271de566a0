"""OpenID Connect as this ward speaks it: discovery, the code's exchange, and the proof of an id token.

Needs the extra `oidc` (Authlib, joserfc, httpx), so it is imported only where a provider is configured. Nothing here
holds up the event loop: waiting is bounded, answers are small, signatures are checked on a thread.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet

from pumpd.access.provider import ProviderSettings
from pumpd.signin.oidc_errors import NotBelieved, ProviderDown

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Never "none", and nothing with a shared secret (RFC 8725, 3.1)."""
KEY_TYPES = frozenset({"RSA", "EC"})
TIMEOUT_S = 5.0
"""Of one question and its whole answer."""
MOST_BYTES = 262_144
FRESH_MS = 10_000
"""Before somebody is sent to the provider it has answered within this time: nobody is sent to a dead page."""
KEPT_MS = 3_600_000
DOWN_MS = 3_000
"""How long nobody else waits for a provider that did not answer."""
LEEWAY_S = 60
"""Between two clocks that are set."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Of the discovery document, what is used."""

    authorization: str
    token: str
    jwks: str
    secret_in_body: bool


class OidcProvider:
    """Made by `open`; used from one event loop; close() at the end. timeout_s: of a test."""

    def __init__(
        self,
        settings: ProviderSettings,
        secret: str,
        now_ms: Callable[[], int],
        context: ssl.SSLContext,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._settings, self._secret, self._now_ms, self._timeout_s = settings, secret, now_ms, timeout_s
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        self._web = httpx.AsyncClient(verify=context, timeout=timeout_s, headers=headers, trust_env=False)
        self._asking = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._metadata_ms = self._keys_ms = 0
        self._down, self._down_ms = "", 0

    @classmethod
    async def open(
        cls, settings: ProviderSettings, now_ms: Callable[[], int], timeout_s: float = TIMEOUT_S
    ) -> OidcProvider:
        """Raises OSError (ssl.SSLError is one) where a file cannot be read."""
        context = await asyncio.to_thread(ssl.create_default_context, cafile=settings.authorities or None)
        secret = await asyncio.to_thread(_secret, settings.secret)
        return cls(settings, secret, now_ms, context, timeout_s)

    async def close(self) -> None:
        await self._web.aclose()

    async def location(self, redirect: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises ProviderDown."""
        metadata, mine = await self._known(FRESH_MS), self._settings
        asked = {"scope": " ".join(mine.scopes), "state": state, "nonce": nonce}
        challenge = {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
        at = prepare_grant_uri(metadata.authorization, mine.client_id, "code", redirect, **asked, **challenge)
        return str(at)

    async def claims(self, code: str, redirect: str, verifier: str, nonce: str, now_s: int) -> Mapping[str, object]:
        """What the provider proves of whoever brought the code. now_s: wall time. Raises ProviderDown, NotBelieved."""
        metadata = await self._known(KEPT_MS)
        said = await self._exchanged(metadata, code, redirect, verifier)
        token, access = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str):
            raise NotBelieved("the provider gave no id token")
        params = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": access}
        return await self._proved(metadata, token, params, now_s)

    # what it proves

    async def _proved(self, metadata: Metadata, token: str, params: dict[str, Any], now_s: int) -> Mapping[str, object]:
        """With the keys that are known; once more with fresh ones, where the provider has changed them meanwhile."""
        for fresh in (False, True):
            keys, kept = await self._signing(metadata, fresh)
            try:
                return await asyncio.to_thread(_proof, token, keys, self._settings, params, now_s)
            except (InvalidKeyIdError, BadSignatureError) as error:
                if fresh or not kept:
                    raise NotBelieved(
                        f"the id token is not signed with a key of the provider: {_why(error)}"
                    ) from error
            except (JoseError, ValueError, TypeError) as error:
                raise NotBelieved(f"the id token proves nothing: {_why(error)}") from error
        raise AssertionError("unreachable")

    async def _signing(self, metadata: Metadata, fresh: bool) -> tuple[KeySet, bool]:
        """The provider's keys, and whether they were known before."""
        if self._keys is not None and not fresh and self._now_ms() - self._keys_ms < KEPT_MS:
            return self._keys, True
        status, said = await self._ask(metadata.jwks)
        if status != httpx.codes.OK:
            raise ProviderDown(f"its keys: HTTP {status}")
        self._keys, self._keys_ms = await asyncio.to_thread(_key_set, said), self._now_ms()
        return self._keys, False

    async def _exchanged(self, metadata: Metadata, code: str, redirect: str, verifier: str) -> dict[str, Any]:
        mine = self._settings
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        auth = None
        if not self._secret or metadata.secret_in_body:
            form |= {"client_id": mine.client_id} | ({"client_secret": self._secret} if self._secret else {})
        else:
            auth = httpx.BasicAuth(quote_plus(mine.client_id), quote_plus(self._secret))  # RFC 6749, 2.3.1
        status, said = await self._ask(metadata.token, form, auth)
        if status == httpx.codes.OK:
            return said
        error = str(said.get("error", ""))[:40]
        if error == "invalid_grant":
            raise NotBelieved("the provider does not know this code, or no more")
        raise ProviderDown(f"its token endpoint: HTTP {status} {error}".strip())

    # what is known of it

    async def _known(self, fresh_ms: int) -> Metadata:
        """Whoever comes while somebody asks already waits for that answer."""
        async with self._asking:
            if self._metadata is not None and self._now_ms() - self._metadata_ms < fresh_ms:
                return self._metadata
            if self._down and self._now_ms() - self._down_ms < DOWN_MS:
                raise ProviderDown(self._down)
            try:
                self._metadata = await self._discovered()
            except ProviderDown as error:
                self._down, self._down_ms = str(error), self._now_ms()
                raise
            self._down, self._metadata_ms = "", self._now_ms()
            return self._metadata

    async def _discovered(self) -> Metadata:
        """OpenID Connect Discovery 1.0, 4; its issuer is exactly ours (4.3)."""
        issuer = self._settings.issuer
        status, said = await self._ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != httpx.codes.OK:
            raise ProviderDown(f"its discovery document: HTTP {status}")
        if said.get("issuer") != issuer:
            raise ProviderDown(f'it says that it is "{str(said.get("issuer"))[:200]}", not "{issuer}"')
        ends = [said.get(f"{key}_endpoint") for key in ("authorization", "token")] + [said.get("jwks_uri")]
        found = [end for end in ends if isinstance(end, str) and _as_safe(end, issuer)]
        if len(found) != len(ends):
            raise ProviderDown("its discovery document names no endpoints, or unencrypted ones")
        ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        in_body = "client_secret_post" in ways and "client_secret_basic" not in ways
        return Metadata(found[0], found[1], found[2], in_body)

    async def _ask(
        self, url: str, form: dict[str, str] | None = None, auth: httpx.BasicAuth | None = None
    ) -> tuple[int, dict[str, Any]]:
        """One question, its JSON object. A redirect is not followed: nobody else is told the code. ProviderDown."""
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._web.stream("GET" if form is None else "POST", url, data=form, auth=auth) as answer,
            ):
                body = await _bounded(answer)
                return answer.status_code, await asyncio.to_thread(_object, body)
        except TimeoutError as error:
            raise ProviderDown(f"no answer within {self._timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderDown(f"{type(error).__name__}: {error}"[:200]) from error


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise ProviderDown(f"it answers with more than {MOST_BYTES} bytes")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}


def _key_set(said: dict[str, Any]) -> KeySet:
    """The provider's public keys for signatures; what we cannot read is passed over, as RFC 7517, 5 says."""
    keys = []
    for one in said.get("keys") or []:
        if isinstance(one, dict) and one.get("kty") in KEY_TYPES and one.get("use", "sig") == "sig":
            try:
                keys.append(JWKRegistry.import_key(one))
            except (JoseError, ValueError, TypeError):
                continue
    return KeySet(keys)


def _proof(
    token: str, keys: KeySet, settings: ProviderSettings, params: dict[str, Any], now_s: int
) -> Mapping[str, object]:
    """The claims (OpenID Connect Core 1.0, 3.1.3.7). Raises JoseError or ValueError."""
    decoded = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
    options = {
        "iss": {"essential": True, "value": settings.issuer},
        "aud": {"essential": True, "value": settings.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(now_s, LEEWAY_S)
    return dict(claims)


def _as_safe(url: str, issuer: str) -> bool:
    """Encrypted, where the issuer is."""
    return urlsplit(url).scheme == "https" or (urlsplit(issuer).scheme == "http" == urlsplit(url).scheme)


def _why(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]


def _secret(file: str) -> str:
    """The first line. Raises OSError."""
    return Path(file).read_text(encoding="utf-8").partition("\n")[0].strip() if file else ""
