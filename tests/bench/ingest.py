"""G3: CPU per frame from the line to the kernel's new state, against a uvloop add_reader with the bare parsers of G5.

Ptys of pumps and monitors, each sending 10 frames a second; a child process reads them, its CPU time is its own.
`python -m tests.bench.ingest KIND FOLDER BEDS` is that child: it prints "ready" and, for every byte of its input, one
JSON line with the frames heard and the CPU seconds used. Its kinds, by turns of a quarter of a second:

control  the least that anybody would put to use: each line has a buffer for a frame that is cut, the newest values,
         and a count of what is garbled; checksums are looked at, every field is converted; it sends nothing
tapped   the product on receive-only lines: the same bytes by the same system calls, to the kernel's new state
whole    the product as it mostly runs: every pump is asked for status, alarms and remote control too (the answers
         are no frames here), and every byte that passes is kept in files
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import resource
import sys
import tty
from collections.abc import Callable, Iterable
from pathlib import Path

import uvloop

from pumpd.bedside import BedRuntime, DeviceSession, Parts
from pumpd.clock import Clock
from pumpd.config.load import load_ward
from pumpd.config.model import BedConfig, WardConfig
from pumpd.daemon.watch import raise_file_limit
from pumpd.journal import StepRecord
from pumpd.links.recorder import Recorder
from pumpd.registry import drivers
from pumpd.safety import kernel
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.events import Event, PatientBound
from tests.bench.bare_parsers import BareParse, bare_monitor, bare_pump
from tests.bench.by_turns import Child, us_per_frame
from tests.bench.daemon import ward_toml
from tests.bench.farm import CALM, capnostream
from tests.bench.report import Row, foreign_cpu, median_of_rounds

MODULE = "tests.bench.ingest"
EVERY_S = 0.1
CORE_PERCENT = 15.0
KEPT: list[asyncio.Task[None]] = []  # the loop itself keeps no task alive
CALM_TIME = int.from_bytes(CALM[:4], "big")


def moving(beat: int) -> bytes:
    """Numerics as they come: the device's clock goes on, and some of the values are not those of the beat before."""
    values = bytes([38 + beat // 2 % 3, 0, 14 + beat // 5 % 2, 97 + beat // 7 % 2, 70 + beat * 3 % 5])
    return capnostream(1, (CALM_TIME + beat).to_bytes(4, "big") + values + CALM[9:])


SCRIPT = [moving(beat) for beat in range(600)]


class BareLine:
    """One line of the control."""

    def __init__(self, fd: int, parse: BareParse) -> None:
        self._fd, self._parse, self._rest = fd, parse, b""
        self.frames = self.garbled = 0
        self.values: object = None

    def readable(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        try:
            self._rest = self._parse((self._rest + data,), self._take)
        except (ValueError, IndexError):
            self._rest, self.garbled = b"", self.garbled + 1

    def _take(self, values: object) -> None:
        self.values = values
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


Frames = Callable[[], int]
"""Frames heard until now; negative while a line is not open yet."""


def tapped(folder: Path, beds: int) -> Frames:
    """Receive-only lines, nothing kept in files."""
    text = re.sub(r'(link = "serial://[^"]*)"', r'\1?receive_only=1"', ward_toml(folder, beds, 0))
    return listening(folder, text.replace('enforcement = "stop"', 'enforcement = "alarm"'), captured=False)


def whole(folder: Path, beds: int) -> Frames:
    """Lines on which pumps are asked, every byte kept in files."""
    return listening(folder, ward_toml(folder, beds, 0), captured=True)


def listening(folder: Path, ward_text: str, *, captured: bool) -> Frames:
    """Real lines, drivers, sessions and kernels of this ward."""
    (folder / "ingest.toml").write_text(ward_text, encoding="utf-8")
    ward = load_ward(folder / "ingest.toml")
    assert isinstance(ward, WardConfig), ward
    clock = Clock()
    assert ward.capture is not None
    capture = Recorder(ward.capture, clock.now_ms, clock.wall_of)
    sessions = [one for config in ward.beds for one in bed_sessions(ward, config, clock, capture if captured else None)]
    for session in sessions:
        session.start()
    if captured:
        KEPT.append(asyncio.get_running_loop().create_task(capture.run()))
    return lambda: sum(session.frames for session in sessions) if all(one.line.up for one in sessions) else -1


def bed_sessions(
    ward: WardConfig, config: BedConfig, clock: Clock, capture: Recorder | None
) -> Iterable[DeviceSession]:
    """The sessions of one bed, with its kernel behind them."""
    pumps: dict[str, DeviceSession] = {}
    nowhere = Nowhere()
    parts = Parts(kernel, clock, nowhere, nowhere, ward.shell)
    bed = BedRuntime(config.policy, kernel.initial_state(config.policy), parts, pumps)
    assert config.patient is not None
    bed.post(PatientBound(config.patient, by="bench"))
    for device in config.devices:
        driver, ear = drivers()[device.driver], None if capture is None else capture.ear(device)
        pumps[device.id] = DeviceSession(
            device, driver, clock, bed.post, links=ward.links, shell=ward.shell, hear=bed.hear, judge=bed.judge, ear=ear
        )
    return pumps.values()


def control(folder: Path, beds: int) -> Frames:
    """The bare parsers of G5 behind add_reader."""
    loop, lines = asyncio.get_running_loop(), list[BareLine]()
    for index in range(beds):
        for name, parse in ((f"p{index}", bare_pump), (f"m{index}", bare_monitor)):
            fd = os.open(folder / name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            tty.setraw(fd)
            line = BareLine(fd, parse)
            lines.append(line)
            loop.add_reader(fd, line.readable)
    return lambda: sum(line.frames for line in lines)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


KINDS = {"control": control, "tapped": tapped, "whole": whole}


async def child(kind: str, folder: Path, beds: int) -> None:
    frames = KINDS[kind](folder, beds)
    while frames() < 0:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)  # handshakes and first questions
    gc.collect()
    gc.freeze()  # as the daemon does
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def asked() -> None:
        if not os.read(sys.stdin.fileno(), 1):
            ended.set_result(None)
        print(json.dumps({"frames": frames(), "cpu_s": cpu_s()}), flush=True)

    loop.add_reader(sys.stdin.fileno(), asked)
    print("ready", flush=True)
    await ended
    os._exit(0)


def run(rounds: int = 9, seconds: float = 2.5, beds: int = 100) -> list[Row]:
    """seconds: how long each kind is heard in a round."""
    raise_file_limit()
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(rounds):
        children = [Child(MODULE, kind, beds, EVERY_S, SCRIPT, asks=kind == "whole") for kind in KINDS]
        for kind, value in zip(KINDS, us_per_frame(children, seconds), strict=True):
            found[kind].append(value)
        last = {kind: f"{values[-1]:.1f} us" for kind, values in found.items()}
        print(f"  round {number + 1}: {last} load {foreign_cpu():.1f}", flush=True)
    limit, ours, everything = (median_of_rounds(found[kind]) for kind in ("control", "tapped", "whole"))
    what, load = "ingest CPU per frame", f"{2 * beds} ptys at 10 Hz, both kinds of device"
    core = everything * 2 * beds / EVERY_S / 1e4
    return [
        Row("G3", what, ours, limit, "us", 2.0, f"{load}, the same bytes and system calls"),
        Row("G3", f"{what}, pumps asked and all bytes kept", everything, limit, "us", None, "the control asks nothing"),
        Row("G3", f"the latter, {load}", core, CORE_PERCENT, "% of a core", 1.0),
    ]


if __name__ == "__main__":
    uvloop.run(child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
