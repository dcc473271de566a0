"""G3: CPU per frame from the line to the kernel's new state, against a uvloop add_reader with the bare parsers of G5.

100 ptys (50 pumps, 50 monitors), each sending 10 frames a second; a child process reads them, its CPU time is its own.
`python -m tests.bench.ingest product|control FOLDER BEDS` is that child: it prints "ready" and, when its input
closes, one JSON line with the frames heard and the CPU seconds since "ready".
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import tty
from collections.abc import Callable
from pathlib import Path

import uvloop

from pumpd.bedside import BedRuntime, DeviceSession, Parts
from pumpd.clock import Clock
from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.device.facts import PumpStatus, Vitals
from pumpd.journal import StepRecord
from pumpd.links.recorder import Recorder
from pumpd.registry import drivers
from pumpd.safety import kernel
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.events import Event, Heard, PatientBound
from tests.bench.daemon import ROOT, ward_toml
from tests.bench.farm import Farm
from tests.bench.parser import Parse, bare_monitor, bare_pump
from tests.bench.report import Row, foreign_cpu, median_of_rounds

EVERY_S = 0.1
KEPT: list[asyncio.Task[None]] = []  # the loop itself keeps no task alive


class Count:
    """Frames heard."""

    def __init__(self) -> None:
        self.frames = 0

    def take(self, values: object) -> None:
        """One frame's values."""
        self.frames += 1


class Nowhere:
    """Journal and hub that keep nothing: G3 is about reading, parsing and deciding."""

    def append(self, record: StepRecord) -> int:
        return 0

    def foresee(self, record: StepRecord) -> None: ...

    def foresee_event(self, bed: str, seq: int, now_ms: int, event: Event) -> None: ...

    def durable(self, token: int) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def checkpoint(self, bed: str, seq: int, now_ms: int, state: bytes) -> int:
        return 0

    def mark(self, bed_id: str) -> None: ...

    def alarm(self, alarm: Alarm, phase: Phase) -> None: ...

    def lost(self, bed_id: str) -> None: ...

    def found(self, bed_id: str) -> None: ...


def product(folder: Path, beds: int, count: Count) -> Callable[[], bool]:
    """Real lines, drivers, sessions and kernels, with every byte kept in files; returns "are all lines open"."""
    (folder / "ingest.toml").write_text(ward_toml(folder, beds, 0), encoding="utf-8")
    ward = load_ward(folder / "ingest.toml")
    assert isinstance(ward, WardConfig), ward
    nowhere = Nowhere()
    assert ward.capture is not None
    clock = Clock()
    capture = Recorder(ward.capture, clock.now_ms, clock.wall_of)
    sessions: list[DeviceSession] = []
    for config in ward.beds:
        pumps: dict[str, DeviceSession] = {}
        parts = Parts(kernel, clock, nowhere, nowhere, ward.shell)
        bed = BedRuntime(config.policy, kernel.initial_state(config.policy), parts, pumps)
        assert config.patient is not None
        bed.post(PatientBound(config.patient, by="bench"))
        post = functools.partial(_counted, bed, count)
        for device in config.devices:
            driver = drivers()[device.driver]
            ear = capture.ear(device)
            pumps[device.id] = DeviceSession(device, driver, clock, post, links=ward.links, shell=ward.shell, ear=ear)
        sessions += pumps.values()
    for session in sessions:
        session.start()
    KEPT.append(asyncio.get_running_loop().create_task(capture.run()))
    return lambda: all(session.line.up for session in sessions)


def _counted(bed: BedRuntime, count: Count, event: Event) -> None:
    if isinstance(event, Heard) and isinstance(event.fact, PumpStatus | Vitals):
        count.frames += 1
    bed.post(event)


def control(folder: Path, beds: int, count: Count) -> Callable[[], bool]:
    """The least that turns the same bytes into the same values: the bare parsers of G5 behind add_reader."""
    loop = asyncio.get_running_loop()
    for index in range(beds):
        for name, parse in ((f"p{index}", bare_pump), (f"m{index}", bare_monitor)):
            fd = os.open(folder / name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            tty.setraw(fd)
            loop.add_reader(fd, functools.partial(_read, fd, parse, count))
            if name.startswith("m"):
                os.write(fd, bytes.fromhex("8501010085010405"))  # enable, start
    return lambda: True


def _read(fd: int, parse: Parse, count: Count) -> None:
    parse([os.read(fd, 4096)], count.take)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def child(kind: str, folder: Path, beds: int) -> None:
    count = Count()
    ready = (product if kind == "product" else control)(folder, beds, count)
    while not ready():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)  # handshakes and first questions
    print("ready", flush=True)
    began, heard = cpu_s(), count.frames
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps({"frames": count.frames - heard, "cpu_s": cpu_s() - began}), flush=True)
    os._exit(0)


def measure(kind: str, folder: Path, beds: int, farm: Farm, seconds: float) -> float:
    """CPU microseconds per frame."""
    for monitor in farm.monitors:
        monitor.enabled = False
    command = [sys.executable, "-m", "tests.bench.ingest", kind, str(folder), str(beds)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    out = process.stdout
    os.set_blocking(out.fileno(), False)
    farm.run(30, lambda: out.readline() == b"ready\n")
    farm.run(seconds)
    os.set_blocking(out.fileno(), True)
    answer = json.loads(process.communicate(b"", timeout=20)[0])
    return float(answer["cpu_s"]) / max(1, int(answer["frames"])) * 1e6


def run(rounds: int = 5, seconds: float = 6.0, beds: int = 50) -> list[Row]:
    found: dict[str, list[float]] = {"control": [], "product": []}
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            farm = Farm(Path(name), beds, beds, 0, EVERY_S)
            farm.push_s = EVERY_S
            for kind, values in found.items():
                values.append(measure(kind, Path(name), beds, farm, seconds))
            farm.close()
        last = {kind: f"{values[-1]:.0f} us" for kind, values in found.items()}
        print(f"  round {number + 1}: {last} load {foreign_cpu():.1f}", flush=True)
    ours, limit = median_of_rounds(found["product"]), median_of_rounds(found["control"])
    return [Row("G3", "ingest CPU per frame", ours, limit, "us", 2.0, f"{2 * beds} ptys at 10 Hz, both kinds")]


if __name__ == "__main__":
    uvloop.run(child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
