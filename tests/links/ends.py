"""The other ends of lines: real ptys and real TCP ports, driven by the test."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from pathlib import Path

from pumpd.config.model import LinkTimes
from pumpd.device import Line as LineSettings
from pumpd.links import Line, LinkError, Trouble, parse_link

QUICK = LinkTimes(backoff_first_ms=1, backoff_max_ms=4, connect_timeout_ms=60_000)  # the machine may be a slow one


class PtyEnd:
    """A pty whose slave is reached by a symlink, so that it can be pulled and plugged in again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.master = -1
        self.plug()

    def plug(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self.master)
        self.master = -1

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    async def read(self, count: int) -> bytes:
        """Exactly `count` bytes that the line wrote."""
        data = b""
        while len(data) < count:
            await readable(self.master)
            data += os.read(self.master, count - len(data))
        return data

    def close(self) -> None:
        if self.master >= 0:
            self.unplug()


async def readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(fd, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(fd)


class Watched:
    """A Line with what it told: states and bytes can be awaited."""

    def __init__(
        self, url: str, times: LinkTimes = QUICK, settings: LineSettings | None = None, chance: float = 0.0
    ) -> None:
        link = parse_link(url)
        assert not isinstance(link, LinkError), link
        self.states: list[Trouble | None] = []
        self.heard = b""
        self._changed = asyncio.Event()
        self.line = Line(
            link,
            settings or LineSettings(bauds=(38400,)),
            times,
            on_bytes=self._on_bytes,
            on_state=self._on_state,
            chance=lambda: chance,
        )
        self.line.start()

    def _on_bytes(self, data: bytes) -> None:
        self.heard += data
        self._changed.set()

    def _on_state(self, state: Trouble | None) -> None:
        self.states.append(state)
        self._changed.set()

    async def until(self, condition: object) -> None:
        """Waits until condition() holds; looks whenever bytes or a state came."""
        assert callable(condition)
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def until_up(self, times: int = 1) -> None:
        await self.until(lambda: self.states.count(None) >= times)

    async def until_down(self) -> Trouble:
        await self.until(lambda: self.states and self.states[-1] is not None)
        last = self.states[-1]
        assert last is not None
        return last
