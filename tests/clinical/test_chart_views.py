"""Readings of a chart: pain by day, side effects against the dose rate, medicines that matter."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pumpd.clinical.chart import Noted
from pumpd.clinical.chart_views import (
    by_dose_rate,
    daily_means,
    dose_rate_ug_kg_h,
    medicines,
    nrs_series,
    side_effects,
)
from pumpd.clinical.entries import Assessment, Comedication, SideEffect
from pumpd.config.assessment_file import default_vocabulary
from tests.clinical.charts import DAY, H, chart, flow, note, with_flows
from tests.clinical.opioids import tables

WORDS = default_vocabulary()


def nrs(score: int, at_ms: int, name: str, corrects: str | None = None) -> Noted:
    return note(Assessment(nrs=score), at_ms, name, corrects)


@pytest.mark.req("CHA-04")
def test_pain_is_a_series_of_what_stands_with_who_and_when() -> None:
    found = chart(
        nrs(9, 0, "a"), nrs(90 // 10, 4 * H, "b"), nrs(5, 4 * H, "c", "b"), note(Assessment(mood="calm"), H, "d")
    )
    assert [(one.at_ms, one.value, one.note.id, one.note.by) for one in nrs_series(found)] == [
        (0, 9, "a", "RN A"),
        (4 * H, 5, "c", "RN A"),
    ]


@pytest.mark.req("CHA-04")
def test_the_mean_of_a_day_is_of_what_was_asked_on_that_day_of_the_ward() -> None:
    first, second = (
        [nrs(9, 0, "a"), nrs(8, DAY - 1, "b")],
        [nrs(5, DAY, "c"), nrs(4, DAY + H, "d"), nrs(5, DAY + H, "e")],
    )
    last = [nrs(2, 3 * DAY, "f")]
    days = daily_means(nrs_series(chart(*first, *second, *last)), lambda at_ms: at_ms // DAY)
    assert [(day.day, day.mean, len(day.scores)) for day in days] == [
        (0, Fraction(17, 2), 2),
        (1, Fraction(14, 3), 3),
        (3, Fraction(2), 1),
    ]


@pytest.mark.req("CHA-04")
def test_a_side_effect_is_read_with_the_dose_rate_at_its_time() -> None:
    ketamine = {"drug": "ketamine", "conc_ug_ml": 1000}
    found = with_flows(
        chart(
            note(Assessment(side_effects=(SideEffect("dissociation", 0), SideEffect("nausea", 1))), H, "a"),
            note(Assessment(side_effects=(SideEffect("dissociation", 2),)), 3 * H, "b"),
            note(Assessment(side_effects=(SideEffect("dissociation", 1),)), 4 * H, "c"),
            note(Assessment(side_effects=(SideEffect("dissociation", 0),)), 7 * H, "d"),
        ),
        flow(0, 7_000, 0, **ketamine),
        flow(2 * H, 14_000, 0, **ketamine),
        flow(2 * H, 3_500, 0, pump="p2", drug="morphine"),
        flow(6 * H, 0, 0, infusing=False, **ketamine),
    )
    seen = side_effects(found, WORDS)
    assert [(one.name, one.severity, one.dose_ug_kg_h, one.psychomimetic) for one in seen] == [
        ("dissociation", 0, 100, True),
        ("nausea", 1, 100, False),
        ("dissociation", 2, 200, True),
        ("dissociation", 1, 200, True),
        ("dissociation", 0, 0, True),
    ]
    assert [(one.name, one.dose_ug_kg_h, one.worst, one.asked) for one in by_dose_rate(seen)] == [
        ("dissociation", 0, 0, 1),
        ("dissociation", 100, 0, 1),
        ("dissociation", 200, 2, 2),
        ("nausea", 100, 1, 1),
    ]


@pytest.mark.req("CHA-04")
@pytest.mark.parametrize(
    ("row", "weight_g", "expected"),
    [
        ({"rate_ul_h": 7_000}, 70_000, 100),
        ({"rate_ul_h": 7_000}, 0, None),
        ({"rate_ul_h": None}, 70_000, None),
        ({"rate_ul_h": 7_000, "conc_ug_ml": None}, 70_000, None),
        ({"rate_ul_h": 7_000, "infusing": None}, 70_000, None),
        ({"rate_ul_h": 7_000, "infusing": False}, 0, 0),
    ],
)
def test_a_dose_rate_that_is_not_known_is_none_and_not_0(row: dict, weight_g: int, expected: int | None) -> None:
    found = with_flows(chart(weight_g=weight_g), flow(0, low_ng=0, drug="ketamine", **row))
    assert dose_rate_ug_kg_h(found, H) == expected
    assert dose_rate_ug_kg_h(found, -1) == 0


@pytest.mark.req("CHA-04")
def test_two_ketamine_pumps_add_up_and_a_side_effect_at_an_unknown_rate_is_left_out_of_the_comparison() -> None:
    found = with_flows(
        chart(note(Assessment(side_effects=(SideEffect("nausea", 3),)), 5 * H)),
        flow(0, 7_000, 0, drug="ketamine"),
        flow(H, 7_000, 0, drug="ketamine", pump="p2"),
        flow(2 * H, None, 0, drug="ketamine", pump="p2", infusing=None),
    )
    assert dose_rate_ug_kg_h(found, H) == 200
    assert dose_rate_ug_kg_h(found, 2 * H) is None
    assert by_dose_rate(side_effects(found, WORDS)) == ()


@pytest.mark.req("CHA-05")
def test_sedating_medicines_and_beta_blockers_are_flagged_though_nobody_ticked_it() -> None:
    names = ["Atorvastatin", "Bisacodyl", "Gabapentin", "Metoprolol", "oxycodone", "St John's wort"]
    found = chart(*(note(Comedication(name, False), at, name) for at, name in enumerate(names)))
    flags = medicines(found, WORDS, tables())
    assert [(one.drug, one.sedating, one.blunts_tachycardia) for one in flags] == [
        ("atorvastatin", False, False),
        ("bisacodyl", False, False),
        ("gabapentin", True, False),
        ("metoprolol", False, True),
        ("oxycodone", True, False),
        ("St John's wort", False, False),
    ]
    assert "respiratory depression" in flags[2].text
    assert "heart rate may not rise" in flags[3].text
    assert flags[5].text == "St John's wort"


@pytest.mark.req("CHA-05")
def test_a_medicine_that_nobody_knows_is_sedating_where_a_person_said_so() -> None:
    (flag,) = medicines(chart(note(Comedication("valerian", True))), WORDS)
    assert (flag.sedating, flag.text) == (True, "valerian: adds to sedation")
