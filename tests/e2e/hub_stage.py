"""A broker, wards that speak on it, and a hub, on a thread of their own beside the browser's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pumpd.access.always import AlwaysSignedIn
from pumpd.hub.config import KnownWard, load_hub
from pumpd.hub.hub import Hub
from tests.bus.brokers import Mosquitto, free_port, need_mosquitto
from tests.hub.stand import hub_file
from tests.hub.voices import SITE, Voice

T = TypeVar("T")
DEADLINE_S = 30.0


class HubStage:
    """`with HubStage(folder, voices, expected) as stage:` serves at `stage.url`. expected: wards that nobody hears."""

    def __init__(self, folder: Path, voices: list[Voice], expected: tuple[KnownWard, ...] = ()) -> None:
        need_mosquitto()
        self._folder, self._expected = folder, expected
        self.voices = {voice.ward: voice for voice in voices}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hub.html"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="hub-stage", daemon=True)

    def __enter__(self) -> HubStage:
        self._thread.start()
        assert self._ready.wait(DEADLINE_S), "the stage did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(DEADLINE_S)

    async def _main(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.mosquitto = Mosquitto(self._folder / "broker")
        await self.mosquitto.start()
        for voice in self.voices.values():
            voice.start(self.mosquitto.broker)
        await self._start_hub()
        self._ready.set()
        await self._end.wait()
        await self.hub.stop()
        for voice in self.voices.values():
            await voice.stop("stopped")
        self.mosquitto.stop()

    async def _start_hub(self) -> None:
        """Where the last one was."""
        config = load_hub(hub_file(self._folder, self.mosquitto.port)).hub
        assert config is not None
        server = replace(config.server, port=self.port)
        self.hub = Hub(replace(config, wards=self._expected, server=server), access=AlwaysSignedIn())
        await self.hub.start()

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        """Carried out on the stage's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    def end_hub(self) -> None:
        self.does(self.hub.stop())

    def start_hub(self) -> None:
        self.does(self._start_hub())


def expected_ward(ward: str, name: str) -> KnownWard:
    return KnownWard(SITE, ward, name, "https://silent.example/")
