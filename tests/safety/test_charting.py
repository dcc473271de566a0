"""What people write into the chart: taken whole, or refused with every reason."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.clinical.entries import (
    Adjunct,
    AnyEntry,
    Assessment,
    Checklist,
    Comedication,
    CoursePlan,
    FollowUp,
    InfusionPlan,
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
    Route,
    SideEffect,
)
from pumpd.safety.decisions import Permitted, Refused
from pumpd.safety.events import Assessed, Charted, ProtocolOverride, RateRequested
from tests.safety.build import PUMP, Bed
from tests.safety.course import DAY, ENTRIES, HOUR, CourseBed


@pytest.mark.req("CRS-07")
def test_an_accepted_entry_is_answered_with_its_id_and_its_person() -> None:
    bed = CourseBed()
    out = bed.do(Charted("e1", Assessment(nrs=9), "RN Abel"), 10)
    assert out[0] == Permitted("chart", "e1", "RN Abel")


@pytest.mark.req("CRS-07")
@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Assessment(nrs=11), "NRS is a whole number from 0 to 10"),
        (Assessment(nrs=-1), "NRS is a whole number from 0 to 10"),
        (Assessment(nrs=True), "NRS is a whole number from 0 to 10"),
        (Assessment(satisfaction=11), "satisfaction is a whole number from 0 to 10"),
        (Assessment(side_effects=(SideEffect("nausea", 4),)), "the severity of nausea is a whole number from 0 to 3"),
        (Assessment(side_effects=(SideEffect(" ", 1),)), "the name of a side effect is missing"),
        (Assessment(), "the assessment is empty"),
        (OpioidGiven("", Route.ORAL, 10), "the drug is missing"),
        (OpioidGiven("morphine", Route.ORAL, 0), "the amount is a whole number of mcg from 1 to 10,000,000"),
        (OpioidGiven("morphine", Route.ORAL, 10**30), "the amount is a whole number of mcg from 1 to 10,000,000"),
        (PatchOn("fentanyl", -25), "the patch's rate is a whole number of ng/h from 1 to 10,000,000"),
        (PatchOff(" "), "the patch's entry is missing"),
        (KetamineGiven(Route.ORAL, 0), "the amount is a whole number of mcg from 1 to 10,000,000"),
        (Adjunct("", True), "the drug is missing"),
        (Adjunct("midazolam", True, 0), "the amount is a whole number of mcg from 1 to 10,000,000"),
        (Adjunct("none", False), "to give no adjunct needs a note that says why"),
        (Adjunct("none", True, None, "frail"), "no adjunct is neither a benzodiazepine nor an amount"),
        (Comedication("", True), "the drug is missing"),
        (Checklist(()), "the checklist is empty"),
        (Checklist((("pregnancy", False), ("pregnancy", True))), "pregnancy is answered twice"),
        (Checklist(((" ", False),)), "a contra-indication has no name"),
        (CoursePlan(-1), "MME a day is a whole number of thousandths from 0 to 100,000,000"),
        (FollowUp(""), "the note is missing"),
        (FollowUp("well", 12), "NRS is a whole number from 0 to 10"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_words(entry: AnyEntry, reason: str) -> None:
    bed = CourseBed()
    assert bed.chart(entry) == (reason,)
    assert bed.state.course.entries == {}


@pytest.mark.req("CRS-07")
@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (InfusionPlan(0, 100), "the dose is a whole number of mcg/kg from 1 to 100,000"),
        (InfusionPlan(100_001, 100), "the dose is a whole number of mcg/kg from 1 to 100,000"),
        (InfusionPlan(100, 0), "the start rate is a whole number of mcg/kg/h from 1 to 100,000"),
        (InfusionPlan(100, 10**30), "the start rate is a whole number of mcg/kg/h from 1 to 100,000"),
    ],
)
def test_a_plan_of_numbers_that_cannot_be_meant_is_refused_in_words(plan: InfusionPlan, reason: str) -> None:
    bed = CourseBed()
    bed.ready()
    assert bed.chart(plan) == (reason,)


@pytest.mark.req("CRS-02", "CRS-08")
def test_a_plan_without_numbers_is_refused_with_every_other_reason_too() -> None:
    reasons = " | ".join(CourseBed().chart(InfusionPlan(0, 100)))
    for words in ("the dose is a whole number", "no course is open", "no adjunct is recorded", "not asked: pregnancy"):
        assert words in reasons


@pytest.mark.req("CRS-06")
def test_ketamine_is_not_charted_where_it_would_not_count() -> None:
    (reason,) = CourseBed().chart(OpioidGiven("Ketamine", Route.ORAL, 20_000))
    assert reason == "Ketamine is no opioid: chart it as a dose of Ketamine, which counts"


@pytest.mark.req("CRS-07")
def test_only_a_patch_that_was_put_on_can_be_taken_off_for_weeks() -> None:
    bed = CourseBed()
    bed.chart(PatchOn("buprenorphine", 35_000), id="p1")
    bed.chart(Assessment(nrs=4), id="a1")
    bed.run(8 * DAY)
    assert bed.chart(PatchOff("p2")) == ("there is no patch p2 of this patient",)
    assert bed.chart(PatchOff("a1")) == ("there is no patch a1 of this patient",)
    assert bed.chart(PatchOff("p1"), id="o1", by="RN-A") == ()


@pytest.mark.req("CRS-07")
def test_a_patch_is_taken_off_once_and_the_time_of_that_can_be_corrected() -> None:
    bed = CourseBed()
    bed.chart(PatchOn("fentanyl", 25_000), id="p1")
    bed.chart(PatchOn("fentanyl", 25_000), id="p2")
    bed.run(DAY)
    assert bed.chart(PatchOff("p1"), id="o1", by="RN-A") == ()
    assert bed.chart(PatchOff("p1"), id="o2") == ("the patch p1 was taken off already, by RN-A",)
    assert bed.chart(PatchOff("p1"), id="o3", corrects="o1", reason="an hour ago", at_ms=bed.now - HOUR) == ()
    assert bed.chart(PatchOff("p2"), id="o4") == ()


@pytest.mark.req("CRS-07")
def test_edges_of_scores_are_taken() -> None:
    bed = CourseBed()
    assert bed.chart(Assessment(nrs=0, satisfaction=10, side_effects=(SideEffect("nausea", 0),))) == ()
    assert bed.chart(Assessment(nrs=10, satisfaction=0, side_effects=(SideEffect("nausea", 3),))) == ()


@pytest.mark.req("CRS-07")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_without_a_patient_or_a_name_nothing_is_charted(entry: AnyEntry) -> None:
    bed = CourseBed(bound=False)
    reasons = bed.chart(entry, by=" ")
    assert {"a named user is required", "no patient is bound"} <= set(reasons)


@pytest.mark.req("CRS-07")
@pytest.mark.parametrize("bed", [Bed(), CourseBed()], ids=["no protocol", "protocol"])
def test_opioids_and_assessments_are_charted_with_and_without_a_protocol(bed: Bed) -> None:
    for number, entry in enumerate(ENTRIES[:8]):
        out = bed.do(Charted(f"x{number}", entry, "RN"), 10)
        assert isinstance(out[0], Permitted), out


@pytest.mark.req("CRS-07")
@pytest.mark.parametrize(
    ("at_ms", "reason"),
    [
        (10**9, "the time is in the future"),
        (-8 * DAY, "the time is more than 7 days ago"),
        (1.5, "the time is not a whole number of milliseconds"),
        (10**40, "the time is in the future"),
    ],
)
def test_a_time_that_cannot_be_is_refused(at_ms: Any, reason: str) -> None:
    bed = CourseBed()
    assert bed.chart(OpioidGiven("morphine", Route.ORAL, 10_000), at_ms=at_ms) == (reason,)


@pytest.mark.req("CRS-07")
def test_what_was_given_before_admission_counts_and_what_was_seen_then_is_not_of_this_stay() -> None:
    bed = CourseBed()
    earlier = bed.now - 6 * HOUR
    assert bed.chart(PatchOn("fentanyl", 25_000), at_ms=earlier) == ()
    assert bed.chart(Assessment(nrs=5), at_ms=earlier) == ("the time is before the patient was bound to the bed",)
    assert bed.chart(Assessment(nrs=5), at_ms=bed.now) == ()


@pytest.mark.req("CRS-07")
def test_an_id_is_used_once() -> None:
    bed = CourseBed()
    assert bed.chart(Assessment(nrs=5), id="e1") == ()
    assert bed.chart(Assessment(nrs=6), id="e1") == ("there is an entry e1 already",)
    assert bed.chart(Assessment(nrs=6), id=" ") == ("the entry has no id",)


@pytest.mark.req("CRS-08")
def test_a_refusal_says_every_reason_and_keeps_who_and_why() -> None:
    bed = CourseBed()
    entry = Assessment(nrs=11, satisfaction=-1)
    out = bed.do(Charted("", entry, "RN Abel", at_ms=10**9, corrects="e9", reason="typing error"), 10)
    assert out == (
        Refused(
            "chart",
            "",
            (
                "the entry has no id",
                "NRS is a whole number from 0 to 10",
                "satisfaction is a whole number from 0 to 10",
                "the time is in the future",
                "there is no entry e9 of this patient that could be corrected here",
            ),
            "RN Abel",
            "typing error",
        ),
    )


@pytest.mark.req("CRS-08")
def test_every_act_that_is_refused_keeps_its_person_and_the_reason_that_was_given() -> None:
    bed = CourseBed()
    (refused,) = bed.do(RateRequested("r", PUMP, 7_000, "RN Abel", "pain"), 10)
    assert isinstance(refused, Refused)
    assert (refused.by, refused.why) == ("RN Abel", "pain")
    (refused,) = bed.do(Assessed("RN Abel"), 10)
    assert isinstance(refused, Refused)
    assert refused.by == "RN Abel"
    (refused,) = bed.do(ProtocolOverride("plan", "Dr A", "urgent"), 10)
    assert isinstance(refused, Refused)
    assert (refused.by, refused.why) == ("Dr A", "urgent")
