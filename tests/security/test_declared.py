"""Everything that can be called says what it needs; what says nothing cannot be made, and what is public is listed."""

from __future__ import annotations

import posixpath
import re

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.routing import Mount

from pumpd.access.principal import Principal
from pumpd.access.roles import Permission
from pumpd.api.commands import OPS
from pumpd.api.gate import WORDS
from pumpd.api.needs import STOP, VIEW, Guarded, Open
from pumpd.api.static import PUBLIC as PUBLIC_FILES
from pumpd.api.static import ROOT, SIGN_IN
from tests.security.face import Face, calls

PUBLIC = {
    "GET /livez",
    "GET /readyz",
    "GET /startupz",
    "GET /api/v1/session",
    "POST /api/v1/session",
    "POST /api/v1/setup",
}
OWN_SESSION = {"DELETE /api/v1/session", "POST /api/v1/session/step-up", "POST /api/v1/session/secrets"}


async def test_every_route_is_behind_the_gate_and_names_exactly_one_permission(face: Face) -> None:
    """A plain route, or one that another router brings, would be seen here."""
    routes = [getattr(one, "original_route", one) for one in iter_route_contexts(face.app.routes)]
    others = [one for one in routes if not isinstance(one, Guarded)]
    assert [type(one) for one in others] == [APIWebSocketRoute, Mount], "the live endpoint and the page's files"
    assert len(routes) > 50
    assert {call.need for call in calls(face.app)} <= {*Permission, *Open}


async def test_no_route_is_made_while_beds_are_watched(face: Face) -> None:
    """A router that is included makes its routes when the first request is there; ours are whole before."""
    assert [one for one in face.app.routes if not isinstance(one, Guarded | APIWebSocketRoute | Mount)] == []


async def test_only_what_is_listed_is_public(face: Face) -> None:
    table = calls(face.app)
    assert {str(call) for call in table if call.need == Open.PUBLIC} == PUBLIC
    assert {str(call) for call in table if call.need == Open.SIGNED_IN} == OWN_SESSION


def test_every_op_of_the_live_protocol_names_exactly_one_permission() -> None:
    assert OPS
    assert {name for name, op in OPS.items() if not isinstance(op.need, Permission)} == set()


def test_a_route_that_declares_nothing_or_two_things_cannot_be_made() -> None:
    router = APIRouter(route_class=Guarded)

    async def nothing() -> None: ...

    async def two(who: Principal = VIEW, also: Principal = STOP) -> None: ...

    for handler in (nothing, two):
        with pytest.raises(TypeError, match=r"declares [02] permissions"):
            router.get("/x")(handler)


async def test_a_route_that_forgets_the_gate_lets_nobody_in(face: Face) -> None:
    """Its own declaration asks for somebody whom only the gate can have put there."""
    router = APIRouter(route_class=APIRoute)

    @router.get("/open")
    async def handler(who: Principal = VIEW) -> str:
        return "let in"

    face.app.router.routes.insert(0, router.routes[0])
    async with face.browser() as web:
        with pytest.raises(AttributeError):
            await web.get("/open")


def test_every_permission_has_words_for_a_person_who_lacks_it() -> None:
    assert set(WORDS) == set(Permission)


BRINGS = {
    ".html": re.compile(r'(?:href|src)="([^":?]+)"'),
    ".js": re.compile(r'(?:from|import) "(\.\.?/[^"]+)"'),
    ".css": re.compile(r'url\("([^"]+)"\)'),
}


def made_of(name: str) -> set[str]:
    """The file and all that it brings, below the page's folder."""
    found, waiting = set[str](), [name]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            brings = BRINGS.get(posixpath.splitext(here)[1])
            brought = [] if brings is None or "vendor/" in here else brings.findall((ROOT / here).read_text())
            waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(here), each)) for each in brought]
    return found


async def test_the_sign_in_page_comes_with_all_that_it_is_made_of_and_no_other_file_does(face: Face) -> None:
    own = made_of(SIGN_IN)
    assert {"sign-in.js", "js/session.js", "js/words-de.js", "css/base.css"} <= own
    async with face.browser() as web:
        for name in sorted(own):
            assert (await web.get(f"/{name}")).status_code == 200, name
        for name in sorted(made_of("index.html") - own - {"index.html"}):
            public = name.startswith(("vendor/", "js/words-de"))
            assert ((await web.get(f"/{name}")).status_code == 401) is not public, name
    unused = {name for name in PUBLIC_FILES if name not in own}
    assert unused == set(), "public, and the sign-in page has no use for it"
