"""G4: the whole daemon beside Node-RED on the same lines: status frame in, checked, above the ceiling: stop bytes out.

Node-RED reads every line with a serial node, checks and converts each frame in a function node and stops a pump whose
rate is too high. The daemon does what it always does, without screens. Both in turns, on the same ptys; Node-RED's
pumps push as many frames as the daemon's answer.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.daemon import DaemonProcess
from tests.bench.fanout import cpu_s, rss_kb
from tests.bench.farm import Farm
from tests.bench.growth_ward import PUSH_S, Every
from tests.bench.node_peers import NODE_RED, node_with, plain_environment
from tests.bench.node_red_flow import write
from tests.bench.report import Found, NotRun, Row, foreign_cpu, median_of_rounds, percentile
from tests.ports import free_port

UP_S, SETTLE_S = 90.0, 6.0


@dataclass(frozen=True)
class Size:
    """cycling: of the beds' pumps, those that keep breaching."""

    beds: int = 100
    cycling: int = 14
    rounds: int = 3
    seconds: float = 12.0


FULL, QUICK = Size(), Size(beds=20, cycling=5, rounds=1, seconds=5.0)


@dataclass(frozen=True)
class Seen:
    """One round of one of the two. cpu_us: of a frame that a device sent."""

    p50_us: float
    p99_us: float
    cpu_us: float
    rss_mb: float
    stops: int


def _seen(farm: Farm, pid: int, seconds: float) -> Seen:
    farm.run(SETTLE_S)
    farm.forget_samples()
    used_s, written = cpu_s(pid), farm.written()
    farm.run(seconds)
    samples, frames = farm.samples_us(), max(1, farm.written() - written)
    cpu_us = (cpu_s(pid) - used_s) / frames * 1e6
    return Seen(percentile(samples, 0.5), percentile(samples, 0.99), cpu_us, rss_kb(pid) / 1024, len(samples))


@contextmanager
def node_red(node: str, folder: Path, beds: int) -> Iterator[int]:
    """Its process id."""
    settings = write(folder, beds, free_port())
    command = [node, "node_modules/node-red/red.js", "--userDir", str(folder), "--settings", str(settings)]
    with (folder / "node-red.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=NODE_RED, stdout=log, stderr=log, env=plain_environment())
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def their_round(node: str, farm: Farm, folder: Path, size: Size) -> Seen:
    for monitor in farm.monitors:
        monitor.enabled = True
    farm.push_s = PUSH_S
    farm.forget_samples()
    with node_red(node, folder, size.beds) as pid:
        farm.run(UP_S, Every(lambda: all(pump.samples_us for pump in farm.pumps if pump.cycling)))
        if not all(pump.samples_us for pump in farm.pumps if pump.cycling):
            raise TimeoutError(f"Node-RED stopped nothing: {(folder / 'node-red.log').read_text()[-300:]}")
        seen = _seen(farm, pid, size.seconds)
    farm.push_s = None
    return seen


def our_round(farm: Farm, folder: Path, size: Size) -> Seen:
    for monitor in farm.monitors:
        monitor.enabled = False
    for pump in farm.pumps:
        pump.infusing, pump.buffer = True, b""
    farm.forget_samples()
    daemon = DaemonProcess(folder, size.beds)
    try:
        farm.run(UP_S, Every(daemon.is_up))
        return _seen(farm, daemon.process.pid, size.seconds)
    finally:
        daemon.stop()


def run(size: Size = FULL, *, install: bool = False) -> list[Found]:
    node, why = node_with(NODE_RED, install=install)
    if not node:
        return [NotRun("G4", "the same flow in Node-RED 4", why)]
    ours, theirs = list[Seen](), list[Seen]()
    for number in range(size.rounds):
        with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
            farm = Farm(Path(name), size.beds, size.beds, size.cycling)
            theirs.append(their_round(node, farm, Path(name), size))
            ours.append(our_round(farm, Path(name), size))
            farm.close()
        print(f"  round {number + 1}: {ours[-1]}; Node-RED {theirs[-1]}; load {foreign_cpu():.1f}", flush=True)
    return _rows(ours, theirs, size)


def _rows(ours: list[Seen], theirs: list[Seen], size: Size) -> list[Found]:
    def median(rounds: list[Seen], key: str) -> float:
        return median_of_rounds([getattr(one, key) for one in rounds])

    stops = f"{sum(one.stops for one in ours)} and {sum(one.stops for one in theirs)} stops"
    note = f"{size.beds} pumps and {size.beds} monitors, {stops}; limit: Node-RED 4"
    table = (
        ("status frame -> stop bytes, p50", "p50_us", "us", 0.5),
        ("status frame -> stop bytes, p99", "p99_us", "us", 0.5),
        ("CPU of a frame", "cpu_us", "us", 0.25),
        ("resident memory", "rss_mb", "MB", 0.75),
    )
    return [
        Row("G4", what, median(ours, key), median(theirs, key), unit, most, note) for what, key, unit, most in table
    ]
