"""What systemd is told: that the daemon is ready, that it stops, and that it lives.

That it lives is said by the slowest of the essential loops, never by a timer alone: each bed's timer, each device's
and the screens' tick must have turned since it was said last (or have nothing due). A daemon that only looks alive is
killed and started again by systemd, and takes the ward up from the journal.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import structlog

if TYPE_CHECKING:
    from pumpd.bedside.timer import DeadlineTimer
    from pumpd.daemon.daemon import Daemon

log = structlog.get_logger(__name__)
SOCKET, WATCHDOG_US, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
LOOKS = 10
"""Looks in one of systemd's intervals: a loop that turns once a second is seen to, also where the interval is 10 s."""

US_PER_S = 1_000_000


class Service:
    """sd_notify(3). Without a socket in the environment nothing is said, and nothing fails."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get(SOCKET, "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]  # an abstract socket
        self.watchdog_s = _watchdog_s(environ) if self._address else None

    def say(self, *lines: str) -> None:
        """One datagram. Waits for nothing: what systemd does not take now is lost."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            with suppress(OSError):
                line.sendto("\n".join(lines).encode(), self._address)


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """None: this process is not watched."""
    pid, interval_us = environ.get(WATCHDOG_PID, ""), environ.get(WATCHDOG_US, "")
    if pid not in ("", str(os.getpid())) or not interval_us.isdigit() or int(interval_us) == 0:
        return None
    return int(interval_us) / US_PER_S


class Essential(NamedTuple):
    """A loop without which the daemon is of no use. turns: how often it has turned; idle: nothing is due."""

    name: str
    turns: Callable[[], int]
    idle: Callable[[], bool] = lambda: False


class Watchdog:
    """Calls alive() whenever each of the loops has turned since it was called last."""

    def __init__(self, loops: Iterable[Essential], alive: Callable[[], None]) -> None:
        self._loops, self._alive = tuple(loops), alive
        self._before = [loop.turns() for loop in self._loops]
        self._owing = set(range(len(self._loops)))

    @property
    def owing(self) -> Sequence[str]:
        """The loops that have not turned since."""
        return [self._loops[at].name for at in sorted(self._owing)]

    def look(self) -> bool:
        """Whether all had turned, and alive() was called."""
        for at in tuple(self._owing):
            loop = self._loops[at]
            if loop.turns() != self._before[at] or loop.idle():
                self._owing.discard(at)
        if self._owing:
            return False
        self._alive()
        self._before = [loop.turns() for loop in self._loops]
        self._owing.update(range(len(self._loops)))
        return True

    async def run(self, interval_s: float) -> None:
        """For ever. Names in the log what hangs, once, before systemd acts."""
        missed, told = 0, False
        while True:
            await asyncio.sleep(interval_s / LOOKS)
            missed = 0 if self.look() else missed + 1
            if missed > LOOKS // 2 and not told:
                log.error("the watchdog is not fed: these do not turn", loops=self.owing)
            told = missed > LOOKS // 2


def essentials(daemon: Daemon) -> list[Essential]:
    """Each bed's inbox, each device's poll, the screens' tick."""

    def timer(name: str, one: DeadlineTimer) -> Essential:
        return Essential(name, lambda: one.turns, lambda: one.idle)

    beds = [timer(f"bed {bed.id}", bed.timer) for bed in daemon.beds.values()]
    devices = [timer(f"device {name}", session.timer) for name, session in daemon.sessions.items()]
    return [*beds, *devices, Essential("screens", lambda: daemon.hub.turns)]


def status(daemon: Daemon) -> str:
    """For `systemctl status`: nothing about patients."""
    return f"STATUS=ward {daemon.config.id}: {len(daemon.beds)} beds, {len(daemon.sessions)} devices"
