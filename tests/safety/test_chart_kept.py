"""What is written into the chart is kept: through the journal's words, for its patient, and for a week."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import AnyEntry, Assessment, KetamineGiven, OpioidGiven, Route
from pumpd.safety.events import Charted, PatientBound, PatientReleased, Predicted, ProtocolOverride
from pumpd.safety.wire import event_from_wire, event_to_wire, state_from_bytes, state_to_bytes
from tests.safety.build import bed_policy, patient
from tests.safety.course import DAY, ENTRIES, MIN, CourseBed


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


def test_what_is_finer_than_a_microgram_is_kept_exactly() -> None:
    bed = CourseBed()
    assert bed.chart(OpioidGiven("fentanyl", Route.INTRAVENOUS, 12, 500)) == ()
    assert bed.chart(OpioidGiven("sufentanil", Route.INTRATHECAL, 0, 500)) == ()
    for wrong in (OpioidGiven("fentanyl", Route.INTRAVENOUS, 12, 1_000), OpioidGiven("x", Route.ORAL, 0, 0)):
        assert bed.chart(wrong) != ()
