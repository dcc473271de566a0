"""The chart beside a bed: it predicts while something was given, and says what it does not know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pumpd.bedside import charts as module
from pumpd.bedside.chart_parts import Knowledge
from pumpd.clinical.entries import KetamineGiven, Route
from pumpd.clinical.pk_curve import Rate
from pumpd.device.facts import Quality
from pumpd.safety.decisions import Permitted
from pumpd.safety.events import Charted
from tests.bedside.chart_bench import ORAL, Bench, band_at, near
from tests.bedside.parts import POLICY
from tests.clinical.pk_models import HOUR_MS, MINUTE_MS, PK


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(module, "PAUSE_S", 0)
    made = Bench(Knowledge(replace(PK, every_ms=3_600_000), None))
    yield made
    await made.close()


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
