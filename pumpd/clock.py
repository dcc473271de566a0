"""The shell's one clock: kernel milliseconds that never go back, and their wall time.

Kernel time counts CLOCK_BOOTTIME, so suspend is time that passed and NTP steps are not. After a
restart it goes on from where the journal left off (`resume`), so that one bed has one time line.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from pumpd.units import Ms


def boot_id() -> str:
    """Identity of this boot of the machine; kernel times of one boot are comparable exactly."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


NS_PER_MS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Source(Protocol):
    """Where time comes from: this machine, or a film (pumpd.sim) whose time runs faster."""

    def boot_ns(self) -> int:
        """Nanoseconds since the machine's boot, suspend included."""
        ...

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, UTC."""
        ...


class _Machine:
    boot_ns = functools.partial(time.clock_gettime_ns, _BOOT_CLOCK)  # the hot path: no Python in between

    wall_ns = staticmethod(time.time_ns)  # likewise: with each frame, and a datetime takes ten times as long to make


MACHINE: Source = _Machine()


def _loop_s() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class PeoplesTime:
    """How long people wait, in seconds, where the loop's time may run faster than theirs.

    sleep and now_s are theirs. stretch: loop seconds in one of theirs, at most; 1 unless the ward is a film's.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now_s: Callable[[], float] = _loop_s
    stretch: float = 1.0

    def now_ms(self) -> int:
        return int(self.now_s() * 1000)


@dataclass(frozen=True, slots=True)
class Gap:
    """How long the daemon was away, and whether that is measured (same boot) or taken from wall time."""

    ms: int
    certain: bool


class Clock:
    """now_ms() for the kernel and wall_of(now_ms) for records."""

    def __init__(self, source: Source = MACHINE) -> None:
        self._boot_ns = source.boot_ns
        self.wall_ns: Callable[[], int] = source.wall_ns
        """Now, in nanoseconds since 1970, UTC."""
        self._offset_ms = -self.boot_ms()

    def now_ms(self) -> Ms:
        # asked several times for every frame: a call of Ms() would cost more than the clock itself
        boot_ns = self._boot_ns  # an attribute that is called on the spot is looked up anew each time
        return boot_ns() // 1_000_000 + self._offset_ms  # type: ignore[return-value]

    def boot_ms(self) -> int:
        """Raw boot-time milliseconds, stored so that a later start of the same boot knows its gap exactly."""
        return self._boot_ns() // 1_000_000

    def wall(self) -> datetime:
        """Now, aware UTC."""
        return EPOCH + timedelta(microseconds=self.wall_ns() // 1000)

    def wall_of(self, now_ms: int) -> datetime:
        return EPOCH + timedelta(microseconds=self.wall_ns_of(now_ms) // 1000)

    def wall_ns_of(self, now_ms: int) -> int:
        """As `wall_of`, in nanoseconds since 1970."""
        return self.wall_ns() - (self.now_ms() - now_ms) * NS_PER_MS

    def resume(self, last_now_ms: int, last_boot_id: str, last_boot_ms: int, last_wall: datetime) -> Gap:
        """Continue the time line of an earlier run that was last seen at last_now_ms; call once, before any use."""
        if last_boot_id == boot_id() != "unknown":
            gap = Gap(max(0, self.boot_ms() - last_boot_ms), certain=True)
        else:
            away = self.wall() - last_wall
            gap = Gap(max(0, int(away.total_seconds() * 1000)), certain=False)
        self._offset_ms = last_now_ms + gap.ms + 1 - self.boot_ms()
        return gap
