"""The servers of the fan-out bench, each a process: `python -m tests.bench.fan_server KIND BEDS BYTES HZ TIMES`.

product: the ward's hub, web face and server options as the daemon runs them; in each tick as many of BEDS change as
make a delta of about BYTES. plain: uvicorn with the same WebSocket implementation and one loop of sends, nothing of
ours.
Prints its port; ends with its input. TIMES as in fanscreens.c.
"""

from __future__ import annotations

import asyncio
import gc
import json
import mmap
import os
import struct
import sys
import time
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from pumpd.access.always import AlwaysSignedIn
from pumpd.access.roles import Identity
from pumpd.api.app import create_app
from pumpd.api.sockets import listen, server_options
from pumpd.config.model import ServerConfig
from pumpd.live.client import LiveTimes
from tests.api.ward import MemoryWard

SLOTS = 65536
NEVER_MS = 3_600_000


class Times:
    """When each seq began to be sent, in memory that the screens read too."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), SLOTS * 8)

    def began(self, seq: int, at_ns: int) -> None:
        struct.pack_into("<q", self._shared, seq % SLOTS * 8, at_ns)


async def product(beds: int, size: int, hz: float, times: Times) -> None:
    """Numbers change HZ times a second; the hub's own tick finds nothing more to do."""
    ward = MemoryWard(beds=beds, times=LiveTimes(tick_ms=int(1000 / hz), refresh_ms=NEVER_MS, hb_ms=NEVER_MS))
    app = create_app(ward.hub, ward, ServerConfig("127.0.0.1", 0), "bench", access=AlwaysSignedIn())
    changing = _beds_of(ward, size)

    def tick(number: int) -> None:
        for bed in changing:
            ward.breathe(bed, 10 + number % 2)
        began = time.monotonic_ns()
        ward.hub.tick()
        times.began(ward.hub.state_seq, began)

    ward.hub.start()
    await _serve(app, hz, tick)


def _beds_of(ward: MemoryWard, size: int) -> list[str]:
    """Beds whose values together fill a delta of about `size` bytes, at least one."""
    before, first = ward.hub.seq, next(iter(ward.views))
    ward.breathe(first, 11)
    ward.hub.tick()
    each = len(ward.hub.delta(before, Identity.FULL))
    return list(islice(cycle(ward.views), min(len(ward.views), max(1, size // each))))


async def plain(size: int, hz: float, times: Times) -> None:
    app = FastAPI()
    sockets: set[WebSocket] = set()

    @app.websocket("/ws/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        sockets.add(socket)
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
        sockets.discard(socket)

    async def broadcast(number: int) -> None:
        head = f'{{"type":"delta","epoch":"0","seq":{number + 1},"prev":{number}'
        times.began(number + 1, time.monotonic_ns())
        for socket in tuple(sockets):
            await socket.send_text(head.ljust(size))

    await _serve(app, hz, broadcast)


async def _serve(app: FastAPI, hz: float, act: object) -> None:
    """The daemon's server options on a free port, and `act` HZ times a second, until the input ends."""
    sock = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, **server_options()))
    serving = asyncio.create_task(server._serve(sockets=[sock]))  # noqa: F841, RUF006 - kept from being collected
    gc.collect()
    gc.freeze()
    print(json.dumps({"port": sock.getsockname()[1]}), flush=True)
    told = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    due, number = time.monotonic(), 0
    while not told.done():
        done = act(number)  # type: ignore[operator]
        if done is not None:
            await done
        number, due = number + 1, due + 1 / hz
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    os._exit(0)  # nobody waits for a thousand closing handshakes


if __name__ == "__main__":
    kind, beds, size, hz, file = sys.argv[1:]
    times = Times(Path(file))
    work = product(int(beds), int(size), float(hz), times) if kind == "product" else plain(int(size), float(hz), times)
    with suppress(asyncio.CancelledError):
        uvloop.run(work)
