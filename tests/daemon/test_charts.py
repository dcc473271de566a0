"""The chart and the band in the whole daemon: from the pump's own reports, and back after a restart."""

from __future__ import annotations

import asyncio

import pytest

from pumpd.bedside import charts as module
from pumpd.clinical.entries import Assessment
from pumpd.safety.clinical_view import ClinicalView
from pumpd.safety.decisions import Permitted
from pumpd.safety.events import Charted
from tests.daemon.house import House


def shown(house: House) -> ClinicalView:
    view = house.daemon.charts.view(house.bed.id)
    assert view is not None
    return view


async def charted(house: House, name: str, nrs: int) -> None:
    entry = Charted(name, Assessment(nrs=nrs), "R. Keller")
    decisions = await house.daemon.ward.submit(house.bed.id, entry)
    assert any(isinstance(decision, Permitted) for decision in decisions)
    await house.until(lambda: (chart := house.daemon.ward.chart(house.bed.id)) and chart.notes[-1:])


@pytest.mark.req("PK-05", "PK-07")
async def test_the_band_and_the_chart_are_back_from_the_journal_after_a_restart(house: House) -> None:
    await house.until(lambda: shown(house).concentration is not None)
    await charted(house, "e1", 9)
    before = house.daemon.ward.chart(house.bed.id)
    assert before is not None
    assert before.flows
    await house.daemon.stop()
    await house.start()
    assert not shown(house).ready, "monitoring comes first"
    await house.until(lambda: shown(house).ready)
    after = house.daemon.ward.chart(house.bed.id)
    assert after is not None
    assert after.notes == before.notes
    assert after.flows[: len(before.flows)] == before.flows
    assert (after.mrn, after.since_ms, after.weights) == (before.mrn, before.since_ms, before.weights)
    await house.until(lambda: shown(house).concentration is not None)
    found = shown(house)
    assert found.nrs is not None
    assert found.nrs.last == 9
    assert found.concentration is not None
    low, high = found.concentration.soon_pg_ml
    assert 0 < low < high
    curve = await house.daemon.ward.curve(house.bed.id, 24)
    assert curve.now is not None
    assert len(curve.points) >= 289


@pytest.mark.req("PK-05", "PK-06")
async def test_what_is_predicted_is_on_the_screens_and_in_the_journal_and_the_bed_goes_on(house: House) -> None:
    await house.until(lambda: shown(house).concentration is not None)
    view = house.daemon._shown(house.daemon.beds[house.bed.id])
    assert view.clinical == shown(house)
    journal = house.daemon.journal
    await journal.chart_history(house.bed.id)  # everything so far is committed then
    restored = await journal.restore(house.bed.id, use_checkpoint=False)
    assert restored is not None
    assert any(type(event).__name__ == "Predicted" for _, _, event in restored.events)
    assert house.pump.infusing


@pytest.mark.req("PK-06", "ALA-08")
async def test_a_chart_that_fails_is_a_technical_alarm_of_its_bed_and_stops_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.until(lambda: shown(house).ready)
    monkeypatch.setattr(module, "nrs_view", lambda chart: 1 / 0)
    entry = Charted("e1", Assessment(nrs=4), "R. Keller")
    await house.daemon.ward.submit(house.bed.id, entry)
    await house.until(lambda: house.alarm("part_failed_chart"))
    alarm = house.alarm("part_failed_chart")
    assert alarm is not None
    assert "chart of" in alarm.text
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock == "stop_verified")
    monkeypatch.undo()
    async with asyncio.timeout(60):
        await house.until(lambda: shown(house).ready and shown(house).nrs is not None)
