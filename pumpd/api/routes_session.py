"""Signing in and out, stepping up at a shared screen, and the first account, under /api/v1.

The session is a cookie that scripts cannot read and other sites cannot send; what acts must carry besides is told once
by `GET session`, which only our own page can read.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from pumpd.access.principal import Credentials, Denied, Principal, SignedIn
from pumpd.access.roles import Role
from pumpd.api.bodies import Name
from pumpd.api.errors import REFUSALS, ApiError
from pumpd.api.gate import COOKIE, Gate, address_of, credentials_of
from pumpd.api.needs import PUBLIC, SIGNED_IN, versioned
from pumpd.api.routes import answered
from pumpd.live.messages import encode

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class SignInBody(BaseModel):
    """An account and its password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Name
    password: Secret


class StepUpBody(BaseModel):
    """badge: the account's name or its badge's number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    badge: Name
    pin: Secret


class SecretsBody(BaseModel):
    """Somebody's own. current: the password that holds now. What is left out stays; pin "" takes it away."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current: Secret
    password: Secret | None = None
    pin: Annotated[str, StringConstraints(max_length=64)] | None = None


class SetUpBody(BaseModel):
    """The first account, an administrator's. token: as the daemon told it on its console."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Secret
    account: Name
    name: Name
    password: Secret


class SessionShape(msgspec.Struct):
    """Who is signed in here. csrf: what acts carry as x-csrf-token. idle_s: the session ends after so many seconds
    without an act, 0: never. by: as the record writes it. demo: a demonstration signed in by itself. setup_needed:
    there is no account yet. step_up_needed: acts at this shared screen ask who acts.
    provider: who may vouch for people besides, by name; "": nobody.
    """

    signed_in: bool
    account: str = ""
    name: str = ""
    by: str = ""
    roles: list[str] = []
    permissions: list[str] = []
    identity: str = "none"
    csrf: str = ""
    demo: bool = False
    idle_s: int = 0
    setup_needed: bool = False
    step_up_needed: bool = False
    provider: str = ""


class SteppedUpShape(msgspec.Struct):
    """token: goes with each act as x-step-up, for so many seconds. name, by, permissions: of who acts."""

    token: str
    seconds: int
    name: str
    by: str
    permissions: list[str]


def session_routes(gate: Gate, provider: str = "") -> APIRouter:
    """The session of whoever calls. provider: the name of the identity provider that may vouch for people."""
    router = versioned(*REFUSALS)

    @router.get("/session", summary="Who is signed in, and what they may do")
    async def get_session(who: Principal | None = PUBLIC) -> Response:
        if who is None:
            new = gate.access.needs_setup()
            return answered(encode(SessionShape(False, setup_needed=new, provider="" if new else provider)))
        return answered(encode(_session(gate, who)))

    @router.post("/session", summary="Sign in; a session that was there before ends")
    async def sign_in(request: Request, body: SignInBody, who: Principal | None = PUBLIC) -> Response:
        made = await gate.access.sign_in(body.account, body.password, address_of(request))
        return await signed_in(gate, request, made, 401)

    @router.delete("/session", summary="Sign out; its live connections are closed")
    async def sign_out(who: Principal = SIGNED_IN) -> Response:
        await gate.access.sign_out(who.session)
        return _with_cookie(encode(SessionShape(False)), "", 0)

    _own(router, gate)

    @router.post("/setup", summary="Make the first account, with the set-up token")
    async def set_up(request: Request, body: SetUpBody, who: Principal | None = PUBLIC) -> Response:
        address = address_of(request)
        made = await gate.access.set_up(body.token, body.account, body.name, body.password, address)
        return await signed_in(gate, request, made, 403)

    return router


def _own(router: APIRouter, gate: Gate) -> None:
    """What somebody who is signed in does for themselves."""

    @router.post("/session/step-up", summary="Who acts at a shared screen: badge or name, and PIN")
    async def step_up(request: Request, body: StepUpBody, who: Principal = SIGNED_IN) -> Response:
        made = await gate.access.step_up(who, body.badge, body.pin, address_of(request))
        if isinstance(made, Denied):
            raise denied(made, 403)
        person = made.principal
        shape = SteppedUpShape(made.token, made.seconds, person.name, person.by, sorted(person.permissions))
        return answered(encode(shape))

    @router.post("/session/secrets", summary="Change one's own password or PIN; a new password ends one's sessions")
    async def change_own(request: Request, body: SecretsBody, who: Principal = SIGNED_IN) -> Response:
        address = address_of(request)
        refused = await gate.access.change_own(who, body.current, body.password, body.pin, address)
        if refused is not None:
            raise denied(refused, 409)
        return answered(encode({"ok": True}))


def _session(gate: Gate, who: Principal) -> SessionShape:
    return SessionShape(
        True,
        who.account,
        who.name,
        who.by,
        [*who.roles],
        sorted(who.permissions),
        who.identity,
        gate.access.csrf_of(who.session),
        who.demo,
        gate.access.idle_s_of(who.session),
        False,
        Role.DISPLAY in who.roles,
    )


async def signed_in(gate: Gate, request: Request, made: SignedIn | Denied, refused: int) -> Response:
    """A new cookie for a new session: what was known before (or planted by somebody) opens nothing any more."""
    if isinstance(made, Denied):
        raise denied(made, refused)
    before = gate.access.who(Credentials(cookie=credentials_of(request).cookie), active=False)
    if before is not None and before.session != made.principal.session:
        await gate.access.sign_out(before.session)
    return _with_cookie(encode(_session(gate, made.principal)), made.cookie, made.absolute_s)


def denied(why: Denied, status: int) -> ApiError:
    """As a refusal; 429 where somebody tries too often."""
    if why.retry_after_s:
        return ApiError(429, "too_many_attempts", *why.reasons, temporary=True, retry_after_s=why.retry_after_s)
    return ApiError(status, "denied", *why.reasons)


def _with_cookie(data: bytes, value: str, seconds: int) -> Response:
    """seconds 0 with a value: the session has no end of its own, and the cookie lasts as long as the browser runs."""
    age: dict[str, Any] = {"max_age": seconds} if seconds or not value else {}
    answer = answered(data)
    answer.set_cookie(COOKIE, value, path="/", secure=True, httponly=True, samesite="strict", **age)
    return answer
