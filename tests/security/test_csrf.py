"""A foreign page in a nurse's browser: her cookie alone does nothing."""

from __future__ import annotations

import pytest

from pumpd.access.roles import Permission
from pumpd.api.needs import Open
from tests.security.face import ORIGIN, Call, Face, calls, send

pytestmark = pytest.mark.req("SEC-04")


def acts(face: Face) -> list[Call]:
    return [call for call in calls(face.app) if call.act and call.need != Open.PUBLIC]


@pytest.mark.parametrize("said", [None, "", "0" * 64, "another's"])
async def test_every_act_with_a_cookie_needs_the_token_of_its_own_session(face: Face, said: str | None) -> None:
    headers = await face.person("charge")
    other = (await face.person("admin"))["x-csrf-token"]
    token = {} if said is None else {"x-csrf-token": other if said == "another's" else said}
    del headers["x-csrf-token"]
    async with face.browser() as web:
        codes = {str(call): (await send(web, call, headers | token)).json()["error"]["code"] for call in acts(face)}
    assert set(codes.values()) == {"csrf"}, codes
    assert face.ward.events == []


@pytest.mark.parametrize(
    "foreign", [{"origin": "https://evil.example"}, {"origin": "null"}, {"origin": f"{ORIGIN}.evil.example"}, {}]
)
async def test_every_act_from_a_foreign_or_unknown_origin_is_refused_with_the_best_of_credentials(
    face: Face, foreign: dict[str, str]
) -> None:
    headers = await face.person("admin")
    del headers["origin"]
    async with face.browser() as web:
        for call in [one for one in calls(face.app) if one.act]:
            answer = await send(web, call, headers | foreign)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed"), str(call)
    assert face.ward.events == []


async def test_a_machine_needs_neither_and_a_cookie_beside_its_token_changes_nothing(face: Face) -> None:
    token = await face.machine([Permission.STOP])
    wall = await face.person("wall")
    async with face.browser() as web:
        stop = "/api/v1/beds/b1/pumps/b1-p1/stop"
        assert (await web.post(stop, json={"reason": "x"}, headers=token)).status_code == 200
        both = {**token, "cookie": wall["cookie"], "origin": ORIGIN}
        assert (await web.post(stop, json={"reason": "x"}, headers=both)).status_code == 200
    assert {event.by.partition(" ")[0] for _, event in face.ward.events} == {"machine"}  # type: ignore[union-attr]


async def test_sign_in_itself_is_taken_from_our_own_page_only(face: Face) -> None:
    async with face.browser() as web:
        body = {"account": "klee", "password": "a long night shift"}
        answer = await web.post("/api/v1/session", json=body, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
