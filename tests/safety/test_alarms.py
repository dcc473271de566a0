"""The life of an alarm: its table, acknowledgement, latch, re-alarm, audio pause, pumpd's own faults."""

from __future__ import annotations

import pytest

from pumpd.safety.alarm_table import TABLE, Trigger
from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, AudioChanged, Permitted, Refused
from pumpd.safety.events import Acknowledged, AckReason, AlarmReset, AudioPaused, RateRequested, SelfFault
from tests.safety.build import PUMP, Bed, bed_policy, only_rules

ACK = AckReason.CARE_IN_PROGRESS


def low_saturation(seconds: int = 15, spo2: int = 88) -> Bed:
    """A bed with an active MEDIUM alarm `spo2`."""
    bed = Bed(bed_policy(profile=only_rules("spo2_low", "spo2_very_low")))
    bed.breathe(seconds, spo2=spo2)
    assert bed.is_active("spo2")
    return bed


def acknowledge(bed: Bed, condition: str = "spo2", by: str = "nurse", reason: AckReason = ACK, note: str = "") -> None:
    bed.do(Acknowledged(bed.the(condition).id, by, reason, note), 100)


@pytest.mark.req("ALA-01")
def test_an_instance_has_its_own_id_that_is_never_used_again() -> None:
    bed = low_saturation()
    first = bed.the("spo2")
    bed.vitals(spo2=97, after=1_000)
    bed.breathe(16, spo2=88)
    second = bed.the("spo2")
    assert first.id != second.id
    assert second.onset_ms > first.onset_ms


@pytest.mark.req("ALA-01")
def test_every_change_of_an_alarm_is_an_edge_of_the_table() -> None:
    assert {after for (_, _), (after, _) in TABLE.items()} == set(AlarmState)
    assert not [edge for edge in TABLE if edge[0] is AlarmState.ENDED]
    assert TABLE[AlarmState.ACTIVE, Trigger.ACK] == (AlarmState.ACKNOWLEDGED, Phase.ACKNOWLEDGE)
    assert (AlarmState.ACTIVE, Trigger.RESET) not in TABLE


@pytest.mark.req("ALA-02")
def test_high_latches_and_medium_does_not() -> None:
    high, medium = low_saturation(10, 84), low_saturation(15, 88)
    for bed in (high, medium):
        bed.vitals(spo2=97, after=1_000)
    assert high.the("spo2").state is AlarmState.LATCHED
    assert medium.alarm("spo2") is None


@pytest.mark.req("ALA-01", "ALA-02")
def test_an_alarm_says_since_when_its_condition_is_over_until_it_returns() -> None:
    bed = low_saturation(10, 84)
    assert bed.the("spo2").ended_ms is None
    bed.vitals(spo2=97, after=1_000)
    over_ms = bed.now
    assert bed.the("spo2").ended_ms == over_ms
    bed.breathe(10, spo2=84)
    assert bed.the("spo2").ended_ms is None
    bed.vitals(spo2=97, after=1_000)
    over_ms = bed.now
    bed.do(AlarmReset(bed.the("spo2").id, "nurse", "seen"), 5_000)
    (change,) = bed.changes()
    assert (change.alarm.state, change.alarm.ended_ms) == (AlarmState.ENDED, over_ms)


@pytest.mark.req("ALA-02")
def test_a_condition_that_returns_while_latched_is_the_same_alarm_again() -> None:
    bed = low_saturation(10, 84)
    first = bed.the("spo2").id
    bed.vitals(spo2=97, after=1_000)
    bed.breathe(11, spo2=84)
    assert (bed.the("spo2").id, bed.the("spo2").state) == (first, AlarmState.ACTIVE)


@pytest.mark.req("ALA-02")
def test_a_latched_alarm_leaves_by_a_named_reset_or_acknowledgement_only() -> None:
    reset, acked = low_saturation(10, 84), low_saturation(10, 84)
    for bed in (reset, acked):
        bed.vitals(spo2=97, after=1_000)
        bed.breathe(600, spo2=97)
        assert bed.the("spo2").state is AlarmState.LATCHED
    assert any(isinstance(d, Refused) for d in reset.do(AlarmReset(reset.the("spo2").id, " ", "seen")))
    reset.do(AlarmReset(reset.the("spo2").id, "nurse", "seen"), 10)
    acknowledge(acked)
    assert reset.alarm("spo2") is None
    assert acked.alarm("spo2") is None


@pytest.mark.req("ALA-02", "ALA-03")
def test_a_reset_is_refused_while_the_condition_holds() -> None:
    bed = low_saturation(10, 84)
    (refused,) = bed.do(AlarmReset(bed.the("spo2").id, "nurse", "seen"), 10)
    assert isinstance(refused, Refused)
    assert bed.is_active("spo2")


@pytest.mark.req("ALA-03")
def test_an_acknowledgement_does_not_end_the_condition() -> None:
    bed = low_saturation()
    acknowledge(bed)
    alarm = bed.the("spo2")
    assert alarm.state is AlarmState.ACKNOWLEDGED
    assert alarm.present
    assert alarm.acknowledged is not None
    assert (alarm.acknowledged.by, alarm.acknowledged.reason) == ("nurse", ACK)


