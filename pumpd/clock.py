"""The shell's one clock: kernel milliseconds that never go back, and their wall time.

Kernel time counts CLOCK_BOOTTIME, so suspend is time that passed and NTP steps are not. After a
restart it goes on from where the journal left off (`resume`), so that one bed has one time line.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pumpd.units import Ms


def boot_id() -> str:
    """Identity of this boot of the machine; kernel times of one boot are comparable exactly."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_boot_ns = functools.partial(time.clock_gettime_ns, _BOOT_CLOCK)


@dataclass(frozen=True, slots=True)
class Gap:
    """How long the daemon was away, and whether that is measured (same boot) or taken from wall time."""

    ms: int
    certain: bool


class Clock:
    """now_ms() for the kernel and wall_of(now_ms) for records."""

    def __init__(self) -> None:
        self._offset_ms = -(_boot_ns() // 1_000_000)

    def now_ms(self) -> Ms:
        # asked several times for every frame: a call of Ms() would cost more than the clock itself
        return _boot_ns() // 1_000_000 + self._offset_ms  # type: ignore[return-value]

    def boot_ms(self) -> int:
        """Raw boot-time milliseconds, stored so that a later start of the same boot knows its gap exactly."""
        return _boot_ns() // 1_000_000

    def wall_of(self, now_ms: int) -> datetime:
        wall, ago_ms = datetime.now(UTC), self.now_ms() - now_ms
        return wall - timedelta(milliseconds=ago_ms) if ago_ms else wall

    def resume(self, last_now_ms: int, last_boot_id: str, last_boot_ms: int, last_wall: datetime) -> Gap:
        """Continue the time line of an earlier run that was last seen at last_now_ms; call once, before any use."""
        if last_boot_id == boot_id() != "unknown":
            gap = Gap(max(0, self.boot_ms() - last_boot_ms), certain=True)
        else:
            away = datetime.now(UTC) - last_wall
            gap = Gap(max(0, int(away.total_seconds() * 1000)), certain=False)
        self._offset_ms = last_now_ms + gap.ms + 1 - self.boot_ms()
        return gap
