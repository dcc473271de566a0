"""The hub put together: hears the wards, answers screens, writes the history. Each part fails by itself."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

import pumpd
from pumpd.access.port import AccessPort
from pumpd.bedside.supervise import keep_running
from pumpd.bus.payload import Again, State, encode
from pumpd.bus.together import ended, together
from pumpd.bus.topics import ROOT
from pumpd.bus.wire import Heard, Link, LinkLost, Will, connect
from pumpd.clock import Clock
from pumpd.config.model import ShellTimes
from pumpd.daemon.web import WebServer
from pumpd.hub.app import hub_app
from pumpd.hub.config import HubConfig
from pumpd.hub.history import History
from pumpd.hub.hospital import Hospital
from pumpd.hub.overdue import Overdue
from pumpd.hub.reception import HubReception, open_reception
from pumpd.hub.shapes import LIVE, PRIORITIES, SILENT, HospitalShape, WardDetail
from pumpd.links.backoff import Backoff
from pumpd.live.stamp import Stamp

log = structlog.get_logger(__name__)
FIRST_MS, MOST_MS = 250, 3_000


class Hub:
    """start(), wait() until asked to stop, stop(). access: of a test that is not about it."""

    def __init__(self, config: HubConfig, access: AccessPort | None = None) -> None:
        self.config, self.clock = config, Clock()
        self.hospital_model = Hospital(config.id, config.name, config.wards)
        self.history = None if config.database is None else History(config, config.database, self.missed)
        self.connected = False
        self._access, self._nonce = access, ""
        self._requests: dict[tuple[str, str], Again] = {}
        self._overdue = Overdue()
        self._request_news, self._asked = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.reception: HubReception | None = None
        self.on_heard: Callable[[], None] = lambda: None

    @property
    def port(self) -> int:
        """Where the web face listens (known after start, also when port 0 was configured)."""
        return self.web.port

    async def start(self) -> None:
        """Raises JournalOpenError or OSError, with nothing left running."""
        access, audit, accounts = self._access, None, None
        if access is None:
            self.reception = await open_reception(self.config, self.clock)
            access, audit, accounts = self.reception.signin, self.reception.audit, self.reception.signin.accounts
        app = hub_app(self, self.config.server, pumpd.__version__, access, audit, accounts)
        self.web = WebServer(app, self.config.server)
        try:
            self.web.open()
        except OSError:
            await self.stop()
            raise
        self._run("wards", self._connections)
        self._run("web face", self.web.run)
        if self.reception is not None:
            self._run("sign-in", self.reception.signin.run)
        if self.history is not None:
            self._run("history", self.history.run)
        log.info("hub started", hub=self.config.id, port=self.port)

    async def wait(self) -> None:
        """Until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked.set)
        await self._asked.wait()

    async def stop(self) -> None:
        """Clean exit."""
        if hasattr(self, "web"):
            self.web.stop()
        await ended(task for task in self._tasks if task.get_name() != "web face")
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self.reception is not None:
            await self.reception.close()

    def _run(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        work = keep_running(name, run, ShellTimes(), lambda detail, active: None)
        self._tasks.append(asyncio.create_task(work, name=name))

    # the wards

    async def _connections(self) -> None:
        backoff = Backoff(FIRST_MS, MOST_MS, random.random)
        while True:
            try:
                await self._connection(backoff)
            except LinkLost as error:
                if self.connected:
                    log.warning("the broker is away", why=str(error))
                self.connected = False
            await asyncio.sleep(backoff.next_s())

    async def _connection(self, backoff: Backoff) -> None:
        self._nonce = secrets.token_hex(8)
        own = [f"{ROOT}/{site}/host/{self.config.id}/state" for site in self.config.sites]
        will = Will(own[0], self._state(online=False, reason="lost"))
        name = f"pumpd-hub-{self.config.id}"
        async with connect(self.config.broker, name, will=will, hear=self._hear) as link:
            self.hospital_model.reconnected()
            await link.subscribe([topic for site in self.config.sites for topic in self._topics(site)])
            for topic in own:
                await link.publish(topic, self._state(), retain=True)
            self.connected = True
            backoff.reset()
            try:
                await together(link.lost(), self._asking(link))
            except asyncio.CancelledError:
                with contextlib.suppress(LinkLost):
                    await link.publish(own[0], self._state(online=False, reason="stopped"), retain=True)
                raise

    def _topics(self, site: str) -> list[str]:
        """What is kept comes in the order of asking, our own state last of all."""
        base = f"{ROOT}/{site}/+"
        levels = ("daemon/state", "daemon/birth", "bridge/state", "dev/+/state", "bed/+/alarm/+", "bed/+/frame")
        return [*(f"{base}/{level}" for level in levels), f"{ROOT}/{site}/host/{self.config.id}/state"]

    def _state(self, *, online: bool = True, reason: str = "up") -> bytes:
        stamp = self._stamp()
        now = stamp.text(stamp.now_ms)
        return encode(State(online, reason, self._nonce, pumpd.__version__, self.config.sha256[:16], now))

    def _hear(self, heard: Heard) -> None:
        now_ms = self.clock.now_ms()
        if "/host/" in heard.topic:
            if self._nonce.encode() in heard.payload:  # our own word: everything that is kept has come before it
                self.hospital_model.all_said()
        else:
            ward = self.hospital_model.hear(heard.topic, heard.payload, heard.retained, heard.expiry_left_s, now_ms)
            if ward is not None:
                self._ask(ward.key, Again())
            if heard.topic.endswith("/daemon/state"):
                self._catch_up(heard.topic)
        self.on_heard()

    def missed(self, since: datetime) -> None:
        """Something that was said since may not have been heard: the wards are asked to tell it once more."""
        self._overdue.begin(since, self.clock.now_ms())
        self._catch_up()

    def _catch_up(self, topic: str = "") -> None:
        """topic: of the one ward that has just said that it is there."""
        _, _, site, ward_id, *_ = (topic or "////").split("/")
        one = self.hospital_model.wards.get((site, ward_id))
        for ward in (one,) if one is not None else self.hospital_model.wards.values():
            since = self._overdue.of(ward.key, ward.link.state, self.clock.now_ms())
            if since is not None:
                self._ask(ward.key, Again(since))

    def _ask(self, key: tuple[str, str], asked: Again) -> None:
        if asked.events_since or key not in self._requests:
            self._requests[key] = asked
        self._request_news.set()

    async def _asking(self, link: Link) -> None:
        """Wards of which something is missing say everything again."""
        while True:
            await self._request_news.wait()
            self._request_news.clear()
            while self._requests:
                site, ward = next(iter(self._requests))
                asked = self._requests.pop((site, ward))
                await link.publish(f"{ROOT}/{site}/{ward}/cmd/rebirth", encode(asked))

    # HubPort

    def now_ms(self) -> int:
        return self.clock.now_ms()

    def _stamp(self) -> Stamp:
        return Stamp(self.clock.now_ms(), self.clock.wall_of)

    def hospital(self) -> HospitalShape:
        stamp = self._stamp()
        return self.hospital_model.shape(stamp.now_ms, stamp.text(stamp.now_ms), self.connected)

    def ward(self, site: str, ward: str) -> WardDetail | None:
        stamp = self._stamp()
        return self.hospital_model.detail(site, ward, stamp.now_ms, stamp.text(stamp.now_ms))

    def problems(self) -> tuple[str, ...]:
        found = [] if self.connected else ["the MQTT broker is not reached: no ward is live here"]
        if self.history is not None and not self.history.counts.database:
            found.append(f"the history is not written: {self.history.counts.why}")
        return tuple(found)

    def figures(self) -> dict[str, int]:
        shape = self.hospital()
        found = {
            "connected": int(self.connected),
            "wards": len(shape.wards),
            "wards_live": sum(ward.status == LIVE for ward in shape.wards),
            "wards_silent": sum(ward.status == SILENT for ward in shape.wards),
            "beds": sum(ward.beds for ward in shape.wards),
            "beds_live": sum(ward.live for ward in shape.wards),
            **{f"alarms_{name}": sum(getattr(ward, name) for ward in shape.wards) for name in PRIORITIES},
            "messages_total": self.hospital_model.messages,
            "missing_frames_total": sum(ward.gaps for ward in self.hospital_model.wards.values()),
        }
        return found if self.history is None else found | self._of_history(self.history)

    def _of_history(self, history: History) -> dict[str, int]:
        counts = history.counts
        return {
            "database": int(counts.database),
            "history_waiting": history.waiting,
            "history_frames_total": counts.frames,
            "history_events_total": counts.events,
            "history_dropped_total": counts.dropped,
        }
