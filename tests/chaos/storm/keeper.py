"""Keeps the daemon running, as systemd would: starts it again whenever it has ended, and tells the ghost of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import httpx

from tests.acceptance.daemon import Json, Pumpd
from tests.chaos.storm.ghost import Ghost, boot_ms
from tests.chaos.storm.shim import Shim

UNLIMITED, FULL = 2**40, 1024
WOKEN_MS = 3_000  # so long after a hang or a start it may still be catching up
SETTLED_MS = 6_000
AGAIN_S = 1.0
TRIES = 5  # then it does not start at all, and no storm is needed to know it
OURS = (httpx.HTTPError, OSError, AssertionError, ValueError)
"""What asking a daemon that is being killed may end with."""


class Keeper:
    """outputs: what each daemon has printed; unwilling: ends that nobody brought about."""

    def __init__(self, ward_file: Path, shim: Shim, ghost: Ghost) -> None:
        self._file, self._shim, self._ghost = ward_file, shim, ghost
        self.daemon: Pumpd | None = None
        self.outputs: list[str] = []
        self.unwilling: list[str] = []
        self.kills = self.starts = 0
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._ended = False
        self._killing = False
        self._hung = 0

    async def live(self) -> None:
        """Until cancelled."""
        failed = 0
        while not self._ended and failed < TRIES:
            await self._may_run.wait()
            began_ms = boot_ms()
            self._ghost.daemon.begin("down", began_ms)
            try:
                self.daemon = await Pumpd.run(self._file, self._shim.prefix)
            except (*OURS, TimeoutError) as error:
                if self._ghost.disk.clear(began_ms - SETTLED_MS, boot_ms()):  # else its database was not there
                    self.unwilling.append(f"{boot_ms():.0f}: did not start: {error!r}"[:1500])
                    failed += 1
                await asyncio.sleep(AGAIN_S)
                continue
            self.starts, failed = self.starts + 1, 0
            await self._run(self.daemon)

    async def _run(self, daemon: Pumpd) -> None:
        now = boot_ms()
        self._ghost.daemon.end("down", now)
        self._ghost.dark.end("daemon down", now)
        self._ghost.daemon.add(now, now + SETTLED_MS, "starting")
        code = await daemon.process.wait()
        self._ghost.daemon.begin("down", boot_ms())
        self._ghost.dark.begin("daemon down", boot_ms())
        self.daemon = None
        if not self._killing:
            self.unwilling.append(f"{boot_ms():.0f}: ended by itself with {code}:\n{daemon.text[-3000:]}")
        self._killing = False
        await daemon.kill()
        self.outputs.append(daemon.text)

    async def kill(self, away_s: float) -> None:
        """kill -9, and nobody starts it for so long."""
        if self.daemon is None:
            return
        self.kills += 1
        self._killing = True
        self._may_run.clear()
        self._ghost.daemon.begin("down", boot_ms())
        self._ghost.disk.end("full", boot_ms())
        os.kill(self.daemon.process.pid, signal.SIGKILL)  # the process object would reap it under the loop's watcher
        await asyncio.sleep(away_s)
        self._may_run.set()

    async def hang(self, for_s: float) -> None:
        """SIGSTOP, then SIGCONT."""
        daemon, what = self.daemon, f"hung {self._hung}"
        self._hung += 1
        if daemon is None or self._killing:
            return
        self._ghost.daemon.begin(what, boot_ms())
        with contextlib.suppress(ProcessLookupError):
            os.kill(daemon.process.pid, signal.SIGSTOP)
        self._ghost.dark.begin(what, boot_ms())
        await asyncio.sleep(for_s)
        self._ghost.dark.end(what, boot_ms())
        if daemon.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(daemon.process.pid, signal.SIGCONT)
        self._ghost.daemon.end(what, boot_ms() + WOKEN_MS)

    async def fill_disk(self, for_s: float) -> None:
        """No file of the daemon can grow for so long, or until it is killed."""
        daemon = self.daemon
        if daemon is None or self._killing:
            return
        self._ghost.disk.begin("full", boot_ms())
        with contextlib.suppress(ProcessLookupError, PermissionError):
            daemon.limit_files(FULL)
        await asyncio.sleep(for_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            daemon.limit_files(UNLIMITED)
        self._ghost.disk.end("full", boot_ms() + WOKEN_MS)

    async def get(self, path: str) -> Json | None:
        """None where nobody answers."""
        daemon = self.daemon
        try:
            return None if daemon is None else await daemon.get(path)
        except OURS:
            return None

    async def post(self, path: str, body: Json) -> tuple[int | None, Json]:
        return await self.request("POST", path, body)

    async def request(self, method: str, path: str, body: Json) -> tuple[int | None, Json]:
        """Status and body; None where it is not known what became of it."""
        daemon = self.daemon
        if daemon is None or daemon._http is None:
            return None, {}
        try:
            answer = await daemon._http.request(method, path, json=body)
            return answer.status_code, answer.json()
        except OURS:
            return None, {}

    async def end(self) -> str:
        """SIGTERM at last; all that the last one printed, or why it did not end."""
        self._ended = self._killing = True
        daemon = self.daemon
        if daemon is None:
            return ""
        with contextlib.suppress(TimeoutError):
            await daemon.signal(signal.SIGTERM, 20)
        return daemon.text
