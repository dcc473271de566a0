"""A screen that watches devices go quiet: prints one JSON line {device, link, at} per change (at: CLOCK_MONOTONIC).

Run as a process: `python -m tests.bench.watch_links URL`; ends when its input closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from typing import Any

import uvloop
from websockets.asyncio.client import connect

from tests.bench.daemon import headers

HELLO = {"type": "hello", "proto": [1], "client": "bench", "subs": [], "credit": 2}


def links_of(message: dict[str, Any]) -> dict[str, str]:
    """Link state by device id, of whatever beds the message holds."""
    beds = message.get("beds") or list(message.get("set", {}).values())
    return {device["id"]: device["link"] for bed in beds for device in bed.get("devices", ())}


async def watch(url: str) -> None:
    known: dict[str, str] = {}
    async with connect(url, compression=None, max_size=None, additional_headers=headers()) as socket:
        await socket.send(json.dumps(HELLO))
        async for frame in socket:
            at, message = time.monotonic(), json.loads(frame)
            if message["type"] not in ("snapshot", "delta"):
                continue
            for device, link in links_of(message).items():
                if known.get(device) != link:
                    known[device] = link
                    print(json.dumps({"device": device, "link": link, "at": at}))
            sys.stdout.flush()
            await socket.send(json.dumps({"type": "ack", "seq": message["seq"]}))


async def main(url: str) -> None:
    task = asyncio.create_task(watch(url))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
