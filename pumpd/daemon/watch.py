"""Looks after the daemon itself: is the event loop late, were kernels late, when is the next checkpoint, and when
does the garbage collector run."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
from array import array
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from pumpd.bedside import BedRuntime, Session
from pumpd.bus.together import ended
from pumpd.clock import PeoplesTime
from pumpd.device.info import Kind
from pumpd.links.recorder import Recorder
from pumpd.live.port import CaptureCounts, Health, WardCounts
from pumpd.turns import turns

log = structlog.get_logger(__name__)
EVERY_S = 0.1
LOOK_EVERY = 10
KEPT = 6000
"""Ten minutes of samples."""
TIDY_S = 0.01
SETTLED_S = 5.0
WHOLE_S = 60.0
BURST_OBJECTS = 50_000
RARELY = 1000


class LoopWatch:
    """How late the loop wakes a sleeper, in microseconds; the last ten minutes are kept."""

    def __init__(self, people: PeoplesTime | None = None) -> None:
        self._people = people or PeoplesTime()
        self._late_us = array("I", bytes(4 * KEPT))
        self._count = 0

    async def run(self, beds: Sequence[BedRuntime]) -> None:
        """Measures ten times a second; once a second asks the beds whether their timers were late."""
        people = self._people
        while True:
            due = people.now_s() + EVERY_S
            await people.sleep(EVERY_S)
            self.note(max(0.0, people.now_s() - due))
            if self._count % LOOK_EVERY == 0:
                for bed in beds:
                    bed.look()

    def note(self, late_s: float) -> None:
        self._late_us[self._count % KEPT] = min(int(late_s * 1e6), 2**32 - 1)
        self._count += 1

    def quantile_us(self, q: float) -> int:
        """Of the kept samples; 0 before the first."""
        return _at(sorted(self._late_us[: min(self._count, KEPT)]), q)

    def quantiles_s(self, wanted: Collection[float]) -> dict[float, float]:
        """The same for several, in seconds."""
        kept = sorted(self._late_us[: min(self._count, KEPT)])
        return {q: _at(kept, q) / 1e6 for q in wanted}


def _at(kept: Sequence[int], q: float) -> int:
    return kept[min(len(kept) - 1, int(len(kept) * q))] if kept else 0


async def tidy(sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """The garbage collector in short passes, because a stop that is due waits for a long one.

    Left alone it counts allocations less deallocations. Each step of a bed replaces its state, which nets nothing,
    so that the youngest generation comes to hold the whole ward and a pass of it takes 2 to 4 ms. Here it is looked
    through often, while it is small; everything that is not frozen once a minute; by itself only after a burst.
    """
    before = gc.get_threshold()
    gc.set_threshold(BURST_OBJECTS, RARELY, RARELY)
    try:
        await sleep(SETTLED_S)
        gc.collect()
        gc.freeze()  # drivers, connections and first states: what the start itself could not freeze yet
        while True:
            for _ in range(int(WHOLE_S / TIDY_S)):
                await sleep(TIDY_S)
                await turns().free()
                gc.collect(0)
            gc.collect()
    finally:
        gc.set_threshold(*before)


async def end_tasks(tasks: Sequence[asyncio.Task[None]], but: str) -> None:
    """All have ended; but the one of that name, which was asked to, is not cancelled."""
    await ended(task for task in tasks if task.get_name() != but)
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def checkpoints(beds: Sequence[BedRuntime], every_ms: int) -> None:
    """One bed after the other, so that all are done once per every_ms and never all at once."""
    while True:
        for bed in beds:
            await asyncio.sleep(every_ms / 1000 / len(beds))
            bed.checkpoint()


def counts(
    beds: Collection[BedRuntime],
    sessions: Collection[Session],
    capture: Recorder | None = None,
    health: Health | None = None,
) -> WardCounts:
    """What all beds and devices together have counted since the start."""
    return WardCounts(
        {kind.value: sum(session.frames for session in sessions if session.kind is kind) for kind in Kind},
        sum(bed.lateness.seen for bed in beds),
        sum(bed.lateness.late for bed in beds),
        max((bed.lateness.worst_ms for bed in beds), default=0),
        _unmapped(sessions),
        None if capture is None else CaptureCounts(capture.bytes_written, capture.lost, capture.paused is not None),
        health=health,
    )


def _unmapped(sessions: Collection[Session]) -> dict[str, int]:
    """By driver: how many different tags it has no row for."""
    found: dict[str, set[str]] = {}
    for session in sessions:
        found.setdefault(session.driver, set()).update(one.tag for one in session.unmapped)
    return {driver: len(tags) for driver, tags in found.items()}


def raise_file_limit() -> None:
    """A ward's lines, screens and files may be more than the usual soft limit of 1024 descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
