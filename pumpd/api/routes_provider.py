"""Signing in by the hospital's identity provider, under /api/v1/session/provider. Only where one is configured.

The page asks where to go, goes there itself, and is the place where the browser comes back to: it hands in what it was
given from its own origin. So the provider's redirect changes nothing by itself, both cookies stay `SameSite=Strict`,
and the page's policy needs no exception.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from pumpd.access.principal import Denied, Principal
from pumpd.access.provider import ProviderAway, ProviderPort, Returned
from pumpd.api.errors import REFUSALS, ApiError
from pumpd.api.gate import Gate, address_of
from pumpd.api.needs import PUBLIC, versioned
from pumpd.api.routes import answered
from pumpd.api.routes_session import denied, signed_in
from pumpd.config.model import ServerConfig
from pumpd.live.messages import encode

COOKIE = "__Host-oidc"
Short = Annotated[str, StringConstraints(max_length=200)]


class ReturnedBody(BaseModel):
    """What the provider gave the browser to bring, as it stands in the address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Short
    code: Annotated[str, StringConstraints(max_length=4096)] = ""
    error: Short = ""
    iss: Annotated[str, StringConstraints(max_length=1000)] = ""


class BegunShape(msgspec.Struct):
    """location: of the provider's own page, where the browser goes now."""

    location: str


def provider_routes(gate: Gate, provider: ProviderPort, server: ServerConfig) -> APIRouter:
    """From the page's button to a session."""
    router = versioned(*REFUSALS)

    @router.post("/session/provider", summary="Begin to sign in by the identity provider")
    async def begin(request: Request, who: Principal | None = PUBLIC) -> Response:
        begun = await provider.begin(origin_of(request, server), address_of(request))
        if isinstance(begun, Denied):
            raise _refusal(begun)
        answer = answered(encode(BegunShape(begun.location)))
        _keep(answer, begun.cookie, begun.seconds)
        return answer

    @router.post("/session/provider/return", summary="Sign in with what the identity provider gave the browser")
    async def finish(request: Request, body: ReturnedBody, who: Principal | None = PUBLIC) -> Response:
        returned = Returned(body.state, body.code, body.error, body.iss)
        bound = request.cookies.get(COOKIE, "")[:200]
        made = await provider.finish(origin_of(request, server), bound, returned, address_of(request))
        if isinstance(made, Denied):
            raise _refusal(made)
        answer = await signed_in(gate, request, made, 403)
        _keep(answer, "", 0)
        return answer

    return router


def origin_of(request: Request, server: ServerConfig) -> str:
    """The page's own address as the browser knows it; the Guard has looked at the name."""
    encrypted = server.tls is not None or bool(server.proxies)
    scheme = "https" if encrypted else request.url.scheme
    return f"{scheme}://{request.headers.get('host', '').lower()}"


def _refusal(why: Denied) -> ApiError:
    if isinstance(why, ProviderAway):
        return ApiError(503, "provider_away", *why.reasons, temporary=True)
    return denied(why, 403)


def _keep(answer: Response, value: str, seconds: int) -> None:
    answer.set_cookie(COOKIE, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict")
