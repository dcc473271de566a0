"""The chart beside a bed: kept from the journal on, predicting while something was given, never the bed's trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pumpd.bedside import charts as module
from pumpd.bedside.chart_parts import Knowledge, sliced
from pumpd.bedside.charts import Charts
from pumpd.clinical.entries import Assessment, KetamineGiven, Route
from pumpd.clinical.pk_curve import Rate, begun, sampled
from pumpd.clock import Clock
from pumpd.device.facts import Quality
from pumpd.journal import ChartHistory, ChartStep, JournalUnavailable
from pumpd.safety.clinical_look import nrs_view
from pumpd.safety.clinical_view import ClinicalView, ConcentrationView
from pumpd.safety.decisions import Decision, FlowChanged, PatientClosed, Permitted
from pumpd.safety.events import Charted, Event, Patient, PatientBound, Predicted, Sex, Tick
from pumpd.safety.kernel import initial_state
from pumpd.safety.policy import BedPolicy
from pumpd.safety.protocol_policy import RoutePolicy
from pumpd.units import Ms
from tests.bedside.parts import POLICY
from tests.clinical.pk_models import HOUR_MS, MINUTE_MS, PK

ORAL = RoutePolicy("oral", 170_000, 1_500, 1_000_000, "a source")
PUMP = "p1"


class Still:
    """A clock's source that stands still until it is set."""

    def __init__(self) -> None:
        self.ms = 0

    def boot_ns(self) -> int:
        return self.ms * 1_000_000

    def wall(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(milliseconds=self.ms)


class FakeBed:
    """Takes events; its state and policy are what a test says."""

    def __init__(self) -> None:
        self.id = "b1"
        self.policy: BedPolicy = POLICY
        self.state = initial_state(POLICY)
        self.seq = 0
        self.posted: list[Event] = []

    def post(self, event: Event) -> None:
        self.posted.append(event)

    @property
    def predicted(self) -> list[Predicted]:
        return [event for event in self.posted if isinstance(event, Predicted)]


class Bench:
    """A bed, its chart, and a journal that says what `steps` hold."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.source, self.bed = Still(), FakeBed()
        self.clock = Clock(self.source)
        self.steps: list[ChartStep] = []
        self.failing: list[Exception] = []
        self.lost = 0
        self.asked = 0
        self.marked = asyncio.Event()
        self.reading: asyncio.Event | None = None
        self.charts = Charts(knowledge, self, self.clock, self._mark)
        self.charts.add(self.bed)
        self.task: asyncio.Task[None] | None = None

    def _mark(self, bed: str) -> None:
        assert bed == "b1"
        self.marked.set()

    async def chart_history(self, bed: str) -> ChartHistory:
        """What is committed: all steps so far."""
        self.asked += 1
        if self.reading is not None:
            await self.reading.wait()
        if self.failing:
            raise self.failing.pop(0)
        return ChartHistory(tuple(self.steps), self.lost)

    def start(self) -> None:
        self.task = asyncio.create_task(self.charts.run("b1"))

    def at(self, ms: int) -> None:
        self.source.ms = ms

    def step(self, event: Event, *decisions: Decision, told: bool = True) -> None:
        """A step of the bed at the present time: recorded, and told to the chart."""
        self.bed.seq += 1
        now_ms = self.clock.now_ms()
        self.steps.append(ChartStep(self.bed.seq, now_ms, event, decisions))
        if told:
            self.charts.note("b1", self.bed.seq, event, decisions, now_ms)

    def bind(self, weight_g: int | None = 70_000, birth_date: str = "1960-05-05") -> None:
        patient = Patient("M1", "Test", "Bench", birth_date, Sex.MALE, weight_g)
        self.bed.state = msgspec_replace(self.bed.state, patient=patient)
        self.step(PatientBound(patient, by="nurse"), Permitted("bind", "M1", "nurse"))

    def flow(self, rate_ul_h: int | None, infusing: bool | None = True, pair: tuple[int, int] | None = None) -> None:
        low, high = (None, None) if pair is None else pair
        self.step(Tick(), FlowChanged(PUMP, "ketamine", infusing, rate_ul_h, 1000, low, high))

    @property
    def view(self) -> ClinicalView:
        view = self.charts.view("b1")
        assert view is not None
        return view

    @property
    def band(self) -> ConcentrationView:
        assert self.view.concentration is not None
        return self.view.concentration

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits until condition() holds; looks whenever the bed may look different."""
        while not condition():
            self.marked.clear()
            await self.marked.wait()

    async def settled(self) -> None:
        """Lets everything happen that need not wait."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


def msgspec_replace(state: Any, **changes: Any) -> Any:
    from msgspec.structs import replace as struct_replace

    return struct_replace(state, **changes)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(module, "PAUSE_S", 0)
    made = Bench(Knowledge(replace(PK, every_ms=3_600_000), None))
    yield made
    await made.close()


def band_at(inputs: Sequence[Rate], at_ms: int, weight_kg: float = 70) -> tuple[float, float]:
    found = [sampled(begun(model, weight_kg, 0), list(inputs), [at_ms])[0] for model in PK.models]
    return min(found), max(found)


def near(shown: tuple[int, int], expected: tuple[float, float]) -> bool:
    return all(abs(pg / 1000 - ng) < 0.01 for pg, ng in zip(shown, expected, strict=True))


@pytest.mark.req("PK-05")
async def test_a_flow_becomes_a_band_over_named_models_with_limits_and_is_told_to_the_kernel(bench: Bench) -> None:
    bench.start()
    bench.bind()
    await bench.until(lambda: bench.view.ready)
    assert bench.view.concentration is None
    assert bench.bed.predicted == []
    bench.flow(7_000, pair=(0, 0))
    bench.at(HOUR_MS)
    bench.flow(7_000, pair=(6_990_000, 7_010_000))
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == HOUR_MS)
    given = [Rate(0, 7.0)]
    assert near(bench.band.now_pg_ml, band_at(given, HOUR_MS))
    assert near(bench.band.soon_pg_ml, band_at(given, HOUR_MS + 30 * MINUTE_MS))
    assert near(bench.band.stopped_pg_ml, band_at([*given, Rate(HOUR_MS, 0.0)], HOUR_MS + 30 * MINUTE_MS))
    assert bench.band.models == ("Domino 1982", "Kamp 2020", "Clements 1981", "Hijazi 2003")
    assert any("norketamine" in limit for limit in bench.band.limits)
    assert (bench.band.quality, bench.band.doubts) == (Quality.OK, ())
    told = bench.bed.predicted[-1]
    assert (told.now_pg_ml, told.soon_pg_ml) == (bench.band.now_pg_ml, bench.band.soon_pg_ml)
    assert told.models == bench.band.models


@pytest.mark.req("PK-05")
async def test_while_nothing_happens_the_band_is_computed_anew_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0)
    bench = Bench(Knowledge(replace(PK, every_ms=1), None))
    bench.bind()
    bench.flow(7_000)
    bench.start()
    await bench.until(lambda: bench.view.concentration is not None)
    bench.at(HOUR_MS)
    await bench.until(lambda: bench.band.at_ms == HOUR_MS)
    assert near(bench.band.now_pg_ml, band_at([Rate(0, 7.0)], HOUR_MS))
    await bench.close()


@pytest.mark.req("PK-05")
async def test_without_a_weight_nothing_is_predicted_and_the_view_says_why(bench: Bench) -> None:
    bench.start()
    bench.bind(weight_g=None)
    bench.flow(7_000)
    await bench.until(lambda: "weight" in bench.view.why)
    assert bench.view.ready
    assert bench.view.concentration is None
    assert bench.bed.predicted == []
    found = await bench.charts.curve("b1", 24)
    assert (found.now, found.points) == (None, ())
    assert "weight" in found.why
    bench.at(HOUR_MS)
    bench.bind(weight_g=70_000)
    await bench.until(lambda: bench.view.concentration is not None)
    assert near(bench.band.now_pg_ml, band_at([Rate(0, 7.0)], HOUR_MS))


@pytest.mark.req("PK-05")
async def test_a_corrected_weight_changes_the_whole_past(bench: Bench) -> None:
    bench.start()
    bench.bind()
    bench.flow(7_000)
    await bench.until(lambda: bench.view.concentration is not None)
    bench.at(HOUR_MS)
    bench.bind(weight_g=50_000)
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == HOUR_MS)
    assert near(bench.band.now_pg_ml, band_at([Rate(0, 7.0)], HOUR_MS, weight_kg=50))


@pytest.mark.req("PK-05")
async def test_when_everything_is_eliminated_the_band_goes_and_the_kernel_hears_so_once(bench: Bench) -> None:
    bench.start()
    bench.bind()
    bench.flow(7_000)
    bench.at(HOUR_MS)
    bench.flow(0, infusing=False)
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == HOUR_MS)
    bench.at(200 * HOUR_MS)
    for _ in range(2):
        bench.flow(0, infusing=False)
        bench.marked.clear()
        await bench.marked.wait()
    assert bench.view.ready
    assert bench.view.concentration is None
    assert [event.now_pg_ml for event in bench.bed.predicted].count((0, 0)) == 1


@pytest.mark.req("PK-05")
async def test_doubts_are_said_in_words_and_make_the_band_questionable(bench: Bench) -> None:
    bench.lost = 1
    bench.start()
    bench.bind(birth_date="2012-01-01")
    bench.flow(7_000, pair=(0, 0))
    bench.at(HOUR_MS)
    bench.flow(None, infusing=None, pair=(3_000_000, 7_100_000))
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == HOUR_MS)
    assert bench.band.quality is Quality.QUESTIONABLE
    text = "; ".join(bench.band.doubts)
    assert "pump p1 gives is not known" in text
    assert "pump p1 has delivered 3.0 to 7.1 mg, its reported rates make 7.0 mg" in text
    assert "the patient is 14" in text
    assert "part of the record is missing" in text
    assert near(bench.band.soon_pg_ml, band_at([Rate(0, 7.0)], HOUR_MS + 30 * MINUTE_MS))


@pytest.mark.req("PK-04")
async def test_an_oral_dose_counts_by_the_protocols_absorption_and_its_correction_undoes_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = type("Protocol", (), {"routes": (ORAL,)})()
    bench.bed.policy = replace(POLICY, protocol=protocol)
    bench.start()
    bench.bind()
    bench.at(HOUR_MS)
    dose = Charted("e1", KetamineGiven(Route.ORAL, 35_000), "nurse", at_ms=bench.clock.now_ms() - 30 * MINUTE_MS)
    bench.step(dose, Permitted("charted", "e1", "nurse"))
    await bench.until(lambda: bench.view.concentration is not None)
    low, high = bench.band.now_pg_ml
    assert 5_000 < low < high < 60_000
    wrong = Charted("e2", KetamineGiven(Route.ORAL, 0), "nurse", corrects="e1", reason="not taken")
    bench.step(wrong, Permitted("charted", "e2", "nurse"))
    await bench.until(lambda: bench.view.concentration is None)


@pytest.mark.req("PK-04")
async def test_a_route_without_absorption_is_named_not_left_out_silently(bench: Bench) -> None:
    bench.start()
    bench.bind()
    entry = Charted("e1", KetamineGiven(Route.NASAL, 20_000), "nurse")
    bench.step(entry, Permitted("charted", "e1", "nurse"))
    await bench.until(lambda: bench.view.ready and bench.view.why)
    assert "20 mg nasal is not included" in bench.view.why
    bench.flow(7_000)
    bench.at(HOUR_MS)
    bench.flow(7_000)
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == HOUR_MS)
    assert "20 mg nasal is not included" in bench.band.doubts[0]


@pytest.mark.req("PK-07")
async def test_steps_that_are_told_while_the_journal_is_read_are_neither_lost_nor_counted_twice(bench: Bench) -> None:
    bench.bind()
    bench.flow(7_000)
    bench.reading = asyncio.Event()
    bench.start()
    await asyncio.sleep(0)
    bench.at(HOUR_MS)
    bench.flow(14_000)
    entry = Charted("e1", Assessment(nrs=7), "nurse")
    bench.step(entry, Permitted("charted", "e1", "nurse"))
    bench.reading.set()
    await bench.until(lambda: bench.view.ready)
    chart = bench.charts.chart("b1")
    assert chart is not None
    assert [flow.rate_ul_h for flow in chart.flows] == [7_000, 14_000]
    assert [note.id for note in chart.notes] == ["e1"]
    assert bench.view.nrs is not None
    assert (bench.view.nrs.last, bench.view.nrs.by, bench.view.nrs.count) == (7, "nurse", 1)


@pytest.mark.req("PK-07")
async def test_steps_of_an_earlier_run_come_back_and_the_band_with_them(bench: Bench) -> None:
    bench.bind()
    bench.step(Tick(), FlowChanged(PUMP, "ketamine", True, 7_000, 1000, 0, 0), told=False)
    bench.at(HOUR_MS)
    bench.start()
    await bench.until(lambda: bench.view.concentration is not None)
    assert near(bench.band.now_pg_ml, band_at([Rate(0, 7.0)], HOUR_MS))


@pytest.mark.req("PK-07")
async def test_the_next_patient_starts_with_an_empty_chart(bench: Bench) -> None:
    bench.start()
    bench.bind()
    bench.flow(7_000)
    bench.at(HOUR_MS)
    bench.flow(7_000)
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == HOUR_MS)
    bench.step(Tick(), PatientClosed("M1"))
    await bench.until(lambda: bench.view.concentration is None)
    chart = bench.charts.chart("b1")
    assert chart is not None
    assert (chart.mrn, chart.flows) == ("", ())


@pytest.mark.req("PK-07", "QUA-06")
async def test_nothing_of_the_last_patient_flows_into_the_next_ones_band(bench: Bench) -> None:
    bench.start()
    bench.bind()
    bench.flow(50_000)
    bench.at(HOUR_MS)
    bench.flow(50_000)
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == HOUR_MS)
    bench.step(Tick(), PatientClosed("M1"))
    bench.bind()
    bench.flow(7_000)
    bench.at(2 * HOUR_MS)
    bench.flow(7_000)
    bench.flow(7_000)
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == 2 * HOUR_MS)
    assert near(bench.band.now_pg_ml, band_at([Rate(HOUR_MS, 7.0)], 2 * HOUR_MS))


@pytest.mark.req("PK-06")
async def test_while_the_journal_fails_the_chart_waits_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0)
    bench = Bench(Knowledge(replace(PK, every_ms=1), None))
    bench.failing = [JournalUnavailable("disk full")]
    bench.start()
    await bench.until(lambda: "disk full" in bench.view.why)
    assert not bench.view.ready
    await bench.until(lambda: bench.view.ready)
    assert bench.asked == 2
    await bench.close()


@pytest.mark.req("PK-06")
async def test_a_chart_that_failed_shows_nothing_and_is_whole_again_when_started_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.start()
    bench.bind()
    await bench.until(lambda: bench.view.ready)
    monkeypatch.setattr(module, "nrs_view", lambda chart: 1 / 0)
    bench.flow(7_000)
    assert bench.task is not None
    with pytest.raises(ZeroDivisionError):
        await bench.task
    assert (bench.view.ready, bench.view.concentration) == (False, None)
    assert bench.charts.chart("b1") is None
    monkeypatch.setattr(module, "nrs_view", nrs_view)
    bench.at(HOUR_MS)
    bench.start()
    await bench.until(lambda: bench.view.concentration is not None)
    assert near(bench.band.now_pg_ml, band_at([Rate(0, 7.0)], HOUR_MS))


@pytest.mark.req("PK-05")
async def test_the_curve_has_the_past_and_both_futures_and_what_literature_knows(bench: Bench) -> None:
    bench.start()
    bench.bind()
    bench.flow(7_000)
    bench.at(2 * HOUR_MS)
    bench.flow(7_000)
    await bench.until(lambda: bench.view.concentration is not None and bench.band.at_ms == 2 * HOUR_MS)
    found = await bench.charts.curve("b1", 24)
    assert found.now == bench.band
    times = [point.at_ms for point in found.points]
    assert times == list(range(0, 26 * HOUR_MS + 1, 5 * MINUTE_MS))
    by_time = {point.at_ms: point for point in found.points}
    given = [Rate(0, 7.0)]
    for at_ms in (HOUR_MS, 2 * HOUR_MS, 14 * HOUR_MS, 26 * HOUR_MS):
        assert near(by_time[at_ms].on_pg_ml, band_at(given, at_ms))
        stopped = band_at([*given, Rate(2 * HOUR_MS, 0.0)], at_ms)
        assert near(by_time[at_ms].stopped_pg_ml, stopped)
    assert [(one.low_pg_ml, one.high_pg_ml) for one in found.bands] == [
        (40_000, 150_000),
        (70_000, 160_000),
        (50_000, 200_000),
        (1_200_000, 2_400_000),
    ]
    assert [(one.name, one.pg_ml) for one in found.references] == [
        ("0.5 mg/kg oral", 40_000),
        ("0.5 mg/kg intramuscular", 150_000),
    ]
    longer = await bench.charts.curve("b1", 72)
    assert len(longer.points) <= 2 * 289
    assert longer.points[-1].at_ms == 74 * HOUR_MS


@pytest.mark.req("PK-06")
async def test_one_bed_computes_at_a_time_so_that_a_turn_of_the_loop_holds_one_slice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FakeBed()
    other.id = "b2"
    at_work: list[int] = []
    most = 0

    async def watched(work: Any) -> Any:
        nonlocal most
        at_work.append(1)
        most = max(most, len(at_work))
        found = await sliced(work)
        at_work.pop()
        return found

    monkeypatch.setattr(module, "sliced", watched)
    charts = bench.charts = Charts(Knowledge(PK, None), bench, bench.clock, lambda bed: bench.marked.set())
    charts.add(bench.bed)
    charts.add(other)
    bench.bind()
    bench.flow(7_000)
    other.state, other.seq = bench.bed.state, bench.bed.seq
    tasks = [asyncio.create_task(charts.run(bed)) for bed in ("b1", "b2")]
    await bench.until(lambda: all((view := charts.view(bed)) and view.concentration for bed in ("b1", "b2")))
    await asyncio.gather(*(charts.curve(bed, 24) for bed in ("b1", "b2")))
    assert most == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.req("PK-06")
async def test_steps_that_no_chart_is_about_are_not_even_noted(bench: Bench) -> None:
    bench.start()
    bench.bind()
    await bench.until(lambda: bench.view.ready)
    await bench.settled()
    bench.marked.clear()
    bench.step(Predicted((0, 0), (0, 0), ()), Permitted("predicted", "b1", ""))
    await bench.settled()
    assert not bench.marked.is_set()
    bench.charts.note("another bed", 1, Tick(), (PatientClosed("M1"),), Ms(0))
