"""Ward screens for the bench: N WebSocket clients of the live protocol that read, acknowledge (as the page) and count.

Run as a process: `python -m tests.bench.dashboards URL N [STALLED]`; prints one JSON line with the counts when its
input closes. STALLED screens never read, and come again when they are dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys

import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.bench.daemon import headers

SEQ = re.compile(rb'"seq":(\d+)')
TYPE = re.compile(rb'"type":"(\w+)"')
CREDIT = 2


async def screen(url: str, counts: dict[str, int]) -> None:
    hello = {"type": "hello", "proto": [1], "client": "bench", "subs": [], "credit": 2}
    async with connect(url, compression=None, max_size=None, additional_headers=headers()) as socket:
        await socket.send(json.dumps(hello))
        owed = 0
        async for frame in socket:
            raw = frame if isinstance(frame, bytes) else frame.encode()
            kind = TYPE.search(raw)
            name = kind.group(1).decode() if kind else "?"
            counts[name] = counts.get(name, 0) + 1
            if name in ("snapshot", "delta"):
                owed += CREDIT if name == "snapshot" else 1
            if owed >= CREDIT:
                owed, seq = 0, SEQ.search(raw)
                await socket.send(json.dumps({"type": "ack", "seq": int(seq.group(1)) if seq else 0}))


async def stalled_screen(url: str, counts: dict[str, int]) -> None:
    hello = {"type": "hello", "proto": [1], "client": "bench, stalled", "subs": [], "credit": 2}
    while True:
        with contextlib.suppress(ConnectionClosed, OSError):
            async with connect(url, compression=None, max_queue=1, additional_headers=headers()) as socket:
                await socket.send(json.dumps(hello))
                socket.transport.pause_reading()
                await asyncio.sleep(6)  # by then it has been dropped
                counts["stalled"] = counts.get("stalled", 0) + 1


async def main(url: str, number: int, stalled: int) -> None:
    counts: dict[str, int] = {}
    tasks = [asyncio.create_task(screen(url, counts)) for _ in range(number)]
    tasks += [asyncio.create_task(stalled_screen(url, counts)) for _ in range(stalled)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, ConnectionClosed, OSError):
            await task
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # screens are other machines: here they give way to all
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
