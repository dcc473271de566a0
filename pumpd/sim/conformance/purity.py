"""Checks that a driver is nothing but bytes and `now` in, facts and bytes out."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pumpd.device import PumpStatus
from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.wire import Wire

FORBIDDEN = (
    *("asyncio", "datetime", "http", "logging", "multiprocessing", "os", "random", "requests", "secrets", "select"),
    *("serial", "signal", "socket", "subprocess", "tempfile", "threading", "time", "urllib"),
)
OURS = ("pumpd.device", "pumpd.units")


def no_io_no_clock(case: Case) -> Iterator[str]:
    """It does no I/O, reads no clock, and of pumpd uses pumpd.device and pumpd.units only."""
    for module in _own_modules(sys.modules[case.driver.__module__]):
        for name, line in _imports(module):
            where = f"{module.__name__}:{line}"
            if name.partition(".")[0] in FORBIDDEN:
                yield f"{where}: imports {name}"
            if name.partition(".")[0] == "pumpd" and not name.startswith(OURS):
                yield f"{where}: imports {name}, which is not for drivers"


def _own_modules(first: ModuleType) -> list[ModuleType]:
    """The driver's module, and those of its own package that it imports."""
    package, found, left = first.__name__.partition(".")[0], [first], [first]
    while left:
        for name, _ in _imports(left.pop()):
            module = sys.modules.get(name)
            if module is not None and name.partition(".")[0] == package and module not in found:
                found.append(module)
                left.append(module)
    return found


def _imports(module: ModuleType) -> list[tuple[str, int]]:
    """Names of modules that it may import, with their lines."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, node.lineno), *((f"{node.module}.{one.name}", node.lineno) for one in node.names)]
    return found


def same_bytes_same_facts(case: Case) -> Iterator[str]:
    """The same bytes at the same times give the same facts, on every connection and in every process."""
    first, second = (Wire(case, control=case.stops, seed=7).run(2 * Wire(case).settle_ms) for _ in range(2))
    for (at, one), (_, other) in zip(first.log, second.log, strict=False):
        if one != other:
            yield f"at {at} ms once {one}, once {other}"
            return
    if len(first.log) != len(second.log):
        yield f"once {len(first.log)} facts and frames, once {len(second.log)}"


def polls_as_the_ward_file_says(case: Case) -> Iterator[str]:
    """A pump is asked as often as the ward file says, and its silence is told by that."""
    for poll_ms in (2 * case.info.poll_ms, 4 * case.info.poll_ms):
        wire = Wire(case, poll_ms=poll_ms).run(20 * poll_ms)
        rounds = len({status.requested_ms for status in wire.of(PumpStatus)})
        if not 12 <= rounds <= 28:
            yield f"asked each {poll_ms} ms, it was read {rounds} times in {wire.now} ms"
        yield from wire.problems
