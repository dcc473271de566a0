"""What must hold of any prediction, whatever was given: hypothesis."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.clinical.pk import (
    PkState,
    absorbing,
    added,
    advance,
    ahead,
    bolus,
    empty,
    plasma_ng_ml,
)
from pumpd.clinical.pk_models import PkModel, disposition
from tests.clinical.pk_models import (
    SOLVED_70,
    absorptions_per_h,
    doses_mg,
    hours,
    models,
    rates_mg_h,
    weights_kg,
)

SOME = settings(max_examples=60, deadline=None)
NOTHING_NG_ML = 1e-9


def close(one: float, other: float) -> bool:
    return one == pytest.approx(other, rel=1e-9, abs=NOTHING_NG_ML)


def state_after(model: PkModel, weight_kg: float, mg: float, ka: float, rate_mg_h: float, span_h: float) -> PkState:
    solved = disposition(model, weight_kg)
    state = absorbing(bolus(solved, empty(solved), mg), mg, ka)
    return advance(solved, state, rate_mg_h, span_h)


anything_given = (models, weights_kg, doses_mg, absorptions_per_h, rates_mg_h, hours)


@pytest.mark.req("PK-02")
@SOME
@given(*anything_given, st.floats(0.1, 10))
def test_so_many_times_the_dose_is_so_many_times_the_concentration(
    model: PkModel, weight_kg: float, mg: float, ka: float, rate_mg_h: float, span_h: float, times: float
) -> None:
    once = plasma_ng_ml(state_after(model, weight_kg, mg, ka, rate_mg_h, span_h))
    more = plasma_ng_ml(state_after(model, weight_kg, mg * times, ka, rate_mg_h * times, span_h))
    assert close(more, times * once)


@pytest.mark.req("PK-02")
@SOME
@given(*anything_given, doses_mg, rates_mg_h)
def test_two_courses_together_are_the_sum_of_both(
    model: PkModel, weight_kg: float, mg: float, ka: float, rate_mg_h: float, span_h: float, mg_2: float, rate_2: float
) -> None:
    one = state_after(model, weight_kg, mg, ka, rate_mg_h, span_h)
    other = state_after(model, weight_kg, mg_2, ka / 2, rate_2, span_h)
    solved = disposition(model, weight_kg)
    both = absorbing(absorbing(bolus(solved, empty(solved), mg + mg_2), mg, ka), mg_2, ka / 2)
    together = advance(solved, both, rate_mg_h + rate_2, span_h)
    assert close(plasma_ng_ml(added(one, other)), plasma_ng_ml(together))


@pytest.mark.req("PK-02")
@SOME
@given(*anything_given, st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_it_makes_no_difference_how_a_span_is_split(
    model: PkModel, weight_kg: float, mg: float, ka: float, rate_mg_h: float, span_h: float, shares: list[float]
) -> None:
    solved = disposition(model, weight_kg)
    state = absorbing(bolus(solved, empty(solved), mg), mg, ka)
    for share in shares:
        state = advance(solved, state, rate_mg_h, span_h * share / sum(shares))
    assert close(plasma_ng_ml(state), plasma_ng_ml(state_after(model, weight_kg, mg, ka, rate_mg_h, span_h)))


@pytest.mark.req("PK-02")
@SOME
@given(*anything_given)
def test_it_is_never_negative_and_falls_once_nothing_is_given_or_absorbed(
    model: PkModel, weight_kg: float, mg: float, ka: float, rate_mg_h: float, span_h: float
) -> None:
    state = state_after(model, weight_kg, mg, ka, rate_mg_h, span_h)
    assert all(part >= 0 for part in state.parts)
    assert all(depot.mg >= 0 for depot in state.depots)
    solved = disposition(model, weight_kg)
    curve = ahead(solved, PkState(state.parts), 0.0, 0.25, 40)
    assert all(later <= earlier for earlier, later in pairwise(curve))
    assert curve[0] == 0 or curve[-1] < curve[0]


@pytest.mark.req("PK-02")
@SOME
@given(models, weights_kg, rates_mg_h, st.floats(0.01, 1))
def test_a_curve_is_what_advancing_to_each_of_its_points_gives(
    model: PkModel, weight_kg: float, rate_mg_h: float, step_h: float
) -> None:
    solved = disposition(model, weight_kg)
    state = absorbing(bolus(solved, empty(solved), 10), 20, 1.5)
    curve = ahead(solved, state, rate_mg_h, step_h, 9)
    assert len(curve) == 9
    for number, value in enumerate(curve):
        assert close(value, plasma_ng_ml(advance(solved, state, rate_mg_h, number * step_h)))


@pytest.mark.req("PK-04")
@SOME
@given(models, weights_kg, doses_mg, absorptions_per_h)
def test_everything_that_is_absorbed_reaches_plasma_over_time(
    model: PkModel, weight_kg: float, mg: float, ka: float
) -> None:
    """The area under the curve depends on the amount and on clearance, not on how fast it is absorbed."""
    solved = disposition(model, weight_kg)
    clearance_l_h = model.out_per_h * model.central_l * (weight_kg / model.reference_kg) ** model.clearance_exponent
    rate = mg * ka  # what a depot of mg gives at first; as an infusion its area is the same as the depot's, by 1/ka
    steady = sum(rate * mode.gain / mode.decay_per_h for mode in solved.modes)
    assert steady == pytest.approx(1000 * rate / clearance_l_h, rel=1e-9, abs=1e-12)
    gone = advance(solved, absorbing(empty(solved), mg, ka), 0.0, 20_000.0)
    assert plasma_ng_ml(gone) == pytest.approx(0, abs=1e-6)


@pytest.mark.req("PK-04")
@pytest.mark.parametrize("mode", range(2))
def test_absorption_as_fast_as_the_drug_leaves_is_no_special_case(mode: int) -> None:
    solved = SOLVED_70["Clements 1981"]
    decay = solved.modes[mode].decay_per_h
    alike, near = (
        plasma_ng_ml(advance(solved, absorbing(empty(solved), 35, ka), 0.0, 0.7)) for ka in (decay, decay * (1 + 1e-9))
    )
    assert alike == pytest.approx(near, rel=1e-7)
    assert alike > 0


@pytest.mark.req("PK-04")
def test_absorption_is_the_limit_of_many_small_doses() -> None:
    solved = SOLVED_70["Kamp 2020"]
    whole = plasma_ng_ml(advance(solved, absorbing(empty(solved), 6.0, 1.2), 0.0, 2.0))
    steps, state, left = 4000, empty(solved), 6.0
    for _ in range(steps):
        given_mg = left * (1 - 2.718281828459045 ** (-1.2 * 2.0 / steps))
        left -= given_mg
        state = advance(solved, state, given_mg / (2.0 / steps), 2.0 / steps)
    assert plasma_ng_ml(state) == pytest.approx(whole, rel=1e-4)
