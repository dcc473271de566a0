"""G15: how long after its last frame a device counts as lost on a screen, the line staying open.

The limit is two missed frames: 2 s for a monitor that reports each second and for a pump that is polled each second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.daemon import ROOT, DaemonProcess
from tests.bench.farm import Farm
from tests.bench.report import Row, percentile

TWO_FRAMES_MS = 2000.0
ALLOWED_MS = 50.0
QUIET = ("silent", "down")


def run(beds: int = 20, rounds: int = 5) -> list[Row]:
    """In each round a fifth of the monitors and of the pumps falls silent at different moments."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        farm = Farm(folder, beds, beds, 0)
        daemon = DaemonProcess(folder, beds)
        try:
            farm.run(30, daemon.is_up)
            url = f"ws://127.0.0.1:{daemon.port}/ws/v1/live"
            command = [sys.executable, "-m", "tests.bench.watch_links", url]
            screen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
            farm.run(6)
            last = _silence(farm, beds, rounds)
            out, _ = screen.communicate(b"", timeout=20)
        finally:
            daemon.stop()
            farm.close()
    waits = _waits(out.decode(), last)
    return [_row(kind, waits[kind], sum(key.endswith(kind) for key in last)) for kind in ("m1", "p1")]


def _silence(farm: Farm, beds: int, rounds: int) -> dict[str, float]:
    """Mutes device after device; when each had sent its last believable frame (CLOCK_MONOTONIC)."""
    last: dict[str, float] = {}
    for number in range(rounds):
        for index in range(number, beds, rounds):
            farm.monitors[index].mute = True
            farm.pumps[index].mute = True
            last[f"b{index:04d}-m1"] = farm.monitors[index].last_sent
            last[f"b{index:04d}-p1"] = farm.pumps[index].last_sent
            farm.run(0.137)
    farm.run(6)
    return last


def _waits(out: str, last: dict[str, float]) -> dict[str, list[float]]:
    """Milliseconds from the last frame to the screen, by kind."""
    waits: dict[str, list[float]] = {"m1": [], "p1": []}
    noticed: set[str] = set()
    for line in out.splitlines():
        seen = json.loads(line)
        device = seen.get("device")
        if device in last and device not in noticed and seen["link"] in QUIET and seen["at"] > last[device]:
            noticed.add(device)
            waits[device[-2:]].append((seen["at"] - last[device]) * 1000)
    return waits


def _row(kind: str, waits: list[float], muted: int) -> Row:
    name = {"m1": "monitor at 1 Hz", "p1": "pump polled each second"}[kind]
    note = f"{len(waits)} of {muted} noticed, worst {max(waits, default=float('nan')):.0f} ms; limit: 2 frames"
    allowed = (TWO_FRAMES_MS + ALLOWED_MS) / TWO_FRAMES_MS
    worst = percentile(waits, 0.9) if len(waits) == muted else float("inf")
    return Row("G15", f"{name} lost, last frame -> screen, p90", worst, TWO_FRAMES_MS, "ms", allowed, note)


if __name__ == "__main__":
    began = time.monotonic()
    for row in run():
        print(row, f"{row.ratio:.3f}x", row.verdict, f"{time.monotonic() - began:.0f} s")
