"""Starting low and going slowly: every rise that pumps report or people ask for is held against the protocol."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.device.facts import Outcome
from pumpd.safety.decisions import InterlockState, Permitted, Refused
from pumpd.safety.events import Acknowledged, AckReason, Heard, PatientBound, RateRequested
from tests.safety.build import MEDIUM, PUMP, patient, pump_policy, status
from tests.safety.course import LDK, MIN, CourseBed, course_policy

STEP = f"a step of 0.2 mg/kg/h, more than 0.1 mg/kg/h set by {LDK}"
EARLY = f"less than 30 min set by {LDK}"


def running(rate: int = 100, dose: int = 400, **protocol: object) -> CourseBed:
    """An infusion as planned, at that dose rate."""
    bed = CourseBed(course_policy(**protocol))
    bed.ready()
    assert bed.plan(dose, 100) == ()
    bed.set_aside("start_rate")
    bed.set_aside("plan")
    bed.flow(rate)
    return bed


def ask(bed: CourseBed, ug_kg_h: int) -> tuple[str, ...]:
    """Request a dose rate for 70 kg; the reasons of the refusal."""
    bed.flow(bed_rate(bed))
    out = bed.do(RateRequested("r", PUMP, ug_kg_h * 70, "RN", "pain"), 10)
    return next((decision.reasons for decision in out if isinstance(decision, Refused)), ())


def bed_rate(bed: CourseBed) -> int:
    report = bed.state.pumps[PUMP].report
    return 0 if report is None or report.rate_ul_h is None else report.rate_ul_h // 70


# --- at the pump


@pytest.mark.req("CRS-05")
def test_a_rise_in_steps_and_time_raises_nothing() -> None:
    bed = running()
    for rate in (200, 300, 400):
        bed.keep(30 * MIN, rate - 100, 4_000)
        bed.flow(rate)
        assert bed.alarm("titration") is None


@pytest.mark.req("CRS-05")
@pytest.mark.parametrize(("rate", "told"), [(200, False), (201, True)])
def test_a_step_at_the_limit_is_allowed_and_one_above_it_is_told(rate: int, told: bool) -> None:
    bed = running()
    bed.run(30 * MIN)
    bed.flow(rate)
    assert (bed.alarm("titration") is not None) is told
    if told:
        alarm = bed.the("titration")
        assert alarm.priority is MEDIUM
        assert alarm.text == f"Titration: a step of 0.101 mg/kg/h, more than 0.1 mg/kg/h set by {LDK}"


@pytest.mark.req("CRS-05")
@pytest.mark.parametrize(("after_ms", "told"), [(30 * MIN, False), (30 * MIN - 1, True)])
def test_an_increase_before_the_interval_is_over_is_told(after_ms: int, told: bool) -> None:
    bed = running()
    started_ms = bed.course().infusions[0].started_ms or 0
    bed.run(started_ms + after_ms - bed.now - 10)
    bed.flow(150)
    assert (bed.alarm("titration") is not None) is told
    if told:
        assert EARLY in bed.the("titration").text


@pytest.mark.req("CRS-05")
def test_the_interval_begins_again_with_each_increase() -> None:
    bed = running()
    assert bed.course().next_rise_ms == (bed.course().infusions[0].started_ms or 0) + 30 * MIN
    bed.run(30 * MIN)
    bed.flow(150)
    assert bed.course().next_rise_ms == bed.now + 30 * MIN
    bed.flow(200, after=29 * MIN)
    assert bed.is_active("titration")


@pytest.mark.req("CRS-05")
def test_a_rise_that_is_both_too_great_and_too_early_says_both() -> None:
    bed = running()
    bed.flow(300, after=1_000)
    assert STEP in bed.the("titration").text
    assert EARLY in bed.the("titration").text


@pytest.mark.req("CRS-05")
def test_the_alarm_ends_when_the_rate_comes_back() -> None:
    bed = running()
    bed.flow(300, after=1_000)
    bed.flow(101, after=1_000)
    assert bed.is_active("titration")
    bed.flow(100, after=1_000)
    assert bed.alarm("titration") is None


@pytest.mark.req("CRS-05")
def test_the_alarm_ends_when_it_is_acknowledged_and_the_next_rise_is_told_again() -> None:
    bed = running()
    bed.flow(300, after=1_000)
    bed.do(Acknowledged(bed.the("titration").id, "Dr A", AckReason.SEEN_ESCALATED), 10)
    assert bed.alarm("titration") is None
    bed.flow(300, after=1_000)
    assert bed.alarm("titration") is None
    bed.flow(310, after=1_000)
    assert bed.is_active("titration")


@pytest.mark.req("CRS-05", "CRS-08")
def test_the_alarm_ends_when_every_rule_that_was_broken_is_set_aside() -> None:
    bed = running()
    bed.flow(300, after=1_000)
    assert bed.set_aside("step_size") == ()
    assert STEP not in bed.the("titration").text
    assert bed.set_aside("step_interval") == ()
    assert bed.alarm("titration") is None
    bed.flow(600, after=1_000)
    assert bed.alarm("titration") is None
    assert bed.course().next_rise_ms is None


@pytest.mark.req("CRS-05")
def test_lowering_is_always_allowed_and_the_next_step_starts_from_there() -> None:
    bed = running(300)
    bed.flow(100, after=1_000)
    assert bed.alarm("titration") is None
    bed.run(31 * MIN)
    bed.flow(300)
    assert bed.the("titration").text == f"Titration: {STEP}"


@pytest.mark.req("CRS-05")
def test_a_pause_is_no_lowering_and_a_start_again_no_rise() -> None:
    bed = running(300)
    bed.flow(0, after=1_000)
    bed.flow(300, after=1_000)
    assert bed.alarm("titration") is None


@pytest.mark.req("CRS-05")
def test_a_rate_that_cannot_be_read_is_no_change() -> None:
    bed = running()
    bed.pump(None, after=1_000)
    bed.flow(100, after=1_000)
    assert bed.alarm("titration") is None
    bed.pump(None, after=1_000)
    bed.flow(300, after=1_000)
    assert bed.is_active("titration")


@pytest.mark.req("CRS-05")
def test_two_pumps_count_together() -> None:
    policy = course_policy()
    other = pump_policy(device="b1-p2", drug=policy.pumps[0].drug)
    bed = CourseBed(replace(policy, pumps=(*policy.pumps, other)))
    bed.ready()
    bed.plan()
    bed.flow(100)
    bed.do(Heard("b1-p2", status(0, False)), 1_000)
    bed.do(Heard("b1-p2", status(14_000)), 1_000)
    assert STEP in bed.the("titration").text


@pytest.mark.req("CRS-05")
def test_an_increase_that_is_under_way_at_one_pump_keeps_the_other_from_another() -> None:
    policy = course_policy()
    able = replace(policy.pumps[0].capabilities, lease=False)
    pumps = tuple(replace(policy.pumps[0], device=name, capabilities=able) for name in (PUMP, "b1-p2"))
    bed = CourseBed(replace(policy, pumps=pumps))
    bed.ready()
    bed.plan()
    bed.flow(50)
    bed.do(Heard("b1-p2", status(3_500)), 100)
    bed.run(31 * MIN)
    bed.flow(50)
    bed.do(Heard("b1-p2", status(3_500)), 100)
    assert ask(bed, 100) == ()
    (refused,) = bed.do(RateRequested("r", "b1-p2", 7_000, "Dr A", "pain"), 100)
    assert isinstance(refused, Refused)
    assert "an increase is under way already" in refused.reasons


# --- asked for


@pytest.mark.req("CRS-05")
def test_a_requested_rise_is_refused_with_every_reason() -> None:
    bed = running()
    reasons = ask(bed, 300)
    assert STEP in reasons
    assert any(EARLY in reason for reason in reasons)
    assert len(reasons) == 2


@pytest.mark.req("CRS-05")
def test_a_requested_step_in_time_is_permitted_and_raises_nothing_when_it_is_seen() -> None:
    bed = running()
    bed.run(31 * MIN)
    assert ask(bed, 200) == ()
    order = bed.rates()[0]
    assert order.rate_ul_h == 14_000
    assert any(EARLY in r or "under way" in r for r in ask(bed, 210))
    bed.outcome(order.order_id, Outcome.DONE, after=50)
    assert "an increase is under way already" in ask(bed, 210)
    bed.flow(200, after=1_000, requested_ms=bed.now + 900)
    assert bed.alarm("titration") is None
    assert any(EARLY in reason for reason in ask(bed, 210))


@pytest.mark.req("CRS-05")
def test_a_lower_rate_may_always_be_asked_for() -> None:
    bed = running(300)
    assert ask(bed, 100) == ()


@pytest.mark.req("CRS-05", "CRS-08")
def test_a_request_is_permitted_once_the_rules_are_set_aside() -> None:
    bed = running()
    bed.set_aside("step_size")
    (reason,) = ask(bed, 300)
    assert EARLY in reason
    bed.set_aside("step_interval")
    assert ask(bed, 300) == ()
    assert any(isinstance(decision, Permitted) for decision in bed.out)


@pytest.mark.req("CRS-06", "CRS-05")
def test_an_hour_of_a_requested_rate_must_be_sub_anaesthetic() -> None:
    bed = running(dose=150, sub_anaesthetic_high_ug_kg=150)
    bed.run(31 * MIN)
    (reason,) = ask(bed, 200)
    assert reason.startswith("an hour of it, 0.2 mg/kg is above the sub-anaesthetic 0.1 to 0.15 mg/kg")
    assert ask(bed, 150) == ()


@pytest.mark.req("CRS-05")
def test_without_a_weight_a_rise_is_refused_for_that_and_not_guessed_at() -> None:
    bed = running()
    bed.do(PatientBound(patient(weight_g=None), "ADT"), 10)
    assert "the patient's weight is missing" in ask(bed, 300)
    bed.flow(300, after=1_000)
    assert bed.lock() is InterlockState.ARMED
