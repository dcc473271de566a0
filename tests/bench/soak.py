"""Soak: 100 pumps and 100 monitors at 1 Hz over ptys; nothing lost, no kernel deadline missed, memory flat.

What the farm sent is compared with what the daemon counted (/metrics) after the farm has fallen silent for a moment.
One pump and one monitor after the other falls silent for a while, or no kernel timer would ever come due.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.bench.daemon import DaemonProcess
from tests.bench.farm import Farm
from tests.bench.report import Row

BEDS = 100
SETTLE_S = 10.0
EVERY_S = 5.0
FLAT = 1.05
METRIC = re.compile(r"^(pumpd_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def metrics(daemon: DaemonProcess) -> dict[str, float]:
    """Every figure of /metrics by `name` or `name{labels}`."""
    with urllib.request.urlopen(daemon.asked("/metrics"), timeout=10) as answer:
        text = answer.read().decode()
    return {name + (f"{{{labels}}}" if labels else ""): float(value) for name, labels, value in METRIC.findall(text)}


def frames(found: dict[str, float], kind: str) -> float:
    return found[f'pumpd_frames_total{{kind="{kind}"}}']


def run(minutes: float = 10.0, beds: int = BEDS) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        farm = Farm(folder, beds, beds, 0)
        daemon = DaemonProcess(folder, beds)
        try:
            farm.run(30, daemon.is_up)
            farm.run(SETTLE_S)
            memory = _memory(farm, daemon, minutes)
            farm.silence()
            farm.run(0.5)
            return [*_counted(farm, metrics(daemon)), *_flat(memory, minutes)]
        finally:
            daemon.stop()
            farm.close()


def _memory(farm: Farm, daemon: DaemonProcess, minutes: float) -> list[tuple[float, float]]:
    """(seconds since the beginning, MB resident) every five seconds; in each of these, two other devices are mute."""
    began, seen = time.monotonic(), []
    while time.monotonic() - began < 60 * minutes:
        quiet = len(seen) % len(farm.pumps)
        farm.pumps[quiet].mute = farm.monitors[quiet].mute = True
        farm.run(EVERY_S)
        farm.pumps[quiet].mute = farm.monitors[quiet].mute = False
        seen.append((time.monotonic() - began, daemon.rss_kb() / 1024))
    return seen


def _counted(farm: Farm, found: dict[str, float]) -> list[Row]:
    numerics = sum(monitor.sent for monitor in farm.monitors)
    statuses = sum(pump.statuses for pump in farm.pumps)
    late, deadlines = found["pumpd_kernel_late_total"], found["pumpd_kernel_deadlines_total"]
    worst = f"{deadlines:.0f} timers, worst {found['pumpd_kernel_worst_late_seconds'] * 1000:.0f} ms late"
    return [
        _none("numerics lost", numerics - frames(found, "monitor"), f"{numerics} sent"),
        _none("pump statuses lost", statuses - frames(found, "pump"), f"{statuses} answered"),
        _none("frames garbled", found["pumpd_garbled_frames"], "of all that was sent"),
        _none("kernel deadlines missed", late, worst),
    ]


def _none(what: str, count: float, note: str) -> Row:
    return Row("soak", what, 1 + abs(count), 1.0, "1 + count", 1.0, note)


def _flat(memory: list[tuple[float, float]], minutes: float) -> list[Row]:
    """The last minute beside minutes 2 and 3 (the first half where the run is short), and the slope."""
    half = 30 * minutes
    early = [mb for at, mb in memory if (60 <= at < 180 if minutes >= 5 else at < half)]
    late = [mb for at, mb in memory if at >= min(60 * minutes - 60, 60 * minutes) or (minutes < 5 and at >= half)]
    before, after = statistics.median(early), statistics.median(late)
    slope = statistics.linear_regression(*zip(*memory, strict=True)).slope * 60 if len(memory) > 2 else 0.0
    note = f"{minutes:g} min, slope {slope:+.2f} MB/min over the whole run"
    return [Row("soak", "resident memory, last minute beside the beginning", after, before, "MB", FLAT, note)]
