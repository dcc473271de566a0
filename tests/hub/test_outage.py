"""A broker that is away for a day, or that lost what it had: nothing is missing at the hub, nothing twice, nothing old
is shown as live, and the ward pays nothing for it. Broker, database and wire are real; the ward's clock is wound on.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pumpd.bus.bus import Bus
from pumpd.bus.making import event_of
from pumpd.bus.past import VITALS
from pumpd.bus.payload import BedBirth
from pumpd.bus.port import Bucket, Ward
from pumpd.bus.together import ended
from pumpd.config.bus_settings import BusSettings
from pumpd.gateways import Told
from pumpd.journal import Journal, JournalMessages
from pumpd.live.port import TrendPoint
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.events import Acknowledged, AckReason, Event, LinkChanged, LinkState, Patient, SelfFault
from pumpd.safety.kernel import view
from pumpd.safety.policy import Priority
from pumpd.safety.view import BedView
from tests.bus.brokers import Mosquitto, listening
from tests.bus.conftest import sure_to_have_told
from tests.daemon.house import House
from tests.hub.stand import Watched, a_hub, ask
from tests.hub.test_history import until_recorded
from tests.journal import steps
from tests.journal.steps import Recorder, admitted, opened
from tests.safety.build import MONITOR, PUMP

pytestmark = pytest.mark.slow
BED, SITE, WARD = "b1", "st-elsewhere", "demo"
THEN, NOW = 7, 14
"""Breaths a minute: during the outage, and after it."""
QUARTERS = 96


class Bedside:
    """Implements BusPort over a real journal and a real kernel, whose time is whatever its recorder was wound to."""

    def __init__(self, journal: Journal, store: JournalMessages) -> None:
        self.ward = Ward(WARD, "A ward", "real", "UTC", "1", "", "journal")
        self.beds, self.journal, self.store = (BED,), journal, store
        self.recorder = admitted(Recorder(journal))
        self.told: list[Told] = []

    def now_ms(self) -> int:
        return self.recorder.now

    def wall_of(self, now_ms: int) -> datetime:
        return steps.wall(now_ms)

    def view(self, bed: str) -> BedView:
        return view(self.recorder.state, self.recorder.now, self.recorder.policy)

    def birth(self, bed: str) -> BedBirth:
        return BedBirth(BED, "Bed 1", (), ())

    def alarms(self) -> Sequence[Alarm]:
        return [alarm for alarm in self.view(BED).alarms if alarm.state is not AlarmState.ENDED]

    def stay(self, patient: Patient) -> str:
        return "a stay"

    def listen(self, told: Told) -> None:
        self.told.append(told)

    def fault(self, code: str, detail: str, active: bool) -> None:
        self.does(SelfFault(code, detail, active))

    async def past(
        self, bed: str, signals: Sequence[str], start: datetime, end: datetime, points: int
    ) -> Mapping[str, Sequence[Bucket]]:
        found = await self.journal.trends(bed, tuple(signals), start, end, points)
        return {name: list(map(_bucket, points)) for name, points in found.items()}

    def does(self, event: Event, after: int = 0) -> None:
        """As the daemon does it: the bus is told of every step."""
        self.recorder.do(event, after)
        for told in self.told:
            told(BED, self.recorder.seq, self.recorder.now, event, self.recorder.out)

    def seconds(self, count: int, breaths: int) -> None:
        self.recorder.seconds(count, rr=breaths)
        for told in self.told:
            told(BED, self.recorder.seq, self.recorder.now, SelfFault("", "", False), self.recorder.out)

    async def quarters(self, first: int, last: int) -> None:
        """Alarms that come, are seen and go, and something measured in every quarter of an hour."""
        for quarter in range(first, last):
            self.seconds(20, THEN)
            self.does(SelfFault(f"fault_{quarter}", "", True), 100)
            alarm = next(one for one in self.view(BED).alarms if one.condition == f"fault_{quarter}")
            self.does(Acknowledged(alarm.id, "R. Keller", AckReason.CARE_IN_PROGRESS), 1_000)
            self.does(SelfFault(f"fault_{quarter}", "", False), 1_000)
            self.recorder.now += 900_000 - 22_100
            await asyncio.sleep(0)

    def plug_in(self) -> None:
        """The values of a device that is not there are shown to nobody."""
        for device in (MONITOR, PUMP):
            self.does(LinkChanged(device, LinkState.UP))

    async def goes_on(self) -> None:
        """After the outage: five seconds in each one."""
        while True:
            self.seconds(1, NOW)
            await asyncio.sleep(0.2)

    async def until_marked(self) -> None:
        """The first connection has marked where it began: from there on vital signs are told, also late."""
        while BED not in await self.store.told_until(VITALS):
            pass

    async def ids(self, after: int) -> set[str]:
        """Of everything that is to be told of later steps."""
        found, at = set[str](), after
        while page := await self.store.decisions_after(BED, at):
            at = page[-1][0]
            for seq, _, _, decisions in page:
                told = [event_of(one, lambda ms: "", str) for one in decisions]
                found |= {f"journal-{BED}-{seq}-{index}" for index, one in enumerate(told) if one is not None}
        return found


def _bucket(point: TrendPoint) -> Bucket:
    low, mean, high = point.min_milli, point.mean_milli, point.max_milli
    return None if low is None or mean is None or high is None else (low, mean, high)


@pytest.fixture
async def bedside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bedside]:
    """Its day is the one that ends now."""
    monkeypatch.setattr(steps, "ZERO", datetime.now(UTC) - timedelta(seconds=QUARTERS * 900 + 31))
    async with opened(f"sqlite+aiosqlite:///{tmp_path}/journal.db") as journal:
        yield Bedside(journal, await JournalMessages.open(journal))


@contextlib.asynccontextmanager
async def on_the_bus(bedside: Bedside, mosquitto: Mosquitto) -> AsyncIterator[Bus]:
    bus = Bus(BusSettings(mosquitto.broker, SITE, WARD), bedside)
    task = asyncio.create_task(bus.run())
    try:
        yield bus
    finally:
        await ended([task])


def breaths(hub: Watched) -> object:
    """As the hub shows them: of the present, or nothing."""
    bed = hub.bed()
    vital = None if bed is None else bed.vitals.get("rr")
    return None if vital is None else vital.v


def kept_by_the_bus() -> int:
    """Bytes that its own code holds."""
    taken = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/pumpd/bus/*")])
    return sum(one.size for one in taken.statistics("filename"))


PAST = "SELECT at, mean FROM vitals WHERE signal = 'rr' AND mean = 7000 ORDER BY at"


def is_of_a_day(past: Sequence[Any]) -> bool:
    """Do these rows, in order, begin and end a day apart?"""
    return bool((past[-1][0] - past[0][0]).total_seconds() > 23 * 3600)


async def until_past(hub: Watched, database: str) -> None:
    """The day's vital signs are there too: they are committed in their own time, after the events."""
    history = hub.hub.history
    assert history is not None
    while True:
        before = history.counts.commits
        past = await ask(database, PAST)
        if len(past) >= QUARTERS and is_of_a_day(past):
            return
        await hub.until(partial(lambda counts, commits: counts.commits != commits, history.counts, before))


