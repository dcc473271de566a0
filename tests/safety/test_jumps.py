"""A value that changes faster than its signal can is doubted for a while, and never hides missing breath (RSP-06)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.facts import Quality
from pumpd.safety import kernel
from pumpd.safety.alarms import Phase
from pumpd.safety.decisions import AlarmChanged
from pumpd.safety.events import Heard, PatientBound, Restarted
from pumpd.safety.policy import AlarmProfile
from pumpd.safety.view import ValueView
from tests.safety.breath import WELL, breath_bed, breath_policy, without
from tests.safety.build import HIGH, MONITOR, PROFILE, Bed, patient, rule, term, vitals

AT_ONCE = replace(PROFILE, rules=(rule("spo2_very_low", HIGH, [term("spo2", "<", 85)], 0, interlock=True),))


def shown(bed: Bed, signal: str = "spo2") -> ValueView:
    return bed.view().values[signal]


def alarmed_after(bed: Bed, values: dict[str, Any], profile: AlarmProfile) -> int | None:
    """Milliseconds from the jump, at second 1 after the last plausible value, to the alarm of the profile's rule."""
    began = bed.now
    for _ in range(30):
        bed.vitals(**values)
        if bed.alarm(profile.rules[0].condition) is None:
            bed.run(1_000)
        started = [at for at, d in bed.log if isinstance(d, AlarmChanged) and d.phase is Phase.START]
        if bed.alarm(profile.rules[0].condition) is not None:
            return started[-1] - began
    return None


def jumped(values: dict[str, Any], profile: AlarmProfile = AT_ONCE, **changes: Any) -> int | None:
    bed = Bed(without(breath_policy(profile=profile), **changes))
    bed.breathe(1, **WELL)
    bed.run(1_000)
    return alarmed_after(bed, {**WELL, **values}, profile)


@pytest.mark.req("RSP-06")
def test_a_jump_is_questionable_with_its_reason_until_there_was_time_to_get_there() -> None:
    bed = breath_bed()
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": 84}, after=1_000)
    assert (shown(bed).value_milli, shown(bed).quality, shown(bed).why) == (84_000, Quality.QUESTIONABLE, "jump")
    bed.breathe(3, **{**WELL, "spo2": 84})
    assert (shown(bed).quality, shown(bed).why) == (Quality.OK, None)


@pytest.mark.req("RSP-06")
@pytest.mark.parametrize(("spo2", "doubted"), [(94, False), (93, True), (98, False)])
def test_the_limit_of_a_second_is_no_jump_and_one_more_is(spo2: int, doubted: bool) -> None:
    bed = breath_bed()
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": spo2}, after=1_000)
    assert (shown(bed).why == "jump") is doubted


@pytest.mark.req("RSP-06")
@pytest.mark.parametrize(("spo2", "delay_ms"), [(82, 3_000), (62, 8_000), (20, 9_000), (0, 9_000)])
def test_an_alarm_waits_for_the_time_that_the_change_would_take_and_never_more_than_10_s(
    spo2: int, delay_ms: int
) -> None:
    """The last plausible value is a second older than the first doubted one."""
    assert jumped({"spo2": spo2}) == delay_ms


@pytest.mark.req("RSP-06")
def test_the_greatest_delay_is_a_setting() -> None:
    assert jumped({"spo2": 40}, jump_max_ms=4_000) == 3_000


@pytest.mark.req("RSP-06")
def test_the_doubt_counts_within_the_alarms_own_delay() -> None:
    """SpO2 < 85 for 10 s: a doubt of 8 s adds nothing."""
    profile = replace(PROFILE, rules=(rule("spo2_very_low", HIGH, [term("spo2", "<", 85)], 10),))
    assert jumped({"spo2": 62}, profile) == 10_000


@pytest.mark.req("RSP-06")
@pytest.mark.parametrize(
    "sign",
    [
        {"no_breath": 1},
        {"no_breath_s": 10},
        {"rr": 0},
        {"rr": 0, "etco2": None},
        {"etco2": 15},
        {"etco2": 50},
        {"etco2": 0},
    ],
)
def test_nothing_is_doubted_while_there_is_no_breath_or_etco2_is_abnormal(sign: dict[str, Any]) -> None:
    assert jumped({"spo2": 40, **sign}) == 0


@pytest.mark.req("RSP-06")
def test_a_doubt_ends_with_the_first_sign_of_missing_breath() -> None:
    bed = Bed(breath_policy(profile=AT_ONCE))
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": 40}, after=1_000)
    assert bed.alarm("spo2_very_low") is None
    bed.vitals(**{**WELL, "spo2": 40, "no_breath": 1}, after=1_000)
    assert bed.is_active("spo2_very_low")


@pytest.mark.req("RSP-06", "RSP-02")
@pytest.mark.parametrize("word", [{"no_breath": 1}, {"no_breath_s": 30}])
def test_no_breath_is_never_delayed(word: dict[str, int]) -> None:
    bed = breath_bed()
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": 40, "pulse": 180, **word}, after=1_000)
    assert bed.is_active("apnoea")


