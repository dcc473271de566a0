"""Every route without, with expired, ended, forged and wrong credentials: generated from the app's own table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from pumpd.access.roles import Permission
from pumpd.api.gate import COOKIE
from pumpd.api.needs import Open
from tests.security.face import MACHINES, ORIGIN, Call, Face, calls, send

pytestmark = pytest.mark.req("SEC-01")

Headers = dict[str, str]
NOT_PERMITTED = ("not_permitted", "step_up_needed")


async def _nothing(face: Face) -> Headers:
    return {}


async def _expired(face: Face) -> Headers:
    headers = await face.person("admin")
    face.expire()
    return headers


async def _signed_out(face: Face) -> Headers:
    headers = await face.person("admin")
    async with face.browser() as web:
        assert (await web.delete("/api/v1/session", headers=headers)).status_code == 200
    return headers


async def _other_roles_since(face: Face) -> Headers:
    headers = await face.person("admin")
    face.set_roles("admin")
    await face.access.look()
    return headers


async def _forged_cookie(face: Face) -> Headers:
    headers = await face.person("admin")
    return {**headers, "cookie": f"{COOKIE}={headers['cookie'].removeprefix(f'{COOKIE}=')[:-1]}x"}


async def _public_id_as_secret(face: Face) -> Headers:
    await face.person("admin")
    (session,) = face.desk.store.sessions
    return {"cookie": f"{COOKIE}={session}", "origin": ORIGIN}


async def _other_cookie_name(face: Face) -> Headers:
    headers = await face.person("admin")
    return {**headers, "cookie": headers["cookie"].replace(COOKIE, "sid")}


async def _forged_token(face: Face) -> Headers:
    headers = await face.machine(MACHINES)
    return {"authorization": headers["authorization"][:-1] + "!"}


async def _revoked_token(face: Face) -> Headers:
    headers = await face.machine(MACHINES)
    admin = await face.person("admin")
    (token,) = face.desk.store.tokens
    async with face.browser() as web:
        assert (await web.delete(f"/api/v1/tokens/{token}", headers=admin)).status_code == 200
    return headers


async def _expired_token(face: Face) -> Headers:
    headers = await face.machine(MACHINES)
    face.desk.now_ms += 366 * 24 * 3_600_000
    return headers


async def _cookie_as_token(face: Face) -> Headers:
    headers = await face.person("admin")
    return {"authorization": f"Bearer {headers['cookie'].removeprefix(f'{COOKIE}=')}"}


async def _basic(face: Face) -> Headers:
    return {"authorization": "Basic YWRtaW46YSBsb25nIG5pZ2h0IHNoaWZ0"}


NOBODY: list[Callable[[Face], Awaitable[Headers]]] = [
    *(_nothing, _expired, _signed_out, _other_roles_since, _forged_cookie, _public_id_as_secret, _other_cookie_name),
    *(_forged_token, _revoked_token, _expired_token, _cookie_as_token, _basic),
]


def closed(face: Face) -> list[Call]:
    """What is not public. Metrics are everybody's on this very machine who brings nothing at all."""
    return [call for call in calls(face.app) if call.need != Open.PUBLIC]


@pytest.mark.parametrize("credentials", NOBODY)
async def test_every_route_is_shut_to_credentials_that_are_none(
    face: Face, credentials: Callable[[Face], Awaitable[Headers]]
) -> None:
    headers = await credentials(face)
    passed = []
    async with face.browser() as web:
        for call in closed(face):
            answer = await send(web, call, headers)
            local = call.need == Permission.METRICS and not ({"cookie", "authorization"} & headers.keys())
            local |= call.need == Permission.METRICS and credentials in (_basic, _other_cookie_name)
            if not local and (answer.status_code, answer.json()["error"]["code"]) != (401, "not_signed_in"):
                passed.append(f"{call}: {answer.status_code} {answer.text[:80]}")
    assert passed == []
    assert face.ward.events == []


@pytest.mark.parametrize("account", ["klee", "charge", "bio", "wall", "admin", "rev"])
async def test_a_role_gets_what_it_permits_and_nothing_else(face: Face, account: str) -> None:
    """Wrong-role: 403 that names the permission. Permitted: anything but 401 and 403."""
    headers, may = await face.person(account), face.may(account)
    wrong, seen = [], 0
    async with face.browser() as web:
        for call in [one for one in closed(face) if one.need != Open.SIGNED_IN]:
            answer = await send(web, call, headers)
            refused = answer.status_code == 403 and answer.json()["error"]["code"] in NOT_PERMITTED
            named = refused and f"(permission {call.need})" in answer.text
            if (call.need in may) == refused or (not refused and answer.status_code == 401) or (refused and not named):
                wrong.append(f"{call} ({call.need}): {answer.status_code} {answer.text[:90]}")
            seen += not refused
    assert wrong == []
    assert seen > 0
    assert face.ward.events == []


async def test_a_machine_has_just_the_permissions_of_its_token(face: Face) -> None:
    wrong = []
    async with face.browser() as web:
        for permission in sorted(MACHINES):
            headers = await face.machine([permission])
            for call in [one for one in closed(face) if one.need != Open.SIGNED_IN]:
                code = (await send(web, call, headers)).status_code
                if (code == 403) != (call.need != permission):
                    wrong.append(f"{call} with {permission}: {code}")
    assert wrong == []


async def test_metrics_need_a_token_but_from_this_very_machine(face: Face) -> None:
    async with face.browser() as web:
        assert (await web.get("/metrics")).status_code == 200
        for passed_on in ("x-forwarded-for", "forwarded", "via"):
            assert (await web.get("/metrics", headers={passed_on: "10.0.0.9"})).status_code == 401
        scraper = await face.machine([Permission.METRICS])
        assert (await web.get("/metrics", headers={**scraper, "x-forwarded-for": "10.0.0.9"})).status_code == 200


async def test_past_alarms_are_history_though_present_ones_are_the_view(face: Face) -> None:
    display = await face.machine([Permission.VIEW])
    async with face.browser() as web:
        assert (await web.get("/api/v1/alarms", headers=display)).status_code == 200
        for state in ("ended", "all"):
            answer = await web.get(f"/api/v1/alarms?state={state}", headers=display)
            assert (answer.status_code, "permission history" in answer.text) == (403, True)


async def test_nobody_reads_a_body_or_learns_of_a_bed_before_they_are_known(face: Face) -> None:
    async with face.browser() as web:
        for path in ("/api/v1/beds/nowhere/pumps/x/stop", "/api/v1/beds/b1/pumps/b1-p1/stop"):
            answer = await web.post(path, content=b"{not json", headers={"content-type": "application/json"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
