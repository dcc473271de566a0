"""The daemon as the bus sees it (pumpd.bus.port), and the bus as the daemon runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

import pumpd
from pumpd.bedside import BedRuntime
from pumpd.bus.bus import Bus
from pumpd.bus.payload import BedBirth, DeviceBirth, PumpBirth
from pumpd.bus.port import Bucket, Ward
from pumpd.clock import Clock
from pumpd.config.model import BedConfig, WardConfig
from pumpd.gateways import MessageStore, Told
from pumpd.journal import Journal, JournalMessages
from pumpd.journal.tables import meta
from pumpd.live.amounts import number
from pumpd.live.port import BusCounts
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.events import Patient, SelfFault
from pumpd.safety.limits import Limit
from pumpd.safety.view import BedView, PumpView
from pumpd.signin.secret import keyed, read_key

STAY_LETTERS = 24


class WardOnBus:
    """Implements BusPort over the beds of this daemon."""

    def __init__(
        self,
        ward: Ward,
        config: WardConfig,
        beds: Mapping[str, BedRuntime],
        journal: Journal,
        store: MessageStore,
        clock: Clock,
        told: list[Told],
        key: bytes,
    ) -> None:
        """told: whom the beds tell of their steps. key: the site's own."""
        self._ward, self._beds, self._journal, self._store = ward, beds, journal, store
        self._config = {bed.id: bed for bed in config.beds}
        self._clock, self._told, self._key = clock, told, key

    @property
    def ward(self) -> Ward:
        return self._ward

    @property
    def beds(self) -> Sequence[str]:
        return tuple(self._beds)

    @property
    def store(self) -> MessageStore:
        return self._store

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def wall_of(self, now_ms: int) -> datetime:
        return self._clock.wall_of(now_ms)

    def view(self, bed: str) -> BedView:
        return self._beds[bed].view()

    def birth(self, bed: str) -> BedBirth:
        view, config = self.view(bed), self._config[bed]
        return BedBirth(bed, view.label, _devices(config), tuple(map(_pump, view.pumps)))

    def alarms(self) -> Sequence[Alarm]:
        standing = (alarm for bed in self._beds.values() for alarm in bed.state.alarms.values())  # a view takes long
        return tuple(alarm for alarm in standing if alarm.state is not AlarmState.ENDED)

    def stay(self, patient: Patient) -> str:
        return keyed(self._key, "stay", patient.mrn).hex()[:STAY_LETTERS]

    def listen(self, told: Told) -> None:
        """Once for each listener, however often it asks."""
        if told not in self._told:
            self._told.append(told)

    def fault(self, code: str, detail: str, active: bool) -> None:
        for bed in self._beds.values():
            bed.post(SelfFault(code, detail, active))

    async def past(
        self, bed: str, signals: Sequence[str], start: datetime, end: datetime, points: int
    ) -> Mapping[str, Sequence[Bucket]]:
        found = await self._journal.trends(bed, tuple(signals), start, end, points)
        return {name: [_bucket(p.min_milli, p.mean_milli, p.max_milli) for p in line] for name, line in found.items()}


def _bucket(low: int | None, mean: int | None, high: int | None) -> Bucket:
    return None if low is None or mean is None or high is None else (low, mean, high)


def _devices(config: BedConfig) -> tuple[DeviceBirth, ...]:
    return tuple(DeviceBirth(device.id, device.driver, device.info.kind.value) for device in config.devices)


def _pump(view: PumpView) -> PumpBirth:
    return PumpBirth(view.id, view.drug, _mg(view.hard), _mg(view.soft), view.enforcement.value)


def _mg(limit: Limit | None) -> int | float | None:
    return None if limit is None else number(limit.ug_kg_h, 1000)


async def open_bus(
    config: WardConfig, beds: Mapping[str, BedRuntime], journal: Journal, clock: Clock, told: list[Told]
) -> Bus:
    """Of a ward with [mqtt]. Raises OSError or ValueError where the site's key cannot be read."""
    assert config.bus is not None
    key = await asyncio.to_thread(read_key, config.access_folder)
    identity = await journal.ask(_identity)
    ward = Ward(
        config.id,
        config.name,
        config.generation,
        config.timezone,
        pumpd.__version__,
        config.sha256[:16],
        identity,
        config.bus.page,
    )
    store = await JournalMessages.open(journal)
    return Bus(config.bus, WardOnBus(ward, config, beds, journal, store, clock, told, key))


async def _identity(engine: AsyncEngine) -> str:
    """By which one journal is told from another; event ids begin with it."""
    async with engine.connect() as connection:
        found = await connection.execute(select(meta.c.value).where(meta.c.key == "identity"))
        return str(found.scalar() or "unknown")[:16]


def bus_counts(bus: Bus) -> BusCounts:
    told = bus.counts
    return BusCounts(told.connected, told.connects, told.frames, told.frames_dropped, told.events, told.historical)
