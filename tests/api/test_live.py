"""The live WebSocket on a real port, with other people's client."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from pumpd.live.client import LiveTimes
from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, Refused
from pumpd.safety.events import Acknowledged, AckReason, ResumeRequested
from tests.api.ward import MemoryWard, served
from tests.live.fakes import Picture, alarm

QUICK = LiveTimes(tick_ms=10, hello_ms=60_000, stall_ms=60_000, messages_per_min=20)
"""Quick in what it does, and patient: a busy machine is not a screen that has stopped."""
HELLO = {"type": "hello", "proto": [1], "client": "test", "subs": ["ward:w3"], "credit": 2}


async def say(socket: ClientConnection, message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of that kind; acks what is rendered on the way."""
    async with asyncio.timeout(60):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] in ("snapshot", "delta"):
                await say(socket, {"type": "ack", "seq": message["seq"]})
            if message["type"] == kind:
                return message


async def read_on(socket: ClientConnection) -> None:
    async with asyncio.timeout(60):
        while True:
            await socket.recv()


async def closing_of(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Read on until the server closes; its code and reason."""
    with pytest.raises(ConnectionClosed):
        await read_on(socket)
    return socket.close_code, socket.close_reason


@asynccontextmanager
async def screen(port: int, **hello: Any) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{port}/ws/v1/live") as socket:
        await say(socket, {**HELLO, **hello})
        yield socket


async def test_hello_is_answered_by_welcome_and_snapshot() -> None:
    ward = MemoryWard()
    async with served(ward) as port, screen(port) as socket:
        welcome = json.loads(await socket.recv())
        snapshot = json.loads(await socket.recv())
    assert (welcome["type"], welcome["proto"], welcome["hb_ms"], welcome["build"]) == ("welcome", 1, 1000, "build-1")
    assert (snapshot["type"], snapshot["epoch"]) == ("snapshot", welcome["epoch"])
    assert [bed["id"] for bed in snapshot["beds"]] == ["b1", "b2"]


async def test_a_screen_follows_the_ward() -> None:
    ward = MemoryWard(times=QUICK)
    picture = Picture()
    async with served(ward) as port, screen(port) as socket, asyncio.timeout(60):
        rr = 14
        while rr < 20:
            message = picture.take(await socket.recv())
            if message["type"] in ("snapshot", "delta"):
                await say(socket, {"type": "ack", "seq": message["seq"]})
                rr = picture.beds["b1"]["values"]["rr"]["v"]
                ward.breathe("b1", rr + 1)
    assert rr == 20


@pytest.mark.req("ALA-07")
async def test_an_alarm_reaches_a_screen_before_any_tick() -> None:
    ward = MemoryWard(times=LiveTimes(tick_ms=3_600_000))
    async with served(ward) as port, screen(port) as socket:
        await hear(socket, "snapshot")
        (client,) = ward.hub.clients
        while client.unacked or client.wake.is_set():  # noqa: ASYNC110 - so that nothing but the alarm wakes it
            await asyncio.sleep(0)
        ward.hub.alarm(alarm("b1"), Phase.START)
        message = await hear(socket, "alarm")
    assert (message["phase"], message["alarm"]["priority"]) == ("start", "high")


async def test_a_heartbeat_comes_while_nothing_happens() -> None:
    times = replace(QUICK, hb_ms=50, refresh_ms=3_600_000)
    async with served(MemoryWard(times=times)) as port, screen(port) as socket:
        await hear(socket, "snapshot")
        first, second = await hear(socket, "hb"), await hear(socket, "hb")
    assert first["t"] < second["t"]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (None, 4408),
        ({**HELLO, "proto": [2]}, 4400),
        ({"type": "ack", "seq": 1}, 4400),
        ("nonsense", 4400),
        ({**HELLO, "subs": ["ward:other"]}, 4403),
    ],
)
async def test_who_does_not_say_hello_properly_is_told_why_and_closed(first: Any, code: int) -> None:
    times = replace(QUICK, hello_ms=100) if first is None else QUICK
    async with served(MemoryWard(times=times)) as port, connect(f"ws://127.0.0.1:{port}/ws/v1/live") as socket:
        if first is not None:
            await say(socket, first)
        got, reason = await closing_of(socket)
    assert (got, bool(reason)) == (code, True)


async def test_too_many_messages_are_too_many() -> None:
    async with served(MemoryWard(times=QUICK)) as port, screen(port) as socket:
        with contextlib.suppress(ConnectionClosed):  # already before the last one has left
            for number in range(30):
                await say(socket, {"type": "cmd", "id": str(number), "op": "nothing"})
        assert (await closing_of(socket))[0] == 4429


async def test_a_screen_that_reads_but_never_acks_is_closed_as_slow() -> None:
    ward = MemoryWard(times=replace(QUICK, refresh_ms=20, stall_ms=400))
    async with served(ward) as port, screen(port) as socket:
        assert (await closing_of(socket))[0] == 4410
    assert not ward.hub.clients


async def test_screens_are_told_that_the_daemon_restarts() -> None:
    ward = MemoryWard()
    async with served(ward) as port, screen(port) as socket:
        await hear(socket, "snapshot")
        await ward.hub.stop()
        assert (await closing_of(socket))[0] == 1012


@pytest.mark.req("ALA-03")
async def test_an_alarm_is_acknowledged_over_the_websocket_and_every_screen_sees_who() -> None:
    ward = MemoryWard(times=QUICK)
    one = alarm("b1")
    ward.views["b1"] = replace(ward.views["b1"], alarms=(one,))  # else the next refresh would end it
    ward.hub.alarm(one, Phase.START)
    ward.answer = (AlarmChanged(changed(one, state=AlarmState.ACKNOWLEDGED), Phase.ACKNOWLEDGE),)
    cmd = {
        "type": "cmd",
        "id": "7",
        "op": "ack_alarm",
        "args": {"alarm": "b1-a1", "by": "RN-KL"},
        "reason": "probe_off",
    }
    async with served(ward) as port, screen(port) as socket, screen(port) as other:
        await hear(other, "snapshot")
        await hear(socket, "snapshot")
        await say(socket, cmd)
        result = await hear(socket, "result")
        seen = await hear(other, "alarm")
    assert (result["id"], result["ok"]) == ("7", True)
    assert (seen["phase"], seen["alarm"]["state"]) == ("acknowledged", "acknowledged")
    assert ward.events == [("b1", Acknowledged("b1-a1", "RN-KL", AckReason.PROBE_OFF))]


async def test_a_refused_command_lists_all_reasons() -> None:
    ward = MemoryWard(times=QUICK)
    ward.answer = (Refused("stop", "b1-p1", ("one", "two")),)
    act = {"bed": "b1", "pump": "b1-p1", "by": "RN-KL"}
    async with served(ward) as port, screen(port) as socket:
        await say(socket, {"type": "cmd", "id": "1", "op": "stop_pump", "args": act, "reason": "because"})
        refused = await hear(socket, "result")
        await say(socket, {"type": "cmd", "id": "2", "op": "stop_pump", "args": {"bed": "b1", "pump": "b1-p1"}})
        invalid = await hear(socket, "result")
        await say(socket, {"type": "cmd", "id": "3", "op": "start_pump"})
        unknown = await hear(socket, "result")
    assert (refused["error"]["code"], refused["error"]["reasons"]) == ("refused", ["one", "two"])
    assert [reason.split(":")[0] for reason in invalid["error"]["reasons"]] == ["reason"]
    assert unknown["error"]["code"] == "unknown_op"


async def test_a_resume_asked_for_over_the_socket_is_the_same_act() -> None:
    ward = MemoryWard(times=QUICK)
    act = {"bed": "b1", "pump": "b1-p1", "by": "RN-KL"}
    async with served(ward) as port, screen(port) as socket:
        await say(socket, {"type": "cmd", "id": "1", "op": "resume_pump", "args": act, "reason": "pain is back"})
        result = await hear(socket, "result")
    assert result["ok"] is True
    assert ward.events == [("b1", ResumeRequested("b1-p1", "RN-KL", "pain is back"))]
