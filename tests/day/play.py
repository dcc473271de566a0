"""Plays a bed's rows through a kernel in virtual time, and says what came of it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import pumpd.safety.kernel as kernel
from pumpd.config.model import BedConfig
from tests.day.audit import Audit, Burden, Watch
from tests.day.bed import VirtualBed
from tests.day.rows import rows_of
from tests.day.script import TAIL_MS, Row
from tests.day.shipped import shipped_beds, without_course
from tests.day.staff import Staff

POLL_MS = 4_000
DAY_MS = 24 * 3_600_000
RATES_UL_H = (10_000, 9_000, 12_000, 10_500, 8_000, 11_000, 10_000, 7_000)


@dataclass(frozen=True)
class Played:
    """What came of one bed: problems in words, demanded alarms, the burden, how often its pump was started by
    hand, and the PRODIGY episodes that the bed has counted."""

    bed: int
    problems: tuple[str, ...]
    watches: tuple[Watch, ...]
    burden: Burden
    steps: int
    frames: int
    starts: int
    episodes: int


def play(
    config: BedConfig, number: int, rows: Iterable[Row], with_kernel: ModuleType, *, until_ms: int = DAY_MS
) -> Played:
    """One bed from midnight to until_ms."""
    bed = VirtualBed(config, with_kernel, seed=number, wired=number == 1)
    rate_ul_h = RATES_UL_H[number - 1]
    staff = Staff(bed, rate_ul_h, seed=100 + number)
    script = tuple(row for row in rows if row.end_ms + TAIL_MS <= until_ms)
    audit = Audit(bed, script)
    starts = _Starts(bed)
    for row in script:
        bed.at(row.start_ms, lambda row=row: (audit.begin(row), row.begin(bed)))  # type: ignore[misc]
        bed.at(row.end_ms, lambda row=row: row.end(bed))  # type: ignore[misc]
        bed.at(row.end_ms + TAIL_MS, lambda row=row: audit.end(row))  # type: ignore[misc]
    bed.begin(rate_ul_h)
    gc.disable()  # a day makes millions of values and no cycles
    try:
        bed.run(until_ms)
    finally:
        gc.enable()
    problems = [*audit.problems, *starts.problems(), *(f"refused at {words}" for words in staff.refused)]
    if staff.rate_ul_h != bed.pump.pump.rate_ul_h:
        problems.append(f"bed {number} ends the day at {bed.pump.pump.rate_ul_h} uL/h")
    frames = sum(getattr(line, "frames", 0) for line in (bed.pump_line, bed.monitor_line))
    return Played(
        number,
        tuple(problems),
        tuple(audit.done),
        audit.burden,
        bed.steps,
        frames,
        len(staff.starts),
        bed.view().episodes,
    )


def play_bed(folder: Path, number: int, beds: int) -> Played:
    """The whole day of one bed with the real kernel; a process of its own may do it."""
    config = without_course(shipped_beds(folder / str(number), beds, poll_ms=POLL_MS)[number - 1])
    return play(config, number, rows_of(number), kernel)


def play_day(folder: Path, beds: int) -> list[Played]:
    """All beds, as many at once as there are cores; the bed on the wire, which takes longest, first."""
    numbers = range(1, beds + 1)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(play_bed, [folder] * beds, numbers, [beds] * beds))


class _Starts:
    """Nothing starts by itself: each start of the pump's motor was a hand at its panel, and no host asked for one."""

    def __init__(self, bed: VirtualBed) -> None:
        self._bed = bed
        self._motor = self._hands = 0
        motor, hand = bed.pump.pump.start, bed.pump.panel.start

        def started() -> bool:
            self._motor += 1
            return motor()

        def pressed(now_ms: int) -> bool:
            self._hands += 1
            return hand(now_ms)

        bed.pump.pump.start = started  # type: ignore[method-assign]
        bed.pump.panel.start = pressed  # type: ignore[method-assign]

    def problems(self) -> list[str]:
        asked = self._bed.pump.heard["INF_START"]
        found = [f"{asked} INF_START reached the pump of {self._bed.id}"] if asked else []
        if self._motor != self._hands:
            found.append(f"the pump of {self._bed.id} started {self._motor} times, by hand {self._hands} times")
        return found
