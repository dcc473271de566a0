"""The ceilings: exact edges, confirmation, response, and no path to a rate above them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.facts import ControlState, Integrity, Outcome
from pumpd.device.info import PumpCapabilities
from pumpd.safety.alarms import AlarmState
from pumpd.safety.decisions import InterlockState, SetRate, StopPump
from pumpd.safety.events import PatientBound, PolicyReplaced, RateRequested
from pumpd.safety.limits import Limit
from pumpd.safety.policy import Enforcement
from tests.safety.build import CAPS, KETAMINE, PUMP, Bed, bed_policy, patient

REDUCE = {"enforcement": Enforcement.REDUCE}


@pytest.mark.req("CEI-01", "CEI-03")
@pytest.mark.parametrize(("rate", "trips"), [(70_000, False), (70_001, True)])
def test_exactly_the_ceiling_is_allowed_and_one_microlitre_more_is_not(rate: int, trips: bool) -> None:
    bed = Bed()
    bed.pump(rate)
    assert bool(bed.stops()) is trips


@pytest.mark.req("CEI-01")
def test_weight_and_concentration_scale_the_ceiling_exactly() -> None:
    bed = Bed(bed_policy({"concentration_ug_ml": 3_000}), weight_g=33_333)
    bed.pump(11_111)
    assert not bed.stops()
    bed.pump(11_112)
    assert bed.stops()


@pytest.mark.req("CEI-02")
def test_the_alarm_names_value_limit_and_who_set_it() -> None:
    drug = replace(KETAMINE, hard=Limit(800, "ward 4B"))
    bed = Bed(bed_policy({"drug": drug}))
    bed.pump(700_000)
    alarm = bed.alarm("over_hard")
    assert alarm is not None
    assert "10 mg/kg/h (700 mL/h)" in alarm.text
    assert "0.8 mg/kg/h (56 mL/h) set by ward 4B" in alarm.text
    assert bed.pump_view().hard == Limit(800, "ward 4B")


@pytest.mark.req("CEI-02", "ALA-01")
@pytest.mark.parametrize(("rate", "condition", "share"), [(70_010, "over_hard", "1"), (35_001, "over_soft", "0.5")])
def test_a_rate_barely_over_a_ceiling_still_reads_higher_than_it(rate: int, condition: str, share: str) -> None:
    bed = Bed()
    bed.pump(rate)
    flow, limit = rate / 1000, f"{float(share) * 70:g}"
    assert f"{share} mg/kg/h ({flow:g} mL/h) > {share} mg/kg/h ({limit} mL/h) set by library" in bed.the(condition).text


@pytest.mark.req("CEI-06")
def test_a_crc16_frame_trips_at_once() -> None:
    bed = Bed()
    bed.pump(700_000)
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("CEI-06")
def test_a_weak_frame_is_read_again_and_trips_when_the_reread_agrees() -> None:
    bed = Bed()
    bed.pump(700_000, integrity=Integrity.SUM8)
    assert not bed.stops()
    assert len(bed.reads()) == 1
    asked = bed.now
    bed.pump(700_000, after=100, integrity=Integrity.SUM8, requested_ms=asked - 1)
    assert not bed.stops(), "an answer to an older request is no re-read"
    bed.pump(700_000, after=100, integrity=Integrity.SUM8, requested_ms=asked)
    assert bed.stops()


@pytest.mark.req("CEI-06")
def test_a_weak_frame_trips_one_poll_later_when_nothing_contradicts_it() -> None:
    bed = Bed()
    bed.pump(700_000, integrity=Integrity.NONE)
    bed.run(999)
    assert bed.lock() is InterlockState.ARMED
    bed.run(1)
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("CEI-06")
def test_a_weak_frame_that_the_reread_contradicts_trips_nothing() -> None:
    bed = Bed()
    bed.pump(700_000, integrity=Integrity.SUM8)
    bed.pump(7_000, after=200, integrity=Integrity.SUM8, requested_ms=bed.now)
    bed.run(3_000)
    assert bed.lock() is InterlockState.ARMED


@pytest.mark.req("CEI-03")
def test_an_unknown_mode_with_a_rate_above_the_ceiling_counts_as_infusing() -> None:
    bed = Bed()
    bed.pump(700_000, None)
    assert bed.stops()


@pytest.mark.req("CEI-07")
def test_reduce_commands_the_ceiling_rounded_down_to_the_pumps_step() -> None:
    bed = Bed(bed_policy({**REDUCE, "concentration_ug_ml": 3_000}), weight_g=70_000)
    bed.pump(30_000)
    (rate,) = bed.rates()
    assert (rate.rate_ul_h, rate.ceiling_ul_h) == (23_330, 23_330)
    assert not bed.stops()


@pytest.mark.req("CEI-07")
@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNKNOWN])
def test_a_reduction_that_the_pump_does_not_take_becomes_a_stop(outcome: Outcome) -> None:
    bed = Bed(bed_policy(REDUCE))
    bed.pump(100_000)
    bed.outcome(bed.rates()[0].order_id, outcome, after=100)
    assert bed.stops()


@pytest.mark.req("CEI-07")
def test_a_reduction_that_shows_no_effect_becomes_a_stop() -> None:
    bed = Bed(bed_policy(REDUCE))
    bed.pump(100_000)
    bed.outcome(bed.rates()[0].order_id, after=100)
    bed.pump(100_000, after=900)
    assert bed.lock() is InterlockState.ARMED
    bed.run(3_000)
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("CEI-07")
def test_a_reduction_that_works_ends_the_breach_without_a_stop() -> None:
    bed = Bed(bed_policy(REDUCE))
    bed.pump(100_000)
    rate = bed.rates()[0]
    bed.outcome(rate.order_id, after=100)
    bed.pump(rate.rate_ul_h, after=900, requested_ms=bed.now + 500)
    bed.run(2_000)
    assert bed.lock() is InterlockState.ARMED
    assert bed.alarm("pump_changed") is None


@pytest.mark.req("CEI-07")
@pytest.mark.parametrize(
    "pump",
    [
        {"enforcement": Enforcement.ALARM},
        {"capabilities": PumpCapabilities(can_stop=True)},
        {"capabilities": PumpCapabilities(can_read_back=True)},
    ],
)
def test_a_pump_that_cannot_be_stopped_is_alarm_only_and_says_stop_by_hand(pump: dict[str, Any]) -> None:
    bed = Bed(bed_policy(pump))
    assert bed.lock() is InterlockState.ALARM_ONLY
    bed.pump(700_000)
    assert not bed.stops()
    alarm = bed.alarm("over_hard")
    assert alarm is not None
    assert "ALARM ONLY" in alarm.text
    assert "by hand" in alarm.text


@pytest.mark.req("CEI-07")
def test_a_breach_trips_as_soon_as_refused_control_is_granted() -> None:
    bed = Bed()
    bed.control(ControlState.REFUSED)
    bed.pump(700_000)
    assert bed.lock() is InterlockState.ALARM_ONLY
    bed.control(ControlState.GRANTED)
    assert bed.stops()


@pytest.mark.req("CEI-08")
@pytest.mark.parametrize(("rate", "alarms"), [(35_000, False), (35_001, True)])
def test_above_soft_is_a_medium_alarm_and_at_soft_is_not(rate: int, alarms: bool) -> None:
    bed = Bed()
    bed.pump(rate)
    assert bed.is_active("over_soft") is alarms
    assert not bed.stops()


@pytest.mark.req("CEI-05")
@pytest.mark.parametrize(
    ("pump", "weight_g", "word"),
    [
        ({}, None, "weight"),
        ({}, 19_999, "out of range"),
        ({}, 300_001, "out of range"),
        ({"concentration_ug_ml": 499}, 70_000, "library's range"),
        ({"concentration_ug_ml": 10_001}, 70_000, "library's range"),
        ({"concentration_ug_ml": None}, 70_000, "concentration"),
        ({"drug": None}, 70_000, "drug"),
        ({"drug": replace(KETAMINE, hard=None)}, 70_000, "hard ceiling"),
    ],
)
def test_a_running_infusion_that_cannot_be_judged_is_not_verified(
    pump: dict[str, Any], weight_g: int | None, word: str
) -> None:
    bed = Bed(bed_policy(pump), weight_g=weight_g)
    bed.pump(5_000)
    alarm = bed.alarm("not_verified")
    assert alarm is not None
    assert word in alarm.text
    shown = bed.pump_view()
    assert shown.dose_mg_kg_h is None
    assert any(word in reason for reason in shown.not_verified)


@pytest.mark.req("CEI-10")
def test_a_lower_ceiling_stops_a_pump_that_runs_above_it() -> None:
    bed = Bed()
    bed.pump(60_000)
    lower = bed_policy({"drug": replace(KETAMINE, hard=Limit(500, "order"))})
    bed.policy = lower
    bed.do(PolicyReplaced(lower, "pharmacist"), 10)
    assert bed.stops()


@pytest.mark.req("CEI-10")
def test_a_lower_ceiling_reduces_the_pump_under_reduce() -> None:
    bed = Bed(bed_policy(REDUCE))
    bed.pump(60_000)
    lower = bed_policy({**REDUCE, "drug": replace(KETAMINE, hard=Limit(500, "order"))})
    bed.policy = lower
    bed.do(PolicyReplaced(lower, "pharmacist"), 10)
    assert [rate.rate_ul_h for rate in bed.rates()] == [35_000]


@pytest.mark.req("CEI-10")
def test_a_corrected_weight_that_lowers_the_ceiling_stops_the_pump() -> None:
    bed = Bed()
    bed.pump(60_000)
    bed.do(PatientBound(patient(weight_g=50_000), "nurse"), 10)
    assert bed.stops()


@pytest.mark.req("CEI-04")
@given(
    hard=st.integers(1, 5_000),
    step=st.integers(1, 2_000),
    weight=st.integers(20_000, 300_000),
    conc=st.integers(500, 10_000),
    running=st.integers(1, 1_200_000),
    asked=st.one_of(st.integers(-10, 2_000_000), st.floats(), st.just(10**40)),
    enforcement=st.sampled_from(Enforcement),
)
def test_no_path_commands_a_rate_above_the_ceiling(
    hard: int, step: int, weight: int, conc: int, running: int, asked: Any, enforcement: Enforcement
) -> None:
    drug = replace(KETAMINE, hard=Limit(hard, "x"), soft=None)
    caps = replace(CAPS, rate_step_ul_h=step)
    policy = bed_policy({"drug": drug, "capabilities": caps, "concentration_ug_ml": conc, "enforcement": enforcement})
    bed = Bed(policy, weight_g=weight)
    bed.pump(running)
    bed.do(RateRequested("r", PUMP, asked, "nurse", "pain"), 10)
    bed.run(4_000)
    for _, decision in bed.log:
        if isinstance(decision, SetRate):
            assert decision.rate_ul_h * conc <= hard * weight
            assert decision.ceiling_ul_h * conc <= hard * weight
            assert decision.rate_ul_h % step == 0


def test_a_latched_breach_alarm_waits_for_a_person_after_the_stop() -> None:
    bed = Bed()
    bed.verified_stop()
    alarm = bed.alarm("over_hard")
    assert alarm is not None
    assert alarm.state is AlarmState.LATCHED


@pytest.mark.req("CEI-07", "QUA-05")
@pytest.mark.parametrize("enforcement", [Enforcement.REDUCE, Enforcement.STOP])
def test_no_order_goes_to_another_pump_that_came_to_the_line_of_one_above_its_ceiling(enforcement: Enforcement) -> None:
    bed = Bed(bed_policy({"serial": "8", "enforcement": enforcement}))
    bed.pump(60_000, serial="8")
    bed.pump(80_000, after=1_000, serial="8", integrity=Integrity.SUM8)
    decided = list(bed.pump(0, False, after=500, serial="9"))
    decided += bed.run(3_000)
    decided += bed.pump(0, False, after=500, serial="9")
    assert not [one for one in decided if isinstance(one, SetRate | StopPump)]
    bed.pump(80_000, after=1_000, serial="8")
    assert bed.rates() if enforcement is Enforcement.REDUCE else bed.stops()