@pytest.mark.req("RSP-06", "RSP-02")
def test_a_rate_that_falls_to_0_at_once_is_never_delayed() -> None:
    bed = breath_bed()
    well = {"rr": 24, "spo2": 98}
    bed.breathe(1, **well)
    for _ in range(21):
        bed.vitals(**{**well, "rr": 0}, after=1_000)
    assert bed.is_active("apnoea")


@pytest.mark.req("RSP-06")
def test_a_jump_from_low_to_lower_delays_nothing() -> None:
    bed = Bed(breath_policy(profile=replace(PROFILE, rules=(rule("spo2_low", HIGH, [term("spo2", "<", 90)], 15),))))
    bed.breathe(14, **{**WELL, "spo2": 88})
    bed.vitals(**{**WELL, "spo2": 60}, after=1_000)
    assert shown(bed).why == "jump"
    assert bed.is_active("spo2_low")


@pytest.mark.req("RSP-06", "QUA-03")
def test_a_spike_to_normal_ends_nothing_and_makes_no_delay_begin_anew() -> None:
    bed = breath_bed()
    bed.breathe(8, **{**WELL, "spo2": 80})
    bed.vitals(**{**WELL, "spo2": 99}, after=1_000)
    bed.vitals(**{**WELL, "spo2": 80}, after=1_000)
    assert bed.is_active("spo2"), "low for 10 s but for one frame"
    bed.vitals(**{**WELL, "spo2": 99}, after=1_000)
    assert bed.the("spo2").present
    bed.breathe(5, **{**WELL, "spo2": 99})
    assert not bed.the("spo2").present, "a rise that lasts is believed"


@pytest.mark.req("RSP-06")
def test_a_value_that_is_back_where_it_was_is_believed_at_once() -> None:
    bed = breath_bed()
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": 60}, after=1_000)
    bed.vitals(**{**WELL, "spo2": 97}, after=1_000)
    assert (shown(bed).why, bed.state.breath.doubts) == (None, {})


@pytest.mark.req("RSP-06")
def test_the_alarm_comes_at_its_time_although_the_monitor_falls_silent_after_the_jump() -> None:
    bed = Bed(breath_policy(profile=AT_ONCE))
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": 84}, after=1_000)
    due = kernel.next_deadline(bed.state, bed.policy)
    assert due == bed.now + 2_500, "14 % at 4 % a second, from the last plausible value"
    bed.run(2_500)
    assert bed.is_active("spo2_very_low")


@pytest.mark.req("RSP-06")
def test_after_a_pause_without_values_the_first_one_is_no_jump() -> None:
    bed = breath_bed()
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": None}, after=1_000)
    bed.vitals(**{**WELL, "spo2": 70}, after=1_000)
    assert shown(bed).why is None


@pytest.mark.req("RSP-06", "ALA-01")
def test_the_text_of_a_standing_alarm_does_not_state_a_doubted_value() -> None:
    bed = breath_bed()
    bed.breathe(11, **{**WELL, "spo2": 80})
    bed.vitals(**{**WELL, "spo2": 99}, after=1_000)
    assert "99" not in bed.the("spo2").text


@pytest.mark.req("RSP-06")
def test_without_limits_nothing_is_doubted() -> None:
    assert jumped({"spo2": 0}, jumps=()) == 0


@pytest.mark.req("RSP-06", "QUA-06")
def test_what_was_plausible_for_one_patient_doubts_nothing_of_the_next() -> None:
    bed = Bed(breath_policy(profile=AT_ONCE))
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": 60}, after=1_000)
    assert bed.alarm("spo2_very_low") is None
    bed.do(PatientBound(patient("M2"), "RN"), 100)
    assert bed.is_active("spo2_very_low")
    assert shown(bed).why is None


@pytest.mark.req("RSP-06")
def test_a_restart_begins_without_doubts() -> None:
    bed = breath_bed()
    bed.breathe(1, **WELL)
    bed.vitals(**{**WELL, "spo2": 60}, after=1_000)
    assert bed.state.breath.doubts
    bed.do(Restarted(500, gap_certain=True), 500)
    assert bed.state.breath.doubts == {}


@pytest.mark.req("RSP-06")
@given(
    st.lists(st.tuples(st.integers(200, 3_000), st.integers(0, 84)), min_size=20, max_size=40),
    st.integers(85, 100),
)
def test_however_a_low_value_jumps_about_its_alarm_is_never_later_than_10_s(
    story: list[tuple[int, int]], before: int
) -> None:
    bed = Bed(breath_policy(profile=AT_ONCE))
    bed.vitals(spo2=before)
    first_ms = None
    for after, spo2 in story:
        bed.run(after)
        bed.do(Heard(MONITOR, vitals(spo2=spo2)))
        first_ms = bed.now if first_ms is None else first_ms
        if bed.now - first_ms >= 10_000:
            assert bed.is_active("spo2_very_low")
