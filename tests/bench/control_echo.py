"""The limit of the stop path: a bare uvloop add_reader loop that answers every status frame with stop bytes
(and reads the monitors' lines, which nobody answers).

Run as a process: `python -m tests.bench.control_echo PATH...`; prints "ready" when all lines are open.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import tty

import uvloop

STOP = b"!INF_STOP|CD57\r"


def on_bytes(fd: int) -> None:
    data = os.read(fd, 4096)
    if data.startswith(b"!INF^") and data.endswith(b"\r"):
        os.write(fd, STOP)


async def serve(paths: list[str]) -> None:
    loop = asyncio.get_running_loop()
    for path in paths:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(fd)
        loop.add_reader(fd, functools.partial(on_bytes, fd))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1:]))
