"""Wards as a nurse may find them: calm, alarming, stale; each scene changes a bench ward and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from pumpd.device.facts import Quality
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import LinkState
from pumpd.safety.policy import AlarmKind, Priority
from tests.e2e.bench_ward import BenchWard
from tests.e2e.course_scene import busy as courses

Scene = Callable[[BenchWard], None]

OVER_HARD = (
    "ketAMINE over hard ceiling: 1.5 mg/kg/h (108 mL/h) > 1 mg/kg/h (72 mL/h)"
    " set by drug library 2026.2, palliative-adult"
)


def calm(ward: BenchWard) -> None:
    """A little life in the numbers, so that no two beds look alike."""
    for n, bed in enumerate(ward.beds):
        ward.vitals(bed, rr=12 + n % 5, spo2=95 + n % 5, etco2=34 + n % 7, pulse=64 + (n * 7) % 30)


def storm(ward: BenchWard) -> None:
    """Every priority at once, a pump that is not heard, and one that cannot be stopped."""
    calm(ward)
    beds = list(ward.beds)

    def at(n: int) -> str:
        return beds[n % len(beds)]

    ward.vitals(at(0), rr=0, no_breath_s=24)
    ward.alarm(at(0), "No breath detected: RR 0 /min", condition="no_breath")
    ward.vitals(at(1), spo2=84)
    ward.alarm(at(1), "SpO2 critically low: SpO2 84 < 85 % for 10 s")
    ward.vitals(at(2), pulse=44)
    ward.alarm(at(2), "Pulse rate low: PR 44 < 45 /min for 10 s", priority=Priority.LOW, condition="pulse_low")
    ward.alarm(at(3), OVER_HARD, condition="over_hard", kind=AlarmKind.TECHNICAL)
    ward.pump(at(3), interlock=InterlockState.STOP_UNCONFIRMED)
    if len(beds) > 4:
        ward.vitals(at(5), spo2=88)
        ward.alarm(at(5), "SpO2 low: SpO2 88 < 90 % for 15 s", priority=Priority.MEDIUM)
        unheard(ward, at(6))


def unheard(ward: BenchWard, bed: str) -> None:
    """A pump whose line is dead."""
    ward.pump(bed, infusing=None, rate_ul_h=None, rate_quality=Quality.STALE, dose_mg_kg_h=None)
    ward.link(bed, "p1", LinkState.DOWN)
    text = f"{bed}-p1 pump link lost: no status for 5 s; the pump may still be infusing"
    ward.alarm(bed, text, condition="pump_lost", kind=AlarmKind.TECHNICAL)


def stopped(ward: BenchWard) -> None:
    """What pumpd is for: a rate keyed too high, the pump stopped, the stop proven; beside it beds with courses."""
    with_courses(ward)
    bed = next(iter(ward.beds))
    ward.alarm(bed, OVER_HARD, condition="over_hard", kind=AlarmKind.TECHNICAL, present=True)
    verified = InterlockState.STOP_VERIFIED
    ward.pump(bed, interlock=verified, infusing=False, rate_ul_h=0, dose_mg_kg_h=Decimal(0))
    ward.vitals("w-03", spo2=88)
    ward.alarm("w-03", "SpO2 low: SpO2 88 < 90 % for 15 s", priority=Priority.MEDIUM)


def stale(ward: BenchWard) -> None:
    """One monitor grey, one gone, a pump silent, a bed that nobody watches over."""
    beds = list(ward.beds)
    calm(ward)
    ward.link(beds[0], "m1", LinkState.DOWN)
    ward.turn(6_000)  # grey, and for as long as may be
    for bed in beds[1:]:
        ward.vitals(bed, rr=14, spo2=97, etco2=38, pulse=72)
    ward.vitals(beds[1], Quality.STALE, rr=None, spo2=None, etco2=None, pulse=None)
    unheard(ward, beds[2])
    ward.set(beds[-1], monitored=False)


def with_courses(ward: BenchWard) -> None:
    calm(ward)
    courses(ward)
