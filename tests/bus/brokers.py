"""Real mosquitto processes for tests, and a plain listener beside them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from pumpd.bus.wire import Heard, Link, LinkLost, connect
from pumpd.config.bus_settings import Broker
from tests.conftest import need
from tests.ports import free_port

__all__ = ["free_port"]  # as those know it who start brokers
MOSQUITTO = shutil.which("mosquitto") or ("/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else None)


def need_mosquitto() -> None:
    need(MOSQUITTO is not None, "mosquitto", "apt install mosquitto")


class Mosquitto:
    """One broker on a port of its own; start(), kill() and start() again: the port stays."""

    def __init__(
        self, folder: Path, more: str = "", *, listener: str = "", host: str = "127.0.0.1", within: Sequence[str] = ()
    ) -> None:
        """more: lines for its configuration; listener: lines of its listener (TLS). within: a command that runs it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self._folder, self._host, self._within = free_port(), folder, host, within
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.port} {host}", listener or "allow_anonymous true", more, "user root"]
        self._config.write_text("\n".join(lines) + "\nmax_queued_messages 100000\n", encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None
        self.reached_at = host

    @property
    def broker(self) -> Broker:
        return Broker("127.0.0.1", self.port, keepalive_s=2)

    async def start(self) -> None:
        assert MOSQUITTO is not None
        log = (self._folder / "log").open("ab")
        self.process = subprocess.Popen([*self._within, MOSQUITTO, "-c", str(self._config)], stdout=log, stderr=log)  # noqa: ASYNC220
        log.close()
        host = self._host if self._host != "0.0.0.0" else self.reached_at
        await until_listening(self.port, host, self.process)

    def kill(self) -> None:
        """Without a word, as a machine that loses its power."""
        self._end(signal.SIGKILL)

    def hang(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
            self.process.wait()
            self.process = None


async def until_listening(port: int, host: str = "127.0.0.1", of: subprocess.Popen[bytes] | None = None) -> None:
    """Somebody accepts connections there. of: who is to; if it has ended there will never be anybody."""
    while True:
        assert of is None or of.poll() is None, "the broker has ended by itself"
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return


class Ear:
    """Hears a topic and keeps what it heard, retained or not."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.link: Link | None = None
        self._news = asyncio.Event()

    def hear(self, heard: Heard) -> None:
        self.heard.append(heard)
        self._news.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Looks after each message."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    def last(self, ending: str) -> dict[str, Any] | None:
        """The newest payload on a topic that ends so; None: none, or cleared."""
        found = [one for one in self.heard if one.topic.endswith(ending)]
        return json.loads(found[-1].payload) if found and found[-1].payload else None

    def cleared(self, ending: str) -> bool:
        """The newest there is that nothing is there."""
        found = [one for one in self.heard if one.topic.endswith(ending)]
        return bool(found) and not found[-1].payload

    def all(self, ending: str) -> list[dict[str, Any]]:
        return [json.loads(one.payload) for one in self.heard if one.topic.endswith(ending) and one.payload]


@contextlib.asynccontextmanager
async def listening(broker: Broker, topic: str = "pumpd/#", name: str = "ear") -> AsyncIterator[Ear]:
    """Until the block ends; a lost link ends the ear silently."""
    ear = Ear()
    async with contextlib.AsyncExitStack() as stack:
        ear.link = await stack.enter_async_context(connect(broker, name, hear=ear.hear))
        await ear.link.subscribe([topic])
        with contextlib.suppress(LinkLost):
            yield ear
