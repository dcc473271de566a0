"""The web face with the real sign-in service behind it, its callers, and the table of all that can be called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import httpx
from fastapi import FastAPI

from pumpd.access.accounts import NewToken, TokenMade
from pumpd.access.audit import AuditEntry, AuditQuery, AuditRow, AuditVerdict
from pumpd.access.principal import Principal, SignedIn
from pumpd.access.records import Account
from pumpd.access.roles import Identity, Permission, Role
from pumpd.api.app import create_app
from pumpd.api.gate import COOKIE
from pumpd.signin.hashing import Hasher
from tests.api.ward import MemoryWard, config
from tests.signin.memory import PASSWORD, Desk

ORIGIN = "http://127.0.0.1:8080"
MACHINES = frozenset(Permission) - {Permission.ACCOUNTS}  # no token looks after accounts
PLACES = {"bed": "b1", "pump": "b1-p1", "alarm": "b1-a1", "told": "ehr:1", "course": "b1-c1", "number": "1"}
ADMIN = Principal("admin", "Ada Min", (Role.ADMIN,), frozenset(Permission), Identity.NONE, "s-test")


class MemoryAudit:
    """Implements AuditPort."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def note(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    async def search(self, query: AuditQuery) -> tuple[AuditRow, ...]:
        rows = [AuditRow(n, n * 1000, entry) for n, entry in enumerate(self.entries, 1)]
        found = [row for row in reversed(rows) if query.before_seq is None or row.seq < query.before_seq]
        return tuple(row for row in found if query.what in (None, row.entry.what))[: query.limit]

    async def verify(self) -> AuditVerdict:
        return AuditVerdict(len(self.entries), None)


@dataclass(frozen=True)
class Call:
    """One route and method. need: its permission, "public" or "signed_in"."""

    method: str
    path: str
    need: str

    @property
    def act(self) -> bool:
        return self.method != "GET"

    @property
    def at(self) -> str:
        """The path with places filled in."""
        path = self.path
        for name, value in PLACES.items():
            path = path.replace(f"{{{name}}}", value)
        return path.replace("{account}", "klee").replace("{token}", "t-1").replace("{session}", "s-1")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def calls(app: FastAPI) -> list[Call]:
    """Everything in the app's own document, and the document."""
    paths = app.openapi()["paths"]
    found = [Call(m.upper(), path, call["x-permission"]) for path, ways in paths.items() for m, call in ways.items()]
    return [*found, Call("GET", "/api/v1/openapi.json", "view")]


class Face:
    """Accounts klee (nurse), charge, bio, wall (display), admin and rev (auditor); machines by their permissions."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.access = desk, desk.access
        self.ward, self.audit = MemoryWard(), MemoryAudit()
        self.parts: dict[str, Any] = {"access": self.access, "audit": self.audit, "accounts": self.access.accounts}
        self.app = create_app(self.ward.hub, self.ward, config(), "build-1", **self.parts)

    @classmethod
    async def open(cls) -> Face:
        desk = Desk()
        desk.policy = replace(desk.policy, cost=replace(desk.policy.cost, memory_kib=1024, passes=1))
        await desk.add_people()
        hasher = Hasher(desk.policy.cost)
        rev = Account("rev", "Rex Vor", (Role.AUDITOR,), await hasher.hash(PASSWORD))
        hasher.close()
        desk.store.accounts["rev"] = rev
        await desk.start()
        return cls(desk)

    async def close(self) -> None:
        await self.access.close()
        await self.app.state.history.close()

    async def person(self, account: str) -> dict[str, str]:
        """The headers of a page in which that one has signed in."""
        self.desk.now_ms += 60_000  # nobody waits for the rate limit here
        made = await self.access.sign_in(account, PASSWORD, "127.0.0.1")
        assert isinstance(made, SignedIn), made
        return {"cookie": f"{COOKIE}={made.cookie}", "origin": ORIGIN, "x-csrf-token": made.csrf}

    async def machine(self, permissions: Iterable[Permission], identity: Identity = Identity.NONE) -> dict[str, str]:
        """The headers of a program with a token."""
        name = f"machine {len(self.desk.store.tokens)}"
        made = await self.access.accounts.add_token(NewToken(name, frozenset(permissions), identity), ADMIN)
        assert isinstance(made, TokenMade), made
        return {"authorization": f"Bearer {made.secret}"}

    def browser(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)

    def may(self, account: str) -> frozenset[str]:
        """What the account's roles add up to; a stop is everybody's who stands at a screen."""
        roles = self.desk.store.accounts[account].roles
        return frozenset(p.value for role in roles for p in self.desk.policy.roles[role].permissions)

    def expire(self) -> None:
        """Every session is too old."""
        self.desk.now_ms += 400 * 24 * 3_600_000

    def set_roles(self, account: str, *roles: Role) -> None:
        old = self.desk.store.accounts[account]
        self.desk.changed_elsewhere(replace(old, roles=roles))


async def send(web: httpx.AsyncClient, call: Call, headers: dict[str, str], **more: Any) -> httpx.Response:
    """The call; an act with a body that is no act's, so that who may act does nothing either."""
    body = {"json": {"no such key": 1}} if call.act else {}
    return await web.request(call.method, call.at, headers=headers, **(body | more))
