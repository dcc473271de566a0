"""G14: how late the daemon's loop wakes, against a bare clock_nanosleep loop in the same run.

Run as a process (`python -m tests.bench.lateness probe CONFIG SECONDS`) it is the daemon itself with a
sampler task on its loop and a million live objects; `control SECONDS` is the limit.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path

PERIOD_S = 0.01
LIVE_OBJECTS = 1_000_000


def control(seconds: float) -> list[float]:
    """Wake lateness in microseconds of a loop that only sleeps (time.sleep is clock_nanosleep)."""
    late, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + PERIOD_S
        time.sleep(PERIOD_S)
        late.append((time.monotonic() - due) * 1e6)
    return late


async def sample(seconds: float) -> list[float]:
    """The same on the running event loop."""
    late, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        late.append((time.monotonic() - due) * 1e6)
    return late


async def probe(config: Path, seconds: float) -> None:
    """The daemon with a million live objects; prints lateness samples and the longest collector pause."""
    from pumpd.config.load import load_ward
    from pumpd.config.model import WardConfig
    from pumpd.daemon import Daemon

    history = [{"n": i} for i in range(LIVE_OBJECTS)]
    ward = load_ward(config)
    assert isinstance(ward, WardConfig), ward
    daemon = Daemon(ward)
    await daemon.start()
    pauses: list[float] = []
    began = [0.0]

    def watch(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            began[0] = time.perf_counter()
        else:
            pauses.append((time.perf_counter() - began[0]) * 1000)

    gc.callbacks.append(watch)
    print("ready", flush=True)
    late = await sample(seconds)
    gc.callbacks.remove(watch)
    await daemon.stop()
    print(json.dumps({"late_us": late, "gc_ms": max(pauses, default=0.0), "live": len(history)}), flush=True)


def main(arguments: list[str]) -> None:
    if arguments[0] == "control":
        print(json.dumps({"late_us": control(float(arguments[1]))}), flush=True)
        return
    import uvloop

    uvloop.run(probe(Path(arguments[1]), float(arguments[2])))


if __name__ == "__main__":
    main(sys.argv[1:])
