"""The ward's own task on MQTT: connect, say who is there, publish until the link is lost, wait, connect again.

A broker that is away costs the ward nothing: the present is made when it leaves, and the past waits in the journal.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from contextlib import suppress

import structlog

from pumpd.bus.live import Counts, Present
from pumpd.bus.making import TOLD
from pumpd.bus.names import Names
from pumpd.bus.past import Past
from pumpd.bus.payload import HEALTH_EXPIRY_S, HEALTH_PERIOD_S, Again, Birth, Health, MetricBirth, State, decode, encode
from pumpd.bus.port import BusPort
from pumpd.bus.together import together
from pumpd.bus.topics import Topics
from pumpd.bus.wire import Heard, Link, LinkLost, Will, connect
from pumpd.config.bus_settings import BusSettings
from pumpd.device.signals import SIGNALS
from pumpd.links.backoff import Backoff
from pumpd.live.stamp import wall_us
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, PatientBound

log = structlog.get_logger(__name__)
FIRST_MS, MOST_MS = 500, 5_000
"""Between two attempts at the broker."""
REBIRTH_S = 2.0
"""However often somebody asks, everything is told again at most once in so many seconds."""
GOODBYE_S = 2.0
FAULT = "mqtt_link"
METRICS = tuple(MetricBirth(s.name, s.unit, s.label, s.code) for s in SIGNALS.values() if not s.wave)


class Bus:
    """run() is supervised by the daemon."""

    def __init__(self, settings: BusSettings, port: BusPort, chance: Callable[[], float] = random.random) -> None:
        self._settings, self._port = settings, port
        self.topics = Topics(settings.site, settings.ward)
        self.counts = Counts()
        self._names = Names()
        self._present = Present(port, self.topics, self.counts, self._names)
        self._past = Past(port, self.topics, self.counts, self._names)
        self._backoff = Backoff(FIRST_MS, MOST_MS, chance)
        self._alarm_news, self._step_news, self._asked = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._told_fault = False

    async def run(self) -> None:
        """Until cancelled; then the ward says that it was stopped."""
        self._port.listen(self._told)
        self._gone("not yet connected")
        await self._past.begin()
        await together(self._connections(), self._watch())

    async def _connections(self) -> None:
        while True:
            try:
                await self._connection(secrets.token_hex(8))
            except LinkLost as error:
                self._gone(str(error))
            await asyncio.sleep(self._backoff.next_s())

    async def _connection(self, session: str) -> None:
        """session: of this connection alone, so that an earlier one's last will says nothing of it."""
        will = Will(self.topics.state, encode(self._state(session, online=False, reason="lost")))
        name = f"pumpd-{self._settings.site}-{self._settings.ward}"
        async with connect(self._settings.broker, name, will=will, hear=self._hear) as link:
            await link.subscribe([self.topics.rebirth], retained=False)
            self._present.begin(session)
            self._here()
            try:
                await self._speak(link, session)
            except asyncio.CancelledError:
                await self._goodbye(link, session)
                raise

    async def _speak(self, link: Link, session: str) -> None:
        await self._born(link, session)
        await together(
            link.lost(),
            self._present.run(link, self._alarm_news),
            self._past.run(link, self._step_news),
            self._healthy(link, session),
            self._reborn(link, session),
        )

    async def _goodbye(self, link: Link, session: str) -> None:
        said = encode(self._state(session, online=False, reason="stopped"))
        with suppress(LinkLost, TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await link.publish(self.topics.state, said, retain=True)

    # who is there

    async def _born(self, link: Link, session: str) -> None:
        """The state comes last: whoever sees it knows the rest."""
        await link.publish(self.topics.birth, encode(self._birth(session)), retain=True)
        await link.publish(self.topics.state, encode(self._state(session)), retain=True)

    def _state(self, session: str, *, online: bool = True, reason: str = "up") -> State:
        ward = self._port.ward
        return State(online, reason, session, ward.version, ward.config_sha, self._now())

    def _birth(self, session: str) -> Birth:
        ward, port = self._port.ward, self._port
        return Birth(
            session=session,
            t=self._now(),
            ward=ward.id,
            name=ward.name,
            generation=ward.generation,
            timezone=ward.timezone,
            journal=ward.journal,
            beds=tuple(port.birth(bed) for bed in port.beds),
            metrics=METRICS,
            alarms=tuple(alarm.id for alarm in port.alarms()),
            page=ward.page,
        )

    def _now(self) -> str:
        stamp = self._present.stamp()
        return stamp.text(stamp.now_ms)

    async def _healthy(self, link: Link, session: str) -> None:
        """The state is said again with it: somebody's late last will may have taken its place."""
        while True:
            await link.publish(self.topics.health, encode(self._health(session)), retain=True, expiry_s=HEALTH_EXPIRY_S)
            await asyncio.sleep(HEALTH_PERIOD_S)
            await link.publish(self.topics.state, encode(self._state(session)), retain=True)

    def _health(self, session: str) -> Health:
        views, counts = [self._port.view(bed) for bed in self._port.beds], self.counts
        monitored = sum(view.monitored for view in views)
        sent = (counts.frames, counts.frames_dropped, counts.events, counts.historical, counts.backfill)
        return Health(session, self._now(), len(views), monitored, *sent)

    async def _reborn(self, link: Link, session: str) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._present.again()
            await self._born(link, session)
            self._alarm_news.set()
            await asyncio.sleep(REBIRTH_S)

    def _hear(self, heard: Heard) -> None:
        """A question that nobody understands is one for everything that stands."""
        if heard.topic == self.topics.rebirth:
            self._asked.set()
            asked = decode(heard.payload, Again)
            self._past.again_since(wall_us(asked.events_since) if asked and asked.events_since else None)

    # the beds' side

    def _told(self, bed: str, seq: int, now_ms: int, event: Event, decisions: tuple[Decision, ...]) -> None:
        """A step that decided something. On the loop, and quick: a stop may be due."""
        if isinstance(event, PatientBound):
            self._names.note(bed, event.patient)
        if any(isinstance(decision, TOLD) for decision in decisions):
            self._past.news.add(bed)
            self._alarm_news.set()
            self._step_news.set()

    # the link

    def _here(self) -> None:
        self._backoff.reset()
        self.counts.connected, self.counts.away_since_ms = True, None
        self.counts.connects += 1
        log.info("on the bus", broker=self._settings.broker.host, base=self.topics.base)
        if self._told_fault:
            self._told_fault = False
            self._port.fault(FAULT, "", active=False)

    def _gone(self, why: str) -> None:
        if self.counts.connected or self.counts.away_since_ms is None:
            log.warning("not on the bus", broker=self._settings.broker.host, why=why)
            self.counts.away_since_ms = self._port.now_ms()
        self.counts.connected = False

    async def _watch(self) -> None:
        """Away for longer than the ward file says: a technical advisory at every bed, until the link is back."""
        limit_ms = self._settings.away_ms
        while True:
            since_ms = self.counts.away_since_ms
            away = since_ms is not None and limit_ms is not None and self._port.now_ms() - since_ms >= limit_ms
            if away and not self._told_fault:
                self._told_fault = True
                self._port.fault(FAULT, f"for {(limit_ms or 0) // 1000} s", active=True)
            await asyncio.sleep(1.0)
