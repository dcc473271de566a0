"""Checks that nothing grows with time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.wire import Wire

MOST_GROWN_BYTES = 60_000


def hours_leave_nothing(case: Case) -> Iterator[str]:
    """What it keeps does not grow with the time that it runs."""
    wire = Wire(case, control=case.stops)
    wire.run(wire.settle_ms)
    tracemalloc.start()
    for _ in range(6):
        wire.run(wire.settle_ms)
        wire.log.clear()
        del wire.truth[:-1]
    wire.run(1)
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(12):
        wire.run(wire.settle_ms)
        wire.log.clear()
        del wire.truth[:-1]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if after - before > MOST_GROWN_BYTES:
        yield f"{after - before} bytes more after {12 * wire.settle_ms // 1000} s"
