"""The chart comes back from the journal, is of one patient, and never the bed's trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from pumpd.bedside import charts as module
from pumpd.bedside.chart_parts import Knowledge, sliced
from pumpd.bedside.charts import Charts
from pumpd.clinical.entries import Assessment
from pumpd.clinical.pk_curve import Rate
from pumpd.journal import JournalUnavailable
from pumpd.safety.clinical_look import nrs_view
from pumpd.safety.decisions import FlowChanged, PatientClosed, Permitted
from pumpd.safety.events import Charted, Predicted, Tick
from pumpd.units import Ms
from tests.bedside.chart_bench import PUMP, Bench, FakeBed, band_at, near
from tests.clinical.pk_models import HOUR_MS, PK


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(module, "PAUSE_S", 0)
    made = Bench(Knowledge(replace(PK, every_ms=3_600_000), None))
    yield made
    await made.close()


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
