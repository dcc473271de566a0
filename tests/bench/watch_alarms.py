"""A screen that watches alarms: prints one JSON line {bed, condition, priority, state, at} per message.

at: CLOCK_MONOTONIC when the frame was read, before it is understood. Run as a process:
`python -m tests.bench.watch_alarms URL`; ends when its input closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time

import uvloop
from websockets.asyncio.client import connect

from tests.bench.daemon import headers

HELLO = {"type": "hello", "proto": [1], "client": "bench", "subs": [], "credit": 2, "sound": "on"}
TOLD = ("bed", "condition", "priority", "state")


async def watch(url: str) -> None:
    async with connect(url, compression=None, max_size=None, additional_headers=headers()) as socket:
        await socket.send(json.dumps(HELLO))
        async for frame in socket:
            at, message = time.monotonic(), json.loads(frame)
            if message["type"] == "alarm":
                print(json.dumps({key: message["alarm"][key] for key in TOLD} | {"at": at}))
            elif message["type"] in ("snapshot", "delta"):
                await socket.send(json.dumps({"type": "ack", "seq": message["seq"]}))


async def main(url: str) -> None:
    task = asyncio.create_task(watch(url))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
