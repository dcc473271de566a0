"""A resume is refused with every reason: who asks, the stop, the patient, the vital signs, the pump."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.device.facts import Quality
from pumpd.safety.decisions import Permitted, Resume
from pumpd.safety.events import PatientBound, ResumeRequested, SelfFault
from tests.safety.build import PUMP, TIMES, Bed, bed_policy, patient
from tests.safety.resumed import ASK, RESET, STEADY_S, WELL, refusals, reset, stopped, watch


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
