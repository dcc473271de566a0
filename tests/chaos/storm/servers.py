"""The storm's own servers: PostgreSQL, the broker, the hub. Each is killed, hung and restarted, and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from tests.bus.brokers import MOSQUITTO, Mosquitto
from tests.chaos.storm.ghost import boot_ms
from tests.chaos.storm.spans import Spans
from tests.postgres import PG_BIN, Postgres, _can_run

FULL_BYTES = 1_100_000  # of any file of the server: its write-ahead log has files of one megabyte
BACK_MS = 10_000  # so long after a server is back its clients may still be waiting for their next try
AGAIN_S = 1.0
FAILED = (OSError, subprocess.CalledProcessError, ValueError)


def has_postgres() -> bool:
    return _can_run()


def has_broker() -> bool:
    return MOSQUITTO is not None


class Kept(Postgres):
    """A server whose data stay in the storm's folder; its socket is elsewhere, for a socket's path must be short."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder)
        self.socket = Path(tempfile.mkdtemp(prefix="pumpd-pg-", dir="/tmp"))
        if os.geteuid() == 0:
            for place in (folder, self.socket):
                shutil.chown(place, "postgres", "postgres")

    def kill(self) -> None:
        """Every process of the server at once, as a machine that loses its power."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def lives(self) -> bool:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return Path(f"/proc/{self.pid}").exists()
        return False

    def end(self) -> None:
        with contextlib.suppress(*FAILED):
            self.resume()
        with contextlib.suppress(*FAILED):
            self.stop("fast")
        shutil.rmtree(self.socket, ignore_errors=True)


class Troubled:
    """One trouble at a time; troubles: when it was not as it should be, dark: when nothing at all passed through it."""

    def __init__(self, name: str, troubles: Spans, dark: Spans | None = None, back_ms: float = BACK_MS) -> None:
        self._name, self._troubles, self._dark, self._back_ms = name, troubles, dark, back_ms
        self._busy = False
        self._count = 0

    @property
    def free(self) -> bool:
        return not self._busy

    @contextlib.asynccontextmanager
    async def trouble(self) -> AsyncIterator[None]:
        self._busy, self._count = True, self._count + 1
        what = f"{self._name} {self._count}"
        self._troubles.begin(what, boot_ms())
        try:
            yield
        finally:
            self._troubles.end(what, boot_ms() + self._back_ms)
            self._busy = False

    @contextlib.contextmanager
    def darkness(self) -> Iterator[None]:
        """Begun once it is certain; over before anything can pass again."""
        what = f"{self._name} dark {self._count}"
        if self._dark is not None:
            self._dark.begin(what, boot_ms())
        try:
            yield
        finally:
            if self._dark is not None:
                self._dark.end(what, boot_ms())


class Database(Troubled):
    """A PostgreSQL server."""

    def __init__(self, folder: Path, name: str, troubles: Spans) -> None:
        super().__init__(name, troubles)
        self.server = Kept(folder)

    async def open(self) -> None:
        await asyncio.to_thread(self.server.make)
        await self._start()

    async def reopen(self) -> None:
        """The data of an earlier storm."""
        await self._start()

    async def restart(self, away_s: float, mode: str = "fast") -> None:
        async with self.trouble():
            with contextlib.suppress(*FAILED):
                await asyncio.to_thread(self.server.stop, mode)
            await asyncio.sleep(away_s)
            await self._start()

    async def kill(self, away_s: float) -> None:
        async with self.trouble():
            with contextlib.suppress(*FAILED):
                self.server.kill()
            await asyncio.sleep(away_s)
            await self._start()

    async def hang(self, for_s: float) -> None:
        async with self.trouble():
            with contextlib.suppress(*FAILED):
                self.server.pause()
            await asyncio.sleep(for_s)
            with contextlib.suppress(*FAILED):
                self.server.resume()

    async def fill(self, for_s: float) -> None:
        """None of its files can grow any more; a server that gives up is started again."""
        async with self.trouble():
            with contextlib.suppress(*FAILED):
                await asyncio.to_thread(self.server.limit_files, FULL_BYTES)
            await asyncio.sleep(for_s)
            with contextlib.suppress(*FAILED):
                await asyncio.to_thread(self.server.limit_files, None)
            if not self.server.lives:
                await self._start()

    async def _start(self) -> None:
        """Again and again, as systemd would: its last processes may still be ending."""
        for _ in range(60):
            if self.server.lives and await self._answers():
                return
            with contextlib.suppress(*FAILED):
                await asyncio.to_thread(self.server.start)
            await asyncio.sleep(AGAIN_S if not self.server.lives else 0)
        raise RuntimeError(f"{self._name} does not start any more")

    async def _answers(self) -> bool:
        assert PG_BIN is not None
        ready = PG_BIN / "pg_isready"
        process = await asyncio.create_subprocess_exec(
            str(ready), "-q", "-h", str(self.server.socket), stdout=asyncio.subprocess.DEVNULL
        )
        return await process.wait() == 0


class Broker(Troubled):
    """Mosquitto, with what it keeps on its disk."""

    def __init__(self, folder: Path, troubles: Spans, dark: Spans) -> None:
        super().__init__("broker", troubles, dark)
        self.mosquitto = Mosquitto(folder, f"persistence true\npersistence_location {folder}/\nautosave_interval 5")

    async def open(self) -> None:
        await self.mosquitto.start()

    async def kill(self, away_s: float) -> None:
        await self._away(self.mosquitto.kill, away_s)

    async def restart(self, away_s: float) -> None:
        await self._away(self.mosquitto.stop, away_s)

    async def _away(self, end: Callable[[], None], away_s: float) -> None:
        async with self.trouble():
            await asyncio.to_thread(end)
            with self.darkness():
                await asyncio.sleep(away_s)
            await self.mosquitto.start()

    async def hang(self, for_s: float) -> None:
        async with self.trouble():
            self.mosquitto.hang()
            with self.darkness():
                await asyncio.sleep(for_s)
            self.mosquitto.wake()
