"""What one frame costs each driver: the conversation with its simulated device, recorded once, heard again and again.

A frame is what the driver's framer cuts out; its cost is all that `receive` does with it - checksum, values, facts, and
the next question where the answer makes one. Goals: 10 us on line protocols, 60 us for the records of GE and Philips.

Held against the goal for records too: what is a record by any measure, one message of many lines (Ivy) or of many
parameters (B. Braun). Nonin's framer cuts out packets of 25 frames; its cost is that of one frame on the wire.
"""

from __future__ import annotations

import time
from typing import Any

from pumpd.device import Driver, Garbled
from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG
from pumpd.sim.conformance.captures import Captures
from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.wire import Wire
from tests.bench.report import Row

LINE_US, RECORD_US = 10.0, 60.0
RECORDS = {
    "ge_dri": "",
    "philips_intellivue": "",
    "ivy_450c": ", a message of 9 lines and 300 samples of curves, held as a record",
    "bbraun_space_bcc": ", a block of some 20 parameters, held as a record",
}
IN_ONE = {"nonin_df": 25}  # wire frames in what the framer cuts out
FRAMES, MOST_MS = 400, 4_000_000
LOOKS = 2000
Call = tuple[str, tuple[Any, ...]]


class Recorder:
    """Stands before a driver and notes every call."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.calls: list[Call] = []
        self.replies = 0

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._driver, name)
        if name not in ("receive", "tick"):
            return inner

        def noted(*arguments: Any) -> Any:
            self.calls.append((name, arguments))
            self.replies += name == "receive"
            return inner(*arguments)

        return noted


def conversation(case: Case) -> list[Call]:
    """What reaches the driver while it reads its simulated device."""
    wire = Wire(case)
    recorder = Recorder(wire.driver)
    wire.driver = recorder  # type: ignore[assignment]
    wire.until(lambda: recorder.replies >= FRAMES, MOST_MS)
    return recorder.calls


def frames_in(case: Case, calls: list[Call]) -> int:
    """Frames that the framer cuts out; a driver that takes whole ones past it gets at least one with each message."""
    driver: Any = case.fresh()
    feed, found = driver._framer.feed, 0

    def counting(data: bytes) -> list[bytes | Garbled]:
        nonlocal found
        cut: list[bytes | Garbled] = feed(data)
        found += sum(not isinstance(one, Garbled) for one in cut)
        return cut

    driver._framer.feed = counting
    replay(driver, calls)
    return max(found, sum(name == "receive" for name, _ in calls))


def replay(driver: Driver, calls: list[Call]) -> int:
    """The same once more; nanoseconds of this thread's CPU spent in `receive`."""
    spent, clock = 0, time.thread_time_ns
    for name, arguments in calls:
        call = getattr(driver, name)
        began = clock()
        call(*arguments)
        if name == "receive":
            spent += clock() - began
    return spent


def clock_ns() -> float:
    """What looking at the clock twice costs by itself."""
    spent, clock = 0, time.thread_time_ns
    for _ in range(LOOKS):
        began = clock()
        spent += clock() - began
    return spent / LOOKS


def run(rounds: int = 7) -> list[Row]:
    """One row a driver, rounds interleaved."""
    cases = [Case(driver, Captures(()), CATALOG[name]) for name, driver in sorted(drivers().items())]
    heard = {case.name: conversation(case) for case in cases}
    counts = {case.name: frames_in(case, heard[case.name]) for case in cases}
    took: dict[str, list[float]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            calls = heard[case.name]
            looking = clock_ns() * sum(name == "receive" for name, _ in calls)
            took[case.name].append((replay(case.fresh(), calls) - looking) / 1000 / counts[case.name])
    return [_row(name, min(us), _bytes_in(heard[name]) / counts[name]) for name, us in took.items()]


def _notes(name: str, size: float) -> str:
    many = IN_ONE.get(name, 1)
    packed = "" if many == 1 else f", {many} of them in a packet of {size:.0f}"
    return f"limit: the aim; {size / many:.0f} bytes{packed}{RECORDS.get(name, '')}"


def _bytes_in(calls: list[Call]) -> int:
    return sum(len(arguments[0]) for name, arguments in calls if name == "receive")


def _row(name: str, us: float, size: float) -> Row:
    limit = RECORD_US if name in RECORDS else LINE_US
    return Row("A4", f"one frame of {name}", us / IN_ONE.get(name, 1), limit, "us", 1.0, _notes(name, size))


if __name__ == "__main__":
    for row in run():
        print(row.what, f"{row.product:.2f} us of {row.limit:.0f}", row.verdict, row.note)
