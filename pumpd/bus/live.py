"""What is published of the present: one frame of each bed a second, alarms and devices as they change.

All of it is made at the moment at which it leaves; whatever a slow broker did not take is never sent afterwards.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pumpd.bus.making import Hush, alarm_of, device_of, frame_of
from pumpd.bus.names import Names
from pumpd.bus.payload import FRAME_EXPIRY_S, AlarmNow, DevState, encode
from pumpd.bus.port import BusPort
from pumpd.bus.together import together
from pumpd.bus.topics import Topics
from pumpd.bus.wire import Link
from pumpd.live.stamp import Stamp
from pumpd.safety.alarms import Alarm
from pumpd.turns import turns

EVERY_S = 1.0


@dataclass(slots=True)
class Counts:
    """Since the start. away_since_ms: kernel time since when there is no broker; None while there is one."""

    connected: bool = False
    connects: int = 0
    frames: int = 0
    frames_dropped: int = 0
    events: int = 0
    historical: int = 0
    backfill: bool = False
    away_since_ms: int | None = None


@dataclass(slots=True)
class Present:
    """What the broker was told, so that only changes leave. alarms outlasts a connection: what ended meanwhile has to
    be cleared; `said`, by which one that is as it was told is passed over, does not.
    """

    port: BusPort
    topics: Topics
    counts: Counts
    names: Names
    alarms: dict[str, AlarmNow] = field(default_factory=dict)
    said: dict[str, tuple[Alarm, Hush]] = field(default_factory=dict)
    devices: dict[str, DevState] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    session: str = ""

    def begin(self, session: str) -> None:
        """A new connection: everything that stands is told again."""
        self.session = session
        self.seqs = dict.fromkeys(self.port.beds, 0)
        self.again()

    def again(self) -> None:
        """Everything that stands is told again."""
        self.said, self.devices = {}, {}

    def stamp(self) -> Stamp:
        return Stamp(self.port.now_ms(), self.port.wall_of)

    def alarm_now(self, alarm: Alarm, stamp: Stamp) -> AlarmNow:
        self.names.note(alarm.bed, self.port.view(alarm.bed).patient)
        return alarm_of(alarm, stamp.text, self.names.hush(alarm.bed), self.session)

    async def run(self, link: Link, woken: asyncio.Event) -> None:
        """Until the link is lost. woken: an alarm may have changed."""
        await together(self._frames(link), self._alarms(link, woken))

    async def _frames(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            for bed in self.port.beds:
                await self._frame(link, bed)
            await self._devices(link)
            due_s += EVERY_S
            missed = int((loop.time() - due_s) / EVERY_S)
            if missed > 0:  # a slow broker: these seconds are gone, nobody gets them later as if they were now
                self.counts.frames_dropped += missed * len(self.port.beds)
                due_s += missed * EVERY_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def _frame(self, link: Link, bed: str) -> None:
        await turns().free()  # a stop may be due between two beds
        view, self.seqs[bed] = self.port.view(bed), self.seqs[bed] + 1
        self.names.note(bed, view.patient)
        stay = None if view.patient is None else self.port.stay(view.patient)
        frame = frame_of(view, self.session, self.seqs[bed], self.stamp(), stay)
        await link.publish(self.topics.frame(bed), encode(frame), qos=0, retain=True, expiry_s=FRAME_EXPIRY_S)
        self.counts.frames += 1

    async def _devices(self, link: Link) -> None:
        for bed in self.port.beds:
            await turns().free()
            stamp = self.stamp()
            for view in self.port.view(bed).devices:
                state, last = device_of(view, bed, self.session, stamp), self.devices.get(view.id)
                if last is None or (last.state, last.since) != (state.state, state.since):
                    await link.publish(self.topics.device(view.id), encode(state), retain=True)
                    self.devices[view.id] = state

    async def _alarms(self, link: Link, woken: asyncio.Event) -> None:
        while True:
            woken.clear()
            await self.sync_alarms(link)
            await _first(woken, EVERY_S)

    async def sync_alarms(self, link: Link) -> None:
        """What stands is retained as it stands, what has ended is cleared."""
        stamp = self.stamp()
        standing = {alarm.id: alarm for alarm in self.port.alarms()}
        for alarm in standing.values():
            if self.said.get(alarm.id) != (alarm, self.names.hush(alarm.bed)):
                await turns().free()  # a ward in alarm has hundreds, and a stop may be due
                await self._tell(link, alarm, stamp)
        for gone in [last for key, last in self.alarms.items() if key not in standing]:
            await link.publish(self.topics.alarm(gone.bed, gone.id), b"", retain=True)
            del self.alarms[gone.id]
            self.said.pop(gone.id, None)

    async def _tell(self, link: Link, alarm: Alarm, stamp: Stamp) -> None:
        """If it is news to those who listen: its time alone is not, which a corrected clock moves."""
        now, last = self.alarm_now(alarm, stamp), self.alarms.get(alarm.id)
        if alarm.id not in self.said or last is None or _changed(last, now):
            self.alarms[alarm.id] = now
            await link.publish(self.topics.alarm(alarm.bed, alarm.id), encode(now), retain=True)
        self.said[alarm.id] = alarm, self.names.hush(alarm.bed)


def _changed(last: AlarmNow, now: AlarmNow) -> bool:
    """onset is wall time, which a corrected clock moves; the alarm is the same."""
    return _telling(last) != _telling(now)


def _telling(one: AlarmNow) -> tuple[object, ...]:
    acked = one.acknowledged and one.acknowledged.reason
    return one.state, one.priority, one.text, one.value, one.limit, one.present, acked


async def _first(woken: asyncio.Event, at_most_s: float) -> None:
    try:
        async with asyncio.timeout(at_most_s):
            await woken.wait()
    except TimeoutError:
        return
