"""Infusions and courses are derived from what pumps report: begun, paused, over, by what and with how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import (
    Heard,
    LinkChanged,
    LinkState,
    PatientBound,
    PatientReleased,
    PolicyReplaced,
    Restarted,
    StopRequested,
)
from pumpd.safety.limits import DoseCaps
from tests.safety.build import CAPS, PUMP, patient
from tests.safety.dosed import HOUR, MIN, PROTOCOL, RATE, TWO, DosedBed, dosed_policy, planned_bed, verified_stop


@pytest.mark.req("CEI-09")
def test_an_infusion_and_a_course_begin_when_a_pump_goes_to_infusing() -> None:
    bed = DosedBed()
    assert bed.course().infusions == ()
    bed.pass_time(10_000)
    bed.start(RATE)
    assert bed.phases() == [(1, "running")]
    assert [(c.course, c.open, c.mrn, c.by) for c in bed.courses()] == [("b1-c1", True, "M1", "pumpd")]
    assert bed.infusion().pumps == (PUMP,)


@pytest.mark.req("CEI-09")
def test_standing_still_is_a_pause_and_going_on_is_the_same_infusion() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.stop()
    assert bed.infusion().phase == "paused"
    bed.pass_time(HOUR, 30_000)
    bed.start(RATE)
    bed.pass_time(MIN)
    assert bed.phases() == [(1, "running"), (1, "paused"), (1, "running")]
    assert (bed.infusion().low_ng or 0) <= bed.one.nl() <= (bed.infusion().high_ng or 0)


@pytest.mark.req("CEI-09")
def test_an_infusion_without_a_plan_is_completed_after_its_pause_to_the_millisecond() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.stop()
    paused_ms = bed.now
    bed.pass_time(2 * HOUR - 30_000, 30_000)
    bed.run(29_999)
    assert bed.infusion().phase == "paused"
    bed.run(1)
    assert bed.infusion().phase == "completed"
    assert bed.infusion().ended_ms == paused_ms
    assert "stood still for 120 min" in bed.infusion().why


@pytest.mark.req("CEI-09")
def test_the_protocols_time_ends_a_pause_where_there_is_a_protocol() -> None:
    bed = DosedBed(dosed_policy(protocol=replace(PROTOCOL, pause_ends_ms=10 * MIN)))
    bed.start(RATE)
    bed.stop()
    bed.run(10 * MIN - 1)
    assert bed.infusion().phase == "paused"
    bed.run(1)
    assert bed.infusion().phase == "completed"


@pytest.mark.req("CEI-09")
@pytest.mark.parametrize("step_ul", [1, 10, 100, 1_000])
def test_a_planned_dose_that_is_given_is_complete_however_coarsely_the_pump_counts(step_ul: int) -> None:
    able = replace(CAPS, counter_step_nl=step_ul * 1_000)
    short, whole = (
        planned_bed(500, caps=DoseCaps(None), pump={"capabilities": able, "poll_ms": 10_000}) for _ in range(2)
    )
    for bed, minutes in ((short, 50), (whole, 60)):
        bed.one.step_ul = step_ul
        bed.start(10 * RATE // 2)
        bed.pass_time(minutes * MIN, 10_000)
        bed.stop()
    assert short.infusion().phase == "paused"
    assert whole.infusion().phase == "completed"


@pytest.mark.req("CEI-09")
def test_a_planned_dose_that_is_given_completes_the_infusion_when_the_pump_stops() -> None:
    bed = planned_bed(50)  # 3.5 mg: half an hour
    bed.start(RATE)
    bed.pass_time(30 * MIN)
    assert bed.infusion().phase == "running"
    bed.stop()
    assert bed.infusion().phase == "completed"
    assert bed.infusion().why == "the planned dose is given"


@pytest.mark.req("CEI-09")
def test_a_planned_dose_that_is_not_given_makes_an_aborted_infusion_of_a_long_pause() -> None:
    bed = planned_bed(50)
    bed.start(RATE)
    bed.pass_time(20 * MIN)
    bed.stop()
    assert bed.infusion().phase == "paused"
    bed.run(2 * HOUR)
    assert bed.infusion().phase == "aborted"
    assert "before the planned dose" in bed.infusion().why


@pytest.mark.req("CEI-09")
def test_a_stop_by_hand_aborts_the_infusion_with_its_cause_unless_it_goes_on() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.do(StopRequested(PUMP, "nurse", "drowsy"))
    verified_stop(bed, bed.stops()[0].order_id)
    assert bed.lock() is InterlockState.STOP_VERIFIED
    assert bed.infusion().phase == "paused"
    bed.run(2 * HOUR)
    assert (bed.infusion().phase, bed.infusion().why) == ("aborted", "stopped by nurse: drowsy")


@pytest.mark.req("CEI-09")
def test_another_pump_that_takes_over_continues_the_infusion_and_both_are_counted() -> None:
    bed = DosedBed(dosed_policy(pumps=2))
    bed.start(RATE)
    bed.pass_time(10 * MIN)
    bed.stop()
    bed.pass_time(MIN)
    bed.start(RATE, TWO)
    bed.pass_time(10 * MIN)
    given_ng = bed.one.nl() + bed.pumps[TWO].nl()
    assert bed.infusion().pumps == (PUMP, TWO)
    assert (bed.infusion().low_ng or 0) <= given_ng <= (bed.infusion().high_ng or 0)
    assert (bed.infusion().high_ng or 0) - (bed.infusion().low_ng or 0) < 20_000


@pytest.mark.req("CEI-09")
def test_what_a_pump_gave_that_is_taken_from_the_bed_still_counts() -> None:
    bed = DosedBed(dosed_policy(pumps=2))
    bed.start(RATE, TWO)
    bed.pass_time(10 * MIN)
    bed.stop(TWO)
    before = bed.infusion()
    bed.policy = dosed_policy(pumps=1)
    bed.do(PolicyReplaced(bed.policy, "technician"))
    after = bed.infusion()
    assert (after.low_ng, after.high_ng) == (before.low_ng, before.high_ng)


@pytest.mark.req("CEI-09", "DOS-02")
def test_a_pump_that_is_lost_while_it_infuses_pauses_nothing_and_goes_on_counting() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.do(LinkChanged(PUMP, LinkState.DOWN, "cable"))
    before = bed.infusion().high_ng or 0
    bed.run(10 * MIN)
    assert bed.infusion().phase == "running"
    assert (bed.infusion().high_ng or 0) - before == -(-RATE * 10 * MIN // 3_600)


@pytest.mark.req("CEI-09", "DOS-02")
def test_a_restart_changes_nothing_about_an_infusion_but_its_doubt() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(10 * MIN)
    bed.one.run(30_000)
    bed.do(Restarted(30_000, True), 30_000)
    bed.poll()
    assert bed.phases() == [(1, "running")]
    assert (bed.infusion().low_ng or 0) <= bed.one.nl() <= (bed.infusion().high_ng or 0)


@pytest.mark.req("CEI-09", "QUA-06")
def test_a_release_ends_the_infusion_and_the_course_and_the_next_patient_starts_with_nothing() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(10 * MIN)
    bed.do(PatientReleased("nurse", "home"))
    ended = [d for _, d in bed.log if getattr(d, "phase", None) == "aborted"]
    assert len(ended) == 1
    assert [(c.open, c.mrn) for c in bed.courses()][:2] == [(True, "M1"), (False, "M1")]
    bed.stop()
    bed.do(PatientBound(patient("M2"), "nurse"))
    assert bed.state.given.manual == ()
    assert (bed.infusion().high_ng or 0) <= 10_000  # what ran on for nobody until the pump stood still


@pytest.mark.req("CRS-02")
def test_what_stopped_another_pump_is_not_why_an_infusion_pauses() -> None:
    bed = DosedBed(dosed_policy(pumps=2))
    bed.start(RATE, TWO)
    bed.stop(TWO)
    bed.run(3 * HOUR)
    bed.do(StopRequested(TWO, "nurse", "old pump"))
    (stop,) = bed.stops()
    bed.do(Heard(TWO, CommandOutcome(stop.order_id, Outcome.DONE)), 50)
    bed.poll(TWO)
    bed.now += 50
    bed.poll(TWO)
    assert bed.view().pumps[1].interlock is InterlockState.STOP_VERIFIED
    bed.poll()
    bed.start(RATE)
    bed.pass_time(MIN, 10_000)
    bed.stop()
    assert (bed.infusion(2).phase, bed.infusion(2).why) == ("paused", "")
