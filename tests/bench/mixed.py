"""200 mixed devices at their real rates on one daemon: what share of one core it takes.

The devices are the simulated sixteen, twelve or thirteen of each, half on ptys and half on TCP, in a process of their
own; the daemon is `pumpd run` with its journal and its raw captures, as on a ward. Curves are sent where a device
sends them.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.bench.daemon import ROOT, DaemonProcess, wait_until
from tests.bench.report import Row
from tests.ports import free_port

BEDS = 200
GOAL_PERCENT = 40.0
SETTLE_S = 15.0
STEP_S = 1.0


async def play(folder: Path, beds: int, port: int) -> None:
    """The devices' process: writes the ward file, says so, and lives until its input ends."""
    from tests.soak.ward import Sixteen

    sim = Sixteen(folder, beds)
    sim.open()
    (folder / "ward.toml").write_text(sim.ward_toml(port), encoding="utf-8")
    print("ready", flush=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while not ended.done():
        await asyncio.sleep(STEP_S)
        sim.breathe()
    sim.close()


def _share(folder: Path, seconds: float) -> tuple[float, float]:
    """Percent of one core, and readings a second."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.mixed", str(folder), str(BEDS), str(port)]
    devices = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert devices.stdout is not None
    devices.stdout.readline()
    daemon = DaemonProcess(folder, BEDS, port=port)
    try:
        wait_until(daemon.is_up, 60, "the daemon is up")
        time.sleep(SETTLE_S)
        cpu, frames, began = daemon.cpu_s(), _frames(daemon), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        return 100 * (daemon.cpu_s() - cpu) / took, (_frames(daemon) - frames) / took
    finally:
        daemon.stop()
        devices.communicate(b"", timeout=20)


def _frames(daemon: DaemonProcess) -> float:
    with urllib.request.urlopen(daemon.asked("/metrics"), timeout=10) as answer:
        text = answer.read().decode()
    rows = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("pumpd_frames_total"))
    return sum(float(value) for _, value in rows)


def run(rounds: int = 3, seconds: float = 30.0) -> list[Row]:
    """The row of the goal: the median round."""
    shares: list[float] = []
    rates: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="pumpd-mixed-") as name:
            share, rate = _share(Path(name), seconds)
        shares.append(share)
        rates.append(rate)
        print(f"  {share:.1f} % of a core, {rate:.0f} readings a second", flush=True)
    share, rate = sorted(shares)[len(shares) // 2], sorted(rates)[len(rates) // 2]
    note = f"{BEDS} devices of sixteen kinds, {rate:.0f} readings a second; limit: the goal"
    return [Row("A4", "200 mixed devices at their real rates", share, GOAL_PERCENT, "% of a core", 1.0, note)]


if __name__ == "__main__":
    asyncio.run(play(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
