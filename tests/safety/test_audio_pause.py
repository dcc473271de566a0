"""Audio pause: at most 120 s, always ends, broken by what is new or worse; of a bed or of the whole ward (ALA-04)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.safety.decisions import AudioChanged
from pumpd.safety.events import Acknowledged, AckReason, AudioPaused, PatientReleased, Restarted, SelfFault
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import Bed, bed_policy, only_rules

ACK = AckReason.CARE_IN_PROGRESS


def low_saturation(spo2: int = 88) -> Bed:
    """A bed with an active alarm that keeps on being measured: nothing new can come of that."""
    bed = Bed(bed_policy(profile=only_rules("spo2_low", "spo2_very_low"), pumps=()))
    bed.breathe(16, spo2=spo2)
    assert bed.is_active("spo2")
    return bed


def audio(bed: Bed) -> list[tuple[int, AudioChanged]]:
    return [(now, d) for now, d in bed.log if isinstance(d, AudioChanged)]


@pytest.mark.req("ALA-04")
@pytest.mark.parametrize("seconds", [1, 30, 120])
def test_a_pause_ends_to_the_millisecond_without_anybody_doing_anything(seconds: int) -> None:
    bed = low_saturation()
    bed.do(AudioPaused("RN", seconds), 10)
    began = bed.now
    bed.breathe(seconds + 1, spo2=88)
    assert audio(bed) == [
        (began, AudioChanged(began + seconds * 1000, "RN")),
        (began + seconds * 1000, AudioChanged(None, None)),
    ]


@pytest.mark.req("ALA-04")
def test_a_pause_on_a_pause_begins_anew_and_never_adds_up() -> None:
    bed = low_saturation()
    bed.do(AudioPaused("RN", 120), 10)
    bed.breathe(60, spo2=88)
    bed.do(AudioPaused("RN-2", 120), 10)
    assert bed.view().audio_paused_until_ms == bed.now + 120_000
    assert bed.view().audio_paused_by == "RN-2"


@pytest.mark.req("ALA-04")
def test_a_bed_says_who_paused_it_and_whether_that_was_the_whole_ward() -> None:
    bed = low_saturation()
    bed.do(AudioPaused("RN-KL", 60, ward=True), 10)
    view = bed.view()
    assert (view.audio_paused_by, view.audio_paused_ward) == ("RN-KL", True)
    assert bed.out[-1] == AudioChanged(bed.now + 60_000, "RN-KL", ward=True)
    bed.do(AudioPaused("RN-KL", 60), 10)
    assert bed.view().audio_paused_ward is False
    bed.breathe(61, spo2=88)
    view = bed.view()
    assert (view.audio_paused_until_ms, view.audio_paused_by, view.audio_paused_ward) == (None, None, False)


@pytest.mark.req("ALA-04")
def test_the_alarm_that_breaks_a_pause_says_so_and_the_pause_says_which_alarm_it_was() -> None:
    bed = low_saturation()
    bed.do(AudioPaused("RN", 120), 10)
    bed.do(SelfFault("kernel_late", "", True), 1_000)
    alarm = bed.the("kernel_late")
    assert alarm.broke_pause
    assert audio(bed)[-1] == (bed.now, AudioChanged(None, None, broken_by=alarm.id))
    assert not bed.the("spo2").broke_pause
    bed.do(Acknowledged(alarm.id, "RN", ACK), 1_000)
    assert not bed.the("kernel_late").broke_pause


@pytest.mark.req("ALA-04")
def test_a_latched_condition_that_returns_breaks_a_pause() -> None:
    bed = low_saturation(84)
    bed.vitals(spo2=97, after=1_000)
    bed.do(AudioPaused("RN", 120), 10)
    bed.breathe(11, spo2=84)
    assert bed.view().audio_paused_until_ms is None
    assert bed.the("spo2").broke_pause


@pytest.mark.req("ALA-04")
def test_a_condition_that_only_goes_on_eases_or_is_acknowledged_breaks_no_pause() -> None:
    bed = low_saturation(84)
    bed.do(AudioPaused("RN", 120), 10)
    bed.do(Acknowledged(bed.the("spo2").id, "RN", ACK), 10)
    bed.breathe(20, spo2=83)
    bed.breathe(20, spo2=88)
    assert bed.view().audio_paused_until_ms is not None


@pytest.mark.req("ALA-04", "ALA-06")
def test_a_restart_keeps_the_rest_of_a_pause_and_ends_one_whose_time_is_over() -> None:
    bed = low_saturation()
    bed.do(AudioPaused("RN", 60, ward=True), 10)
    until = bed.now + 60_000
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(Restarted(20_000, gap_certain=True), 20_000)
    assert (bed.view().audio_paused_until_ms, bed.view().audio_paused_ward) == (until, True)
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(Restarted(50_000, gap_certain=True), 50_000)
    assert bed.view().audio_paused_until_ms is None


@pytest.mark.req("ALA-04")
def test_a_pause_outlives_the_patient_it_was_taken_for_by_its_own_time_only() -> None:
    bed = low_saturation()
    bed.do(AudioPaused("RN", 60), 10)
    bed.do(PatientReleased("RN", "home"), 10)
    bed.run(60_000)
    assert bed.view().audio_paused_until_ms is None


@pytest.mark.req("ALA-04")
def test_no_pause_is_longer_than_the_profile_allows_where_that_is_less() -> None:
    profile = replace(only_rules("spo2_low"), audio_pause_max_ms=60_000)
    bed = Bed(bed_policy(profile=profile, pumps=()))
    refused = bed.do(AudioPaused("RN", 61), 10)
    assert "1 to 60 s" in str(refused)
    assert bed.view().audio_paused_until_ms is None
