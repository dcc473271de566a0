"""Ward screens for the bench: N WebSocket clients of the live protocol that read, acknowledge and count.

Run as a process: `python -m tests.bench.dashboards URL N`; prints one JSON line with the counts when its input closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys

import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SEQ = re.compile(rb'"seq":(\d+)')
TYPE = re.compile(rb'"type":"(\w+)"')


async def screen(url: str, counts: dict[str, int]) -> None:
    hello = {"type": "hello", "proto": [1], "client": "bench", "subs": [], "credit": 2}
    async with connect(url, compression=None, max_size=None) as socket:
        await socket.send(json.dumps(hello))
        async for frame in socket:
            raw = frame if isinstance(frame, bytes) else frame.encode()
            kind = TYPE.search(raw)
            name = kind.group(1).decode() if kind else "?"
            counts[name] = counts.get(name, 0) + 1
            if name in ("snapshot", "delta"):
                seq = SEQ.search(raw)
                await socket.send(json.dumps({"type": "ack", "seq": int(seq.group(1)) if seq else 0}))


async def main(url: str, number: int) -> None:
    counts: dict[str, int] = {}
    tasks = [asyncio.create_task(screen(url, counts)) for _ in range(number)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, ConnectionClosed, OSError):
            await task
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
