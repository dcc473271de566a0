"""A bed with two patients, one after the other, played through the real kernel into a real journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import pytest

from pumpd.clinical.entries import Adjunct, Assessment, InfusionPlan, OpioidGiven, Route
from pumpd.history import BedHistory
from pumpd.history.read import answer
from pumpd.history.shapes import Kind, Query
from pumpd.journal import engine as engines
from pumpd.safety.events import Heard, LinkChanged, LinkState, Patient, PatientBound, PatientReleased, Sex
from tests.report.played import DOCTOR, MIN, NURSE, PATIENT, PlayedBed, open_course
from tests.safety.build import vitals

SIGNALS = ("rr", "spo2", "etco2", "pulse")
FORMER = Patient("SYN-0001", "Former", "Fritz", "1940-01-01", Sex.MALE, 90_000)  # synthetic
T = TypeVar("T")


def aside(work: Coroutine[Any, Any, T]) -> T:
    """By a loop of its own in another thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def two_patients(bed: PlayedBed) -> None:
    """The former one with a low SpO2; then the present one: opioid, infusion, missing frames, a held rate."""
    bed.do(PatientReleased(NURSE, "discharged"))
    bed.do(PatientBound(FORMER, NURSE))
    bed.shown["spo2"] = 81
    bed.hours(0.5)
    bed.shown["spo2"] = 96
    bed.hours(0.25)
    bed.settle()
    bed.do(PatientReleased(NURSE, "discharged"))
    bed.do(PatientBound(PATIENT, NURSE))
    bed.chart(OpioidGiven("oxycodone", Route.ORAL, 40_000))
    open_course(bed)
    bed.hours(0.5)
    infused(bed)
    silence(bed)
    held(bed)
    bed.run(bed.now + 2 * MIN)


def infused(bed: PlayedBed) -> None:
    """Half an hour of 0.1 mg/kg/h."""
    bed.chart(Adjunct("haloperidol", benzodiazepine=False, amount_ug=500))
    bed.chart(InfusionPlan(dose_ug_kg=500, start_ug_kg_h=100), DOCTOR)
    bed.rate(100)
    bed.run(bed.now + 30 * MIN)
    bed.chart(Assessment(nrs=4))
    bed.rate(0)
    bed.settle()


def silence(bed: PlayedBed) -> None:
    """Ten minutes without the monitor."""
    bed.do(LinkChanged(bed.monitor, LinkState.DOWN, "cable pulled"))
    until = bed.now + 10 * MIN
    while bed.now < until:
        bed.now += MIN
        bed.poll()
    bed.do(LinkChanged(bed.monitor, LinkState.UP))


def held(bed: PlayedBed) -> None:
    """Two minutes without a breath while the monitor goes on displaying RR 9."""
    bed.run(bed.now + 2 * MIN)
    for _ in range(24):
        bed.now += 5_000
        bed.do(Heard(bed.monitor, vitals(rr=9, spo2=91, etco2=44, pulse=80, no_breath=1)))
    bed.now += 5_000
    bed.do(Heard(bed.monitor, vitals(rr=12, spo2=93, etco2=40, pulse=80, no_breath=0)))


@dataclass(frozen=True)
class Kept:
    """The journal, and the bed that it tells of."""

    url: str
    bed: PlayedBed


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("stay")
    bed = PlayedBed(folder)
    two_patients(bed)
    url = f"sqlite+aiosqlite:///{folder}/journal.db"
    aside(bed.journal(url))
    return Kept(url, bed)


@pytest.fixture
async def history(kept: Kept) -> AsyncIterator[BedHistory]:
    reader = BedHistory(kept.url)
    yield reader
    await reader.close()


def question(kind: Kind, mrn: str | None = PATIENT.mrn, hours: int | None = None) -> Query:
    """In buckets of a minute or so."""
    return Query(kind, "b1", mrn, "s1", hours, SIGNALS if kind is Kind.VITALS else (), 200)


async def told(url: str, kind: Kind, *, mrn: str | None = PATIENT.mrn, hours: int | None = None) -> Any:
    """The answer as JSON, read in this very process."""
    engine = engines.make_engine(engines.parse_url(url), reading=True)
    found = await answer(engine, question(kind, mrn, hours))
    await engine.dispose()
    return msgspec.to_builtins(found)
