"""The chart keeps what was written: corrections mark, nothing disappears, and readings rest on what stands now."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from pumpd.clinical.chart import Chart, Weight, newest_id, noted, valid, weight_at
from pumpd.clinical.chart_opioids import (
    administered,
    baseline,
    mme_now,
    opioid_uses,
    patches,
    patches_on,
)
from pumpd.clinical.entries import (
    Assessment,
    CoursePlan,
    OpioidGiven,
    PatchOff,
    PatchOn,
    Route,
)
from pumpd.clinical.mme_words import change_percent
from tests.clinical.charts import DAY, H, chart, flow, note, with_flows
from tests.clinical.opioids import tables

MORPHINE = OpioidGiven("morphine", Route.ORAL, 10_000)


@pytest.mark.req("CHA-02")
def test_a_correction_leaves_the_old_entry_in_the_chart_marked_by_the_new_one() -> None:
    found = chart(note(MORPHINE), note(OpioidGiven("morphine", Route.ORAL, 20_000), 0, "e2", "e1"))
    old, new = found.notes
    assert (old.entry, old.corrected_by, new.corrects, new.reason) == (MORPHINE, "e2", "e1", "typing error")
    assert [one.id for one, _ in valid(found, OpioidGiven)] == ["e2"]
    assert newest_id(found, "e1") == newest_id(found, "e2") == "e2"
    assert mme_now(found, DAY - 1, tables()).low == 20


@pytest.mark.req("CHA-02")
def test_corrections_of_corrections_are_a_chain_and_only_its_end_counts() -> None:
    found = chart(
        note(MORPHINE),
        note(OpioidGiven("morphine", Route.ORAL, 20_000), 0, "e2", "e1"),
        note(OpioidGiven("morphine", Route.ORAL, 30_000), 0, "e3", "e1"),
        note(Assessment(nrs=4), 0, "e4"),
    )
    assert [one.corrected_by for one in found.notes] == ["e2", "e3", None, None]
    assert newest_id(found, "e1") == "e3"
    assert [one.amount_ug for one in administered(found)] == [30_000]


@pytest.mark.req("CHA-02")
def test_an_entry_that_was_for_somebody_else_is_replaced_by_a_note_and_counts_no_more() -> None:
    found = chart(note(MORPHINE), note(Assessment(note="was for another patient"), 0, "e2", "e1"))
    assert administered(found) == ()
    assert len(found.notes) == 2


def test_an_id_can_be_in_the_chart_once_only() -> None:
    with pytest.raises(ValueError, match="has an entry e1 already"):
        noted(chart(note(MORPHINE)), note(MORPHINE))


@pytest.mark.req("CHA-01")
def test_entries_are_read_by_the_time_at_which_they_happened_not_were_written() -> None:
    found = chart(note(Assessment(nrs=5), 5 * H), note(Assessment(nrs=9), H, "e2"))
    assert [entry.nrs for _, entry in valid(found, Assessment)] == [9, 5]


def test_the_weight_is_the_one_that_was_known_then() -> None:
    found = Chart(weights=(Weight(10, 70_000), Weight(20, None), Weight(30, 68_000)))
    assert [weight_at(found, at) for at in (9, 10, 19, 20, 30)] == [None, 70_000, 70_000, None, 68_000]


# --- patches


@pytest.mark.req("CHA-06")
def test_a_patch_is_on_from_its_entry_until_it_is_taken_off() -> None:
    found = chart(note(PatchOn("fentanyl", 25_000), H, "on"), note(PatchOff("on"), 30 * H, "off"))
    (one,) = patches(found)
    assert (one.id, one.drug, one.rate_ng_h, one.on_ms, one.off_ms) == ("on", "fentanyl", 25_000, H, 30 * H)
    assert [bool(patches_on(found, at)) for at in (H - 1, H, 30 * H - 1, 30 * H)] == [False, True, True, False]


@pytest.mark.req("CHA-02", "CHA-06")
@pytest.mark.parametrize("named", ["on", "fixed"])
def test_a_patch_whose_entry_was_corrected_is_taken_off_by_either_of_its_names(named: str) -> None:
    found = chart(
        note(PatchOn("fentanyl", 50_000), H, "on"),
        note(PatchOn("fentanyl", 25_000), H, "fixed", "on"),
        note(PatchOff(named), 30 * H, "off"),
    )
    (one,) = patches(found)
    assert (one.id, one.rate_ng_h, one.off_ms) == ("fixed", 25_000, 30 * H)


@pytest.mark.req("CHA-02", "CHA-06")
def test_a_removal_that_was_corrected_counts_at_its_new_time() -> None:
    found = chart(
        note(PatchOn("fentanyl", 25_000), 0, "on"),
        note(PatchOff("on"), 10 * H, "off"),
        note(PatchOff("on"), 12 * H, "off2", "off"),
    )
    assert patches(found)[0].off_ms == 12 * H
    assert mme_now(found, 24 * H, tables()).low == 30


# --- opioids of a stay


@pytest.mark.req("CHA-06")
def test_fentanyl_that_was_stopped_is_stopped_and_its_time_is_told() -> None:
    found = chart(
        note(PatchOn("Durogesic", 75_000), H, "on"),
        note(OpioidGiven("oxycodone", Route.ORAL, 10_000), 2 * H, "a"),
        note(OpioidGiven("oxycodone", Route.ORAL, 10_000), 40 * H, "b"),
        note(PatchOff("on"), 30 * H, "off"),
    )
    by_code = {use.code: use for use in opioid_uses(found, 48 * H, tables())}
    fentanyl, oxycodone = by_code["fentanyl"], by_code["oxycodone"]
    assert (fentanyl.label, fentanyl.first_ms, fentanyl.on, fentanyl.stopped_ms) == ("fentaNYL", H, False, 30 * H)
    assert (oxycodone.first_ms, oxycodone.last_ms, oxycodone.on, oxycodone.stopped_ms) == (2 * H, 40 * H, False, None)
    before = {use.code: use for use in opioid_uses(found, 29 * H, tables())}
    assert (before["fentanyl"].on, before["fentanyl"].stopped_ms) == (True, None)
    assert before["oxycodone"].last_ms == 2 * H


@pytest.mark.req("CHA-06")
def test_an_opioid_in_a_pump_runs_until_the_pump_stops_and_ketamine_is_not_among_the_opioids() -> None:
    found = with_flows(
        chart(),
        flow(H, 1000, 0),
        flow(5 * H, 0, 4_000_000, infusing=False),
        flow(H, 1000, 0, pump="p2", drug="ketamine"),
        flow(H, 1000, 0, pump="p3", drug=None),
    )
    (use,) = opioid_uses(found, 10 * H, tables())
    assert (use.code, use.first_ms, use.last_ms, use.on, use.stopped_ms) == ("morphine", H, 5 * H, False, 5 * H)
    assert opioid_uses(found, 4 * H, tables())[0].on


def test_an_opioid_that_nobody_knows_is_listed_as_it_was_charted() -> None:
    (use,) = opioid_uses(chart(note(OpioidGiven("oxicodone", Route.ORAL, 1))), H, tables())
    assert (use.code, use.label) == (None, "oxicodone")


# --- MME of a chart


@pytest.mark.req("MME-04")
def test_the_first_day_of_a_stay_is_incomplete_and_what_is_noted_later_of_before_completes_it() -> None:
    first = chart(note(MORPHINE, 50 * H), since_ms=48 * H)
    assert [gap.why for gap in mme_now(first, 60 * H, tables()).gaps] == [
        "charted for 12 h only: what was given before is not in it"
    ]
    assert mme_now(first, 72 * H, tables()).complete
    told = noted(first, note(OpioidGiven("oxycodone", Route.ORAL, 20_000), 30 * H, "before"))
    assert mme_now(told, 60 * H, tables()).complete


@pytest.mark.req("MME-03", "MME-05")
def test_ketamine_pumps_count_nothing_and_a_pump_that_had_ketamine_before_counts_its_opioid() -> None:
    found = with_flows(
        chart(since_ms=-DAY),
        flow(0, 1000, 0, drug="ketamine"),
        flow(2 * H, 1000, 2_000_000, drug="morphine"),
        flow(5 * H, 0, 5_000_000, drug="morphine", infusing=False),
        flow(0, 7000, 0, pump="p2", drug="ketamine"),
        flow(H, None, 7_000_000, pump="p2", drug="ketamine", infusing=None),
    )
    total = mme_now(found, 6 * H, tables())
    assert (total.low, total.high, total.complete) == (9, 9, True)
    nameless = with_flows(found, flow(0, 1000, None, pump="p3", drug=None))
    assert not mme_now(nameless, 6 * H, tables()).complete


@pytest.mark.req("MME-06")
def test_the_case_of_the_report_from_its_baseline_to_its_end() -> None:
    """458.8 MME a day charted with the plan, 310.0 administered on the last day, fentanyl stopped: -32.43 %."""
    day5 = 5 * DAY
    found = chart(
        note(CoursePlan(458_800, "palliative"), 0, "plan"),
        note(PatchOn("fentanyl", 75_000), 0, "on"),
        note(PatchOff("on"), 3 * DAY, "off"),
        *(note(OpioidGiven("oxycodone", Route.ORAL, 40_000), day5 - at * 5 * H, f"o{at}") for at in range(4)),
        note(OpioidGiven("morphine", Route.ORAL, 70_000), day5 - H, "m"),
    )
    started = baseline(found)
    assert started is not None
    assert (started.mme_milli, started.note.by, started.note.id) == (458_800, "RN A", "plan")
    end = mme_now(found, day5, tables())
    assert (end.low, end.high, end.complete) == (310, 310, True)
    assert change_percent(Fraction(started.mme_milli, 1000), end.low) == Decimal("-32.43")
    fentanyl = next(use for use in opioid_uses(found, day5, tables()) if use.code == "fentanyl")
    assert fentanyl.stopped_ms == 3 * DAY
    assert "fentanyl" not in [part.drug for part in end.parts]


@pytest.mark.req("MME-06")
def test_the_newest_plan_that_has_a_baseline_counts_and_a_correction_replaces_it() -> None:
    assert baseline(chart(note(CoursePlan(None)))) is None
    found = chart(
        note(CoursePlan(458_800), 0, "a"),
        note(CoursePlan(450_000), 0, "b", "a"),
        note(CoursePlan(None), DAY, "c"),
    )
    told = baseline(found)
    assert told is not None
    assert told.mme_milli == 450_000
