"""G2: what the disturbance of others costs the stop path: the daemon beside itself, undisturbed.

Screens that never read; a disk that stalls for a second every eighth commit; a broker that dies. One daemon goes
through all of it in short windows, in another order each round, so that what is compared differs in nothing else and a
busy neighbour troubles all alike. (Where there is no mosquitto, nothing of the broker is measured.)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.daemon import ROOT, DaemonProcess
from tests.bench.farm import Farm
from tests.bench.report import Found, NotRun, Row, foreign_cpu
from tests.bench.screens import Screens
from tests.bench.stop_path import brief, row
from tests.bus.brokers import MOSQUITTO, Mosquitto


@dataclass(frozen=True)
class Size:
    """As of the stop path. seconds: of a window, after settle_s in which the last one ends and this one begins."""

    beds: int = 100
    cycling: int = 14
    dashboards: int = 50
    rounds: int = 5
    seconds: float = 30.0
    settle_s: float = 1.5


FULL, QUICK = Size(), Size(rounds=1, seconds=4.0)
ALLOWED = 1.2
KINDS = {
    "stalled": "3 screens that never read",
    "disk": "a disk that stalls for 1 s",
    "broker": "the broker is gone",
}
STALLED = 3


class Ward:
    """The daemon on its farm with screens, a broker, and a disk whose stalls can be switched."""

    def __init__(self, folder: Path, size: Size) -> None:
        self._switch = folder / "the disk stalls"
        self._broker = None if MOSQUITTO is None else Mosquitto(folder / "broker")
        if self._broker is not None:
            asyncio.run(self._broker.start())
        self.farm = Farm(folder, size.beds, size.beds, size.cycling)
        env = {"LD_PRELOAD": str(slow_disk(folder)), "SLOW_DISK_SWITCH": str(self._switch)}
        self._daemon = DaemonProcess(folder, size.beds, env, more=_table(self._broker))
        self._folder = folder
        self._screens: Screens | None = None

    def begin(self, dashboards: int) -> None:
        self.farm.run(30, self._daemon.is_up)
        if not self._daemon.is_up():
            raise TimeoutError("the daemon does not come up")
        self._screens = Screens(self._folder, self._daemon.port, dashboards)
        self.farm.run(6.0)  # lines open, control taken, first trips, start-up garbage frozen

    def end(self) -> None:
        if self._screens is not None:
            self._screens.end()
        self._daemon.stop()
        self.farm.close()
        if self._broker is not None:
            self._broker.stop()

    @contextlib.contextmanager
    def disturbed(self, kind: str) -> Iterator[None]:
        """While it is so; "calm" is nothing."""
        begin, over = self._ways().get(kind, (lambda: None, lambda: None))
        begin()
        try:
            yield
        finally:
            over()

    def _ways(self) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
        return {
            "stalled": (self._stall, lambda: self._stalled.communicate(b"", timeout=20)),
            "disk": (self._switch.touch, self._switch.unlink),
            "broker": (self._lose_broker, self._find_broker),
        }

    def _stall(self) -> None:
        url = f"ws://127.0.0.1:{self._daemon.port}/ws/v1/live"
        command = [sys.executable, "-m", "tests.bench.dashboards", url, "0", str(STALLED)]
        self._stalled = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT)

    def _lose_broker(self) -> None:
        if self._broker is not None:
            self._broker.kill()

    def _find_broker(self) -> None:
        if self._broker is not None:
            asyncio.run(self._broker.start())


def run(size: Size = FULL) -> list[Found]:
    """A row of each disturbance."""
    kinds = ["calm", *(kind for kind in KINDS if kind != "broker" or MOSQUITTO is not None)]
    found: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        ward = Ward(Path(name), size)
        try:
            ward.begin(size.dashboards)
            for number in range(size.rounds):
                for at in range(len(kinds)):
                    kind = kinds[(number + at) % len(kinds)]
                    found[kind].append(_window(ward, kind, size))
                last = "; ".join(f"{kind} {brief(rounds[-1])}" for kind, rounds in found.items())
                print(f"  round {number + 1}: {last}; load {foreign_cpu():.1f}", flush=True)
        finally:
            ward.end()
    return [_found(kind, words, found) for kind, words in KINDS.items()]


def _window(ward: Ward, kind: str, size: Size) -> list[float]:
    """Samples in microseconds of one window."""
    with ward.disturbed(kind):
        ward.farm.run(size.settle_s)
        ward.farm.forget_samples()
        ward.farm.run(size.seconds)
        return ward.farm.samples_us()


def _table(broker: Mosquitto | None) -> str:
    """The ward file's, where there is a broker."""
    if broker is None:
        return ""
    return f'\n[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}"\nsite = "st-elsewhere"\nkeepalive_s = 2\n'


def _found(kind: str, words: str, found: dict[str, list[list[float]]]) -> Row | NotRun:
    if kind not in found:
        return NotRun("G2", words, "mosquitto is not installed")
    return row(0.99, f"p99, {words}", ALLOWED, found[kind], found["calm"], "G2")


def slow_disk(folder: Path) -> Path:
    """slowdisk.c compiled, to be preloaded."""
    library = folder / "slowdisk.so"
    source = Path(__file__).with_name("slowdisk.c")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True
    )
    return library
