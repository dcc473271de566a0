"""The ward as the web face sees it (pumpd.live.port): every act goes into a bed's inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from pumpd.bedside import BedRuntime, Session
from pumpd.bedside.charts import Charts
from pumpd.clinical.chart import Chart
from pumpd.clock import Clock
from pumpd.config.model import WardConfig
from pumpd.daemon.devices import details
from pumpd.daemon.words import usual_rate, words_of
from pumpd.daemon.workshop import Workshop
from pumpd.journal import Journal, JournalUnavailable
from pumpd.live.port import DeviceDetail, NotDurable, Readiness, TrendPoint, UnknownBed, UsualRate, Words
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.clinical_view import ConcentrationCurve
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event
from pumpd.safety.policy import BedPolicy

MS = timedelta(milliseconds=1)


class Ward:
    """Implements WardPort over the beds of this daemon."""

    def __init__(
        self,
        beds: Mapping[str, BedRuntime],
        journal: Journal,
        clock: Clock,
        config: WardConfig,
        charts: Charts,
        sessions: Mapping[str, Session],
    ) -> None:
        self._beds = beds
        self._journal = journal
        self._clock = clock
        self._config = config
        self._durable_ms = config.shell.durable_ms
        self._charts = charts
        self._sessions = sessions
        self.workshop = Workshop(config, sessions)

    def bed_ids(self) -> tuple[str, ...]:
        return tuple(self._beds)

    def find_alarm(self, alarm_id: str) -> tuple[str, Alarm] | None:
        """The bed and the present instance of a live (not ended) alarm."""
        for bed in self._beds.values():
            for alarm in bed.view().alarms:
                if alarm.id == alarm_id and alarm.state is not AlarmState.ENDED:
                    return bed.id, alarm
        return None

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        """The step's decisions once they are durable. Raises UnknownBed or NotDurable."""
        bed = self._beds.get(bed_id)
        if bed is None:
            raise UnknownBed(bed_id)
        stepped = bed.post(event)
        if stepped is None:
            raise NotDurable("the bed's kernel failed on this; nothing was done")
        try:
            async with asyncio.timeout(self._durable_ms / 1000):
                await self._journal.durable(stepped.token)
        except TimeoutError:
            raise NotDurable(f"the journal did not commit within {self._durable_ms / 1000:g} s") from None
        except JournalUnavailable as error:
            raise NotDurable(str(error)) from None
        return stepped.decisions

    async def alarm_history(self, bed_id: str | None, limit: int) -> list[Alarm]:
        """Past and present alarm instances, newest first."""
        return await self._journal.alarm_history(bed_id, limit)

    async def trends(
        self, bed_id: str, signals: tuple[str, ...], start: datetime, end: datetime, points: int
    ) -> dict[str, list[TrendPoint]]:
        """Raises UnknownBed."""
        if bed_id not in self._beds:
            raise UnknownBed(bed_id)
        found = await self._journal.trends(bed_id, signals, start, end, points)
        return {
            signal: [TrendPoint(p.at, p.min_milli, p.mean_milli, p.max_milli) for p in row]
            for signal, row in found.items()
        }

    async def curve(self, bed_id: str, hours: int) -> ConcentrationCurve:
        """The predicted plasma concentration, for so many hours from now, and what led to it. Raises UnknownBed."""
        if bed_id not in self._beds:
            raise UnknownBed(bed_id)
        return await self._charts.curve(bed_id, hours)

    def chart(self, bed_id: str) -> Chart | None:
        """The chart of the patient in the bed; None while it is being read."""
        return self._charts.chart(bed_id)

    def wall_of(self, now_ms: int) -> datetime:
        return self._clock.wall_of(now_ms)

    def kernel_ms(self, wall: datetime) -> int:
        """Kernel time of an aware wall time; of long ago it is negative."""
        now_ms = self._clock.now_ms()
        return now_ms + (wall - self._clock.wall_of(now_ms)) // MS

    def words(self, bed_id: str) -> Words:
        """What may be said in the chart of the bed. Raises UnknownBed."""
        return words_of(self._config, bed_id)

    def policy(self, bed_id: str) -> BedPolicy:
        """What the bed's kernel judges by now. Raises UnknownBed."""
        if bed_id not in self._beds:
            raise UnknownBed(bed_id)
        return self._beds[bed_id].policy

    def usual_rate(self, bed_id: str, pump_id: str) -> UsualRate | None:
        """What a rate of this pump is compared with; None where nothing is asked. Raises UnknownBed."""
        return usual_rate(self._config, bed_id, pump_id)

    def devices(self, bed_id: str) -> tuple[DeviceDetail, ...]:
        """The bed's devices, pumps first. Raises UnknownBed."""
        found = [bed for bed in self._config.beds if bed.id == bed_id]
        if not found:
            raise UnknownBed(bed_id)
        return details(found[0], self._sessions)

    def readiness(self) -> Readiness:
        """Ready when the journal commits and every bed has its kernel."""
        problems = [f"bed {bed.id} is not monitored: its kernel failed" for bed in self._beds.values() if bed.failed]
        if self._journal.fault is not None:
            problems.append(f"the journal fails: {self._journal.fault.detail}")
        return Readiness(not problems, tuple(problems))
