"""Bodies and frames that nobody should send: each is refused in the one shape of a refusal, and nothing is done."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from pumpd.access.roles import Permission
from pumpd.api.guard import BODY_BYTES
from pumpd.api.needs import Open
from pumpd.live.client import LiveTimes
from tests.api.test_live import HELLO, say
from tests.api.ward import MemoryWard, served
from tests.security.face import MACHINES, ORIGIN, Face, calls

pytestmark = pytest.mark.req("SEC-11")

JSON = {"content-type": "application/json"}
BODIES = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe\x00",
    b'{"reason": "\x00"}',
    b'{"reason": "\xed\xa0\x80"}',
    b'{"reason": NaN, "by": Infinity, "seconds": 1e999}',
    b'{"reason": "x", "reason": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"seconds": ' + b"9" * 5_000 + b"}",
    b'{"by": "\\ud800", "reason": "\\udfff"}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_a_body_that_is_no_act_is_refused_by_every_route_with_a_reason(face: Face, body: bytes) -> None:
    headers = await face.machine(MACHINES) | JSON
    wrong = []
    async with face.browser() as web:
        for call in [one for one in calls(face.app) if one.act and one.need not in (Open.SIGNED_IN, "accounts")]:
            answer = await web.request(call.method, call.at, content=body, headers=headers | {"origin": ORIGIN})
            fine = answer.status_code in (400, 401, 404, 409, 422) and answer.json()["error"]["reasons"]
            harmless = answer.status_code == 200 and body in (b"null", b"")
            if not fine and not harmless:
                wrong.append(f"{call}: {answer.status_code} {answer.text[:80]}")
    assert wrong == []
    assert face.ward.events == []


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_bound_is_not_read_whether_announced_or_not(face: Face, announced: bool) -> None:
    headers = {**await face.machine(MACHINES), "origin": ORIGIN} | JSON
    read = 0

    async def stream() -> object:
        nonlocal read
        yield b'{"reason": "'
        for _ in range(1000):
            read += 1024
            yield b"x" * 1024

    async with face.browser() as web:
        for call in [one for one in calls(face.app) if one.act and one.need not in (Open.SIGNED_IN, "accounts")]:
            content = b'{"reason": "' + b"x" * BODY_BYTES + b'"}' if announced else stream()
            answer = await web.request(call.method, call.at, content=content, headers=headers)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large"), str(call)
    assert face.ward.events == []


async def test_a_secret_that_was_refused_is_not_said_again(face: Face) -> None:
    async with face.browser() as web:
        for body in ({"account": "klee", "password": ["hunter2hunter2"]}, {"password": "hunter2hunter2"}):
            answer = await web.post("/api/v1/session", json=body, headers={"origin": ORIGIN})
            assert (answer.status_code, "hunter2" in answer.text) == (422, False)
    assert "hunter2" not in repr(face.audit.entries) + repr(face.desk.noted)


@pytest.mark.parametrize(
    "path", ["../config/access.toml", "%2e%2e/%2e%2e/etc/passwd", "js/..%2f..%2fapi/gate.py", "vendor/../app.js"]
)
async def test_the_pages_files_end_at_their_folder(face: Face, path: str) -> None:
    async with face.browser() as web:
        for headers in ({}, await face.person("klee")):
            answer = await web.get(f"/{path}", headers=headers)
            assert answer.status_code in (401, 404) or "LiveConnection" in answer.text
            assert b"import annotations" not in answer.content
            assert b"[role.display]" not in answer.content


FRAMES: list[str | bytes] = [
    json.dumps(HELLO),  # said twice
    "",
    "null",
    "[]",
    "{" * 5_000,
    "[" * 60_000,
    '{"type":"cmd"}',
    '{"type":"cmd","id":1,"op":"stop_pump"}',
    '{"type":"nothing"}',
    b"\x00\xff\xfe",
    b"\x80" * 100,
    '{"type":"ack","seq":-1}0',
    '{"type":"status","sound":"loud"}',
    "x" * 65_537,
]


@pytest.mark.parametrize("greeted", [True, False])
async def test_a_frame_that_is_no_message_ends_its_own_connection_and_nobody_elses(face: Face, greeted: bool) -> None:
    ward = face.ward = MemoryWard(times=LiveTimes(close_grace_ms=50))
    headers = await face.machine(MACHINES)
    async with served(ward, **face.parts) as port:
        url = f"ws://127.0.0.1:{port}/ws/v1/live"
        async with connect(url, additional_headers=headers) as good:
            await say(good, HELLO)
            for frame in FRAMES[not greeted :]:
                async with connect(url, additional_headers=headers) as bad:
                    if greeted:
                        await say(bad, HELLO)
                    await bad.send(frame)
                    await closing(bad)
                assert bad.close_code in (1007, 1009, 4400), str(frame)[:40]
            assert json.loads(await good.recv())["type"] == "welcome"
            assert good.close_code is None
    assert ward.events == []


async def closing(socket: ClientConnection) -> None:
    """Until the other end has closed it."""
    async with asyncio.timeout(10):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()


@pytest.mark.parametrize(
    "args",
    [
        {"bed": None},
        {"bed": 7, "pump": []},
        {"bed": "b1", "pump": {"$ne": 1}, "reason": "x"},
        {"bed": "b1", "pump": "b1-p1", "reason": "x" * 50_000},
        {"bed": "b1", "pump": "b1-p1", "reason": 7, "step_up": 7},
        {"bed": "b1", "pump": "b1-p1", "reason": {"a": []}},
        {"bed": "\u0000", "pump": "\ud83d\ude00", "reason": "x"},
    ],
)
async def test_an_op_with_arguments_of_any_shape_is_answered_with_reasons(face: Face, args: dict[str, object]) -> None:
    ward = face.ward = MemoryWard()
    async with served(ward, **face.parts) as port:
        headers = await face.machine([Permission.VIEW, Permission.STOP])
        async with connect(f"ws://127.0.0.1:{port}/ws/v1/live", additional_headers=headers) as socket:
            await say(socket, HELLO)
            await say(socket, {"type": "cmd", "id": "1", "op": "stop_pump", "args": args})
            async with asyncio.timeout(10):
                while (message := json.loads(await socket.recv()))["type"] != "result":
                    pass
    assert (message["ok"], bool(message["error"]["reasons"])) == (False, True)
    assert ward.events == []
