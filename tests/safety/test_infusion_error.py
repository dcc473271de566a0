"""Over- and under-infusion, and flow while the pump says that it stands still (DOS-04): at the edges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.safety.events import Restarted
from pumpd.safety.limits import DoseCaps
from pumpd.safety.policy import Priority
from tests.safety.build import CAPS
from tests.safety.dosed import MIN, PROTOCOL, DosedBed, dosed_policy

RATE = 4_000  # slow enough that 10 % of it is less than 0.6 mL/h


def bed_of(factor_percent: int = 100, **protocol: int) -> DosedBed:
    bed = DosedBed(dosed_policy(DoseCaps(None), protocol=replace(PROTOCOL, **protocol)))
    bed.one.factor_percent = factor_percent
    return bed


@pytest.mark.req("DOS-04")
@pytest.mark.parametrize(("factor", "fires"), [(111, True), (109, False), (100, False)])
def test_more_than_ten_per_cent_over_for_fifteen_minutes_is_an_alarm(factor: int, fires: bool) -> None:
    bed = bed_of(factor)
    bed.start(RATE)
    bed.pass_time(15 * MIN - 1_000)
    assert bed.alarm("over_infusion:b1-p1") is None
    bed.pass_time(1_000)
    assert (bed.alarm("over_infusion:b1-p1") is not None) is fires
    bed.pass_time(30 * MIN)
    assert (bed.alarm("over_infusion:b1-p1") is not None) is fires
    if fires:
        alarm = bed.the("over_infusion:b1-p1")
        assert alarm.priority is Priority.MEDIUM
        assert alarm.text == "Over-infusion by b1-p1: 1.11 mL in 15 min, 1 mL programmed: over by more than 10 %"


@pytest.mark.req("DOS-04")
@pytest.mark.parametrize(("more_ul_h", "fires"), [(620, True), (580, False)])
def test_more_than_0_6_ml_h_above_for_five_minutes_is_an_alarm(more_ul_h: int, fires: bool) -> None:
    bed = bed_of()
    bed.start(20_000)  # of which it is 3 %
    for _ in range(300):
        bed.one.units += more_ul_h * 1_000
        bed.pass_time(1_000)
    assert (bed.alarm("over_infusion:b1-p1") is not None) is fires


@pytest.mark.req("DOS-04")
@pytest.mark.parametrize(("factor", "fires"), [(89, True), (91, False)])
def test_more_than_ten_per_cent_under_for_fifteen_minutes_is_an_alarm(factor: int, fires: bool) -> None:
    bed = bed_of(factor)
    bed.start(RATE)
    bed.pass_time(15 * MIN)
    assert (bed.alarm("under_infusion:b1-p1") is not None) is fires


@pytest.mark.req("DOS-04")
def test_a_pump_that_says_it_infuses_and_whose_counter_stands_is_under_infusion_until_it_flows_again() -> None:
    bed = bed_of(0)
    bed.start(RATE)
    bed.pass_time(16 * MIN)
    assert bed.the("under_infusion:b1-p1").priority is Priority.MEDIUM
    bed.one.factor_percent = 100
    bed.pass_time(16 * MIN)
    assert bed.alarm("under_infusion:b1-p1") is None


@pytest.mark.req("DOS-04")
def test_a_counter_that_climbs_while_the_pump_stands_still_is_free_flow_at_once() -> None:
    bed = bed_of()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.stop()
    bed.one.bolus(1)  # the last of its step, told late
    bed.pass_time(1_000)
    assert bed.alarm("free_flow:b1-p1") is None
    bed.one.bolus(2)
    bed.pass_time(1_000)
    alarm = bed.the("free_flow:b1-p1")
    assert alarm.priority is Priority.HIGH
    assert alarm.text == "Free flow: b1-p1 says that it stands still, and its counter went on by 0.003 mL"
    bed.pass_time(6 * MIN)
    assert not bed.the("free_flow:b1-p1").present


@pytest.mark.req("DOS-04")
def test_a_counter_that_lags_behind_the_mode_may_catch_up_after_a_stop_and_no_more() -> None:
    bed = bed_of()
    bed.start(36_000)  # 10 uL a second
    bed.pass_time(MIN)
    bed.one.run(1_000)
    bed.run(1_000)
    bed.one.bolus(-8)  # told late
    bed.stop()
    bed.one.bolus(8)
    bed.pass_time(1_000)
    assert bed.alarm("free_flow:b1-p1") is None
    bed.one.bolus(2)
    bed.pass_time(1_000)
    assert bed.the("free_flow:b1-p1").present


def coarse_bed(step_ul: int, shown_ul_h: int = 1, factor_percent: int = 100) -> DosedBed:
    """Its pump tells of its counter (0: it has none) and its rate in these steps, and says so."""
    shown = shown_ul_h if shown_ul_h > 1 else 0
    able = replace(CAPS, counter_step_nl=max(1, step_ul) * 1_000, shown_rate_step_ul_h=shown)
    bed = DosedBed(dosed_policy(DoseCaps(None), protocol=PROTOCOL, pump={"capabilities": able, "poll_ms": 5_000}))
    bed.one.step_ul, bed.one.shown_ul_h, bed.one.factor_percent = step_ul, shown_ul_h, factor_percent
    return bed


def errors(bed: DosedBed) -> list[str]:
    return [a.condition for a in bed.state.alarms.values() if "infusion:" in a.condition or "flow:" in a.condition]


@pytest.mark.req("DOS-04")
@pytest.mark.parametrize("step_ul", [1, 10, 100, 1_000])
def test_a_counter_that_moves_in_its_own_step_is_no_error_and_an_error_is_found_through_it(step_ul: int) -> None:
    true, wrong = coarse_bed(step_ul), coarse_bed(step_ul, factor_percent=300)
    for bed in (true, wrong):
        bed.start(RATE)
        bed.pass_time(40 * MIN, 5_000)
    assert not errors(true)
    assert errors(wrong) == ["over_infusion:b1-p1"]
    true.stop()
    true.one.bolus(step_ul - 1)  # at most the last of its step comes late
    true.pass_time(MIN, 5_000)
    assert not errors(true)
    true.one.bolus(2 * step_ul)
    true.pass_time(MIN, 5_000)
    assert "free_flow:b1-p1" in errors(true)


@pytest.mark.req("DOS-04")
@pytest.mark.parametrize("rate", [400, 1_400, 1_600, 9_499])
def test_a_rate_that_is_shown_rounded_is_no_error(rate: int) -> None:
    bed = coarse_bed(1, shown_ul_h=1_000)
    bed.start(rate)
    bed.pass_time(40 * MIN, 5_000)
    assert not errors(bed)
    bed.one.factor_percent = 400
    bed.pass_time(40 * MIN, 5_000)
    assert errors(bed) == ["over_infusion:b1-p1"]


@pytest.mark.req("DOS-04")
def test_without_a_counter_nothing_is_compared_and_the_dose_rests_on_the_rate() -> None:
    bed = coarse_bed(0, factor_percent=200)
    bed.start(RATE)
    bed.pass_time(40 * MIN, 5_000)
    assert not errors(bed)
    given, told_ng = bed.infusion(), RATE * 1_000 * 40 // 60
    assert told_ng - 20_000 < (given.low_ng or 0) <= told_ng <= (given.high_ng or 0) < told_ng + 2_000


@pytest.mark.req("DOS-04")
def test_without_a_protocol_nothing_is_compared() -> None:
    bed = DosedBed(dosed_policy(DoseCaps(None)))
    bed.one.factor_percent = 200
    bed.start(RATE)
    bed.pass_time(16 * MIN)
    assert bed.alarm("over_infusion:b1-p1") is None


@pytest.mark.req("DOS-04")
def test_a_cleared_counter_a_restart_and_another_pump_begin_anew() -> None:
    bed = bed_of(150)
    bed.start(RATE)
    for _ in range(4):
        bed.pass_time(4 * MIN)
        bed.one.clear()
        bed.pass_time(4 * MIN)
        bed.do(Restarted(1_000, True))
        bed.poll()
    assert bed.alarm("over_infusion:b1-p1") is None


@pytest.mark.req("DOS-04")
@settings(max_examples=6)
@given(st.integers(10, 3_000), st.lists(st.integers(10, 60_000), max_size=3), st.sampled_from([700, 1_000, 3_300]))
def test_a_true_pump_is_never_said_to_be_wrong_however_slow_and_whenever_its_rate_changes(
    rate: int, rates: list[int], poll_ms: int
) -> None:
    bed = bed_of(over_ms=3 * MIN, over_ul_h_ms=MIN, under_ms=3 * MIN)
    bed.start(rate)
    for new in [*rates, rate]:
        bed.pass_time(200_000, poll_ms)
        bed.one.rate_ul_h = new
        bed.one.infusing = new % 7 != 0
    bed.pass_time(200_000, poll_ms)
    wrong = {"over_infusion:b1-p1", "under_infusion:b1-p1", "free_flow:b1-p1"}
    assert not wrong & {d.alarm.condition for _, d in bed.log if hasattr(d, "alarm")}
