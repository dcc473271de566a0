"""What people write into the chart: taken whole, or refused with every reason; a correction takes back its entry."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.clinical.entries import (
    Adjunct,
    AnyEntry,
    Assessment,
    Checklist,
    Comedication,
    CourseEnd,
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
from pumpd.safety.events import (
    Assessed,
    Charted,
    PatientBound,
    PatientReleased,
    Predicted,
    ProtocolOverride,
    RateRequested,
)
from pumpd.safety.wire import event_from_wire, event_to_wire, state_from_bytes, state_to_bytes
from tests.safety.build import PUMP, Bed, bed_policy, patient
from tests.safety.course import HOUR, MIN, CourseBed

DAY = 24 * HOUR
ENTRIES: tuple[AnyEntry, ...] = (
    Assessment(nrs=9, pain=("neuropathic",), side_effects=(SideEffect("nausea", 2),), satisfaction=3, mood="low"),
    OpioidGiven("oxycodone", Route.ORAL, 10_000),
    PatchOn("fentanyl", 25_000),
    PatchOff("x2"),
    KetamineGiven(Route.ORAL, 35_000),
    Adjunct("midazolam", True, 1_000, "at night"),
    Comedication("gabapentin", True),
    Checklist((("pregnancy", False),)),
    CoursePlan(458_800, "palliative"),
    InfusionPlan(500, 100),
    CourseEnd("goal reached"),
    FollowUp("well", 3, 310_000),
)


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


# --- corrections


@pytest.mark.req("CRS-07")
def test_a_correction_needs_a_reason_and_a_known_entry_of_this_patient() -> None:
    bed = CourseBed()
    bed.chart(Assessment(nrs=9), id="e1")
    assert bed.chart(Assessment(nrs=5), corrects="e1") == ("a reason is required",)
    assert bed.chart(Assessment(nrs=5), corrects="e1", reason="wrong key") == ()
    bed.do(PatientBound(patient("M2"), "ADT"), 10)
    gone = "there is no entry e1 of this patient that could be corrected here"
    assert bed.chart(Assessment(nrs=5), corrects="e1", reason="wrong key") == (gone,)


@pytest.mark.req("CRS-07")
def test_a_corrected_score_happened_when_the_first_one_did() -> None:
    bed = CourseBed()
    bed.chart(Assessment(nrs=9), id="e1")
    at_ms = bed.now
    bed.run(HOUR)
    bed.chart(Assessment(nrs=5), corrects="e1", reason="wrong key")
    assert bed.state.course.nrs_ms == at_ms


@pytest.mark.req("CRS-07")
def test_a_score_that_is_taken_back_leaves_the_one_before_it() -> None:
    bed = CourseBed()
    bed.chart(Assessment(nrs=9))
    first_ms = bed.now
    bed.run(HOUR)
    bed.chart(Assessment(nrs=2), id="wrong")
    bed.chart(Assessment(note="was another patient"), corrects="wrong", reason="other bed")
    assert bed.state.course.nrs_ms == first_ms


@pytest.mark.req("CRS-07", "CRS-06")
def test_a_corrected_dose_by_hand_counts_as_corrected_and_one_that_was_never_given_not_at_all() -> None:
    bed = CourseBed()
    bed.chart(KetamineGiven(Route.INTRAMUSCULAR, 35_000), id="k1")
    assert [dose.ng for dose in bed.state.given.manual] == [35_000_000]
    bed.chart(KetamineGiven(Route.INTRAMUSCULAR, 25_000), id="k2", corrects="k1", reason="25 mg")
    assert [(dose.entry, dose.ng) for dose in bed.state.given.manual] == [("k2", 25_000_000)]
    bed.chart(Assessment(note="not given"), corrects="k2", reason="refused by the patient")
    assert bed.state.given.manual == ()
    assert bed.state.course.route is None


@pytest.mark.req("CRS-07")
def test_a_corrected_adjunct_or_checklist_is_asked_for_again() -> None:
    bed = CourseBed()
    bed.ready()
    checklist, adjunct = list(bed.state.course.entries)[-2:]
    bed.chart(Assessment(note="not asked"), corrects=checklist, reason="other bed")
    bed.chart(Assessment(note="not given"), corrects=adjunct, reason="other bed")
    reasons = bed.plan()
    assert len(reasons) == 2
    assert "pregnancy, active psychosis" in " ".join(reasons)
    assert "no adjunct is recorded" in " ".join(reasons)


@pytest.mark.req("CRS-07")
def test_a_plan_that_is_taken_back_is_no_plan() -> None:
    bed = CourseBed()
    bed.ready()
    bed.plan()
    bed.chart(Assessment(note="changed"), corrects=bed.entry, reason="not today")
    assert bed.state.course.plan is None


@pytest.mark.req("CRS-01")
def test_a_course_is_neither_opened_nor_ended_by_a_correction() -> None:
    bed = CourseBed()
    bed.chart(CoursePlan(458_800), id="c1")
    words = ("a course is opened and ended by entries of their own, not by a correction",)
    assert bed.chart(Assessment(nrs=3), corrects="c1", reason="oops") == words
    assert bed.chart(CoursePlan(450_000), id="c2", corrects="c1", reason="baseline") == ()
    assert len(bed.courses()) == 1
    bed.chart(CourseEnd("done"), id="end")
    assert bed.chart(CourseEnd("why"), corrects="end", reason="oops")[0].startswith("the end of a course cannot")


# --- what is kept, and where it goes


@pytest.mark.req("CRS-07")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_every_entry_goes_through_the_journals_words_and_back(entry: AnyEntry) -> None:
    event = Charted("e1", entry, "RN", -5, "e0", "typo")
    assert event_from_wire(event_to_wire(event)) == event


@pytest.mark.req("CRS-07")
def test_overrides_and_predictions_go_through_the_journals_words_and_back() -> None:
    for event in (ProtocolOverride("plan", "Dr A", "urgent"), Predicted((1, 2), (3, 4), ("domino", "kamp"))):
        assert event_from_wire(event_to_wire(event)) == event


@pytest.mark.req("CRS-07")
def test_a_checkpoint_holds_the_chart_and_the_course() -> None:
    bed = CourseBed()
    bed.ready()
    bed.plan()
    bed.flow(300)
    bed.chart(KetamineGiven(Route.ORAL, 10_000))
    bed.set_aside("start_rate")
    assert state_from_bytes(state_to_bytes(bed.state)) == bed.state


@pytest.mark.req("CRS-07")
def test_entries_are_forgotten_after_a_week_and_never_pile_up() -> None:
    bed = CourseBed(bed_policy(monitors=(), pump={"drug": None}))
    for number in range(420):
        bed.do(Charted(f"o{number}", OpioidGiven("morphine", Route.ORAL, 10_000), "RN"), 1)
    assert len(bed.state.course.entries) == 400
    assert "o19" not in bed.state.course.entries
    bed.now += 8 * DAY
    bed.chart(Assessment(nrs=3), id="new")
    assert list(bed.state.course.entries) == ["new"]


@pytest.mark.req("CRS-07", "QUA-06")
def test_the_chart_of_one_patient_is_not_the_next_ones() -> None:
    bed = CourseBed()
    bed.ready()
    bed.do(PatientReleased("RN", "home"), 10)
    bed.do(PatientBound(patient("M2"), "ADT"), 10)
    course = bed.state.course
    assert (course.entries, course.nrs_ms, course.adjunct_ms, course.checked_ms) == ({}, None, None, None)
    assert course.bound_ms == bed.now
    assert len(bed.plan()) >= 3


@pytest.mark.req("CRS-07")
def test_the_same_patient_bound_again_keeps_the_chart() -> None:
    bed = CourseBed()
    bed.ready()
    bed.do(PatientBound(patient(weight_g=68_000), "ADT"), 5 * MIN)
    assert bed.plan() == ()