async def test_a_day_without_a_broker_costs_the_ward_nothing_and_is_told_afterwards_once(
    mosquitto: Mosquitto, bedside: Bedside, database: str, tmp_path: Path
) -> None:
    shown = set[object]()
    async with on_the_bus(bedside, mosquitto) as bus, a_hub(tmp_path, mosquitto.port, database=database) as hub:
        bedside.plug_in()
        bedside.seconds(30, NOW)
        await hub.until(lambda: breaths(hub) == NOW)
        assert hub.hub.history is not None
        await hub.until(lambda: hub.hub.history.noted)
        await bedside.until_marked()
        mark = bedside.recorder.seq
        mosquitto.kill()
        await hub.until(lambda: not bus.counts.connected)
        await bedside.quarters(0, 60)
        tracemalloc.start()
        await bedside.quarters(60, 64)
        before = kept_by_the_bus()
        await bedside.quarters(64, QUARTERS)
        grown = kept_by_the_bus() - before
        tracemalloc.stop()
        assert grown < 65_536, "nothing waits in memory"
        due = await bedside.ids(mark)
        assert len(due) > 3 * QUARTERS
        assert outbox_rows(tmp_path) == 0, "nor in an outbox"
        going_on = asyncio.create_task(bedside.goes_on())
        hub.hub.on_heard = lambda: (shown.add(breaths(hub)), hub.news.set())[1]
        await mosquitto.start()
        await hub.until(lambda: bus.counts.historical > QUARTERS)
        mosquitto.kill()  # in the middle of it, and with all that it had
        await hub.until(lambda: not bus.counts.connected)
        await mosquitto.start()
        await until_recorded(hub, database, due)
        await hub.until(lambda: not bus.counts.backfill and breaths(hub) == NOW)
        assert shown <= {NOW, None}, "history is never shown as live"
        going_on.cancel()
        due = await bedside.ids(mark)
        await until_recorded(hub, database, due)
        await until_past(hub, database)
    rows = await ask(database, "SELECT id, historical FROM events ORDER BY at")
    assert len(rows) == len({row[0] for row in rows}), "nothing is there twice"
    assert {row[0] for row in rows} >= due
    acknowledged = await ask(database, "SELECT count(*) FROM events WHERE body->>'phase' = 'acknowledged'")
    assert acknowledged == [(QUARTERS,)]
    past = await ask(database, PAST)
    assert len(past) >= QUARTERS
    assert is_of_a_day(past)


