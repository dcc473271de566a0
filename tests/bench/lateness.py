"""G14: how late the daemon's event loop wakes a sleeper, with a million live objects and the whole ward connected.

The limit, at the same time on the same machine: a C program that only sleeps (Python's time.sleep where no compiler
is). `python -m tests.bench.lateness product CONFIG SECONDS` is the daemon's process, `... control SECONDS` the limit's.
"""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from pumpd.access.always import AlwaysSignedIn
from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.daemon import Daemon
from tests.bench.daemon import ROOT, ward_toml
from tests.bench.farm import Farm
from tests.bench.report import Row, foreign_cpu, median_of_rounds, percentile
from tests.ports import free_port

PERIOD_S = 0.005
LIVE_OBJECTS = 1_000_000
PAUSE_MS = 5.0


def control(seconds: float) -> None:
    """Prints wake lateness in microseconds of a loop that only sleeps (time.sleep is clock_nanosleep)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + PERIOD_S
        time.sleep(PERIOD_S)
        print(f"{(time.monotonic() - due) * 1e6:.1f}")


def control_command(folder: Path, seconds: float) -> list[str]:
    """The C program where a compiler is, else the Python loop."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return [sys.executable, "-m", "tests.bench.lateness", "control", str(seconds)]
    binary = folder / "nanosleep"
    subprocess.run([compiler, "-O2", "-o", str(binary), str(Path(__file__).with_name("nanosleep.c"))], check=True)
    return [str(binary), str(int(PERIOD_S * 1e6)), str(seconds)]


async def sample(seconds: float) -> list[float]:
    """The same on the running event loop."""
    late, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        late.append((time.monotonic() - due) * 1e6)
    return late


class Pauses:
    """Watches the garbage collector: milliseconds of each pass."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.passes = 0
        self._began = 0.0

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self.passes += 1
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - self._began) * 1000)


async def product(config: Path, seconds: float) -> None:
    """The daemon with a million live objects; prints "ready", samples, and the longest collector pause."""
    history = [{"n": i} for i in range(LIVE_OBJECTS)]
    ward = load_ward(config)
    assert isinstance(ward, WardConfig), ward
    daemon = Daemon(ward, access=AlwaysSignedIn())
    await daemon.start()
    await asyncio.sleep(8)  # lines open, control taken, first frames
    pauses = Pauses()
    gc.callbacks.append(pauses)
    print("ready", flush=True)
    late = await sample(seconds)
    gc.callbacks.remove(pauses)
    print(json.dumps({"late_us": late, "gc_ms": pauses.longest_ms, "passes": pauses.passes}), flush=True)
    assert len(history) == LIVE_OBJECTS
    await daemon.stop()


def measure(beds: int, seconds: float) -> tuple[list[float], list[float], float]:
    """Lateness of the daemon's loop and of the limit at the same time, in us; longest collector pause in ms."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "ward.toml"
        config.write_text(ward_toml(folder, beds, free_port()), encoding="utf-8")
        farm = Farm(folder, beds, beds, 0)
        command = [sys.executable, "-m", "tests.bench.lateness", "product", str(config), str(seconds)]
        sleeper = control_command(folder, seconds)
        with (
            (folder / "out").open("wb") as out,
            (folder / "late").open("wb") as late,
            (folder / "log").open("wb") as log,
        ):
            daemon = subprocess.Popen(command, stdout=out, stderr=log, cwd=ROOT)
            farm.run(60, lambda: (folder / "out").read_bytes().startswith(b"ready\n"))
            limit = subprocess.Popen(sleeper, stdout=late, cwd=ROOT)
            farm.run(seconds + 30, lambda: daemon.poll() is not None)
            limit.wait(30)
        farm.close()
        lines = (folder / "out").read_text().splitlines()
        answer = json.loads(next(line for line in lines if line.startswith('{"late_us"')))
        return answer["late_us"], [float(us) for us in (folder / "late").read_text().split()], answer["gc_ms"]


def run(rounds: int = 5, seconds: float = 12.0, beds: int = 100) -> list[Row]:
    ours, limit, pauses = [], [], []
    for number in range(rounds):
        late, floor, pause_ms = measure(beds, seconds)
        ours.append(late)
        limit.append(floor)
        pauses.append(pause_ms)
        tails = f"loop p99.9 {percentile(late, 0.999):.0f} us, sleeper {percentile(floor, 0.999):.0f} us"
        print(f"  round {number + 1}: {tails}, collector {pause_ms:.1f} ms, load {foreign_cpu():.1f}", flush=True)
    note = f"{sum(map(len, ours))} wakes, {beds} pumps and {beds} monitors, {LIVE_OBJECTS:,} live objects"
    return [
        _row(0.5, "p50", None, ours, limit, "uvloop's timers tick in ms"),
        _row(0.999, "p99.9", 3.0, ours, limit, note),
        Row("G14", "longest collector pause", max(pauses), PAUSE_MS, "ms", 1.0, "limit: the goal"),
    ]


def _row(
    share: float, name: str, allowed: float | None, ours: list[list[float]], limit: list[list[float]], note: str
) -> Row:
    product_us = median_of_rounds([percentile(round_, share) for round_ in ours])
    limit_us = median_of_rounds([percentile(round_, share) for round_ in limit])
    return Row("G14", f"loop lateness, {name}", product_us, limit_us, "us", allowed, note)


if __name__ == "__main__":
    if sys.argv[1] == "control":
        control(float(sys.argv[2]))
    else:
        uvloop.run(product(Path(sys.argv[2]), float(sys.argv[3])))
