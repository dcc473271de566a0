"""Episodes of respiratory depression, counted per patient as the PRODIGY trial defined them (RSP-09)."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.safety.decisions import EpisodeChanged
from pumpd.safety.events import PatientBound, PatientReleased, Restarted
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.breath import WELL, breath_bed, breath_policy, without
from tests.safety.build import Bed, patient


def episodes(bed: Bed) -> int:
    return bed.view().episodes


@pytest.mark.req("RSP-09")
@pytest.mark.parametrize("sign", [{"rr": 5}, {"spo2": 85}, {"etco2": 15}, {"etco2": 60}])
def test_three_minutes_of_one_sign_are_an_episode_and_a_second_less_is_none(sign: dict[str, Any]) -> None:
    bed = breath_bed()
    bed.breathe(179, **{**WELL, **sign})
    assert episodes(bed) == 0
    bed.breathe(1, **{**WELL, **sign})
    assert episodes(bed) == 1
    bed.breathe(600, **{**WELL, **sign})
    assert episodes(bed) == 1, "an episode is counted once, however long"


@pytest.mark.req("RSP-09")
@pytest.mark.parametrize("sign", [{"rr": 6}, {"spo2": 86}, {"etco2": 16}, {"etco2": 59}])
def test_one_beyond_the_limit_is_no_sign(sign: dict[str, Any]) -> None:
    bed = breath_bed()
    bed.breathe(400, **{**WELL, **sign})
    assert episodes(bed) == 0


@pytest.mark.req("RSP-09")
@pytest.mark.parametrize(("seconds", "counted"), [(30, 0), (31, 1)])
def test_more_than_30_s_without_breath_are_an_episode_at_once(seconds: int, counted: int) -> None:
    bed = breath_bed()
    bed.vitals(**{**WELL, "rr": 0, "no_breath_s": seconds})
    assert episodes(bed) == counted


@pytest.mark.req("RSP-09")
def test_a_flag_without_a_counter_counts_once_it_has_lasted() -> None:
    bed = breath_bed()
    flagged = {"rr": 0, "spo2": 97, "no_breath": 1}
    bed.breathe(29, **flagged)
    assert episodes(bed) == 0
    bed.breathe(1, **flagged)
    assert episodes(bed) == 1


@pytest.mark.req("RSP-09")
def test_signs_that_overlap_are_one_episode_and_the_next_after_a_normal_time_is_another() -> None:
    bed = breath_bed()
    bed.breathe(200, **{**WELL, "rr": 4})
    bed.breathe(200, **{**WELL, "rr": 4, "spo2": 80})
    bed.breathe(200, **{**WELL, "spo2": 80})
    assert episodes(bed) == 1
    bed.breathe(10, **WELL)
    bed.breathe(200, **{**WELL, "spo2": 80})
    assert episodes(bed) == 2


@pytest.mark.req("RSP-09")
def test_a_sign_that_was_there_before_the_last_one_went_belongs_to_the_same_episode() -> None:
    """An arrest whose saturation comes back late: its three minutes are over only after the first breath."""
    bed = breath_bed()
    bed.breathe(170, **{**WELL, "rr": 0, "no_breath": 1, "no_breath_s": 40, "spo2": 80})
    bed.breathe(60, **{**WELL, "spo2": 80})
    assert episodes(bed) == 1
    bed.breathe(10, **WELL)
    bed.breathe(200, **{**WELL, "spo2": 80})
    assert episodes(bed) == 2


@pytest.mark.req("RSP-09")
def test_a_normal_value_begins_the_time_anew() -> None:
    bed = breath_bed()
    for _ in range(4):
        bed.breathe(150, **{**WELL, "rr": 4})
        bed.breathe(1, **WELL)
    assert episodes(bed) == 0


@pytest.mark.req("RSP-09", "RSP-05")
def test_a_held_value_does_not_begin_it_anew() -> None:
    bed = breath_bed()
    for _ in range(4):
        bed.breathe(14, **{**WELL, "rr": 5})
        bed.breathe(30, **{**WELL, "rr": 12, "no_breath_s": 12})
    bed.breathe(4, **{**WELL, "rr": 5})
    assert episodes(bed) == 1


@pytest.mark.req("RSP-09", "QUA-06")
def test_the_count_is_the_patients() -> None:
    bed = breath_bed()
    bed.vitals(**{**WELL, "no_breath_s": 40})
    bed.breathe(1, **WELL)
    bed.do(PatientBound(patient(weight_g=71_000), "RN"), 10)
    assert episodes(bed) == 1, "the same patient, weighed again"
    bed.do(PatientBound(patient("M2"), "RN"), 10)
    assert episodes(bed) == 0
    bed.vitals(**{**WELL, "no_breath_s": 40}, after=1_000)
    bed.vitals(**WELL, after=1_000)
    assert episodes(bed) == 1
    bed.do(PatientReleased("RN", "discharged"), 10)
    assert episodes(bed) == 0


@pytest.mark.req("RSP-09", "QUA-06")
def test_what_was_counted_before_anybody_was_bound_is_not_the_patients() -> None:
    bed = Bed(breath_policy(), bound=False)
    bed.vitals(**{**WELL, "no_breath_s": 40})
    bed.breathe(1, **WELL)
    bed.do(PatientBound(patient(), "RN"), 10)
    assert episodes(bed) == 0


@pytest.mark.req("RSP-09", "ALA-06")
def test_the_count_survives_a_restart_and_an_episode_that_goes_on_is_not_counted_again() -> None:
    bed = breath_bed()
    bed.breathe(181, **{**WELL, "rr": 4})
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(Restarted(2_000, gap_certain=True), 2_000)
    bed.breathe(200, **{**WELL, "rr": 4})
    assert episodes(bed) == 1


@pytest.mark.req("RSP-09")
def test_what_an_episode_is_is_configured() -> None:
    bed = Bed(without(breath_policy(), episodes=()))
    bed.breathe(400, **{**WELL, "rr": 3, "no_breath_s": 40})
    assert episodes(bed) == 0


@pytest.mark.req("RSP-09")
def test_the_beginning_and_the_end_of_an_episode_are_told_with_its_number_and_signs() -> None:
    bed = breath_bed()
    for seconds, values in ((190, {**WELL, "spo2": 80}), (10, WELL), (190, {**WELL, "spo2": 80})):
        bed.breathe(seconds, **values)
    told = [(one.number, one.open, one.signs) for _, one in bed.log if isinstance(one, EpisodeChanged)]
    assert [(number, began) for number, began, _ in told] == [(1, True), (1, False), (2, True)]
    assert all("spo2" in signs[0] for _, began, signs in told if began)
