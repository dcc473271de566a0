"""Two pumps with ketamine at one bed (CEI-11): summed, and told of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.device.facts import CommandOutcome, Integrity, Outcome
from pumpd.safety.decisions import Refused, SetRate, StopPump
from pumpd.safety.events import (
    Heard,
    InterlockReset,
    PolicyReplaced,
    RateRequested,
    ResumeRequested,
    SoftOverride,
    StopRequested,
)
from pumpd.safety.policy import BedPolicy, Enforcement, Priority
from tests.safety.build import CAPS as ABLE
from tests.safety.build import KETAMINE, PUMP, bed_policy, pump_policy
from tests.safety.dosed import TWO, DosedBed, TruePump, dosed_policy

HALF = 17_500  # 0.25 mg/kg/h
TOGETHER = "ketamine over {} ceiling, b1-p1 and b1-p2 together: "


def two(tracked: bool = True, **pump: object) -> BedPolicy:
    """Two pumps that need no lease, so that both may be commanded."""
    pump = {"capabilities": replace(ABLE, lease=False), **pump}
    if tracked:
        return dosed_policy(pumps=2, pump=pump)
    pumps = tuple(pump_policy(device=name, drug=KETAMINE, **pump) for name in (PUMP, TWO))
    return bed_policy(pumps=pumps, monitors=())


def both(rate: int, tracked: bool = True, **pump: object) -> DosedBed:
    bed = DosedBed(two(tracked, **pump))
    bed.start(rate)
    bed.start(rate, TWO)
    return bed


def refusals(bed: DosedBed) -> tuple[str, ...]:
    return next((d.reasons for d in bed.out if isinstance(d, Refused)), ())


@pytest.mark.req("CEI-11")
@pytest.mark.parametrize("tracked", [True, False])
def test_the_second_pump_that_infuses_is_an_advisory(tracked: bool) -> None:
    bed = DosedBed(two(tracked))
    bed.start(7_000)
    assert bed.alarm("two_channels") is None
    bed.start(7_000, TWO)
    alarm = bed.the("two_channels")
    assert (alarm.priority, alarm.text) == (
        Priority.LOW,
        "ketamine on two channels: b1-p1 and b1-p2; their doses are summed",
    )
    bed.stop()
    assert bed.alarm("two_channels") is None


@pytest.mark.req("CEI-11")
@pytest.mark.parametrize("tracked", [True, False])
def test_two_rates_each_below_the_hard_ceiling_are_stopped_when_their_sum_is_above(tracked: bool) -> None:
    bed = both(35_010, tracked)
    alarm = bed.the("sum_over_hard")
    assert alarm.text == f"{TOGETHER.format('hard')}1 mg/kg/h > 1 mg/kg/h set by library"
    assert alarm.priority is Priority.HIGH
    assert {d.pump for _, d in bed.log if isinstance(d, StopPump)} == {PUMP, TWO}


@pytest.mark.req("CEI-11")
def test_exactly_at_the_hard_ceiling_together_is_not_above_it() -> None:
    bed = both(35_000)
    assert bed.alarm("sum_over_hard") is None
    assert bed.stops() == []


@pytest.mark.req("CEI-11", "CEI-06")
@pytest.mark.parametrize("tracked", [True, False])
def test_reports_with_a_weaker_check_stop_them_after_one_poll(tracked: bool) -> None:
    bed = DosedBed(two(tracked))
    bed.start(35_010)
    two_pump: TruePump = bed.pumps[TWO]
    two_pump.rate_ul_h, two_pump.infusing = 35_010, True
    bed.poll(TWO, integrity=Integrity.SUM8)
    assert bed.stops() == []
    bed.run(999)
    assert bed.alarm("sum_over_hard") is None
    bed.run(1)
    assert bed.is_active("sum_over_hard")


@pytest.mark.req("CEI-11")
def test_a_sum_above_soft_waits_for_a_named_person() -> None:
    bed = both(HALF + 10)
    assert bed.the("sum_over_soft").priority is Priority.MEDIUM
    bed.do(SoftOverride(PUMP, "nurse", "pain"))
    assert bed.alarm("sum_over_soft") is None


@pytest.mark.req("CEI-11")
def test_a_sum_at_soft_is_not_above_it() -> None:
    assert both(HALF).alarm("sum_over_soft") is None


@pytest.mark.req("CEI-11")
def test_a_bed_that_only_alarms_says_which_pumps_to_stop_by_hand() -> None:
    bed = both(35_010, enforcement=Enforcement.ALARM)
    text = bed.the("sum_over_hard").text
    assert "stop b1-p1 by hand" in text
    assert "stop b1-p2 by hand" in text
    assert bed.stops() == []


@pytest.mark.req("CEI-11", "CEI-04")
def test_a_rate_request_counts_what_runs_at_the_other_pump() -> None:
    bed = DosedBed(two())
    bed.start(7_000)
    bed.start(40_000, TWO)
    bed.do(SoftOverride(PUMP, "nurse", "pain"))
    bed.do(RateRequested("r", PUMP, 30_010, "nurse", "pain"))
    assert any("with what runs at b1-p2 is above the hard ceiling" in reason for reason in refusals(bed))
    bed.do(RateRequested("r", PUMP, 30_000, "nurse", "pain"))
    (order,) = [d for d in bed.out if isinstance(d, SetRate)]
    assert (order.rate_ul_h, order.ceiling_ul_h) == (30_000, 30_000)


@pytest.mark.req("CEI-11")
def test_a_rate_above_soft_with_the_other_pump_needs_an_override() -> None:
    bed = DosedBed(two())
    bed.start(7_000)
    bed.start(20_000, TWO)
    bed.do(RateRequested("r", PUMP, 15_010, "nurse", "pain"))
    assert any("is above the soft ceiling" in reason for reason in refusals(bed))
    bed.do(RateRequested("r", PUMP, 15_000, "nurse", "pain"))
    assert refusals(bed) == ()


@pytest.mark.req("CEI-11", "CEI-05")
def test_no_rate_is_raised_beside_a_pump_whose_dose_cannot_be_judged() -> None:
    policy = two()
    unnamed = replace(policy.pumps[1], concentration_ug_ml=None)
    bed = DosedBed(replace(policy, pumps=(policy.pumps[0], unnamed)))
    bed.start(7_000)
    bed.start(7_000, TWO)
    bed.do(RateRequested("r", PUMP, 8_000, "nurse", "pain"))
    assert "b1-p2 runs too: the concentration is missing" in refusals(bed)
    bed.do(RateRequested("r", PUMP, 6_000, "nurse", "pain"))
    assert refusals(bed) == ()


@pytest.mark.req("CEI-11", "CEI-03")
def test_a_rate_request_counts_what_was_commanded_at_the_other_pump_and_not_reported_yet() -> None:
    bed = both(5_000)
    for name in (PUMP, TWO):
        bed.do(SoftOverride(name, "nurse", "pain"))
    bed.do(RateRequested("r1", PUMP, 50_000, "nurse", "pain"))
    assert refusals(bed) == ()
    bed.do(RateRequested("r2", TWO, 50_000, "nurse", "pain"))
    assert any("with what runs at b1-p1 is above the hard ceiling" in reason for reason in refusals(bed))
    bed.do(RateRequested("r3", TWO, 20_000, "nurse", "pain"))
    (order,) = [d for d in bed.out if isinstance(d, SetRate)]
    assert order.ceiling_ul_h == 20_000


@pytest.mark.req("CEI-11", "CEI-08")
@pytest.mark.parametrize("tracked", [True, False])
def test_what_confirmed_a_sum_above_soft_ends_when_the_sum_falls(tracked: bool) -> None:
    bed = both(20_000, tracked)
    bed.do(SoftOverride(PUMP, "nurse", "pain"))
    bed.pass_time(2_000)
    assert bed.alarm("sum_over_soft") is None
    bed.pumps[TWO].rate_ul_h = 10_000
    bed.pass_time(2_000)
    bed.pumps[TWO].rate_ul_h = 20_000
    bed.pass_time(2_000)
    assert bed.is_active("sum_over_soft")


@pytest.mark.req("CEI-11", "CEI-08")
def test_what_confirmed_a_sum_above_soft_ends_with_its_time_at_once() -> None:
    bed = both(20_000)
    bed.do(SoftOverride(PUMP, "nurse", "pain"))
    times = replace(bed.policy.times, soft_override_max_ms=60_500)
    bed.policy = replace(bed.policy, times=times)
    bed.do(PolicyReplaced(bed.policy, "pharmacist"))
    bed.pass_time(60_000)
    assert bed.alarm("sum_over_soft") is None
    bed.run(500)
    assert bed.is_active("sum_over_soft")


@pytest.mark.req("CEI-11", "INT-03")
@pytest.mark.parametrize(("other", "refused"), [(35_000, False), (35_010, True)])
def test_a_resume_is_refused_where_the_start_would_bring_the_sum_above_hard(other: int, refused: bool) -> None:
    bed = DosedBed(replace(two(), resume_vitals=()))
    bed.start(35_000)
    bed.do(StopRequested(PUMP, "nurse", "drowsy"))
    order = next(d.order_id for d in bed.out if isinstance(d, StopPump))
    bed.pumps[PUMP].infusing = False
    bed.do(Heard(PUMP, CommandOutcome(order, Outcome.DONE)), 50)
    bed.now += 50
    bed.poll(requested_ms=bed.now)
    bed.do(InterlockReset(PUMP, "nurse", "awake"))
    bed.start(other, TWO)
    bed.do(ResumeRequested(PUMP, "nurse", "pain"))
    words = "the pump's rate with what runs at the bed's other pumps is above the hard ceiling"
    assert (words in refusals(bed)) is refused
