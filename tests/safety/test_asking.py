"""An infusion that somebody asks for is held against the bed's limits and the protocol, as a person's own plan is."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.safety.asking import Against, Asked, Kind, against
from tests.safety.build import PUMP
from tests.safety.course import MIN, CourseBed, course_policy

G = 70_000
MG_KG_H = 1_000_000 * 70
START = Asked(PUMP, True, MG_KG_H // 10, MG_KG_H // 10)


def found(bed: CourseBed, asked: Asked = START) -> tuple[Against, ...]:
    return against(bed.state, bed.now, bed.policy, asked)


def words(bed: CourseBed, asked: Asked = START) -> str:
    return "; ".join(f"{one.kind}: {one.words}" for one in found(bed, asked))


def planned() -> CourseBed:
    bed = CourseBed()
    bed.ready()
    assert bed.plan() == ()
    return bed


def test_what_a_person_has_planned_is_asked_for_with_nothing_against_it() -> None:
    assert found(planned()) == ()


def test_without_a_course_every_reason_is_named() -> None:
    said = words(CourseBed())
    for part in ("contra-indications not asked", "no adjunct is recorded", "no infusion is planned"):
        assert f"state: {part}" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dose_ng_h": MG_KG_H * 6 // 10}, "limit: 0.6 mg/kg/h is above the soft ceiling 0.5 mg/kg/h"),
        ({"dose_ng_h": MG_KG_H * 2 // 10}, "limit: start rate 0.2 mg/kg/h is above"),
        ({"dose_ng_h": MG_KG_H * 2 // 10}, "state: 0.2 mg/kg/h is asked for, planned 0.1 mg/kg/h by RN"),
        ({"total_ng": MG_KG_H * 95 // 100}, "limit: the dose 0.95 mg/kg is above the sub-anaesthetic"),
        ({"total_ng": MG_KG_H * 6 // 10}, "limit: the dose 0.6 mg/kg is above the cap 0.5 mg/kg per infusion"),
    ],
)
def test_more_than_a_limit_or_than_the_plan_is_told_with_its_number(changes: dict[str, Any], said: str) -> None:
    fields = {"pump": PUMP, "start": True, "dose_ng_h": START.dose_ng_h, "total_ng": START.total_ng}
    assert said in words(planned(), Asked(**{**fields, **changes}))


def test_a_contra_indication_or_a_vital_sign_out_of_range_is_against_a_start() -> None:
    bed = planned()
    bed.vitals(rr=8, spo2=97, pulse=72)
    assert "state: Respiratory rate 8 is out of range" in words(bed).replace("RR", "Respiratory rate")


def test_the_infusions_of_the_protocol_are_counted() -> None:
    bed = planned()
    for _ in range(3):
        bed.infuse()
        if not bed.course().infusions[3:]:
            bed.plan()
    assert "state: 3 of 3 infusions given" in words(bed)


def test_a_rise_is_judged_by_its_step_and_interval_and_lowering_never() -> None:
    bed = planned()
    bed.flow(100)
    bed.keep(5 * MIN, 100)
    said = words(bed, Asked(PUMP, False, MG_KG_H * 25 // 100))
    assert "limit: a step of 0.15 mg/kg/h" in said
    assert "limit: an increase 5 min after" in said
    assert found(bed, Asked(PUMP, False, MG_KG_H // 20)) == ()


def test_a_rate_that_is_barely_above_a_limit_is_above_it() -> None:
    bed = planned()
    assert "above the soft ceiling" in words(bed, Asked(PUMP, True, MG_KG_H // 2 + 1))


def test_what_a_named_person_set_aside_is_not_against_it() -> None:
    bed = planned()
    assert bed.set_aside("start_rate") == ()
    assert "start rate" not in words(bed, Asked(PUMP, True, MG_KG_H * 2 // 10))


def test_another_drug_and_a_bed_without_a_protocol_have_no_such_rules() -> None:
    assert found(CourseBed(), Asked("nobody", True, 1)) == ()
    bare = CourseBed(course_policy({"drug": None}))
    assert found(bare) == ()
    assert all(one.kind is Kind.STATE for one in found(CourseBed()))
