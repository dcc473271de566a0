"""The live connection: who may open it, what each op needs, and that it ends the moment its session does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pumpd.access.audit import What
from pumpd.access.roles import Identity, Permission
from pumpd.api.commands import OPS
from pumpd.api.gate import COOKIE
from pumpd.live.client import LiveTimes
from pumpd.safety.events import AudioPaused, StopRequested
from tests.api.test_live import HELLO, hear, say
from tests.api.ward import MemoryWard, served
from tests.security.face import MACHINES, Face
from tests.signin.memory import PIN

TIMES = LiveTimes(tick_ms=10, messages_per_min=10_000, close_grace_ms=200)


@pytest.fixture
async def door(face: Face) -> AsyncIterator[int]:
    """The face on a real port."""
    face.ward = MemoryWard(times=TIMES)
    async with served(face.ward, **face.parts) as port:
        yield port


def at(headers: dict[str, str], port: int) -> dict[str, str]:
    """The headers of a browser at this port."""
    own = {"origin": f"http://127.0.0.1:{port}"} if "cookie" in headers else {}
    return {name: value for name, value in headers.items() if name in ("cookie", "authorization")} | own


@asynccontextmanager
async def screen(port: int, headers: dict[str, str], **hello: Any) -> AsyncIterator[ClientConnection]:
    url = f"ws://127.0.0.1:{port}/ws/v1/live"
    async with connect(url, additional_headers=at(headers, port)) as socket:
        with suppress(ConnectionClosed):  # who is refused at the handshake is not asked for a hello
            await say(socket, {**HELLO, **hello})
        yield socket


async def end_of(socket: ClientConnection) -> tuple[int | None, str]:
    """Why the server closed it."""
    async with asyncio.timeout(10):
        try:
            while True:
                message = json.loads(await socket.recv())
                if message["type"] in ("snapshot", "delta"):
                    await say(socket, {"type": "ack", "seq": message["seq"]})
        except ConnectionClosed:
            return socket.close_code, socket.close_reason or ""


async def test_the_welcome_says_whose_screen_it_is(face: Face, door: int) -> None:
    async with screen(door, await face.person("wall")) as socket:
        welcome = await hear(socket, "welcome")
    assert (welcome["roles"], welcome["identity"], welcome["demo"]) == (["display"], "none", False)
    assert set(welcome["permissions"]) == face.may("wall")


@pytest.mark.req("SEC-01")
@pytest.mark.parametrize("kind", ["nothing", "forged", "expired", "signed out", "forged token", "forged hello"])
async def test_nobody_is_closed_with_4401_and_is_told_nothing_of_the_ward(face: Face, door: int, kind: str) -> None:
    headers, hello = await face.person("klee"), {}
    if kind == "nothing":
        headers = {}
    elif kind == "forged":
        headers["cookie"] = f"{COOKIE}=forged"
    elif kind == "expired":
        face.expire()
    elif kind == "signed out":
        (session,) = face.desk.store.sessions
        await face.access.sign_out(session)
    elif kind == "forged token":
        headers = {"authorization": "Bearer pumpd_forged"}
    else:
        headers, hello = {}, {"token": "pumpd_forged"}
    async with screen(door, headers, **hello) as socket:
        heard = []
        async with asyncio.timeout(10):
            try:
                while True:
                    heard.append(await socket.recv())
            except ConnectionClosed:
                pass
    assert (socket.close_code, heard) == (4401, [])
    assert "session" in (socket.close_reason or "")


@pytest.mark.req("SEC-01")
async def test_who_may_not_see_the_ward_is_closed_with_4403(face: Face, door: int) -> None:
    for headers in (await face.person("rev"), await face.machine([Permission.METRICS])):
        async with screen(door, headers) as socket:
            code, reason = await end_of(socket)
        assert (code, "permission view" in reason) == (4403, True)


@pytest.mark.req("SEC-04")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_foreign_page_cannot_open_it_with_the_cookie_of_a_nurse(
    face: Face, door: int, origin: str | None
) -> None:
    headers = {"cookie": (await face.person("klee"))["cookie"]} | ({} if origin is None else {"origin": origin})
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{door}/ws/v1/live", additional_headers=headers):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.req("SEC-06")
async def test_a_machine_says_its_token_in_the_header_or_in_its_hello(face: Face, door: int) -> None:
    headers = await face.machine([Permission.VIEW], Identity.FULL)
    token = headers["authorization"].removeprefix("Bearer ")
    for how, hello in ((headers, {}), ({}, {"token": token})):
        async with screen(door, how, **hello) as socket:
            snapshot = await hear(socket, "snapshot")
        assert snapshot["beds"][0]["patient"]["name"] == "Baker, Ann"


@pytest.mark.req("SEC-01")
async def test_every_op_is_refused_without_its_permission_and_reaches_no_bed(face: Face, door: int) -> None:
    """Each op with a token that has every permission but its own, and with one that has only its own."""
    wrong = []
    for need in sorted({op.need for op in OPS.values()}):
        for allowed in (False, True):
            permissions = {need, Permission.VIEW} if allowed else MACHINES - {need}
            async with screen(door, await face.machine(permissions)) as socket:
                for name in [name for name, op in OPS.items() if op.need == need]:
                    await say(socket, {"type": "cmd", "id": name, "op": name, "args": {"bed": "b1", "no such key": 1}})
                    code = (await hear(socket, "result"))["error"]["code"]
                    if (code == "not_permitted") == allowed:
                        wrong.append(f"{name} {permissions}: {code}")
    assert wrong == []
    assert face.ward.events == []


@pytest.mark.req("SEC-05")
async def test_a_shared_screen_stops_at_once_and_acts_for_who_stepped_up(face: Face, door: int) -> None:
    wall = await face.person("wall")
    async with face.browser() as web, screen(door, wall) as socket:
        grant = (await web.post("/api/v1/session/step-up", json={"badge": "klee", "pin": PIN}, headers=wall)).json()
        stop = {"bed": "b1", "pump": "b1-p1", "reason": "x"}
        await say(socket, {"type": "cmd", "id": "1", "op": "stop_pump", "args": stop})
        assert (await hear(socket, "result"))["ok"]
        await say(socket, {"type": "cmd", "id": "2", "op": "pause_audio", "args": {"bed": "b1", "seconds": 60}})
        assert (await hear(socket, "result"))["error"]["code"] == "step_up_needed"
        args = {"bed": "b1", "seconds": 60, "step_up": grant["token"]}
        await say(socket, {"type": "cmd", "id": "3", "op": "pause_audio", "args": args})
        assert (await hear(socket, "result"))["ok"]
    assert face.ward.events == [
        ("b1", StopRequested("b1-p1", "Wall 4B (wall)", "x")),
        ("b1", AudioPaused("Kim Lee RN (klee) at wall", 60)),
    ]


async def test_another_name_than_the_own_is_refused_here_too(face: Face, door: int) -> None:
    async with screen(door, await face.person("klee")) as socket:
        args = {"bed": "b1", "pump": "b1-p1", "reason": "x", "by": "Dr. Who"}
        await say(socket, {"type": "cmd", "id": "1", "op": "stop_pump", "args": args})
        assert (await hear(socket, "result"))["error"]["code"] == "not_you"
    assert face.ward.events == []


@pytest.mark.req("SEC-03")
@pytest.mark.parametrize("how", ["sign-out", "expiry", "revoked by an administrator", "other roles"])
async def test_it_is_closed_the_moment_its_session_ends(face: Face, door: int, how: str) -> None:
    headers = await face.person("klee")
    (session,) = face.desk.store.sessions
    async with screen(door, headers) as socket:
        await hear(socket, "snapshot")
        if how == "sign-out":
            async with face.browser() as web:
                assert (await web.delete("/api/v1/session", headers=headers)).status_code == 200
        elif how == "expiry":
            face.desk.now_ms += 15 * 60_000 + 1
        elif how == "other roles":
            face.set_roles("klee")
            await face.access.look()
        else:
            admin = await face.person("admin")
            async with face.browser() as web:
                assert (await web.delete(f"/api/v1/sessions/{session}", headers=admin)).status_code == 200
        assert (await end_of(socket))[0] == 4401


@pytest.mark.req("SEC-06")
async def test_a_revoked_token_closes_its_machines_connection(face: Face, door: int) -> None:
    machine, admin = await face.machine([Permission.VIEW]), await face.person("admin")
    (token,) = face.desk.store.tokens
    async with screen(door, machine) as socket, face.browser() as web:
        await hear(socket, "snapshot")
        assert (await web.delete(f"/api/v1/tokens/{token}", headers=admin)).status_code == 200
        assert (await end_of(socket))[0] == 4401


@pytest.mark.req("AUD-01")
async def test_an_act_over_it_is_noted_and_so_is_that_the_ward_was_opened(face: Face, door: int) -> None:
    async with screen(door, await face.person("klee")) as socket:
        await hear(socket, "snapshot")
        args = {"bed": "b1", "pump": "b1-p1", "reason": "x"}
        await say(socket, {"type": "cmd", "id": "1", "op": "stop_pump", "args": args})
        await hear(socket, "result")
        await say(socket, {"type": "cmd", "id": "2", "op": "open_course", "args": {"bed": "b1"}})
        await hear(socket, "result")
    noted = [(one.what, one.subject, one.bed, one.outcome) for one in face.audit.entries]
    assert noted == [
        (What.SAW, "ward", None, "ok"),
        (What.ACT, "op stop_pump", "b1", "ok"),
        (What.REFUSED, "op open_course", "b1", "not_permitted"),
    ]
