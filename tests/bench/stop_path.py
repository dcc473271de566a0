"""G1: status frame in -> stop bytes out, whole daemon with journal and dashboards, against a bare uvloop echo.

Same ptys, same farm, interleaved rounds: control, product, control, product ... medians of rounds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.daemon import ROOT, DaemonProcess
from tests.bench.farm import Farm
from tests.bench.report import Row, foreign_cpu, median_of_rounds, percentile
from tests.bench.screens import Screens


@dataclass(frozen=True)
class Size:
    """beds: pumps and monitors; cycling: pumps that keep breaching; seconds of each round."""

    beds: int = 100
    cycling: int = 14
    dashboards: int = 50
    rounds: int = 5
    seconds: float = 30.0


FULL = Size()
QUICK = Size(rounds=2, seconds=10.0)
CONTROL_PUSH_S = 0.4
"""The daemon hears about 2.5 replies of each pump a second; the control gets as many frames, and answers each."""


def control_round(farm: Farm, seconds: float) -> list[float]:
    """Samples in microseconds of the bare echo on the same lines, with as many frames a second."""
    paths = [str(device.port.path) for device in farm.devices()]
    for monitor in farm.monitors:
        monitor.enabled = True
    echo = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.control_echo", *paths], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert echo.stdout is not None
    echo.stdout.readline()
    farm.push_s = CONTROL_PUSH_S
    farm.run(1.0)
    farm.forget_samples()
    farm.run(seconds)
    samples = farm.samples_us()
    farm.push_s = None
    echo.terminate()
    echo.wait()
    return samples


def product_round(
    farm: Farm,
    folder: Path,
    size: Size,
    *,
    env: dict[str, str] | None = None,
    more: str = "",
    disturb: Callable[[], None] = lambda: None,
) -> list[float]:
    """Samples in microseconds of the whole daemon, its journal and its dashboards on the same lines.

    env: of the daemon; more: of its ward file. disturb: what happens when the measuring begins.
    """
    for monitor in farm.monitors:
        monitor.enabled = False
    for pump in farm.pumps:
        pump.infusing, pump.buffer = True, b""
    farm.forget_samples()
    daemon = DaemonProcess(folder, size.beds, env, more=more)
    try:
        farm.run(30, daemon.is_up)
        screens = Screens(folder, daemon.port, size.dashboards)
        farm.run(6.0)  # lines open, control taken, first trips, start-up garbage frozen
        farm.forget_samples()
        disturb()
        farm.run(size.seconds)
        samples = farm.samples_us()
        screens.end()
        return samples
    finally:
        daemon.stop()


def run(size: Size = FULL) -> list[Row]:
    """The rows of G1."""
    echo: list[list[float]] = []
    product: list[list[float]] = []
    for number in range(size.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            farm = Farm(folder, size.beds, size.beds, size.cycling)
            echo.append(control_round(farm, min(8.0, size.seconds / 2)))
            product.append(product_round(farm, folder, size))
            farm.close()
        print(
            f"  round {number + 1}: echo {brief(echo[-1])}; daemon {brief(product[-1])}; load {foreign_cpu():.1f}",
            flush=True,
        )
    held = ((0.5, "p50", 1.5), (0.99, "p99", 3.0))
    rows = [row(share, name, allowed, product, echo) for share, name, allowed in held]
    pooled = [[[one for samples in rounds for one in samples]] for rounds in (product, echo)]
    return [*rows, row(0.999, "p99.9 of all rounds together", 5.0, *pooled)]


def brief(samples: list[float]) -> str:
    return f"p50 {percentile(samples, 0.5):.0f} p99 {percentile(samples, 0.99):.0f} us ({len(samples)})"


def row(
    share: float, name: str, allowed: float, product: list[list[float]], echo: list[list[float]], goal: str = "G1"
) -> Row:
    ours = median_of_rounds([percentile(r, share) for r in product])
    limit = median_of_rounds([percentile(r, share) for r in echo])
    count = sum(len(r) for r in product)
    return Row(goal, f"status frame -> stop bytes, {name}", ours, limit, "us", allowed, f"{count} stops")
