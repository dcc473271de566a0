"""A record of more than a year, made by the real kernel, and one that dies while it lets it go.

As a program (URL, moment in microseconds, commits): lets the record go, and kills itself after so many commits of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from datetime import datetime

from pumpd.journal import BootInfo, Journal
from pumpd.journal.letting_go import RecordRule
from pumpd.journal.record_cut import cut_record, finish
from pumpd.journal.records import Origins, Record
from pumpd.journal.rows import micros
from pumpd.safety.events import (
    Acknowledged,
    AckReason,
    AlarmReset,
    Heard,
    InterlockReset,
    PatientBound,
    PatientReleased,
)
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.steps import ZERO, Recorder, admitted, opened, wall
from tests.safety.build import MONITOR, PUMP, bed_policy, patient, status, vitals

DAY_MS = 86_400_000
DAYS = 480
RULE = RecordRule(365, frozenset({"ehr", "mqtt"}))
BEDS = ("b1", "b2")
BOOT = BootInfo("boot-1", 1_000, ZERO, "c0ffee", Origins("4b"))


class Bed(Recorder):
    """A bed whose nurse clears what stands."""

    def __init__(self, journal: Journal, bed: str) -> None:
        super().__init__(journal, bed, bed_policy(bed=bed))

    def quiet(self, after: int = 100) -> None:
        """Devices say that all is well, and a nurse clears what still stands."""
        self.do(Heard(PUMP, status(0, infusing=False, requested_ms=Ms(self.now + after - 50))), after)
        self.do(Heard(MONITOR, vitals(rr=14, spo2=97, etco2=38.5, pulse=72)), 100)
        for alarm in tuple(self.state.alarms):
            self.do(Acknowledged(alarm, "nurse a", AckReason.OTHER, "seen"), 100)
            self.do(AlarmReset(alarm, "nurse a", "over"), 100)

    def stay(self) -> None:
        """A patient, a rate tenfold too high, its stop."""
        self.do(PatientBound(patient(f"M{self.seq}"), "nurse a"), 100)
        self.overspeed()
        self.quiet()
        self.do(InterlockReset(PUMP, "nurse a", "over"), 100)

    def leave(self) -> None:
        self.do(PatientReleased("nurse a", "home"), 1_000)

    def save(self) -> None:
        self.token = self.journal.checkpoint(self.policy.bed, self.seq, Ms(self.now), state_to_bytes(self.state))

    def until(self, day: int) -> None:
        """Wait for that day, and save the state on it."""
        self.quiet(max(100, day * DAY_MS - self.now))
        self.save()


class World:
    """The moment that it is. open() a journal whose wall clock shows it; live() lets days pass in both beds."""

    def __init__(self, url: str) -> None:
        self.url, self.now = url, 0

    def wall(self) -> datetime:
        return wall(self.now)

    @property
    def now_us(self) -> int:
        return micros(self.wall())

    def open(self) -> contextlib.AbstractAsyncContextManager[Journal]:
        return opened(self.url, BOOT, wall=self.wall)

    async def live(self, journal: Journal, days: int = DAYS) -> dict[str, Bed]:
        """Every bed with a stay of eight days out of twelve; the last one goes on."""
        beds = {name: admitted(Bed(journal, name)) for name in BEDS}
        for bed in beds.values():
            bed.quiet()
            bed.leave()
        await self.go_on(journal, beds, range(4, days, 4))
        return beds

    async def go_on(self, journal: Journal, beds: dict[str, Bed], days: range) -> None:
        """These days; the last stays go on."""
        for day in days:
            self.now = day * DAY_MS
            for place, bed in enumerate(beds.values()):
                bed.until(day)
                if (day // 4 + place) % 3 == 0:
                    bed.stay()
                elif (day // 4 + place) % 3 == 2:
                    bed.leave()
                await journal.durable(bed.token)
        for bed in beds.values():
            bed.save()
            await journal.durable(bed.token)


class Dying(Journal):
    """Kills its process after so many durable commits of MessageRecords; the last one may or may not be committed."""

    commits = 0

    def append_durable(self, record: Record) -> asyncio.Future[None]:
        done = super().append_durable(record)
        Dying.commits -= 1
        if Dying.commits < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


async def _die(url: str, now_us: int, commits: int) -> None:
    Dying.commits = commits
    journal = await Dying.open(url, BOOT)
    await finish(journal)
    await cut_record(journal, RULE, now_us)
    await journal.close()


if __name__ == "__main__":
    asyncio.run(_die(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
