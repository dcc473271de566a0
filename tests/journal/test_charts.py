"""What a patient's chart is made of comes back from the journal: the present patient's, whole, and nothing else."""

from __future__ import annotations

import pytest

from pumpd.clinical.chart import Chart
from pumpd.clinical.entries import Assessment
from pumpd.journal import ChartHistory, Journal, StepRecord
from pumpd.journal.backlog import gap_of
from pumpd.safety.chart_feed import feed
from pumpd.safety.decisions import AudioChanged, Decision, FlowChanged, PatientClosed, Permitted, Refused
from pumpd.safety.events import Charted, Event, Heard, PatientBound, Tick
from pumpd.units import Ms
from tests.journal.steps import opened, reading_step, wall_ns
from tests.safety.build import PUMP, patient, status

OPENED = Permitted("chart", "e", "nurse a")


def flow(rate_ul_h: int, low_ng: int = 0) -> FlowChanged:
    return FlowChanged(PUMP, "ketamine", True, rate_ul_h, 1000, low_ng, low_ng)


def entry(name: str, nrs: int) -> Charted:
    return Charted(name, Assessment(nrs=nrs), "nurse a")


class Bed:
    """Appends steps, and folds the same into a chart, as the live bed does."""

    def __init__(self, journal: Journal, bed: str = "b1") -> None:
        self.journal, self.bed, self.seq = journal, bed, 0
        self.live = Chart()

    def do(self, now_ms: int, event: Event, *decisions: Decision) -> None:
        self.seq += 1
        self.journal.append(StepRecord(self.bed, self.seq, Ms(now_ms), wall_ns(now_ms), event, decisions))
        self.live, _ = feed(self.live, event, now_ms, decisions, self.seq)


def folded(history: ChartHistory) -> Chart:
    chart = Chart()
    for step in history.steps:
        chart, _ = feed(chart, step.event, step.now_ms, step.decisions, step.seq)
    return chart


@pytest.mark.req("PK-07")
async def test_the_chart_that_is_read_back_is_the_chart_of_the_live_bed(any_url: str) -> None:
    async with opened(any_url) as journal:
        bed, other = Bed(journal), Bed(journal, "b2")
        bed.do(1_000, PatientBound(patient(), "nurse a"), Permitted("bind", "m", "nurse a"))
        other.do(1_000, PatientBound(patient(), "nurse a"), Permitted("bind", "m", "nurse a"))
        for second in range(2, 30):
            bed.do(1_000 * second, Heard(PUMP, status(2_000)))
        bed.do(30_000, Heard(PUMP, status(2_000)), flow(2_000))
        bed.do(30_000, Tick(), flow(3_000, 5), flow(4_000, 6))
        bed.do(31_000, entry("e1", 9), OPENED)
        bed.do(32_000, entry("e2", 8), Refused("chart", "e2", ("no course is open",)))
        bed.do(33_000, Charted("e3", Assessment(nrs=7), "nurse b", corrects="e1", reason="typed 9 for 7"), OPENED)
        bed.do(34_000, Tick(), AudioChanged(None, None))
        other.do(35_000, Tick(), flow(9_000))
        found = await journal.chart_history("b1")
        assert folded(found) == bed.live
        assert [note.id for note in bed.live.notes] == ["e1", "e3"]
        assert len(bed.live.flows) == 3
        assert found.lost == 0
        assert folded(await journal.chart_history("b2")) == other.live


@pytest.mark.req("PK-07", "QUA-06")
async def test_nothing_of_an_earlier_patient_is_read_back(any_url: str) -> None:
    async with opened(any_url) as journal:
        bed = Bed(journal)
        bed.do(1_000, PatientBound(patient(), "nurse a"), Permitted("bind", "m", "nurse a"))
        bed.do(2_000, Tick(), flow(2_000))
        bed.do(3_000, entry("e1", 9), OPENED)
        last, first = flow(0, 7), flow(1_000)
        bound = PatientBound(patient(mrn="M2"), "nurse a")
        bed.do(4_000, bound, last, PatientClosed("M1"), first, Permitted("bind", "M2", "nurse a"))
        bed.do(4_000, entry("e2", 3), OPENED)
        found = await journal.chart_history("b1")
        assert found.steps[0].decisions[:2] == (last, PatientClosed("M1"))
        chart = folded(found)
        assert chart == bed.live
        assert (chart.mrn, [note.id for note in chart.notes], len(chart.flows)) == ("M2", ["e2"], 1)


@pytest.mark.req("PK-07")
async def test_what_was_appended_before_it_is_asked_is_in_it(any_url: str) -> None:
    async with opened(any_url) as journal:
        bed = Bed(journal)
        for second in range(1, 200):
            bed.do(1_000 * second, Tick(), flow(second))
        found = await journal.chart_history("b1")
        assert [step.seq for step in found.steps] == list(range(1, 200))


@pytest.mark.req("PK-05")
async def test_steps_that_could_not_be_recorded_are_counted(any_url: str) -> None:
    async with opened(any_url) as journal:
        bed = Bed(journal)
        bed.do(1_000, Tick(), flow(1))
        bed.do(2_000, Tick(), PatientClosed("M1"))
        journal.append(gap_of(reading_step(3, 3_000), "the disk was full"))
        assert (await journal.chart_history("b1")).lost == 1
        assert await journal.chart_history("never heard of") == ChartHistory()
