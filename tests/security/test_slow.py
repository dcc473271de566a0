"""Who begins a request and never ends it is dropped; whoever waits between two, or listens, is not."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
import pytest
from websockets.asyncio.client import connect

from pumpd.api import arriving
from tests.api.test_live import HELLO, hear, say
from tests.api.ward import MemoryWard, served

HEAD = b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\n"
WHOLE = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
BEGUN = {
    "nothing": b"",
    "half a head": HEAD,
    "half a body": HEAD + b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
    "chunks without end": HEAD + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
}


QUICKLY_S, PATIENTLY_S = 0.1, 1.0
"""In how long a request has to be there: patiently where a whole one must not come too late on a busy machine."""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "ARRIVES_S", QUICKLY_S)


@pytest.fixture
def patiently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "ARRIVES_S", PATIENTLY_S)


async def dropped(port: int, begun: bytes, before: bytes = b"") -> None:
    """Ends when the server has given the connection up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if before:
        writer.write(before)
        await reader.readuntil(b'{"ok":true}')
    writer.write(begun)
    with suppress(ConnectionResetError):
        while await reader.read(1000):
            pass
    writer.close()


@pytest.mark.parametrize("begun", BEGUN.values(), ids=BEGUN)
async def test_a_request_that_never_ends_loses_its_connection(begun: bytes) -> None:
    async with served(MemoryWard()) as port, asyncio.timeout(20):
        await dropped(port, begun)


async def test_a_request_that_never_ends_after_a_whole_one_loses_its_connection_too(patiently: None) -> None:
    async with served(MemoryWard()) as port, asyncio.timeout(20):
        await dropped(port, HEAD, WHOLE)


async def test_whole_requests_and_screens_are_left_alone(patiently: None) -> None:
    async with served(MemoryWard()) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as web:
        assert (await web.get("/livez")).status_code == 200
        async with connect(f"ws://127.0.0.1:{port}/ws/v1/live") as socket:
            await say(socket, HELLO)
            await hear(socket, "snapshot")
            await dropped(port, HEAD)  # begun later, so that the deadline of the others is over as well
            await say(socket, {"type": "cmd", "id": "1", "op": "no such op"})
            assert (await hear(socket, "result"))["id"] == "1"
        assert (await web.get("/livez")).status_code == 200
