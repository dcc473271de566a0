"""What is published of what happened: every event once, from the journal, in order, by the journal's own numbers.

Theory of operation. The journal is the queue: nothing waits in memory while the broker is away, for however long. How
far each bed has been told is kept in the journal as well (`messages_told`). With a connection, what is newer goes out
at once (`event`); what happened before it goes out beside it, in slices, marked historical (`hist/.../event`). Only
when the second has met the first is the mark moved past it, so that a kill in between tells something again and never
leaves it out; a reader knows an event by its id.

A broker that lost what it had taken, or a reader that was away, may have it told again (`again_since`), as history.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pumpd.bus.live import Counts
from pumpd.bus.making import event_of
from pumpd.bus.names import Names
from pumpd.bus.payload import EventOut, VitalsPast, encode
from pumpd.bus.port import BusPort
from pumpd.bus.tellings import Stretches, Tellings
from pumpd.bus.together import asked, together
from pumpd.bus.topics import Topics
from pumpd.bus.wire import Link
from pumpd.device.signals import SIGNALS
from pumpd.live.stamp import EPOCH, wall_text
from pumpd.safety.alarms import AlarmState
from pumpd.safety.decisions import AlarmChanged, Decision

EVENTS, VITALS = "mqtt events", "mqtt vitals"
"""Marks in the journal, beside those of HL7's destinations, whose names have no blank."""
BUCKET_S, SLICE = 10, 360
"""Past vitals: one bucket every so many seconds, an hour of them in one message."""
MARK_S = 60.0
MOST_DAYS = 31
AGAIN_S = 10.0
"""However often somebody asks, the past is told again at most once in so many seconds."""
NUMBERS = tuple(name for name, signal in SIGNALS.items() if not signal.wave)
Step = tuple[int, int, int, tuple[Decision, ...]]


