"""Wards that only speak: each says once a second, on a real broker, what a ward's daemon would, until told not to."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pumpd.bus.payload import (
    FRAME_EXPIRY_S,
    AlarmNow,
    BedBirth,
    Birth,
    DevState,
    Frame,
    PumpBirth,
    PumpNow,
    State,
    Vital,
    encode,
)
from pumpd.bus.together import ended
from pumpd.bus.topics import Topics
from pumpd.bus.wire import Link, Will, connect
from pumpd.config.bus_settings import Broker

SITE = "st-elsewhere"
ONSET = "2026-01-15T10:14:30Z"


def wall() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@dataclass
class Voice:
    """speaking False: the daemon hangs: it is connected and says nothing."""

    ward: str
    name: str
    beds: int = 2
    page: str | None = None
    generation: str = "real"
    speaking: bool = True
    rates: dict[str, int] = field(default_factory=dict)
    alarms: dict[str, AlarmNow] = field(default_factory=dict)
    monitored: bool = True

    def __post_init__(self) -> None:
        self.topics, self.session, self._seq = Topics(SITE, self.ward), f"session of {self.ward}", 0
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, broker: Broker) -> None:
        self._task = asyncio.create_task(self._speak(broker))

    async def stop(self, reason: str) -> None:
        """stopped: with a goodbye. lost: the connection is gone, and the broker says so."""
        assert self._task is not None
        assert self._link is not None
        await self._link.publish(self.topics.state, self._state(reason), retain=True)
        await ended([self._task])

    async def _speak(self, broker: Broker) -> None:
        will = Will(self.topics.state, self._state("lost"))
        async with connect(broker, f"pumpd-{self.ward}", will=will) as self._link:
            await self._link.publish(self.topics.birth, self._birth(), retain=True)
            await self._link.publish(self.topics.state, self._state("up"), retain=True)
            for alarm in self.alarms.values():
                await self._link.publish(self.topics.alarm(alarm.bed, alarm.id), encode(alarm), retain=True)
            while True:
                if self.speaking:
                    await self.frames()
                await asyncio.sleep(1.0)

    async def frames(self) -> None:
        """One of each bed, now."""
        assert self._link is not None
        self._seq += 1
        for bed in self.bed_ids:
            topic = self.topics.frame(bed)
            await self._link.publish(topic, encode(self._frame(bed)), qos=0, retain=True, expiry_s=FRAME_EXPIRY_S)

    async def device(self, device: str, state: str) -> None:
        assert self._link is not None
        said = DevState(self.session, self.bed_ids[0], device, state, wall(), wall())
        await self._link.publish(self.topics.device(device), encode(said), retain=True)

    async def raise_alarm(self, bed: str, priority: str, text: str) -> None:
        alarm = self.alarm(bed, priority, text)
        assert self._link is not None
        await self._link.publish(self.topics.alarm(bed, alarm.id), encode(alarm), retain=True)

    def alarm(self, bed: str, priority: str, text: str) -> AlarmNow:
        """Stands from now on; told with the next connection."""
        name, kind = f"{bed}-a{len(self.alarms) + 1}", "physiological"
        made = AlarmNow(name, bed, None, "x", priority, kind, "active", text, None, None, ONSET, True, None)
        self.alarms[name] = made
        return made

    @property
    def bed_ids(self) -> list[str]:
        return [f"{self.ward}-{number:02}" for number in range(1, self.beds + 1)]

    def _state(self, reason: str) -> bytes:
        return encode(State(reason == "up", reason, self.session, "1", "", wall()))

    def _birth(self) -> bytes:
        pump = PumpBirth("p1", "ketamine", 0.15, 0.1, "stop")
        beds = tuple(BedBirth(bed, f"Bed {n}", (), (pump,)) for n, bed in enumerate(self.bed_ids, 1))
        named, standing = (self.ward, self.name, self.generation, "UTC", "j"), tuple(self.alarms)
        return encode(Birth(self.session, wall(), *named, beds, (), standing, self.page))

    def _frame(self, bed: str) -> Frame:
        number, ms = int(bed[-2:]), time.monotonic_ns() // 1_000_000
        said = (("rr", self.rates.get(bed, 12 + number), "/min"), ("spo2", 99 - number, "%"))
        said += (("etco2", 36 + number, "mmHg"), ("pulse", 70 + number, "/min"))
        vitals = {name: Vital(value, "ok", unit, wall(), 100, f"{bed}-m1") for name, value, unit in said}
        pump = PumpNow(f"{bed}-p1", "ketamine", True, 7.2, 0.1, "ok", 200, "armed")
        return Frame(self.session, self._seq, ms, wall(), "a stay", self.monitored, vitals, (pump,))
