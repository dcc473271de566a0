"""Courses of what was given, the band over the models, and what a chart tells them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.clinical.chart import Chart, Flow, Noted, noted
from pumpd.clinical.entries import KetamineGiven, Route
from pumpd.clinical.pk import plasma_ng_ml
from pumpd.clinical.pk_chart import Absorption, doubts, inputs, left_out, rates
from pumpd.clinical.pk_curve import Dose, Input, Rate, at, at_once, band, begun, predicted, sampled, take, taken
from pumpd.clinical.pk_patient import Prediction
from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from tests.clinical.pk_models import FILE, HOUR_MS, MINUTE_MS, PK
from tests.clinical.pk_models import inputs as any_inputs

SOME = settings(max_examples=30, deadline=None)
ORAL = {"oral": Absorption(0.17, 1.5)}
KAMP = next(model for model in PK.models if model.name == "Kamp 2020")


def row(at_ms: int, rate_ul_h: int | None, infusing: bool | None = True, **more: object) -> Flow:
    """One pump at 1 mg/mL."""
    fields = {"pump": "p1", "drug": "ketamine", "conc_ug_ml": 1000, "low_ng": None, "high_ng": None, **more}
    return Flow(at_ms, infusing=infusing, rate_ul_h=rate_ul_h, **fields)  # type: ignore[arg-type]


def given_by_hand(chart: Chart, number: int, at_ms: int, route: Route, mg: int) -> Chart:
    entry = KetamineGiven(route, mg * 1000)
    return noted(chart, Noted(f"e{number}", entry, "nurse", at_ms, at_ms))


@pytest.mark.req("PK-02")
@SOME
@given(any_inputs, st.lists(st.integers(0, 60 * HOUR_MS), min_size=1, max_size=5))
def test_the_order_in_which_doses_are_told_makes_no_difference(given: list[Input], times: list[int]) -> None:
    doses = [one for one in given if isinstance(one, Dose)]
    flows = [one for one in given if isinstance(one, Rate)]
    start = taken(begun(KAMP, 70, 0), flows)
    end_ms = max([start.at_ms, *times, *(dose.at_ms for dose in doses)])
    forward = at(taken(start, doses), end_ms)
    late = at(start, end_ms)
    for dose in reversed(doses):
        late = take(late, dose)
    assert plasma_ng_ml(late.state) == pytest.approx(plasma_ng_ml(forward.state), rel=1e-9, abs=1e-9)


@pytest.mark.req("PK-02")
@SOME
@given(any_inputs, st.integers(0, 60 * HOUR_MS))
def test_a_sample_is_the_course_at_that_time(given: list[Input], time_ms: int) -> None:
    before = [one for one in given if one.at_ms <= time_ms]
    course = at(taken(begun(KAMP, 70, 0), before), time_ms)
    (found,) = sampled(begun(KAMP, 70, 0), given, [time_ms])
    assert found == pytest.approx(plasma_ng_ml(course.state), rel=1e-9, abs=1e-9)


@pytest.mark.req("PK-05")
@SOME
@given(any_inputs, st.lists(st.integers(0, 60 * HOUR_MS), min_size=1, max_size=5).map(sorted))
def test_the_band_holds_every_model(given: list[Input], times: list[int]) -> None:
    found = predicted(PK.models, 70, given, times)
    for model in PK.models:
        curve = sampled(begun(model, 70, 0), given, times)
        assert all(low <= value <= high for value, (low, high) in zip(curve, found, strict=True))
    assert all(0 <= low <= high for low, high in found)


@pytest.mark.req("PK-05")
def test_the_reference_dose_gives_the_band_that_the_models_are_known_for() -> None:
    given = [Rate(0, 35 / (40 / 60)), Rate(40 * MINUTE_MS, 0)]
    ((low, high),) = predicted(PK.models, 70, given, [40 * MINUTE_MS])
    assert (round(low), round(high)) == (177, 253)
    assert band([3.0, 1.0, 2.0]) == (1.0, 3.0)


@pytest.mark.req("PK-04")
def test_the_reference_points_of_the_trial_description_are_of_the_models_order_of_magnitude() -> None:
    """0.5 mg/kg: 40 ng/mL after oral, 150 ng/mL after intramuscular doses, times not given; with the shipped routes."""
    ward = load_ward(FILE.parent / "ward.toml")
    assert isinstance(ward, WardConfig), ward
    protocol = ward.beds[0].policy.protocol
    assert protocol is not None
    times = [minutes * MINUTE_MS for minutes in range(5, 180, 5)]
    for name, known in (("oral", 40), ("im", 150)):
        (route,) = (one for one in protocol.routes if one.route == name)
        f, ka = route.bioavailability_ppm / 1e6, route.absorption_per_h_milli / 1000
        peaks = [max(sampled(begun(model, 70, 0), [Dose(0, 35 * f, ka)], times)) for model in PK.models]
        assert min(peaks) / 1.5 < known < max(peaks) * 1.5, (name, peaks)


@pytest.mark.req("PK-05")
def test_rates_of_all_pumps_are_added_and_what_is_unknown_goes_on_as_it_was() -> None:
    flows = [
        row(0, 5_000),
        row(1, 2_000, pump="p2", conc_ug_ml=2_000),
        row(2, None, infusing=None),
        row(3, None, pump="p2", infusing=True),
        row(4, 0, infusing=False),
        row(5, 1_000, pump="p3", drug="morphine"),
        row(6, 8_000, pump="p2", drug="morphine"),
        row(7, 6_000, conc_ug_ml=None),
    ]
    found = rates(flows, ("ketamine",))
    assert found == [
        Rate(0, 5.0),
        Rate(1, 9.0),
        Rate(2, 9.0),
        Rate(3, 9.0),
        Rate(4, 4.0),
        Rate(6, 0.0),
        Rate(7, 0.0),
    ]


@pytest.mark.req("PK-04")
def test_doses_by_hand_count_by_their_route_and_one_that_is_not_configured_is_named() -> None:
    chart = given_by_hand(Chart(flows=(row(0, 5_000),)), 1, 10, Route.ORAL, 35)
    chart = given_by_hand(chart, 2, 5, Route.INTRAVENOUS, 7)
    chart = given_by_hand(chart, 3, 20, Route.NASAL, 10)
    assert inputs(chart, ORAL, ("ketamine",)) == [Rate(0, 5.0), Dose(5, 7.0), Dose(10, pytest.approx(5.95), 1.5)]
    (text,) = left_out(chart, ORAL, 0)
    assert "10 mg nasal is not included" in text
    assert list(left_out(chart, ORAL, 21)) == []


def said(flows: list[Flow], weight_g: int = 70_000, age: int | None = 50, now_ms: int = 2 * HOUR_MS) -> str:
    return "; ".join(doubts(Chart(flows=tuple(flows)), ORAL, PK, now_ms, weight_g, age))


@pytest.mark.req("PK-05")
def test_what_the_pair_bears_out_is_no_doubt_and_what_it_does_not_is_one_in_words() -> None:
    hour = HOUR_MS
    good = [row(0, 5_000, low_ng=0, high_ng=0), row(hour, 5_000, low_ng=4_900_000, high_ng=5_100_000)]
    assert said(good) == ""
    wide = [good[0], row(hour, 5_000, low_ng=3_000_000, high_ng=5_100_000)]
    assert said(wide) == "pump p1 has delivered 3.0 to 5.1 mg, its reported rates make 5.0 mg"
    unexplained = [good[0], row(hour, 5_000, low_ng=7_000_000, high_ng=7_100_000)]
    assert said(unexplained) == "pump p1 has delivered 7.0 to 7.1 mg, its reported rates make 5.0 mg"
    unheard = [*good, row(2 * hour, None, infusing=None)]
    assert "has delivered" not in said(unheard), "compared where both are known"
    a_little = [good[0], row(MINUTE_MS, 5_000, low_ng=0, high_ng=900_000)]
    assert said(a_little) == "", "less than doubt_least"


@pytest.mark.req("PK-05")
def test_a_doubt_older_than_the_curve_is_forgotten() -> None:
    early = [row(0, 5_000, low_ng=0, high_ng=0), row(HOUR_MS, 0, False, low_ng=0, high_ng=5_000_000)]
    assert "0.0 to 5.0 mg" in said(early)
    assert said([*early, row(26 * HOUR_MS, 0, False, low_ng=0, high_ng=5_000_000)], now_ms=26 * HOUR_MS) == ""


@pytest.mark.req("PK-05", "QUA-06")
def test_what_flowed_before_the_patient_was_bound_is_nobodys() -> None:
    flows = (
        row(0, 9_000, low_ng=0, high_ng=0),
        row(HOUR_MS, 8_000, low_ng=8_900_000, high_ng=9_100_000),
        row(3 * HOUR_MS, 8_000, low_ng=7_900_000, high_ng=8_100_000),
    )
    chart = Chart(mrn="M1", since_ms=2 * HOUR_MS, flows=flows)
    found = inputs(chart, {}, PK.drugs)
    assert found == [Rate(2 * HOUR_MS, 9.0), Rate(2 * HOUR_MS, 8.0), Rate(3 * HOUR_MS, 8.0)]
    assert doubts(chart, {}, PK, 3 * HOUR_MS, 70_000, 50) == ()
    prediction = Prediction(PK, 70_000)
    at_once(prediction.follow(chart))
    outlook = at_once(prediction.outlook(chart, {}, 3 * HOUR_MS))
    ((low, high),) = predicted(PK.models, 70, [Rate(0, 8.0)], [HOUR_MS])
    assert outlook.now == pytest.approx((low, high), rel=1e-9)


@pytest.mark.req("PK-05")
def test_totals_that_begin_anew_are_compared_from_there() -> None:
    flows = [
        row(0, 5_000, low_ng=0, high_ng=0),
        row(HOUR_MS, 5_000, low_ng=4_900_000, high_ng=5_100_000),
        row(HOUR_MS, 5_000, low_ng=0, high_ng=0),
        row(2 * HOUR_MS, 5_000, low_ng=4_900_000, high_ng=5_100_000),
    ]
    assert said(flows) == ""


@pytest.mark.req("PK-05")
def test_weights_and_ages_that_no_model_is_meant_for_are_doubts() -> None:
    assert "39.9 kg" in said([], weight_g=39_900)
    assert said([], weight_g=40_000) == ""
    assert said([], weight_g=120_000) == ""
    assert "120.1 kg" in said([], weight_g=120_100)
    assert "the patient is 17" in said([], age=17)
    assert said([], age=18) == ""
    assert said([], age=None) == ""


@pytest.mark.req("PK-05")
def test_what_a_pump_does_not_tell_is_a_doubt() -> None:
    assert "what pump p1 gives is not known" in said([row(0, 5_000), row(1, None, None)])
    assert "what pump p1 gives is not known" in said([row(0, None)])
    assert "the concentration in pump p1 is not known" in said([row(0, 5_000, conc_ug_ml=None)])
    assert said([row(0, 5_000, pump="p9", drug="morphine")]) == ""


@pytest.mark.req("PK-06")
def test_a_long_past_is_followed_in_slices_and_gives_what_it_gives_at_once() -> None:
    flows = tuple(row(number * 15 * MINUTE_MS, 5_000 + number % 7 * 500) for number in range(480))
    prediction = Prediction(PK, 70_000)
    slices = sum(1 for _ in prediction.follow(Chart(flows=flows)))
    assert slices >= 16
    now_ms = flows[-1].at_ms + MINUTE_MS
    found = at_once(prediction.outlook(Chart(flows=flows), {}, now_ms))
    ((low, high),) = predicted(PK.models, 70, rates(flows, PK.drugs), [now_ms])
    assert found.now == pytest.approx((low, high), rel=1e-9)


@pytest.mark.req("PK-05")
def test_following_a_chart_as_it_grows_is_following_it_once() -> None:
    flows = tuple(row(number * MINUTE_MS, number % 5 * 1_000) for number in range(50))
    growing, whole = Prediction(PK, 70_000), Prediction(PK, 70_000)
    for count in (0, 1, 20, 50):
        at_once(growing.follow(Chart(flows=flows[:count])))
    assert list(growing.follow(Chart(flows=flows))) == [], "nothing is done twice"
    at_once(whole.follow(Chart(flows=flows)))
    chart = given_by_hand(Chart(flows=flows), 1, 30 * MINUTE_MS, Route.ORAL, 35)
    one, other = (at_once(each.outlook(chart, ORAL, HOUR_MS)) for each in (growing, whole))
    assert one == other
    later = given_by_hand(chart, 2, HOUR_MS + 1, Route.ORAL, 35)
    assert at_once(whole.outlook(later, ORAL, HOUR_MS)) == one, "a dose counts from when it is given"
    without = at_once(whole.outlook(Chart(flows=flows), ORAL, HOUR_MS))
    assert without.now[0] < one.now[0]
    assert one.soon_stopped[1] < one.soon[1]
