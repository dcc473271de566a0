"""What a screen may show of a chart: totals with their table, scores, and a band that is rounded outward."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from pumpd.clinical.chart import Chart, Flow, Noted, noted
from pumpd.clinical.entries import AnyEntry, Assessment, Comedication, CoursePlan, OpioidGiven, PatchOn, Route
from pumpd.clinical.pk_chart import Absorption
from pumpd.config.assessment_file import default_vocabulary
from pumpd.config.opioids import default_opioids
from pumpd.safety.clinical_look import absorptions, flags, mme_view, nrs_view, pg_ml
from pumpd.safety.protocol_policy import ProtocolPolicy, RoutePolicy
from pumpd.units import MS_PER_H
from tests.safety.build import bed_policy

TABLES = default_opioids()
DAY_MS = 24 * MS_PER_H
NOW_MS = 3 * DAY_MS


def chart(*entries: tuple[int, AnyEntry], flows: tuple[Flow, ...] = ()) -> Chart:
    """Bound at 0; entries with the times at which they happened."""
    found = Chart(mrn="M1", since_ms=0, flows=flows)
    for number, (at_ms, entry) in enumerate(entries):
        found = noted(found, Noted(f"e{number}", entry, f"nurse {number}", at_ms, at_ms))
    return found


def oxycodone(mg: float) -> OpioidGiven:
    return OpioidGiven("oxycodone", Route.ORAL, round(mg * 1000))


@pytest.mark.req("PK-05")
def test_a_band_is_rounded_outward_to_whole_picograms() -> None:
    assert pg_ml((1.0004, 2.0001)) == (1000, 2001)
    assert pg_ml((0.0, 0.0)) == (0, 0)


def test_the_change_of_the_case_report_is_shown_to_two_decimals() -> None:
    plan = (0, CoursePlan(baseline_mme_milli=458_800))
    found = mme_view(chart(plan, (NOW_MS - 1000, OpioidGiven("morphine", Route.ORAL, 310_000))), NOW_MS, TABLES)
    assert found is not None
    assert (found.per_day_milli, found.baseline_milli, found.change_centi_percent) == (310_000, 458_800, -3243)
    assert found.at_most_milli is None
    assert found.incomplete == ()
    assert "CDC 2022" in found.table
    assert any("must not be used to convert" in note for note in found.notes)


@pytest.mark.req("MME-02")
def test_each_part_of_a_total_is_told_with_its_amount_factor_and_table() -> None:
    iv = OpioidGiven("hydromorphone", Route.INTRAVENOUS, 1_000)
    found = mme_view(chart((NOW_MS - 1000, oxycodone(20)), (NOW_MS - 500, iv)), NOW_MS, TABLES)
    assert found is not None
    assert found.parts == (
        "HYDROmorphone iv 1 mg x 20 = 20 MME (equianalgesic, institution-specific)",
        "oxyCODONE oral 20 mg x 1.5 = 30 MME (CDC 2022)",
    )


@pytest.mark.req("CHA-05")
def test_sedating_medicines_and_beta_blockers_are_flagged_once_each_and_others_are_not() -> None:
    charted = [(at, Comedication(name, False)) for at, name in enumerate(["Gabapentin", "metoprolol", "bisacodyl"])]
    found = flags(chart(*charted, (9, Comedication("gabapentin", True))), default_vocabulary(), TABLES)
    assert [text.partition(":")[0] for text in found] == ["gabapentin", "metoprolol"]


@pytest.mark.req("CHA-06")
def test_a_patch_that_is_on_is_told_with_how_long_it_has_been() -> None:
    found = mme_view(chart((DAY_MS, PatchOn("fentanyl", 37_500))), NOW_MS, TABLES)
    assert found is not None
    assert found.notes[0] == "fentaNYL patch 37.5 mcg/h, on for 48 h"


@pytest.mark.req("MME-06")
def test_an_incomplete_total_is_compared_with_nothing() -> None:
    plan = (0, CoursePlan(baseline_mme_milli=100_000))
    unknown = (NOW_MS - 2000, OpioidGiven("opioidol", Route.ORAL, 5_000))
    found = mme_view(chart(plan, unknown, (NOW_MS - 1000, oxycodone(10))), NOW_MS, TABLES)
    assert found is not None
    assert found.per_day_milli == 15_000
    assert found.change_centi_percent is None
    assert any("opioidol" in why for why in found.incomplete)


def test_a_chart_without_any_opioid_is_not_a_total_of_nothing() -> None:
    assert mme_view(chart((0, Assessment(nrs=4))), NOW_MS, TABLES) is None
    assert mme_view(chart(), MS_PER_H, TABLES) is None, "nor in the first hours, of which the day before is not known"
    stopped = mme_view(chart((0, oxycodone(10))), NOW_MS, TABLES)
    assert stopped is not None
    assert stopped.per_day_milli == 0, "the last one was given more than a day ago"
    only_baseline = mme_view(chart((0, CoursePlan(baseline_mme_milli=20_000))), NOW_MS, TABLES)
    assert only_baseline is not None
    assert (only_baseline.per_day_milli, only_baseline.change_centi_percent) == (0, -10_000)


def test_what_a_pump_leaves_open_is_at_most() -> None:
    flow = Flow(NOW_MS - DAY_MS, "p2", "morphine", True, 1_000, 1_000, 0, 0)
    later = replace_flow(flow, at_ms=NOW_MS, low_ng=22_000_000, high_ng=25_000_000)
    found = mme_view(chart((NOW_MS - 1, PatchOn("fentanyl", 25)), flows=(flow, later)), NOW_MS, TABLES)
    assert found is not None
    assert found.at_most_milli is not None
    assert found.per_day_milli < found.at_most_milli
    assert found.change_centi_percent is None


def replace_flow(flow: Flow, at_ms: int, low_ng: int, high_ng: int) -> Flow:
    return Flow(at_ms, flow.pump, flow.drug, flow.infusing, flow.rate_ul_h, flow.conc_ug_ml, low_ng, high_ng)


def test_the_newest_score_is_the_one_that_was_asked_last_not_written_last() -> None:
    assert nrs_view(chart((0, Assessment(mood="calm")))) is None
    late = chart((5 * MS_PER_H, Assessment(nrs=5)), (MS_PER_H, Assessment(nrs=9)), (6 * MS_PER_H, Assessment(note="x")))
    found = nrs_view(late)
    assert found is not None
    assert (found.last, found.at_ms, found.by, found.count) == (5, 5 * MS_PER_H, "nurse 0", 2)


@pytest.mark.req("PK-04")
def test_a_route_without_a_known_rate_of_absorption_is_none() -> None:
    rows = (
        RoutePolicy("oral", 170_000, 3_000, 1_000_000, "a source"),
        RoutePolicy("nasal", 450_000, 0, 1_000_000, "a source"),
    )
    protocol = cast(ProtocolPolicy, SimpleNamespace(routes=rows))
    assert absorptions(replace(bed_policy(), protocol=protocol)) == {"oral": Absorption(0.17, 3.0)}
    assert absorptions(replace(bed_policy(), protocol=None)) == {}
