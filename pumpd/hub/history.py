"""The history: frames and events into PostgreSQL, each once, however often a broker says it.

Frames are shared between the hubs of a group (an MQTT 5 shared subscription); they are lost while no hub runs, and the
wards tell the vital signs of their own outages afterwards. Events come to every hub, in a session that the broker keeps
while a hub is away, and are acknowledged only after they are committed: no event is lost with a hub, and the second hub
to write one writes nothing. While PostgreSQL is away the newest frames wait in memory, so many and no more; events
wait at the broker.

A broker that dies may lose what waited there, and knows nothing of it. So the database also says until when everything
was heard, and after each new connection the wards are asked (`missed`) to tell once more what has happened since.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import asyncpg
import structlog

from pumpd.bus.together import together
from pumpd.bus.wire import Heard, Link, LinkLost, connect
from pumpd.hub.config import Database, HubConfig
from pumpd.hub.rows import Batch
from pumpd.hub.schema import NewerSchema, migrate
from pumpd.links.backoff import Backoff

log = structlog.get_logger(__name__)
EVERY_S = 0.5
MOST_FRAMES = 200_000
"""Waiting in memory while PostgreSQL is away: some 400 bytes each, 80 MB."""
MOST_ROWS = 5_000
BUSY_EVENTS = 10
MOST_EVENTS = 500
"""Not yet committed; the broker keeps the others."""
KEEP_SESSION_S = 7 * 24 * 3600
FIRST_MS, MOST_MS = 250, 5_000
NOTE_EVERY_S, MARGIN_S = 30.0, 600
"""Of what was committed now, everything until so many seconds ago has been heard: longer than telling a day takes."""
EXPIRE_EVERY_S, EXPIRE_ROWS = 60.0, 20_000
HEARD = """INSERT INTO hub_heard VALUES ($1, now() - make_interval(secs => $2))
ON CONFLICT (hub) DO UPDATE SET until = greatest(hub_heard.until, EXCLUDED.until)"""
FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
"""The last but one: what the driver says where the server went between two messages of one exchange."""


class Counts:
    """Since the start."""

    def __init__(self) -> None:
        self.frames = self.events = self.vitals = self.dropped = self.commits = 0
        self.database = False
        self.why = "not yet connected"


class History:
    """run() is supervised by the hub."""

    def __init__(
        self,
        config: HubConfig,
        database: Database,
        missed: Callable[[datetime], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """missed: told of a time since when something may not have been heard."""
        self._config, self._database, self._missed, self._chance = config, database, missed, chance
        self._anew, self._noted_s = False, 0.0
        self.counts = Counts()
        self._frames: dict[tuple[str, bytes], None] = {}
        self._events: list[tuple[int, Heard]] = []
        self._generation = 0
        self._events_link: Link | None = None
        self._news = asyncio.Event()

    @property
    def noted(self) -> bool:
        """The database says until when everything was heard."""
        return self._noted_s > 0

    @property
    def waiting(self) -> int:
        """Messages that are not in PostgreSQL yet."""
        return len(self._frames) + len(self._events)

    async def run(self) -> None:
        """Until cancelled."""
        hearing = map(self._connections, (self._hear_frames, self._hear_events))
        await together(*hearing, self._writing(), self._expiring())

    # from the broker

    async def _connections(self, hear: Callable[[Backoff], Awaitable[None]]) -> None:
        backoff = Backoff(FIRST_MS, MOST_MS, self._chance)
        while True:
            with suppress(LinkLost):
                await hear(backoff)
            await asyncio.sleep(backoff.next_s())

    async def _hear_frames(self, backoff: Backoff) -> None:
        name = f"pumpd-hub-{self._config.id}-frames"
        async with connect(self._config.broker, name, hear=self._take_frame) as link:
            group = self._config.group
            topics = [f"$share/{group}/pumpd/v1/{site}/+/bed/+/frame" for site in self._config.sites]
            await link.subscribe(topics, qos=0)
            backoff.reset()
            await link.lost()

    def _take_frame(self, heard: Heard) -> None:
        if len(self._frames) >= MOST_FRAMES:
            del self._frames[next(iter(self._frames))]
            self.counts.dropped += 1
        self._frames[heard.topic, heard.payload] = None
        self._news.set()

    async def _hear_events(self, backoff: Backoff) -> None:
        """Acknowledged by hand, in the connection in which they came; in a later one they come again."""
        self._generation += 1
        self._events = []
        name, broker = f"pumpd-hub-{self._config.id}-events", self._config.broker
        async with connect(
            broker,
            name,
            hear=self._take_event,
            keep_session_s=KEEP_SESSION_S,
            by_hand=True,
            most_unacked=MOST_EVENTS,
        ) as link:
            self._events_link = link
            try:
                for site in self._config.sites:
                    base = f"pumpd/v1/{site}/+"
                    await link.subscribe([f"{base}/bed/+/event", f"{base}/hist/#"], retained=False)
                backoff.reset()
                self._anew = True
                self._news.set()
                await link.lost()
            finally:
                self._events_link = None

    def _take_event(self, heard: Heard) -> None:
        self._events.append((self._generation, heard))
        self._news.set()

    # to the database

    async def _writing(self) -> None:
        backoff = Backoff(FIRST_MS, MOST_MS, self._chance)
        while True:
            try:
                await self._write_all(backoff)
            except (*FAILURES, NewerSchema) as error:
                self._failed(str(error) or type(error).__name__)
            await asyncio.sleep(backoff.next_s())

    async def _write_all(self, backoff: Backoff) -> None:
        connection = await self._connect()
        try:
            await migrate(connection)
            self.counts.database, self.counts.why = True, ""
            backoff.reset()
            while True:
                await self._news.wait()
                self._news.clear()
                busy = len(self._events) >= BUSY_EVENTS
                await self._write(connection)
                await self._heard_until(connection)
                await asyncio.sleep(0 if busy else EVERY_S)  # so that many messages share one commit
        finally:
            with suppress(*FAILURES):
                await connection.close(timeout=1)

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        password = None
        if self._database.password_file:
            text = await asyncio.to_thread(Path(self._database.password_file).read_text, encoding="utf-8")
            password = text.partition("\n")[0].strip()
        return await asyncpg.connect(self._database.url, password=password, timeout=5, command_timeout=30)

    async def _write(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Everything that waits, in batches; what was committed is forgotten, and acknowledged."""
        while self.waiting:
            frames, events = list(self._frames)[:MOST_ROWS], self._events[:MOST_ROWS]
            batch = Batch()
            for topic, payload in frames:
                batch.add(topic, payload)
            for _, heard in events:
                batch.add(heard.topic, heard.payload)
            async with connection.transaction():
                for statement, rows in batch.statements():
                    await connection.execute(statement, *map(list, zip(*rows, strict=True)))
            self._committed(batch, frames, events)

    def _committed(self, batch: Batch, frames: list[tuple[str, bytes]], events: list[tuple[int, Heard]]) -> None:
        for frame in frames:
            self._frames.pop(frame, None)
        for generation, heard in events:
            if generation == self._generation and self._events_link is not None and heard.qos:
                self._events_link.ack(heard.number)
        done = {id(one) for one in events}
        self._events = [one for one in self._events if id(one) not in done]
        counts = self.counts
        counts.frames += len(batch.frames)
        counts.events += len(batch.events)
        counts.vitals += len(batch.vitals)
        counts.commits += 1

    async def _heard_until(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Nothing waits now."""
        if self._anew:
            until = await connection.fetchval("SELECT until FROM hub_heard WHERE hub = $1", self._config.id)
            self._anew = False
            if until is not None:
                self._missed(until)
        now_s = asyncio.get_running_loop().time()
        if self._events_link is not None and now_s - self._noted_s >= NOTE_EVERY_S:
            await connection.execute(HEARD, self._config.id, float(MARGIN_S))
            self._noted_s = now_s  # not before: what was not taken is tried again

    def _failed(self, why: str) -> None:
        if self.counts.database or self.counts.why != why:
            log.warning("the history is not written", why=why)
        self.counts.database, self.counts.why = False, why
        self._news.set()

    async def _expiring(self) -> None:
        """Frames that are older than the file says go, a few at a time."""
        while True:
            await asyncio.sleep(EXPIRE_EVERY_S)
            if self._database.keep_days and self.counts.database:
                with suppress(*FAILURES):
                    await self._expire()

    async def _expire(self) -> None:
        connection = await self._connect()
        try:
            await connection.execute(
                "DELETE FROM frames WHERE ctid = ANY(ARRAY(SELECT ctid FROM frames"
                " WHERE at < now() - make_interval(days => $1) LIMIT $2))",
                self._database.keep_days,
                EXPIRE_ROWS,
            )
        finally:
            await connection.close(timeout=1)