@pytest.mark.req("ALA-03")
@pytest.mark.parametrize(
    ("by", "reason", "note"),
    [("", ACK, ""), ("  ", ACK, ""), ("nurse", AckReason.OTHER, ""), ("", AckReason.OTHER, "")],
)
def test_an_acknowledgement_needs_a_name_and_for_other_a_note(by: str, reason: AckReason, note: str) -> None:
    bed = low_saturation()
    acknowledge(bed, by=by, reason=reason, note=note)
    assert isinstance(bed.out[0], Refused)
    assert len(bed.out[0].reasons) == (2 if reason is AckReason.OTHER and not by else 1)
    assert bed.is_active("spo2")


@pytest.mark.req("ALA-03")
@pytest.mark.parametrize("alarm_id", ["b1-a999", "", "nonsense"])
def test_an_unknown_or_ended_alarm_cannot_be_acknowledged(alarm_id: str) -> None:
    (refused,) = low_saturation().do(Acknowledged(alarm_id, "nurse", ACK), 10)
    assert isinstance(refused, Refused)


@pytest.mark.req("ALA-03")
def test_acknowledging_one_alarm_touches_no_other() -> None:
    bed = low_saturation()
    bed.pump(40_000)
    before = bed.the("over_soft")
    acknowledge(bed)
    assert bed.the("over_soft") == before


@pytest.mark.req("ALA-03")
@pytest.mark.parametrize(("seconds", "spo2", "again_s"), [(15, 88, 300), (10, 84, 120)])
def test_an_acknowledged_alarm_sounds_again_after_the_profiles_time(seconds: int, spo2: int, again_s: int) -> None:
    bed = low_saturation(seconds, spo2)
    acknowledge(bed)
    acked = bed.now
    while bed.the("spo2").state is AlarmState.ACKNOWLEDGED:
        bed.run(500)
        bed.vitals(spo2=spo2)
    assert bed.now - acked == again_s * 1000
    assert bed.the("spo2").acknowledged is None


@pytest.mark.req("ALA-03")
def test_an_acknowledged_alarm_that_worsens_sounds_again() -> None:
    bed = low_saturation()
    acknowledge(bed)
    decided = bed.breathe(11, spo2=84)
    assert bed.is_active("spo2")
    phases = [d.phase for d in decided if isinstance(d, AlarmChanged) and d.alarm.condition == "spo2"]
    assert Phase.ESCALATE in phases


@pytest.mark.req("ALA-03")
def test_an_acknowledged_alarm_ends_with_its_condition_even_when_high() -> None:
    bed = low_saturation(10, 84)
    acknowledge(bed)
    bed.vitals(spo2=97, after=1_000)
    assert bed.alarm("spo2") is None


@pytest.mark.req("ALA-04")
@pytest.mark.parametrize(("seconds", "allowed"), [(0, False), (1, True), (120, True), (121, False), (-5, False)])
def test_an_audio_pause_lasts_one_to_a_hundred_and_twenty_seconds(seconds: int, allowed: bool) -> None:
    bed = low_saturation()
    bed.do(AudioPaused("nurse", seconds), 10)
    assert (bed.view().audio_paused_until_ms is not None) is allowed
    if allowed:
        decided = bed.run(seconds * 1000)
        assert [d.until_ms for d in decided if isinstance(d, AudioChanged)] == [None]
        assert bed.view().audio_paused_until_ms is None


@pytest.mark.req("ALA-04")
def test_an_audio_pause_needs_a_name() -> None:
    bed = low_saturation()
    assert isinstance(bed.do(AudioPaused(" ", 60), 10)[0], Refused)


@pytest.mark.req("ALA-04")
def test_a_new_alarm_breaks_an_audio_pause() -> None:
    bed = low_saturation()
    bed.do(AudioPaused("nurse", 120), 10)
    bed.pump(40_000)
    assert bed.view().audio_paused_until_ms is None
    assert AudioChanged(None, None, broken_by=bed.the("over_soft").id) in bed.out


@pytest.mark.req("ALA-04")
def test_a_higher_condition_breaks_an_audio_pause_and_an_unchanged_one_does_not() -> None:
    bed = low_saturation()
    bed.do(AudioPaused("nurse", 120), 10)
    bed.breathe(3, spo2=87)
    assert bed.view().audio_paused_until_ms is not None
    bed.breathe(12, spo2=84)
    assert bed.view().audio_paused_until_ms is None


@pytest.mark.req("ALA-08")
def test_pumpds_own_fault_is_a_technical_alarm_until_it_is_over() -> None:
    bed = Bed()
    bed.pump(5_000)
    bed.do(SelfFault("journal_failing", "disk full", True), 10)
    alarm = bed.the("journal_failing")
    assert (alarm.kind, alarm.priority) == ("technical", "medium")
    assert "disk full" in alarm.text
    refused = bed.do(RateRequested("r", PUMP, 6_000, "nurse", "pain"), 10)[0]
    assert isinstance(refused, Refused)
    assert "journal" in refused.reasons[0]
    bed.do(SelfFault("journal_failing", "", False), 10)
    assert bed.alarm("journal_failing") is None
    assert isinstance(bed.do(RateRequested("r", PUMP, 6_000, "nurse", "pain"), 10)[0], Permitted)


def test_alarms_are_listed_with_the_most_urgent_first() -> None:
    bed = low_saturation()
    bed.pump(5_000)
    bed.pump(700_000, after=100)
    priorities = [alarm.priority for alarm in bed.view().alarms]
    assert priorities == sorted(priorities, key=["high", "medium", "low"].index)
