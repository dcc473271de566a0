"""Accounts, machine tokens and sessions under /api/v1, for administrators. The service behind it notes every change."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pumpd.access.accounts import AccountChange, AccountRow, NewAccount, NewToken, SessionRow, TokenRow
from pumpd.access.port import AccountsPort
from pumpd.access.principal import Denied, Principal
from pumpd.access.roles import Identity, Permission, Role
from pumpd.api.bodies import Name
from pumpd.api.errors import REFUSALS, ApiError
from pumpd.api.needs import ACCOUNTS, versioned
from pumpd.api.routes import answered
from pumpd.api.routes_session import Secret
from pumpd.live.messages import encode
from pumpd.live.stamp import wall_text

Badge = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]
Pin = Annotated[str, StringConstraints(max_length=64)]
T = TypeVar("T")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountBody(_Strict):
    """A new account. identity left out: what the roles give."""

    account: Name
    name: Name
    roles: tuple[Role, ...] = Field(min_length=1, max_length=len(Role))
    password: Secret
    badge: Badge = ""
    pin: Pin = ""
    identity: Identity | None = None


class ChangeBody(_Strict):
    """What is left out stays as it is; badge or pin "" takes it away."""

    name: Name | None = None
    roles: tuple[Role, ...] | None = Field(None, min_length=1, max_length=len(Role))
    identity: Identity | None = None
    disabled: bool | None = None
    password: Secret | None = None
    badge: Badge | None = None
    pin: Pin | None = None


class TokenBody(_Strict):
    """For a machine: just the permissions that it needs. days null: it does not expire."""

    name: Name
    permissions: frozenset[Permission] = Field(min_length=1)
    identity: Identity = Identity.NONE
    days: int | None = Field(365, ge=1, le=3650)


def account_routes(port: AccountsPort | None) -> APIRouter:
    """Accounts. None: this ward keeps none (a demonstration)."""
    router = versioned(*REFUSALS)

    @router.get("/accounts", summary="All accounts, without their secrets")
    async def get_accounts(who: Principal = ACCOUNTS) -> Response:
        return answered(encode({"accounts": [_account(row) for row in await _kept(port).accounts()]}))

    @router.post("/accounts", summary="Add an account")
    async def add_account(body: AccountBody, who: Principal = ACCOUNTS) -> Response:
        new = NewAccount(body.account, body.name, body.roles, body.password, body.badge, body.pin, body.identity)
        return answered(encode(_account(_taken(await _kept(port).add_account(new, who)))))

    @router.patch("/accounts/{account}", summary="Change an account; other roles or a new password end its sessions")
    async def change_account(account: str, body: ChangeBody, who: Principal = ACCOUNTS) -> Response:
        change = AccountChange(**{name: getattr(body, name) for name in ChangeBody.model_fields})
        row = _taken(await _kept(port).change_account(account, change, who))
        return answered(encode(_account(_there(row, f"no account {account!r}"))))

    @router.delete("/accounts/{account}", summary="Remove an account; the record keeps its name")
    async def remove_account(account: str, who: Principal = ACCOUNTS) -> Response:
        gone = _taken(await _kept(port).remove_account(account, who))
        return _gone(gone, f"no account {account!r}")

    return router


def token_routes(port: AccountsPort | None) -> APIRouter:
    """Machine tokens and sessions."""
    router = versioned(*REFUSALS)

    @router.get("/tokens", summary="Machine tokens, without their secrets")
    async def get_tokens(who: Principal = ACCOUNTS) -> Response:
        return answered(encode({"tokens": [_token(row) for row in await _kept(port).tokens()]}))

    @router.post("/tokens", summary="Make a machine token; its secret is told this once")
    async def add_token(body: TokenBody, who: Principal = ACCOUNTS) -> Response:
        made = _taken(await _kept(port).add_token(NewToken(body.name, body.permissions, body.identity, body.days), who))
        return answered(encode({**_token(made.row), "token": made.secret}))

    @router.delete("/tokens/{token}", summary="Revoke a machine token; its live connections are closed")
    async def revoke_token(token: str, who: Principal = ACCOUNTS) -> Response:
        return _gone(await _kept(port).revoke_token(token, who), f"no token {token!r}")

    @router.get("/sessions", summary="Sessions that stand now")
    async def get_sessions(who: Principal = ACCOUNTS) -> Response:
        return answered(encode({"sessions": [_session(row) for row in await _kept(port).sessions()]}))

    @router.delete("/sessions/{session}", summary="End somebody's session; its live connections are closed")
    async def end_session(session: str, who: Principal = ACCOUNTS) -> Response:
        return _gone(await _kept(port).end_session(session, who), f"no session {session!r}")

    return router


def _kept(port: AccountsPort | None) -> AccountsPort:
    if port is None:
        raise ApiError(409, "no_accounts", "this ward signs in by itself and keeps no accounts")
    return port


def _taken(made: T | Denied) -> T:
    if isinstance(made, Denied):
        raise ApiError(409, "refused", *made.reasons)
    return made


def _there(found: T | None, otherwise: str) -> T:
    if found is None:
        raise ApiError(404, "not_found", otherwise)
    return found


def _gone(gone: bool, otherwise: str) -> Response:
    return answered(encode({"ok": _there(gone or None, otherwise)}))


def _account(row: AccountRow) -> dict[str, Any]:
    return {
        "account": row.account,
        "name": row.name,
        "roles": row.roles,
        "identity": row.identity,
        "disabled": row.disabled,
        "has_badge": row.has_badge,
        "has_pin": row.has_pin,
        "created": wall_text(row.created_us),
        "last_sign_in": _when(row.last_sign_in_us),
    }


def _token(row: TokenRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "permissions": sorted(row.permissions),
        "identity": row.identity,
        "created_by": row.created_by,
        "created": wall_text(row.created_us),
        "expires": _when(row.expires_us),
        "last_used": _when(row.last_used_us),
    }


def _session(row: SessionRow) -> dict[str, Any]:
    return {
        "session": row.session,
        "account": row.account,
        "name": row.name,
        "roles": row.roles,
        "address": row.address,
        "since": wall_text(row.since_us),
        "active": wall_text(row.active_us),
        "ends": _when(row.ends_us),
    }


def _when(us: int | None) -> str | None:
    return None if us is None else wall_text(us)
