"""Ketamine beside the pump: what counts, another route, the sub-anaesthetic band; and the predicted concentration."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import Assessment, KetamineGiven, Route
from pumpd.safety.events import Acknowledged, AckReason, PatientBound, Predicted
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import LOW, MEDIUM, bed_policy, patient
from tests.safety.course import HOUR, LDK, MIN, CourseBed

SEEN = AckReason.SEEN_ESCALATED
BAND = f"the sub-anaesthetic 0.1 to 0.9 mg/kg (10 to 20 % of the label's induction dose) set by {LDK}"
MODELS = ("Domino 1982", "Kamp 2020")


def given(route: Route, mg: int) -> KetamineGiven:
    return KetamineGiven(route, mg * 1000)


# --- what counts


@pytest.mark.req("CRS-06")
@pytest.mark.parametrize(
    ("route", "ng"),
    [
        (Route.ORAL, 17_500_000),  # half of it, as configured
        (Route.INTRAMUSCULAR, 35_000_000),
        (Route.NASAL, 35_000_000),  # not configured: in full
    ],
)
def test_a_dose_by_hand_counts_by_its_route(route: Route, ng: int) -> None:
    bed = CourseBed()
    assert bed.chart(given(route, 35), id="k") == ()
    (dose,) = bed.state.given.manual
    assert (dose.entry, dose.at_ms, dose.ng) == ("k", bed.now, ng)
    assert f"{ng // 10**5 / 10:g} mg of it count" in bed.note()


@pytest.mark.req("CRS-06")
def test_a_fraction_of_a_nanogram_counts_as_one() -> None:
    bed = CourseBed()
    bed.chart(KetamineGiven(Route.ORAL, 1))
    assert bed.state.given.manual[0].ng == 500


@pytest.mark.req("CRS-06", "CEI-09")
def test_doses_by_hand_use_up_the_window_that_a_plan_needs() -> None:
    bed = CourseBed()
    bed.ready()
    bed.chart(given(Route.INTRAMUSCULAR, 60), at_ms=bed.now)
    (reason,) = bed.plan(500)
    assert reason == f"the dose needs 35 mg, and 10 mg are left of the cap 1 mg/kg (70 mg) in 24 h set by {LDK}"


@pytest.mark.req("CRS-06", "CEI-09")
def test_an_order_that_passes_a_dose_cap_is_refused_and_a_dose_that_was_given_is_counted_and_told_of() -> None:
    bed = CourseBed()
    assert bed.set_aside("sub_anaesthetic") == ()
    assert bed.chart(given(Route.INTRAMUSCULAR, 60)) == ()
    words = f"20 mg of it count, and 10 mg are left of the cap 1 mg/kg (70 mg) in 24 h set by {LDK}"
    assert bed.chart(given(Route.INTRAMUSCULAR, 20))[0] == words
    assert bed.alarm("above_band") is None
    assert bed.chart(given(Route.INTRAMUSCULAR, 10)) == ()
    assert bed.chart(given(Route.INTRAMUSCULAR, 20), at_ms=bed.now) == ()
    assert "0 mg are left of the cap" in bed.note()
    assert "0 mg are left of the cap" in bed.the("above_band").text


@pytest.mark.req("CRS-06")
def test_without_a_protocol_a_dose_by_hand_is_charted_and_counts_in_full() -> None:
    bed = CourseBed(bed_policy())
    assert bed.chart(given(Route.ORAL, 70)) == ()
    assert bed.state.given.manual[0].ng == 70_000_000


# --- another route


@pytest.mark.req("CRS-06")
def test_another_route_warns_until_somebody_has_seen_it() -> None:
    bed = CourseBed()
    bed.chart(given(Route.SUBCUTANEOUS, 20))
    assert bed.alarm("route_switched") is None
    bed.chart(given(Route.ORAL, 20))
    alarm = bed.the("route_switched")
    assert alarm.priority is LOW
    words = "Ketamine by another route, sc before, oral now: oral is 30 to 40 % more potent than subcutaneous"
    assert alarm.text == words
    bed.run(HOUR)
    bed.do(Acknowledged(alarm.id, "RN", SEEN), 10)
    assert bed.alarm("route_switched") is None
    bed.chart(given(Route.ORAL, 20))
    assert bed.alarm("route_switched") is None


@pytest.mark.req("CRS-06")
def test_an_infusion_after_oral_doses_is_another_route_and_says_so_once() -> None:
    bed = CourseBed()
    bed.chart(given(Route.ORAL, 20))
    bed.flow(100)
    alarm = bed.the("route_switched")
    assert "oral before, iv now" in alarm.text
    bed.do(Acknowledged(alarm.id, "RN", SEEN), 10)
    bed.keep(10_000, 100)
    bed.run(MIN)
    assert bed.alarm("route_switched") is None


@pytest.mark.req("CRS-06")
def test_a_route_that_was_charted_while_ketamine_runs_warns_once() -> None:
    bed = CourseBed()
    bed.flow(100)
    bed.chart(given(Route.ORAL, 20))
    bed.do(Acknowledged(bed.the("route_switched").id, "RN", SEEN), 10)
    bed.flow(90, after=1_000)
    bed.run(MIN)
    assert bed.alarm("route_switched") is None


@pytest.mark.req("CRS-06")
def test_a_dose_charted_late_is_put_in_its_place() -> None:
    bed = CourseBed()
    earlier_ms = bed.now
    bed.run(HOUR)
    bed.chart(given(Route.INTRAMUSCULAR, 20))
    bed.chart(given(Route.ORAL, 20), at_ms=earlier_ms)
    assert "oral before, im now" in bed.the("route_switched").text
    assert bed.state.course.route == "im"


@pytest.mark.req("CRS-06", "CRS-07")
def test_a_route_that_was_charted_by_mistake_warns_no_more() -> None:
    bed = CourseBed()
    bed.chart(given(Route.INTRAMUSCULAR, 20))
    bed.chart(given(Route.ORAL, 20), id="k")
    bed.chart(given(Route.INTRAMUSCULAR, 20), corrects="k", reason="im")
    assert bed.alarm("route_switched") is None
    assert bed.state.course.route == "im"


# --- the sub-anaesthetic band


@pytest.mark.req("CRS-06")
def test_an_order_above_the_band_is_refused_with_the_numbers_and_the_anaesthetic_dose() -> None:
    bed = CourseBed()
    reasons = bed.chart(given(Route.INTRAMUSCULAR, 70))
    assert reasons[0] == f"im ketamine 1 mg/kg is above {BAND}"
    assert "chart it with its time" in reasons[1]
    assert bed.state.given.manual == ()


@pytest.mark.req("CRS-06")
def test_an_order_at_the_edge_of_the_band_is_taken() -> None:
    bed = CourseBed()
    assert bed.chart(given(Route.INTRAMUSCULAR, 63)) == ()
    assert "band" not in bed.note()
    assert bed.chart(KetamineGiven(Route.INTRAMUSCULAR, 63_001)) != ()


@pytest.mark.req("CRS-06")
def test_a_dose_that_was_given_already_is_always_counted_and_told_of() -> None:
    bed = CourseBed()
    assert bed.chart(given(Route.INTRAMUSCULAR, 70), at_ms=bed.now) == ()
    assert bed.state.given.manual[0].ng == 70_000_000
    alarm = bed.the("above_band")
    assert (alarm.priority, alarm.text) == (MEDIUM, f"Ketamine given: im ketamine 1 mg/kg is above {BAND}")
    bed.do(Acknowledged(alarm.id, "Dr A", SEEN), 10)
    assert bed.alarm("above_band") is None


@pytest.mark.req("CRS-06", "CRS-08")
def test_a_named_person_may_order_above_the_band_where_the_protocol_lets_him() -> None:
    bed = CourseBed()
    assert bed.set_aside("sub_anaesthetic") == ()
    assert bed.chart(given(Route.INTRAMUSCULAR, 70)) == ()
    assert "set aside by Dr A" in bed.note()
    assert bed.alarm("above_band") is None


@pytest.mark.req("CRS-06")
def test_an_order_below_the_band_is_taken_with_a_note() -> None:
    bed = CourseBed()
    bed.chart(given(Route.ORAL, 5))
    assert f"oral ketamine 0.071 mg/kg is below {BAND}" in bed.note()


@pytest.mark.req("CRS-06")
def test_a_dose_for_an_unknown_weight_counts_and_is_said_not_to_be_checked() -> None:
    bed = CourseBed(weight_g=None)
    assert bed.chart(given(Route.INTRAMUSCULAR, 70)) == ()
    assert "not held against the sub-anaesthetic band: the patient's weight is missing" in bed.note()
    assert bed.state.given.manual[0].ng == 70_000_000


@pytest.mark.req("CRS-06", "QUA-06")
def test_what_was_given_by_hand_is_not_the_next_patients() -> None:
    bed = CourseBed()
    bed.chart(given(Route.INTRAMUSCULAR, 70), at_ms=bed.now)
    bed.do(PatientBound(patient("M2"), "ADT"), 10)
    assert bed.state.given.manual == ()
    assert bed.alarm("above_band") is None


# --- the predicted concentration


def predict(bed: CourseBed, low: int, high: int) -> None:
    bed.do(Predicted((low * 1000, high * 1000), (0, 0), MODELS), 10)


@pytest.mark.req("CRS-11")
def test_an_advisory_stands_while_even_the_lowest_model_is_above_the_level() -> None:
    bed = CourseBed()
    predict(bed, 200, 400)
    assert bed.alarm("predicted_high") is None
    predict(bed, 201, 400)
    alarm = bed.the("predicted_high")
    assert alarm.priority is LOW
    assert alarm.text == (
        f"Predicted plasma ketamine 201 to 400 ng/mL, all of it above 200 ng/mL ({LDK}); "
        "models Domino 1982, Kamp 2020, display only"
    )
    predict(bed, 199, 400)
    assert bed.alarm("predicted_high") is None


@pytest.mark.req("CRS-11")
def test_the_advisory_ends_after_five_minutes_without_a_prediction() -> None:
    bed = CourseBed()
    predict(bed, 250, 400)
    bed.run(5 * MIN - 1)
    assert bed.is_active("predicted_high")
    bed.run(1)
    assert bed.alarm("predicted_high") is None
    assert bed.state.course.predicted is None


@pytest.mark.req("CRS-11")
def test_a_prediction_stops_nothing() -> None:
    bed = CourseBed()
    bed.flow(100)
    predict(bed, 900, 2_000)
    assert bed.stops() == []


@pytest.mark.req("CRS-11")
def test_the_highest_lower_edge_is_told_and_every_small_change_is_not() -> None:
    bed = CourseBed()
    predict(bed, 250, 400)
    predict(bed, 240, 390)
    assert bed.changes() == []
    predict(bed, 260, 390)
    assert len(bed.changes()) == 1


@pytest.mark.req("CRS-11")
def test_a_bed_without_a_protocol_keeps_no_prediction_and_a_checkpoint_keeps_that_of_one_that_has() -> None:
    bed = CourseBed(bed_policy())
    predict(bed, 900, 2_000)
    assert bed.state.course.predicted is None
    kept = CourseBed()
    predict(kept, 250, 400)
    kept.chart(Assessment(nrs=4))
    assert state_from_bytes(state_to_bytes(kept.state)) == kept.state
