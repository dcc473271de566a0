"""pumpd watches itself (ALA-08): does anybody see and hear a HIGH alarm, was the clock set, do messages leave.

What it finds becomes a SelfFault in the beds' inboxes, from where it is an alarm like any other. `SelfWatch` judges,
with time as an argument; `watching` is the loop around it. (A late kernel, a failing journal and a crashed part are
told by those who notice: see daemon and bedside.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import structlog

from pumpd.bedside import BedRuntime
from pumpd.clock import Clock
from pumpd.config.model import ShellTimes
from pumpd.live.screens import Screens
from pumpd.safety.events import SelfFault
from pumpd.safety.self_alarms import high_since_ms

log = structlog.get_logger(__name__)
EVERY_S = 1.0
MS_PER_S = 1000


class Outbox(Protocol):
    """Messages on their way to another system (HL7, MQTT): what sends them keeps them until they were taken."""

    @property
    def name(self) -> str:
        """A word that names the receiver in the alarm and in its condition (outbox_stuck_NAME)."""
        ...

    def waiting_since_ms(self) -> int | None:
        """Kernel time since when the oldest message waits; None when none does."""
        ...


class Look(NamedTuple):
    """What there is to see at one moment. highs: of each bed, since when a HIGH alarm sounds there, or None."""

    now_ms: int
    wall_ms: int
    highs: Mapping[str, int | None]
    screens: Screens
    outboxes: Iterable[Outbox] = ()


class Told(NamedTuple):
    """bed None: every bed of the ward."""

    bed: str | None
    fault: SelfFault


class SelfWatch:
    """Remembers what it has told, so that each fault begins once and ends once."""

    def __init__(self, times: ShellTimes, now_ms: int, wall_ms: int) -> None:
        self._times = times
        self._unseen_since = self._unheard_since = now_ms
        self._apart_ms = wall_ms - now_ms
        self._clock_told_ms: int | None = None
        self._told: set[tuple[str | None, str]] = set()

    def look(self, seen: Look) -> list[Told]:
        """What has begun or ended since the last look."""
        if seen.screens.watched:
            self._unseen_since = seen.now_ms
        if seen.screens.sounding or not seen.screens.watched:
            self._unheard_since = seen.now_ms
        return [*self._perception(seen), *self._clock(seen), *self._outboxes(seen)]

    def _perception(self, seen: Look) -> Iterator[Told]:
        """Whoever would be silent with nobody watching is not told of twice: unheard needs a screen that is seen."""
        times, now = self._times, seen.now_ms
        unseen = now - self._unseen_since >= times.unwatched_ms
        unheard = now - self._unheard_since >= times.silent_ms
        nobody = f"no screen was seen for {times.unwatched_ms // MS_PER_S} s"
        silent = f"for {times.silent_ms // MS_PER_S} s"
        for bed, since_ms in seen.highs.items():
            yield from self._change(bed, "unwatched", nobody, unseen and since_ms is not None)
            yield from self._change(bed, "no_sound", silent, unheard and since_ms is not None)

    def _clock(self, seen: Look) -> Iterator[Told]:
        """From look to look the wall clock and kernel time go on alike, but for what a time service slews."""
        apart_ms = seen.wall_ms - seen.now_ms
        step_ms = apart_ms - self._apart_ms
        self._apart_ms = apart_ms
        if abs(step_ms) >= self._times.clock_step_ms:
            self._clock_told_ms = seen.now_ms
            way = "forward" if step_ms > 0 else "back"
            yield Told(None, SelfFault("clock_jump", f"set {way} by {abs(step_ms) / MS_PER_S:.1f} s", active=True))
        elif self._clock_told_ms is not None and seen.now_ms - self._clock_told_ms >= self._times.clock_shown_ms:
            self._clock_told_ms = None
            yield Told(None, SelfFault("clock_jump", "", active=False))

    def _outboxes(self, seen: Look) -> Iterator[Told]:
        limit_ms = self._times.outbox_stuck_ms
        for box in seen.outboxes:
            since_ms = box.waiting_since_ms()
            stuck = since_ms is not None and seen.now_ms - since_ms >= limit_ms
            detail = f"{box.name}: the oldest has waited for {limit_ms // MS_PER_S} s"
            yield from self._change(None, f"outbox_stuck_{box.name}", detail, stuck)

    def _change(self, bed: str | None, code: str, detail: str, active: bool) -> Iterator[Told]:
        if active is ((bed, code) in self._told):
            return
        (self._told.add if active else self._told.discard)((bed, code))
        yield Told(bed, SelfFault(code, detail if active else "", active))


def wall_ms(clock: Clock, now_ms: int) -> int:
    """Wall time in milliseconds since 1970."""
    return int(clock.wall_of(now_ms).timestamp() * MS_PER_S)


async def watching(
    watch: SelfWatch,
    clock: Clock,
    beds: Mapping[str, BedRuntime],
    screens: Callable[[], Screens],
    outboxes: Iterable[Outbox],
) -> None:
    """For ever: looks once a second and tells the beds."""
    while True:
        now_ms = clock.now_ms()
        highs = {name: high_since_ms(bed.state.alarms.values()) for name, bed in beds.items()}
        for told in watch.look(Look(now_ms, wall_ms(clock, now_ms), highs, screens(), outboxes)):
            log.warning("self alarm", bed=told.bed, code=told.fault.code, active=told.fault.active)
            for bed in list(beds.values()) if told.bed is None else [beds[told.bed]]:
                bed.post(told.fault)
                await asyncio.sleep(0)  # a stop may be due between two of many beds
        await asyncio.sleep(EVERY_S)
