"""Starting again after a stop: a reset permits nobody, a resume is asked for with a reason, refused with reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pumpd.device.facts import ControlState, Quality
from pumpd.safety import kernel
from pumpd.safety.decisions import Decision, InterlockState, Permitted, Refused, Resume, SetRate, StopPump
from pumpd.safety.events import (
    InterlockReset,
    LinkChanged,
    LinkState,
    PatientBound,
    Restarted,
    ResumeRequested,
    SelfFault,
    StopRequested,
)
from pumpd.safety.resume import WITHOUT_RESUME
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import KETAMINE, PUMP, TIMES, Bed, bed_policy, monitor_policy, patient, pump_policy

RESET = InterlockReset(PUMP, "RN Abel", "cause found")
ASK = ResumeRequested(PUMP, "RN Abel", "pain is back")
WELL: dict[str, Any] = {"rr": 14, "spo2": 97, "etco2": 38}
STEADY_S = TIMES.resume_steady_ms // 1000
VALID_S = TIMES.resume_valid_ms // 1000
MORPHINE = replace(KETAMINE, code="morphine", label="morphine", governed=False, hard=None, soft=None, opioid=True)
SALINE = replace(MORPHINE, code="saline", label="saline", opioid=False)


def watch(bed: Bed, seconds: int, **values: Any) -> list[Decision]:
    """A well patient (or as said) for so long, and the pump heard each second: it stands still."""
    decided: list[Decision] = []
    for _ in range(seconds):
        decided += bed.vitals(after=500, **{**WELL, **values})
        decided += bed.pump(0, False, after=500, requested_ms=bed.now + 480)
    return decided


def stopped(policy: Any = None, **more: Any) -> Bed:
    """A pump whose stop is verified."""
    bed = Bed(policy, **more)
    bed.vitals(**WELL)
    bed.verified_stop()
    return bed


def reset(seconds: int = STEADY_S, policy: Any = None, **more: Any) -> Bed:
    """The same, watched for so long afterwards, and reset."""
    bed = stopped(policy, **more)
    watch(bed, seconds)
    assert not refusals(bed.do(RESET, 10))
    return bed


def allowed() -> Bed:
    bed = reset()
    assert bed.do(ASK, 10) == (Permitted("resume", PUMP, "RN Abel"),)
    return bed


def refusals(decisions: tuple[Decision, ...]) -> tuple[str, ...]:
    """All reasons."""
    return tuple(reason for d in decisions if isinstance(d, Refused) for reason in d.reasons)


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


@pytest.mark.req("INT-03")
@pytest.mark.parametrize(
    ("by", "reason", "words"), [(" ", "pain", "a named user is required"), ("RN", " ", "a reason is required")]
)
def test_a_resume_needs_a_name_and_a_reason(by: str, reason: str, words: str) -> None:
    bed = reset()
    assert refusals(bed.do(ResumeRequested(PUMP, by, reason), 10)) == (words,)


@pytest.mark.req("INT-03")
def test_a_resume_before_the_stop_is_verified_and_reset_is_refused() -> None:
    bed = Bed()
    watch(bed, STEADY_S)
    bed.stop_by_breach()
    assert "the stop is not verified, and the interlock is not reset" in refusals(bed.do(ASK, 10))
    verified = stopped()
    watch(verified, STEADY_S)
    assert refusals(verified.do(ASK, 10)) == ("the stop is verified, but the interlock is not reset",)
    assert verified.pump_view().resume is Resume.NEEDED


def test_a_pump_that_was_not_stopped_has_nothing_to_resume() -> None:
    bed = Bed()
    watch(bed, STEADY_S + 1)
    assert bed.pump_view().resume is Resume.NOT_NEEDED
    assert refusals(bed.do(ASK, 10)) == ("no resume is needed: this pump was not stopped",)
    assert refusals(bed.do(ResumeRequested("nobody", "RN", "pain"), 10)) == ("this bed has no such pump",)


@pytest.mark.req("INT-03")
def test_all_reasons_are_listed() -> None:
    bed = reset(policy=bed_policy({"concentration_ug_ml": 1_000}))
    bed.do(PatientBound(patient(weight_g=None), "RN Abel"), 10)
    bed.do(SelfFault("journal_failing", "disk full", active=True), 10)
    bed.run(6_000)
    said = refusals(bed.do(ResumeRequested(PUMP, "", ""), 10))
    for words in (
        *("a named user is required", "a reason is required", "the pump's status is not live"),
        *("RR is missing or not live", "SpO2 is missing or not live", "the patient's weight is missing"),
        "the journal is failing: the permission could not be recorded",
    ):
        assert words in said
    assert set(bed.pump_view().resume_reasons) == {*said} - {"a named user is required", "a reason is required"}


SICK: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({"rr": None}, "RR is missing or not live"),
    "sensor off": ({"spo2": Quality.OFF}, "SpO2 is missing or not live"),
    "out of limits": ({"spo2": 89}, "not in limits: spo2 low"),
    "slow": ({"rr": 7}, "not in limits: rr low"),
    "no breath": ({"no_breath": 1}, "not in limits: no breath flag"),
}


@pytest.mark.req("INT-03")
@pytest.mark.parametrize("what", SICK)
def test_one_frame_that_is_not_well_refuses_and_begins_the_sixty_seconds_anew(what: str) -> None:
    values, words = SICK[what]
    bed = reset()
    bed.vitals(after=10, **{**WELL, **values})
    assert words in refusals(bed.do(ASK, 10))
    bed.vitals(after=10, **{**WELL, "no_breath": 0})
    since = bed.now
    watch(bed, STEADY_S - 1)
    assert refusals(bed.do(ASK, 990)) == (f"the vital signs have been in limits for {STEADY_S - 1} s of {STEADY_S} s",)
    bed.now = since + STEADY_S * 1000
    assert bed.do(ASK) == (Permitted("resume", PUMP, "RN Abel"),)


@pytest.mark.req("INT-03", "QUA-01")
def test_a_monitor_that_was_silent_for_a_while_begins_the_sixty_seconds_anew() -> None:
    bed = reset()
    bed.run(TIMES.vitals_live_ms)
    watch(bed, 1)
    assert any("in limits for 0 s" in reason for reason in refusals(bed.do(ASK)))


@pytest.mark.req("INT-03")
def test_an_alarm_about_another_vital_sign_refuses_too() -> None:
    bed = reset()
    watch(bed, 16, pulse=40)
    (reason,) = refusals(bed.do(ASK))
    assert reason.startswith("an alarm is present: pulse low")


@pytest.mark.req("INT-03")
def test_a_patient_who_was_well_before_the_stop_waits_no_second_time() -> None:
    bed = Bed()
    for _ in range(STEADY_S + 1):
        bed.vitals(after=1_000, **WELL)
    bed.verified_stop()
    bed.do(RESET, 10)
    assert bed.do(ASK, 10) == (Permitted("resume", PUMP, "RN Abel"),)


@pytest.mark.req("INT-03", "QUA-05")
def test_another_device_on_the_line_gets_no_permission_and_ends_one() -> None:
    bed = reset(policy=bed_policy({"serial": "8"}))
    bed.pump(0, False, after=10, serial="9")
    assert "the device on the line is not the configured one" in refusals(bed.do(ASK, 10))
    bed.pump(0, False, after=10, serial="8", requested_ms=bed.now)
    assert bed.do(ASK, 10) == (Permitted("resume", PUMP, "RN Abel"),)
    bed.pump(0, False, after=10, serial="9")
    assert bed.pump_view().resume is Resume.NEEDED


@pytest.mark.req("INT-03", "CEI-05")
def test_a_pump_that_still_has_the_rate_that_stopped_it_is_not_resumed() -> None:
    bed = reset()
    bed.pump(700_000, False, after=10, requested_ms=bed.now + 5)
    assert "the pump's rate is still above the hard ceiling" in refusals(bed.do(ASK, 10))


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
