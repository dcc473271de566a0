"""Checks that nothing grows with time."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, ModuleType

from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.wire import Wire

MOST_GROWN_BYTES = 60_000
_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType)


def size_of(root: object) -> int:
    """Bytes of an object and of all that only it, or anything of it, refers to; code is not counted."""
    seen: set[int] = set()
    left, total = [root], 0
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, _CODE):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        left += gc.get_referents(one)
    return total


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
