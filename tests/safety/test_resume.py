"""Starting again after a stop: a reset permits nobody; a resume permits one start, for a while and for this pump."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.device.facts import ControlState
from pumpd.safety import kernel
from pumpd.safety.decisions import InterlockState, Permitted, Resume, SetRate, StopPump
from pumpd.safety.events import LinkChanged, LinkState, PatientBound, Restarted, StopRequested
from pumpd.safety.resume import WITHOUT_RESUME
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import PUMP, TIMES, Bed, bed_policy, monitor_policy, patient, pump_policy
from tests.safety.resumed import ASK, MORPHINE, RESET, SALINE, STEADY_S, VALID_S, WELL, allowed, refusals, reset, watch


@pytest.mark.req("INT-03")
def test_a_reset_permits_nobody_a_start_without_a_resume_is_stopped_at_once() -> None:
    bed = reset()
    assert bed.lock() is InterlockState.ARMED
    assert bed.pump_view().resume is Resume.NEEDED
    bed.pump(7_000, after=500)
    (stop,) = bed.stops()
    assert stop.cause == WITHOUT_RESUME
    assert "started at the pump: 7 mL/h, without resume" in bed.the("pump_changed").text


@pytest.mark.req("INT-03")
@pytest.mark.parametrize("rate", [7_000, None])
def test_a_pump_whose_state_is_not_understood_may_run_and_is_stopped_too(rate: int | None) -> None:
    bed = reset()
    bed.pump(rate, None, after=500)
    assert [stop.cause for stop in bed.stops()] == [WITHOUT_RESUME]


@pytest.mark.req("INT-03")
def test_a_granted_resume_starts_nothing_and_lets_a_person_start_the_pump() -> None:
    bed = reset()
    out = bed.do(ASK, 10)
    assert out == (Permitted("resume", PUMP, "RN Abel"),)
    assert bed.pump_view().resume is Resume.ALLOWED
    assert bed.pump_view().resume_until_ms == bed.now + VALID_S * 1000
    bed.pump(7_000, after=1_000)
    assert not bed.stops()
    assert bed.pump_view().resume is Resume.NOT_NEEDED
    assert bed.the("pump_changed").text == f"{PUMP} started at the pump: 7 mL/h"
    bed.pump(0, False, after=1_000)
    bed.pump(7_000, after=1_000)
    assert not bed.stops(), "a pause at the panel needs no new permission"


@pytest.mark.req("INT-03")
def test_no_resume_and_no_reset_ever_commands_a_rate() -> None:
    bed = allowed()
    bed.pump(7_000, after=1_000)
    assert not [decision for _, decision in bed.log if isinstance(decision, SetRate)]


@pytest.mark.req("INT-03")
def test_a_started_pump_is_judged_like_any_other_after_a_resume() -> None:
    bed = allowed()
    bed.pump(700_000, after=1_000)
    assert bed.stops()
    assert bed.is_active("over_hard")


@pytest.mark.req("INT-03")
def test_a_permission_ends_with_its_time() -> None:
    bed = allowed()
    watch(bed, VALID_S - 1)
    assert bed.pump_view().resume is Resume.ALLOWED
    bed.run(1_000)
    assert bed.pump_view().resume is Resume.NEEDED
    bed.pump(7_000, after=10)
    assert [stop.cause for stop in bed.stops()] == [WITHOUT_RESUME]


@pytest.mark.req("INT-03")
def test_a_trip_revokes_a_permission() -> None:
    bed = allowed()
    bed.do(StopRequested(PUMP, "Dr B", "wait"), 10)
    bed.outcome(bed.stops()[-1].order_id, after=50)
    bed.pump(0, False, after=50, requested_ms=bed.now + 20)
    assert not refusals(bed.do(RESET, 10))
    assert bed.pump_view().resume is Resume.NEEDED


@pytest.mark.req("INT-03")
def test_breathing_that_stops_and_comes_back_has_revoked_the_permission() -> None:
    bed = allowed()
    bed.vitals(after=500, **{**WELL, "rr": 0, "no_breath": 1})
    bed.vitals(after=500, **{**WELL, "no_breath": 0})
    assert bed.pump_view().resume is Resume.NEEDED
    assert any("in limits for 0 s" in reason for reason in bed.pump_view().resume_reasons)
    bed.pump(7_000, after=10)
    assert bed.stops()


@pytest.mark.req("INT-03", "INT-08")
def test_monitoring_that_is_lost_revokes_the_permission() -> None:
    bed = allowed()
    bed.run(TIMES.vitals_live_ms + TIMES.monitoring_lost_ms)
    assert bed.pump_view().resume is Resume.NEEDED


@pytest.mark.req("INT-03", "QUA-06")
def test_another_patient_has_no_permission_of_the_one_before() -> None:
    bed = allowed()
    bed.do(PatientBound(patient("M2"), "RN Abel"), 10)
    assert bed.pump_view().resume is Resume.NEEDED
    assert refusals(bed.do(ASK, 10)) == (f"the vital signs have been in limits for 0 s of {STEADY_S} s",)


@pytest.mark.req("INT-03", "ALA-06")
def test_what_is_needed_and_what_is_permitted_survive_a_restart() -> None:
    for bed, resume in ((reset(), Resume.NEEDED), (allowed(), Resume.ALLOWED)):
        bed.state = state_from_bytes(state_to_bytes(bed.state))
        bed.do(Restarted(2_000, True), 2_000)
        assert bed.pump_view().resume is resume
        bed.pump(7_000, after=500)
        assert bool(bed.stops()) is (resume is Resume.NEEDED)


@pytest.mark.req("INT-03")
def test_a_permission_that_ran_out_while_the_daemon_was_away_is_none() -> None:
    bed = allowed()
    bed.do(Restarted(VALID_S * 1000, True), VALID_S * 1000)
    assert bed.pump_view().resume is Resume.NEEDED
    bed.pump(7_000, after=500)
    assert bed.stops()


@pytest.mark.req("INT-03", "CEI-07")
def test_a_pump_that_refuses_control_by_then_is_resumed_with_a_warning_and_alarms_when_it_is_not() -> None:
    bed = reset()
    bed.control(ControlState.REFUSED)
    bed.pump(7_000, after=500)
    assert not bed.stops()
    alarm = bed.the("started_without_resume")
    assert alarm.priority == "high"
    assert "by hand" in alarm.text
    bed.pump(0, False, after=500, requested_ms=bed.now)
    watch(bed, 1)
    (permitted,) = bed.do(ASK, 10)
    assert isinstance(permitted, Permitted)
    assert "ALARM ONLY" in permitted.note
    bed.pump(7_000, after=500)
    assert bed.lock() is InterlockState.ALARM_ONLY
    assert not bed.is_active("started_without_resume")


@pytest.mark.req("INT-03")
def test_a_pump_started_while_control_was_refused_is_stopped_as_soon_as_control_is_back() -> None:
    bed = reset()
    bed.control(ControlState.REFUSED)
    bed.pump(7_000, after=500)
    bed.control()
    assert [stop.cause for stop in bed.stops()] == [WITHOUT_RESUME]


@pytest.mark.req("INT-03")
def test_a_line_that_was_down_changes_nothing_about_a_needed_resume() -> None:
    bed = reset()
    bed.do(LinkChanged(PUMP, LinkState.DOWN), 10)
    bed.run(20_000)
    bed.do(LinkChanged(PUMP, LinkState.UP), 10)
    bed.pump(7_000, after=10)
    assert [stop.cause for stop in bed.stops()] == [WITHOUT_RESUME]


@pytest.mark.req("INT-03")
def test_a_stop_by_hand_takes_the_same_way_back() -> None:
    bed = Bed()
    bed.pump(7_000)
    bed.do(StopRequested(PUMP, "RN Abel", "drowsy"), 10)
    bed.outcome(bed.stops()[-1].order_id, after=50)
    bed.pump(0, False, after=50, requested_ms=bed.now + 20)
    bed.do(RESET, 10)
    assert bed.pump_view().resume is Resume.NEEDED


@pytest.mark.req("INT-03", "INT-07")
@pytest.mark.parametrize(("drug", "needed"), [(MORPHINE, True), (None, True), (SALINE, False)])
def test_only_a_drug_that_depresses_breathing_or_that_nobody_knows_needs_a_resume(drug: Any, needed: bool) -> None:
    bed = Bed(bed_policy({"drug": drug}))
    bed.vitals(**WELL)
    bed.pump(7_000)
    bed.do(StopRequested(PUMP, "RN Abel", "line occluded"), 10)
    bed.outcome(bed.stops()[-1].order_id, after=50)
    bed.pump(0, False, after=50, requested_ms=bed.now + 20)
    assert (bed.pump_view().resume is Resume.NEEDED) is needed
    watch(bed, 2)
    assert not refusals(bed.do(RESET, 10))
    bed.pump(7_000, after=1_000)
    assert bool(bed.stops()) is needed


@pytest.mark.req("INT-03")
def test_the_site_names_the_vital_signs_that_a_resume_requires() -> None:
    oximeter = bed_policy(monitors=(monitor_policy(signals=("spo2", "pulse")),), resume_vitals=("spo2",))
    bed = Bed(oximeter)
    for _ in range(STEADY_S + 1):
        bed.vitals(after=1_000, spo2=97)
    bed.verified_stop()
    bed.do(RESET, 10)
    assert bed.do(ASK, 10) == (Permitted("resume", PUMP, "RN Abel"),)
    nothing = Bed(bed_policy(resume_vitals=()))
    nothing.verified_stop()
    nothing.do(RESET, 10)
    assert nothing.do(ASK, 10) == (Permitted("resume", PUMP, "RN Abel"),)


@pytest.mark.req("INT-03")
def test_a_permission_is_of_one_pump_alone() -> None:
    second = pump_policy(device="b1-p2")
    bed = reset(policy=bed_policy(pumps=(pump_policy(), second)))
    bed.do(ASK, 10)
    assert [view.resume for view in bed.view().pumps] == [Resume.ALLOWED, Resume.NOT_NEEDED]


@pytest.mark.req("INT-01", "INT-03")
def test_a_start_without_a_resume_is_stopped_before_the_step_has_found_its_words() -> None:
    bed = reset()
    bed.pump(7_000, after=500)
    (stop,) = bed.stops()
    assert isinstance(stop, StopPump)
    assert bed.at_once == stop.order_id
    granted = allowed()
    granted.pump(7_000, after=500)
    assert granted.at_once is None


def test_the_kernel_asks_to_be_woken_when_a_permission_ends() -> None:
    bed = allowed()
    bed.run(TIMES.vitals_withdraw_ms + TIMES.pump_stale_min_ms)
    until = bed.state.pumps[PUMP].lock.resume_until_ms
    due = kernel.next_deadline(bed.state, bed.policy)
    assert until is not None
    assert due is not None
    assert due <= until


@pytest.mark.req("INT-03")
def test_a_report_that_does_not_say_whether_the_pump_infuses_uses_no_permission_up() -> None:
    bed = allowed()
    bed.pump(7_000, None, after=500)
    assert bed.pump_view().resume is Resume.ALLOWED
    assert not bed.stops()
    watch(bed, VALID_S)
    bed.pump(7_000, after=500)
    assert bed.stops()
