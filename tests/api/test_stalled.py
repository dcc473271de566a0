"""One screen that never reads costs nobody anything and is dropped with all that it has buffered."""

from __future__ import annotations

import asyncio
import base64
import os
import select
import socket
from dataclasses import replace

from tests.api.test_live import QUICK, hear, screen
from tests.api.ward import MemoryWard, served

BEDS = 60


def handshake(port: int) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def masked(text: bytes) -> bytes:
    """A client's text frame with a mask of zeros."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text


async def never_reading(port: int) -> socket.socket:
    """A client that says hello once the line is a WebSocket, and never reads a byte more."""
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", port))
    await loop.sock_sendall(raw, handshake(port))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += await loop.sock_recv(raw, 1)
    await loop.sock_sendall(raw, masked(b'{"type":"hello","proto":[1]}'))
    return raw


async def test_a_screen_that_never_reads_delays_nobody_and_is_dropped() -> None:
    ward = MemoryWard(beds=BEDS, times=replace(QUICK, refresh_ms=100, stall_ms=3000))
    async with served(ward) as port, screen(port) as healthy:
        await hear(healthy, "snapshot")
        stalled = [await never_reading(port) for _ in range(3)]
        drops = asyncio.gather(*(dropped(raw) for raw in stalled))
        most = 0
        while not drops.done():  # the healthy screen gets its frames all the while
            await hear(healthy, "delta")
            most = max(most, *(len(client.unacked) for client in ward.hub.clients))
        await drops
        for raw in stalled:
            raw.close()
        await hear(healthy, "delta")
    assert most <= 2


async def dropped(raw: socket.socket) -> None:
    """The server has reset the line although this end never read: nothing is held for it any more."""
    poll = select.poll()
    poll.register(raw, 0)  # errors and hang-ups only
    found = await asyncio.get_running_loop().run_in_executor(None, poll.poll, 60_000)
    assert found
    assert found[0][1] & select.POLLERR
