"""The limit of how a ward grows: `python -m tests.bench.growth_bare FOLDER BEDS` reads all lines with bare parsers.

Prints "ready" when all lines are open; counts from the first line of its input; at its end prints one JSON line with
its CPU and its memory. It imports nothing of pumpd's.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import resource
import sys
import tty

import uvloop

from tests.bench.bare_parsers import Parse, bare_monitor, bare_pump

ENABLE_AND_START = bytes.fromhex("8501010085010405")


def open_line(path: str, parse: Parse, heard: list[object]) -> int:
    """Every line keeps its newest values."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(fd)
    at = len(heard)
    heard.append(None)
    asyncio.get_running_loop().add_reader(fd, functools.partial(read, fd, parse, functools.partial(keep, heard, at)))
    return fd


def keep(heard: list[object], at: int, values: object) -> None:
    heard[at] = values


def read(fd: int, parse: Parse, take: functools.partial[None]) -> None:
    parse([os.read(fd, 4096)], take)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_kb() -> int:
    with open("/proc/self/status", encoding="ascii") as lines:
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


async def main(folder: str, beds: int) -> None:
    heard: list[object] = []
    for index in range(beds):
        open_line(f"{folder}/p{index}", bare_pump, heard)
        os.write(open_line(f"{folder}/m{index}", bare_monitor, heard), ENABLE_AND_START)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)
    began = cpu_s()
    await loop.run_in_executor(None, sys.stdin.readline)
    print(json.dumps({"cpu_s": cpu_s() - began, "rss_kb": rss_kb(), "lines": sum(map(bool, heard))}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