def outbox_rows(folder: Path) -> int:
    """Of messages that wait to be sent."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/journal.db?mode=ro", uri=True)) as journal:
        tables = [str(name) for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        waiting = [name for name in tables if name.startswith("messages") and name != "messages_told"]
        return sum(int(journal.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in waiting)


async def test_what_a_broker_lost_that_the_hub_had_not_heard_is_asked_for_again(
    mosquitto: Mosquitto, ward: House, database: str, tmp_path: Path
) -> None:
    """The hub is away, the ward tells, and the broker dies with all that waited there for the hub."""
    async with a_hub(tmp_path, mosquitto.port, database=database) as hub:
        history = hub.hub.history
        assert history is not None
        await hub.until(lambda: history.counts.frames)
        await hub.until(lambda: history.noted)
    async with listening(mosquitto.broker, f"pumpd/v1/{SITE}/{WARD}/#") as ear:
        ward.bed.act("tenfold-rate")
        await ward.until(lambda: any(one.priority is Priority.HIGH for one in ward.view.alarms))
        high = next(one for one in ward.view.alarms if one.priority is Priority.HIGH)
        await ward.daemon.ward.submit(ward.bed.id, Acknowledged(high.id, "R. Keller", AckReason.CARE_IN_PROGRESS))
        await ear.until(lambda: ear.cleared(f"alarm/{high.id}") and ear.all("/event"))
        lost = {event["id"] for event in ear.all("/event")}
        await sure_to_have_told(ward)
    assert ward.daemon.bus is not None
    connects = ward.daemon.bus.counts.connects
    mosquitto.kill()
    await mosquitto.start()
    await ward.until(lambda: ward.daemon.bus is not None and ward.daemon.bus.counts.connects > connects)
    async with a_hub(tmp_path, mosquitto.port, database=database) as hub:
        await until_recorded(hub, database, lost)
        await hub.until(
            lambda: (
                {alarm.id for alarm in hub.hub.hospital().alarms}
                == {one.id for one in ward.view.alarms if one.state is not AlarmState.ENDED}
            )
        )