@dataclass(slots=True)
class Past:
    """positions: up to which step each bed has been told, for good. news: beds that have something to tell.

    begin() once, run() for each connection.
    """

    port: BusPort
    topics: Topics
    counts: Counts
    names: Names
    positions: dict[str, int] = field(default_factory=dict)
    news: set[str] = field(default_factory=set)
    _backfilled: set[str] = field(default_factory=set)
    _at: dict[str, int] = field(default_factory=dict)
    _tellings: Tellings = field(default_factory=Tellings)
    _stretches: Stretches = field(default_factory=Stretches)
    _since_us: int | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self) -> None:
        """Where nothing was ever told, telling begins with what comes. Waits while the journal fails."""
        self.positions = dict(await asked(lambda: self.port.store.told_until(EVENTS)))
        for bed in self.port.beds:
            await self._know(bed)
            if bed not in self.positions:
                await self._mark(bed, await self._last(bed))

    async def run(self, link: Link, woken: asyncio.Event) -> None:
        """Until the link is lost. woken: a step decided something that is told."""
        self._backfilled.clear()
        self.news.update(self.port.beds)
        woken.set()
        for bed in self.port.beds:
            await self._know(bed)
        lasts = {bed: await self._last(bed) for bed in self.port.beds}
        now, self._at = self.port.wall_of(self.port.now_ms()), dict(lasts)
        await together(self._live(link, self._at, woken), self._backfill(link, lasts, now), self._again(link))

    def again_since(self, since_us: int | None) -> None:
        """Somebody may have missed what happened since (wall time); None: nobody has. Not before MOST_DAYS ago."""
        if since_us is not None:
            oldest = self.port.wall_of(self.port.now_ms()) - timedelta(days=MOST_DAYS)
            since_us = max(since_us, _us(oldest))
            self._since_us = since_us if self._since_us is None else min(since_us, self._since_us)
            self._wanted.set()

    async def _last(self, bed: str) -> int:
        return await asked(lambda: self.port.store.last_step(bed))

    async def _know(self, bed: str) -> None:
        for _, patient in await asked(lambda: self.port.store.patients(bed)):
            self.names.note(bed, patient)

    # what happens now

    async def _live(self, link: Link, at: dict[str, int], woken: asyncio.Event) -> None:
        while True:
            await woken.wait()
            woken.clear()
            told, self.news = self.news, set()
            for bed in told:
                while steps := await self._after(bed, at[bed]):
                    await self._know(bed)  # somebody may have come since
                    await self._tell(link, bed, steps, historical=False)
                    at[bed] = steps[-1][0]
                    if bed in self._backfilled:
                        await self._mark(bed, at[bed])

    # what happened before the connection

    async def _backfill(self, link: Link, lasts: dict[str, int], now: datetime) -> None:
        async with self._telling():
            for bed in self.port.beds:
                await self._backfill_events(link, bed, lasts[bed])
            for bed in self.port.beds:
                await self._backfill_vitals(link, bed, now)
        while True:
            await asyncio.sleep(MARK_S)
            await self._mark_vitals(self.port.wall_of(self.port.now_ms()))

    @asynccontextmanager
    async def _telling(self) -> AsyncIterator[None]:
        """One tells the past at a time."""
        async with self._turn:
            self.counts.backfill = True
            try:
                yield
            finally:
                self.counts.backfill = False

    async def _again(self, link: Link) -> None:
        while True:
            await self._wanted.wait()
            since_us, self._since_us = self._since_us or 0, None
            self._wanted.clear()
            async with self._telling():
                for bed in self.port.beds:
                    await self._again_of(link, bed, since_us)
            await asyncio.sleep(AGAIN_S)

    async def _again_of(self, link: Link, bed: str, since_us: int) -> None:
        """What happened since, and what was told since though it had happened before. The journal's mark stays."""
        before = await asked(lambda: self.port.store.step_before(bed, since_us))
        told = self._tellings.start(bed, since_us)
        before = before if told is None else min(before, told)
        if before < self.positions[bed]:
            self._backfilled.discard(bed)
            self.positions[bed] = before
            await self._backfill_events(link, bed, self._at[bed])
        for start_s, end_s in self._stretches.since(bed, since_us):
            await self._tell_vitals(link, bed, start_s, end_s)

    async def _backfill_events(self, link: Link, bed: str, last: int) -> None:
        start = self.positions[bed]
        while self.positions[bed] < last:
            steps = [step for step in await self._after(bed, self.positions[bed]) if step[0] <= last]
            if not steps:
                break
            await self._tell(link, bed, steps, historical=True)
            self._tellings.note(bed, start, _us(self.port.wall_of(self.port.now_ms())))
            await self._mark(bed, steps[-1][0])
        self._backfilled.add(bed)

    async def _mark(self, bed: str, seq: int) -> None:
        self.positions[bed] = seq
        await asked(lambda: self.port.store.told(EVENTS, bed, seq))

    async def _after(self, bed: str, seq: int) -> Sequence[Step]:
        return await asked(lambda: self.port.store.decisions_after(bed, seq))

    async def _tell(self, link: Link, bed: str, steps: Sequence[Step], *, historical: bool) -> None:
        for seq, now_ms, wall_us, decisions in steps:
            for index, decision in enumerate(decisions):
                await self._tell_one(link, bed, (seq, index, now_ms, wall_us), decision, historical)

    async def _tell_one(
        self, link: Link, bed: str, at: tuple[int, int, int, int], decision: Decision, historical: bool
    ) -> None:
        seq, index, now_ms, wall_us = at
        told = event_of(decision, lambda ms: wall_text(wall_us + (ms - now_ms) * 1000), self.names.hush(bed))
        if told is None:
            return
        name = f"{self.port.ward.journal}-{bed}-{seq}-{index}"
        event = EventOut(name, bed, seq, told[0], wall_text(wall_us), now_ms, historical, told[1])
        if historical and isinstance(decision, AlarmChanged) and decision.alarm.state is AlarmState.ENDED:
            await link.publish(self.topics.alarm(bed, decision.alarm.id), b"", retain=True)
        await link.publish(self.topics.event(bed, historical=historical), encode(event))
        self.counts.events += 1
        self.counts.historical += historical
        await asyncio.sleep(0)

    # vital signs that nobody was told of

    async def _backfill_vitals(self, link: Link, bed: str, now: datetime) -> None:
        told = await asked(lambda: self.port.store.told_until(VITALS))
        if bed in told:
            oldest = now - timedelta(days=MOST_DAYS)
            await self._tell_vitals(link, bed, max(told[bed], int(oldest.timestamp())), int(now.timestamp()))
        await self._mark_vitals_of(bed, now)

    async def _tell_vitals(self, link: Link, bed: str, start_s: int, end_s: int) -> None:
        """One message an hour; told again they are the same messages."""
        for at_s in range(start_s - start_s % BUCKET_S, end_s, BUCKET_S * SLICE):
            await self._slice(link, bed, EPOCH + timedelta(seconds=at_s))
            self._stretches.note(bed, start_s, end_s, _us(self.port.wall_of(self.port.now_ms())))

    async def _slice(self, link: Link, bed: str, start: datetime) -> None:
        end = start + timedelta(seconds=BUCKET_S * SLICE)
        found = await asked(lambda: self.port.past(bed, NUMBERS, start, end, SLICE))
        points = {name: list(buckets) for name, buckets in found.items() if any(buckets)}
        if not points:
            return
        at = wall_text(_us(start))
        past = VitalsPast(f"{self.port.ward.journal}-{bed}-v{int(start.timestamp())}", bed, at, BUCKET_S, points)
        await link.publish(self.topics.vitals(bed), encode(past))
        self.counts.historical += 1

    async def _mark_vitals(self, now: datetime) -> None:
        for bed in self.port.beds:
            await self._mark_vitals_of(bed, now)

    async def _mark_vitals_of(self, bed: str, now: datetime) -> None:
        await asked(lambda: self.port.store.told(VITALS, bed, int(now.timestamp())))


def _us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
