"""Our Line (add_reader on pyserial's descriptor, urgent queue) against pyserial-asyncio-fast on the same ptys.

Each round both echo STOP for every status frame; a child process opens the lines, so that its CPU time is its own.
`python -m tests.bench.links line|psaf FOLDER COUNT` is that child: it prints "ready", and, when its input closes,
one JSON line with the frames heard and the CPU seconds since "ready".
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import serial_asyncio_fast
import uvloop

from pumpd.config.model import LinkTimes
from pumpd.device import Line as Settings
from pumpd.links import Line, LinkError, parse_link
from tests.bench.daemon import ROOT
from tests.bench.farm import STOP, Port, asena
from tests.bench.report import Row, median_of_rounds, percentile

BAUD = 38400
FRAME = asena("INF^8002-00001^-^SET^7.00^ml/h^^1.000^ml^17.91^mmHg^24+^EVENT^1")
KINDS = ("line", "psaf")


class Count:
    """Frames heard."""

    def __init__(self) -> None:
        self.frames = 0


async def open_lines(paths: list[str], count: Count) -> None:
    """Every path as a Line of ours that answers each frame; returns when all are up."""
    lines: list[Line] = []
    all_up = asyncio.Event()

    def on_state(_: object) -> None:
        if all(line.up for line in lines):
            all_up.set()

    def on_bytes(index: int, data: bytes) -> None:
        for _ in range(data.count(b"\r")):
            count.frames += 1
            lines[index].write(STOP, urgent=True)

    for index, path in enumerate(paths):
        link = parse_link(f"serial://{path}")
        assert not isinstance(link, LinkError)
        heard = functools.partial(on_bytes, index)
        lines.append(Line(link, Settings((BAUD,)), LinkTimes(), on_bytes=heard, on_state=on_state))
        lines[-1].start()
    await all_up.wait()


class Echo(asyncio.Protocol):
    """The same on a transport of pyserial-asyncio-fast."""

    def __init__(self, count: Count) -> None:
        self._count = count

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\r")):
            self._count.frames += 1
            self._transport.write(STOP)  # type: ignore[attr-defined]


async def open_psaf(paths: list[str], count: Count) -> None:
    """Every path as a connection of pyserial-asyncio-fast that answers each frame."""
    loop = asyncio.get_running_loop()
    for path in paths:
        await serial_asyncio_fast.create_serial_connection(
            loop, functools.partial(Echo, count), path, baudrate=BAUD, exclusive=True
        )


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def child(kind: str, folder: Path, lines: int) -> None:
    count = Count()
    await (open_lines if kind == "line" else open_psaf)([str(folder / f"d{i}") for i in range(lines)], count)
    print("ready", flush=True)
    began = cpu_s()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps({"frames": count.frames, "cpu_s": cpu_s() - began}), flush=True)
    os._exit(0)


class Devices:
    """Every port sends a frame each period_s, in turn; microseconds until the answer's last byte are kept."""

    def __init__(self, folder: Path, lines: int, period_s: float) -> None:
        self._ports = [Port(folder, f"d{i}") for i in range(lines)]
        self._gap_s = period_s / lines
        self._sent_ns = {port.fd: 0 for port in self._ports}
        self._poll = select.epoll()
        self.samples_us: list[float] = []
        for port in self._ports:
            self._poll.register(port.fd, select.EPOLLIN)

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False, send: bool = True) -> None:
        end = due = time.monotonic()
        end += seconds
        number = 0
        while (now := time.monotonic()) < end and not until():
            if send and now >= due:
                fd = self._ports[number % len(self._ports)].fd
                number, due = number + 1, due + self._gap_s
                self._sent_ns[fd] = time.perf_counter_ns()
                os.write(fd, FRAME)
            for fd, _ in self._poll.poll(max(0.0, min(due - time.monotonic(), 0.05)) if send else 0.05):
                self._heard(fd, os.read(fd, 4096))

    def _heard(self, fd: int, data: bytes) -> None:
        if self._sent_ns[fd] and data.endswith(b"\r"):
            self.samples_us.append((time.perf_counter_ns() - self._sent_ns[fd]) / 1000)
            self._sent_ns[fd] = 0

    def close(self) -> None:
        self._poll.close()
        for port in self._ports:
            port.close()


def measure(kind: str, folder: Path, lines: int, devices: Devices, seconds: float) -> dict[str, float]:
    """p50 and p99 in microseconds, CPU microseconds per frame, of one round."""
    command = [sys.executable, "-m", "tests.bench.links", kind, str(folder), str(lines)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    out = process.stdout
    os.set_blocking(out.fileno(), False)
    devices.run(30, lambda: out.readline() == b"ready\n", send=False)
    devices.samples_us.clear()
    devices.run(seconds)
    os.set_blocking(out.fileno(), True)
    answer = json.loads(process.communicate(b"", timeout=20)[0])
    return {
        "p50": percentile(devices.samples_us, 0.5),
        "p99": percentile(devices.samples_us, 0.99),
        "cpu": float(answer["cpu_s"]) / max(1, int(answer["frames"])) * 1e6,
        "frames": float(answer["frames"]),
    }


def run(rounds: int = 5, seconds: float = 4.0, lines: int = 50, period_s: float = 0.1) -> list[Row]:
    """Product: our Line; limit: pyserial-asyncio-fast."""
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as name:
        devices = Devices(Path(name), lines, period_s)
        for number in range(rounds):
            # which goes first changes: the later one of a round finds a warmer machine
            for kind in KINDS if number % 2 else reversed(KINDS):
                found[kind].append(measure(kind, Path(name), lines, devices, seconds))
            last = {kind: {key: round(value) for key, value in done[-1].items()} for kind, done in found.items()}
            print(f"  round {number + 1}: {last}", flush=True)
        devices.close()
    note = f"{lines} ptys, a frame each {period_s * 1000:.0f} ms; limit: pyserial-asyncio-fast"
    return [
        Row("links", what, _median(found["line"], key), _median(found["psaf"], key), "us", allowed, note)
        for what, key, allowed in (
            ("frame in -> bytes out, p50", "p50", 1.1),
            ("frame in -> bytes out, p99", "p99", None),
            ("CPU per frame", "cpu", 1.1),
        )
    ]


def _median(rounds: list[dict[str, float]], key: str) -> float:
    return median_of_rounds([one[key] for one in rounds])


if __name__ == "__main__":
    uvloop.run(child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
