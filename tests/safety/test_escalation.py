"""The ladder of a HIGH alarm that nobody acknowledges: bedside, charge nurse, ward, at fixed times (ALA-05)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.safety import kernel
from pumpd.safety.alarms import AlarmState, Escalation, Phase
from pumpd.safety.decisions import AlarmChanged
from pumpd.safety.events import Acknowledged, AckReason, AlarmReset, AudioPaused, PolicyReplaced, Restarted
from pumpd.safety.policy import EscalationStep
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import LADDER, PROFILE, Bed, bed_policy, only_rules

ACK = AckReason.SEEN_ESCALATED
SPO2 = replace(only_rules("spo2_low", "spo2_very_low"), escalation=LADDER)


def bed_with(spo2: int, seconds: int) -> Bed:
    bed = Bed(bed_policy(profile=SPO2))
    bed.breathe(seconds, spo2=spo2)
    return bed


def high() -> Bed:
    """A bed whose SpO2 alarm has just become HIGH."""
    return bed_with(84, 10)


def climbs(bed: Bed, condition: str = "spo2") -> list[tuple[int, str]]:
    """When which step of the ladder was told, from the foot on."""
    return [
        (now, d.alarm.escalation.to)
        for now, d in bed.log
        if isinstance(d, AlarmChanged) and d.alarm.condition == condition and d.alarm.escalation is not None
        if d.phase in (Phase.START, Phase.ESCALATE, Phase.REALARM)
    ]


def acknowledge(bed: Bed) -> None:
    bed.do(Acknowledged(bed.the("spo2").id, "RN", ACK), 100)


def step_of(bed: Bed) -> Escalation | None:
    return bed.the("spo2").escalation


@pytest.mark.req("ALA-05")
def test_an_unseen_high_alarm_goes_to_the_bedside_the_charge_nurse_and_the_ward_at_its_times() -> None:
    bed = high()
    onset = bed.the("spo2").onset_ms
    bed.breathe(300, spo2=84)
    assert climbs(bed) == [(onset, "bedside"), (onset + 30_000, "charge nurse"), (onset + 120_000, "ward")]
    assert step_of(bed) == Escalation(2, "ward", onset + 120_000)


@pytest.mark.req("ALA-05")
def test_the_kernel_asks_to_be_woken_for_each_step_and_then_no_more() -> None:
    bed = Bed(bed_policy(profile=SPO2, pumps=()))
    bed.breathe(10, spo2=84)
    onset = bed.now
    bed.vitals(spo2=97, after=1_000)
    bed.run(20_000)  # the monitor is silent, and is told to be lost
    assert kernel.next_deadline(bed.state, bed.policy) == onset + 30_000
    bed.run(20_000)
    assert kernel.next_deadline(bed.state, bed.policy) == onset + 120_000
    bed.run(100_000)
    assert kernel.next_deadline(bed.state, bed.policy) is None


@pytest.mark.req("ALA-02", "ALA-05")
def test_a_latched_high_that_nobody_has_seen_climbs_on_without_starting_anew() -> None:
    bed = high()
    onset = bed.now
    bed.vitals(spo2=97, after=5_000)
    bed.breathe(130, spo2=97)
    alarm = bed.the("spo2")
    assert alarm.state is AlarmState.LATCHED
    assert climbs(bed) == [(onset, "bedside"), (onset + 30_000, "charge nurse"), (onset + 120_000, "ward")]
    bed.breathe(12, spo2=84)
    assert (bed.the("spo2").state, step_of(bed)) == (AlarmState.ACTIVE, Escalation(2, "ward", onset + 120_000))


@pytest.mark.req("ALA-05")
@pytest.mark.parametrize("after_s", [1, 31, 121])
def test_an_acknowledgement_stops_the_ladder_at_every_step(after_s: int) -> None:
    bed = high()
    bed.breathe(after_s, spo2=84)
    reached = len(climbs(bed))
    acknowledge(bed)
    assert (step_of(bed), bed.the("spo2").unseen_ms) == (None, None)
    bed.breathe(110, spo2=84)
    assert len(climbs(bed)) == reached


@pytest.mark.req("ALA-03", "ALA-05")
def test_an_alarm_that_sounds_again_begins_the_ladder_anew() -> None:
    bed = high()
    bed.breathe(40, spo2=84)
    acknowledge(bed)
    acked = bed.now
    bed.breathe(160, spo2=84)
    assert climbs(bed)[2:] == [(acked + 120_000, "bedside"), (acked + 150_000, "charge nurse")]


@pytest.mark.req("ALA-05")
def test_a_medium_alarm_does_not_climb_and_one_that_becomes_high_starts_then() -> None:
    bed = bed_with(88, 15)
    bed.breathe(200, spo2=88)
    assert climbs(bed) == []
    bed.breathe(10, spo2=84)
    worse = bed.now
    bed.breathe(35, spo2=84)
    assert climbs(bed) == [(worse, "bedside"), (worse + 30_000, "charge nurse")]


@pytest.mark.req("ALA-05")
def test_the_ladder_of_one_alarm_knows_nothing_of_another() -> None:
    bed = high()
    bed.breathe(20, spo2=84)
    bed.pump(700_000)
    over = bed.now
    acknowledge(bed)
    bed.run(31_000)
    assert [to for _, to in climbs(bed)] == ["bedside"]
    assert climbs(bed, "over_hard") == [(over, "bedside"), (over + 30_000, "charge nurse")]


@pytest.mark.req("ALA-05", "ALA-06")
def test_the_ladder_survives_a_restart_and_goes_on_at_its_own_times() -> None:
    bed = high()
    onset = bed.now
    bed.breathe(40, spo2=84)
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    assert step_of(bed) == Escalation(1, "charge nurse", onset + 30_000)
    bed.do(Restarted(20_000, gap_certain=True), 20_000)
    bed.run(onset + 119_999 - bed.now)
    assert [to for _, to in climbs(bed)] == ["bedside", "charge nurse"]
    bed.run(1)
    assert climbs(bed)[2:] == [(onset + 120_000, "ward")]


@pytest.mark.req("ALA-05", "ALA-06")
def test_steps_that_came_due_while_the_daemon_was_away_are_all_told_at_once_each_by_itself() -> None:
    bed = high()
    bed.do(Restarted(600_000, gap_certain=True), 600_000)
    assert climbs(bed)[1:] == [(bed.now, "charge nurse"), (bed.now, "ward")]


@pytest.mark.req("ALA-05")
def test_an_alarm_from_before_there_was_a_ladder_climbs_from_its_onset() -> None:
    bed = Bed(bed_policy(profile=replace(SPO2, escalation=())))
    bed.breathe(10, spo2=84)
    onset = bed.now
    assert step_of(bed) is None
    bed.breathe(35, spo2=84)
    policy = replace(bed.policy, profile=SPO2)
    bed.do(PolicyReplaced(policy, "pharmacist"), 500)
    bed.policy = policy
    assert climbs(bed) == [(bed.now, "bedside"), (bed.now, "charge nurse")]
    bed.breathe(90, spo2=84)
    assert climbs(bed)[2:] == [(onset + 120_000, "ward")]


@pytest.mark.req("ALA-05")
def test_a_shorter_ladder_leaves_an_alarm_on_the_step_that_it_has_reached() -> None:
    bed = high()
    bed.breathe(121, spo2=84)
    policy = replace(bed.policy, profile=replace(SPO2, escalation=LADDER[:1]))
    bed.do(PolicyReplaced(policy, "pharmacist"), 500)
    bed.policy = policy
    bed.breathe(200, spo2=84)
    assert [to for _, to in climbs(bed)] == ["bedside", "charge nurse", "ward"]


@pytest.mark.req("ALA-05")
def test_nothing_that_people_do_or_leave_undone_makes_the_ladder_faster() -> None:
    """The times are fixed: earlier alarms that were ignored, or a paused sound, change none of them."""
    bed = high()
    for _ in range(3):
        bed.breathe(200, spo2=84)
        bed.vitals(spo2=97, after=1_000)
        bed.do(AlarmReset(bed.the("spo2").id, "RN", "seen"), 100)
        bed.breathe(11, spo2=84)
    onset = bed.the("spo2").onset_ms
    bed.do(AudioPaused("RN", 120), 100)
    bed.breathe(130, spo2=84)
    assert climbs(bed)[-3:] == [(onset, "bedside"), (onset + 30_000, "charge nurse"), (onset + 120_000, "ward")]


@pytest.mark.req("ALA-04", "ALA-05")
def test_a_step_of_the_ladder_does_not_break_an_audio_pause() -> None:
    bed = Bed(bed_policy(profile=SPO2, pumps=()))
    bed.breathe(10, spo2=84)
    bed.do(AudioPaused("RN", 60), 100)
    bed.breathe(35, spo2=84)
    assert [to for _, to in climbs(bed)] == ["bedside", "charge nurse"]
    assert bed.view().audio_paused_until_ms is not None


@pytest.mark.req("ALA-05")
def test_a_ladder_without_a_step_at_once_begins_with_its_first_step() -> None:
    late = (EscalationStep(5_000, "charge nurse"),)
    bed = Bed(bed_policy(profile=replace(PROFILE, rules=SPO2.rules, escalation=late)))
    bed.breathe(10, spo2=84)
    onset = bed.now
    assert step_of(bed) is None
    bed.breathe(6, spo2=84)
    assert climbs(bed) == [(onset + 5_000, "charge nurse")]
