"""Recorded steps for the journal's tests, made by the real kernel."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.journal import BootInfo, Journal, StepRecord
from pumpd.journal.limits import Limits
from pumpd.journal.rows import micros
from pumpd.safety.decisions import StopPump
from pumpd.safety.events import Acknowledged, AckReason, Event, Heard, PatientBound, Tick
from pumpd.safety.kernel import initial_state, next_deadline, step
from pumpd.safety.policy import BedPolicy
from pumpd.safety.state import BedState
from pumpd.units import Ms
from tests.safety.build import MONITOR, PUMP, bed_policy, patient, status, vitals

ZERO = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
BOOT = BootInfo("boot-1", 1_000, ZERO)
PATIENT = Limits(stall_s=60)
"""For what is not about a slow disk: that of a busy machine may take its time without being told to be at fault."""


def wall(now_ms: int) -> datetime:
    return ZERO + timedelta(milliseconds=now_ms)


def wall_ns(now_ms: int) -> int:
    return micros(wall(now_ms)) * 1000


def reading_step(seq: int, now_ms: int, bed: str = "b1", event: Event | None = None) -> StepRecord:
    """A step that only heard a reading."""
    return StepRecord(bed, seq, Ms(now_ms), wall_ns(now_ms), event or Heard(MONITOR, vitals(rr=14, spo2=97)), ())


class Recorder:
    """A bed whose steps are journalled as the shell does."""

    def __init__(
        self, journal: Journal, bed: str = "b1", policy: BedPolicy | None = None, seq: int = 0, now: int = 1_000
    ) -> None:
        self.journal = journal
        self.policy = policy or bed_policy(bed=bed)
        self.state: BedState = initial_state(self.policy)
        self.seq, self.now = seq, now
        self.token = journal.policy(bed, seq + 1, Ms(now), self.policy)
        self.out: tuple[Any, ...] = ()

    def do(self, event: Event, after: int = 0) -> None:
        self.now += after
        self.state, self.out = step(self.state, event, self.now, self.policy)
        self.seq += 1
        record = StepRecord(self.policy.bed, self.seq, Ms(self.now), wall_ns(self.now), event, self.out)
        self.token = self.journal.append(record)

    def seconds(self, count: int, rate_ul_h: int = 2_000, **values: float) -> None:
        """One monitor frame and one pump status a second, ticks where the kernel wants them."""
        for _ in range(count):
            due = next_deadline(self.state, self.policy)
            if due is not None and self.now < due < self.now + 1_000:
                self.do(Tick(), due - self.now)
            self.do(Heard(MONITOR, vitals(**{"rr": 14, "spo2": 97, "etco2": 38.5, "pulse": 72, **values})), 400)
            self.do(Heard(PUMP, status(rate_ul_h, volume_ul=self.now // 10, requested_ms=Ms(self.now - 30))), 600)

    def overspeed(self) -> None:
        """A tenfold rate, the stop, its outcome, and a nurse who acknowledges."""
        self.do(Heard(PUMP, status(200_000)), 100)
        orders = [decision.order_id for decision in self.out if isinstance(decision, StopPump)]
        assert orders, "the kernel must stop an overspeed"
        self.do(Heard(PUMP, CommandOutcome(orders[0], Outcome.DONE)), 50)
        alarm = next(iter(self.state.alarms.values()))
        self.do(Acknowledged(alarm.id, "nurse a", AckReason.OTHER, "seen"), 500)


def admitted(recorder: Recorder) -> Recorder:
    recorder.do(PatientBound(patient(), "nurse a"))
    return recorder


@contextlib.asynccontextmanager
async def opened(url: str, boot: BootInfo = BOOT, **more: Any) -> AsyncIterator[Journal]:
    journal = await Journal.open(url, replace(boot), **{"limits": PATIENT, **more})
    try:
        yield journal
    finally:
        await journal.close()
