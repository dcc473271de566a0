"""A demo whose time runs faster: a simulated nurse plays a course of five days on the real stack.

The daemon is the same as ever; its clock and its event loop are a film's (pumpd.sim.fast_time).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pumpd.cli.common import print_lines

if TYPE_CHECKING:
    from pumpd.config.model import WardConfig
    from pumpd.daemon import Daemon
    from pumpd.sim import SimBed, SimWard
    from pumpd.sim.fast_time import FastLoop
    from pumpd.sim.nurse import Nurse

T = TypeVar("T")
FACTOR = 1440.0
"""Five days in five minutes, where the machine is fast enough."""
WRITING = 20_000
"""So many records may wait for the journal's thread before simulated time waits for it."""


def run_film(work: Callable[[FastLoop], Coroutine[Any, Any, T]]) -> T:
    """Run work(loop) on a loop whose simulated time goes as real time does until somebody sets its factor."""
    from pumpd.sim.fast_time import FastLoop, FastTime

    loop = FastLoop(FastTime(1.0))
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work(loop))


def film_daemon(config: WardConfig, loop: FastLoop, factor: float) -> Daemon:
    """A daemon whose beds live in the loop's time and whose screens live in people's."""
    from pumpd.clock import Clock, PeoplesTime
    from pumpd.daemon import Daemon

    return Daemon(config, Clock(loop.fast), PeoplesTime(loop.real_sleep, time.monotonic, factor))


def hold_for_journal(loop: FastLoop, daemon: Daemon) -> None:
    """Simulated time stands still while somebody waits for a commit, or the journal's thread is far behind."""
    journal = daemon.journal
    loop.still.held_by.append(lambda: journal.awaited() or journal.stats().waiting > WRITING)


async def show_course(loop: FastLoop, daemon: Daemon, sim: SimWard, factor: float) -> None:
    """The course, then what may be done with it; until Ctrl-C. Raises what went wrong in it."""
    told = asyncio.create_task(daemon.wait())
    playing = asyncio.create_task(play_course(loop, daemon, sim, factor))
    try:
        await asyncio.wait((told, playing), return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            print_lines(ending(daemon, playing.result()))
            await told
    finally:
        for task in (told, playing):
            task.cancel()
        await asyncio.gather(told, playing, return_exceptions=True)


async def play_course(loop: FastLoop, daemon: Daemon, sim: SimWard, factor: float) -> str | None:
    """The whole course at the factor, then real speed again; the course's id as the page has it."""
    from pumpd.sim.ldk_course import ldk_course

    bed = sim.beds[0]
    hold_for_journal(loop, daemon)
    loop.fast.set_factor(factor)
    begun_s, begun = time.monotonic(), daemon.clock.wall()
    nurse = film_nurse(daemon, bed, lambda line: print_lines([f"{_day(begun, daemon.clock.wall())}  {line}"]))
    try:
        await nurse.play(ldk_course(begun.year))
    finally:
        loop.fast.set_factor(1.0)
    passed = daemon.clock.wall() - begun
    took_s = time.monotonic() - begun_s
    print_lines(
        [
            f"{passed.total_seconds() / 3600:.1f} simulated hours in {took_s / 60:.1f} min"
            f" ({passed.total_seconds() / took_s:.0f} times as fast): {nurse.acts} acts of the nurse, {nurse.refusals}"
            f" refused as they should be, {nurse.acknowledged} alarms acknowledged"
        ]
    )
    return await nurse.course()


def film_nurse(daemon: Daemon, bed: SimBed, tell: Callable[[str], None]) -> Nurse:
    from pumpd.sim.http import HttpClient
    from pumpd.sim.nurse import Nurse

    return Nurse(HttpClient("127.0.0.1", daemon.port), bed, tell=tell)


def _day(begun: datetime, now: datetime) -> str:
    """When something happens in the film, by the page's clock too: "day 2, 24 Nov 13:05"."""
    return f"day {(now - begun).days + 1}, {now:%d %b %H:%M}"


def ending(daemon: Daemon, course: str | None) -> list[str]:
    """What a person may do now."""
    if course is None:
        return ["There is no course in the journal. Time is real from now on."]
    url = f"http://127.0.0.1:{daemon.port}/api/v1/courses/{course}/report"
    return [
        f"The course is {course}. Its report: {url}",
        f"or: pumpd report --journal {daemon.config.journal_url} --course {course} --format html > report.html",
        "Time runs at its real speed from now on (but stays in the future). Ctrl-C ends it.",
    ]
