"""The chart is what the kernel accepted and what flowed, whoever folds it, and of one patient only."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.clinical.chart import Chart, valid, weight_at
from pumpd.clinical.chart_views import dose_rate_ug_kg_h, nrs_series
from pumpd.clinical.entries import Adjunct, Assessment, KetamineGiven, OpioidGiven, Route
from pumpd.safety.chart_feed import feed
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Assessed, Charted, Event, PatientBound, PatientReleased
from tests.safety.build import patient
from tests.safety.course import HOUR, CourseBed

MORPHINE = OpioidGiven("morphine", Route.ORAL, 10_000)


class ChartedBed(CourseBed):
    """A bed beside which a chart is folded, step by step."""

    def __init__(self, **more: Any) -> None:
        self.folded = Chart()
        self.closed: list[Chart] = []
        self.steps = 0
        super().__init__(**more)

    def do(self, event: Event, after: int = 0) -> tuple[Decision, ...]:
        out = super().do(event, after)
        self.steps += 1
        self.folded, closed = feed(self.folded, event, self.now, out, self.steps)
        self.closed += [closed] if closed is not None else []
        return out


@pytest.mark.req("CHA-01")
def test_an_accepted_entry_is_in_the_chart_with_who_and_when_and_where_it_is_in_the_journal() -> None:
    bed = ChartedBed()
    bed.now += 1_000
    assert bed.chart(Assessment(nrs=9), by="RN Abel", at_ms=bed.now - 500) == ()
    (note,) = bed.folded.notes
    assert (note.id, note.entry, note.by) == (bed.entry, Assessment(nrs=9), "RN Abel")
    assert (note.at_ms, note.noted_ms, note.seq) == (bed.now - 510, bed.now, bed.steps)


@pytest.mark.req("CHA-01")
@pytest.mark.parametrize(
    ("entry", "more"),
    [
        (Assessment(nrs=11), {}),
        (Assessment(nrs=9), {"by": " "}),
        (Assessment(nrs=9), {"corrects": "nobody", "reason": "typing error"}),
        (MORPHINE, {"at_ms": 10**12}),
    ],
)
def test_what_was_refused_is_not_in_the_chart(entry: Any, more: dict[str, Any]) -> None:
    bed = ChartedBed()
    assert bed.chart(entry, **more)
    assert bed.folded.notes == ()


@pytest.mark.req("CHA-02")
def test_a_correction_without_a_time_happened_when_that_happened_which_it_corrects() -> None:
    """For the kernel as for the chart: a dose whose amount was mistyped was not given when that was noticed."""
    bed = ChartedBed()
    given_ms = bed.now
    assert bed.chart(KetamineGiven(Route.ORAL, 35_000), id="a", at_ms=given_ms) == ()
    bed.now += 6 * HOUR
    assert bed.chart(KetamineGiven(Route.ORAL, 3_500), id="b", corrects="a", reason="ten times too much") == ()
    old, new = bed.folded.notes
    assert (old.corrected_by, new.corrects, new.reason) == ("b", "a", "ten times too much")
    assert (new.at_ms, new.noted_ms) == (given_ms, bed.now)
    assert bed.state.course.entries["b"].at_ms == given_ms
    assert [(dose.entry, dose.at_ms) for dose in bed.state.given.manual] == [("b", given_ms)]


@pytest.mark.req("CHA-02")
def test_a_correction_may_say_another_time() -> None:
    bed = ChartedBed()
    bed.chart(MORPHINE, id="a", at_ms=bed.now - 100)
    bed.chart(MORPHINE, id="b", corrects="a", reason="it was earlier", at_ms=bed.now - 300)
    assert bed.folded.notes[-1].at_ms == bed.now - 310


@pytest.mark.req("CHA-01")
def test_sedation_is_in_the_chart_and_a_refused_score_is_not() -> None:
    bed = ChartedBed()
    bed.do(Assessed("RN", poss=2, oxygen=True), 10)
    bed.do(Assessed("RN", poss=9), 10)
    (row,) = bed.folded.sedation
    assert (row.at_ms, row.by, row.poss, row.oxygen) == (bed.now - 10, "RN", 2, True)


@pytest.mark.req("CHA-01", "CHA-04")
def test_what_flows_and_the_infusions_are_in_the_chart_with_the_dose_rate_at_any_time() -> None:
    bed = ChartedBed()
    bed.ready()
    assert bed.plan() == ()
    bed.flow(100, 1_000)
    running_ms = bed.now
    bed.keep(20_000, 100)
    bed.flow(0, 1_000)
    assert [row.phase for row in bed.folded.infusions][-2:] == ["running", "paused"]
    assert bed.folded.courses[0].open
    assert dose_rate_ug_kg_h(bed.folded, running_ms) == 100
    assert dose_rate_ug_kg_h(bed.folded, bed.now) == 0
    assert {row.infusion for row in bed.folded.flows if row.infusing} == {1}


@pytest.mark.req("CHA-01")
def test_the_next_patients_chart_begins_empty_and_the_old_one_is_handed_over_whole() -> None:
    bed = ChartedBed()
    bed.ready()
    bed.plan()
    bed.flow(100, 1_000)
    bed.do(PatientReleased("RN", "home"), 10)
    (old,) = bed.closed
    assert old.mrn == "M1"
    assert [type(note.entry) for note in old.notes if isinstance(note.entry, Adjunct)] == [Adjunct]
    assert old.courses
    assert not old.courses[-1].open
    assert bed.folded.notes == ()
    bed.do(PatientBound(patient("M2", 55_000), "ADT"), 10)
    assert (bed.folded.mrn, bed.folded.since_ms) == ("M2", bed.now)
    assert weight_at(bed.folded, bed.now) == 55_000


@pytest.mark.req("CHA-01")
def test_a_patient_who_takes_anothers_place_has_a_chart_of_his_own_from_that_moment() -> None:
    bed = ChartedBed()
    bed.chart(Assessment(nrs=9))
    bed.do(PatientBound(patient("M2"), "ADT"), 10)
    assert [chart.mrn for chart in bed.closed] == ["M1"]
    assert (bed.folded.mrn, bed.folded.since_ms, bed.folded.notes) == ("M2", bed.now, ())


@pytest.mark.req("QUA-06", "CHA-01")
def test_a_patient_whose_records_were_merged_goes_on_under_the_other_number() -> None:
    bed = ChartedBed()
    since_ms = bed.folded.since_ms
    bed.chart(Assessment(nrs=9))
    bed.do(PatientBound(patient("M2"), "ADT", formerly="M1"), 10)
    assert (bed.folded.mrn, bed.folded.since_ms, len(bed.folded.notes), bed.closed) == ("M2", since_ms, 1, [])
    bed.do(PatientBound(patient("M3"), "ADT", formerly="M1"), 10)
    assert [chart.mrn for chart in bed.closed] == ["M2"]


@pytest.mark.req("CHA-01")
def test_the_same_patient_bound_again_goes_on_with_another_weight() -> None:
    bed = ChartedBed()
    since_ms = bed.folded.since_ms
    bed.chart(Assessment(nrs=9))
    before_ms = bed.now
    bed.do(PatientBound(patient("M1", 68_000), "ADT"), HOUR)
    assert (bed.folded.since_ms, len(bed.folded.notes), bed.closed) == (since_ms, 1, [])
    assert (weight_at(bed.folded, before_ms), weight_at(bed.folded, bed.now)) == (70_000, 68_000)


@pytest.mark.req("CHA-01")
def test_a_step_that_decides_nothing_costs_and_changes_nothing() -> None:
    chart = Chart(mrn="M1")
    assert feed(chart, Charted("e1", MORPHINE, "RN"), 5, ()) == (chart, None)


@pytest.mark.req("CHA-04")
def test_pain_is_read_from_what_was_accepted() -> None:
    bed = ChartedBed()
    for score in (9, 12, 5):
        bed.chart(Assessment(nrs=score))
    assert [one.value for one in nrs_series(bed.folded)] == [9, 5]
    assert [entry.nrs for _, entry in valid(bed.folded, Assessment)] == [9, 5]
