"""A monitor goes on displaying the last rate and EtCO2 when breathing stops: they are absent (RSP-05)."""

from __future__ import annotations

import pytest

from pumpd.device.facts import Identity, Quality
from pumpd.safety import kernel
from pumpd.safety.alarms import AlarmState
from pumpd.safety.events import Heard, Restarted
from pumpd.safety.view import ValueView
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.breath import OFF, SECOND, WELL, both, breath_bed, breath_policy, hear, two_monitors
from tests.safety.build import MONITOR, Bed, monitor_policy, only_rules


def shown(bed: Bed, signal: str = "rr") -> ValueView:
    return bed.view().values[signal]


@pytest.mark.req("RSP-05")
@pytest.mark.parametrize("word", [{"no_breath": 1}, {"no_breath": 1, "no_breath_s": 21}, {"no_breath_s": 12}])
def test_a_displayed_rate_and_etco2_have_no_digit_while_the_monitor_says_that_there_is_no_breath(
    word: dict[str, int],
) -> None:
    bed = breath_bed()
    bed.breathe(2, **WELL)
    bed.vitals(**{**WELL, "rr": 8, "etco2": 25, **word}, after=1_000)
    for signal in ("rr", "etco2"):
        value = shown(bed, signal)
        assert (value.value_milli, value.quality, value.why, value.source) == (None, Quality.STALE, "held", MONITOR)
    assert shown(bed, "spo2").value_milli == 98_000


@pytest.mark.req("RSP-05")
def test_a_held_value_says_when_the_last_breath_was() -> None:
    bed = breath_bed()
    bed.breathe(2, **WELL)
    bed.vitals(**{**WELL, "rr": 8, "no_breath_s": 12}, after=12_000)
    assert shown(bed).at_ms == bed.now - 12_000


@pytest.mark.req("RSP-05")
@pytest.mark.parametrize(("rr", "seconds", "held"), [(8, 10, True), (8, 9, False), (5, 12, False), (5, 13, True)])
def test_the_counter_contradicts_a_rate_when_by_that_rate_another_breath_is_due(
    rr: int, seconds: int, held: bool
) -> None:
    bed = breath_bed()
    bed.vitals(**{**WELL, "rr": rr, "no_breath_s": seconds})
    assert (shown(bed).why == "held") is held
    assert (shown(bed, "etco2").why == "held") is held


@pytest.mark.req("RSP-05")
def test_older_than_the_monitors_own_no_breath_time_is_held_whatever_the_rate() -> None:
    bed = Bed(breath_policy(monitors=(monitor_policy(no_breath_ms=20_000),)))
    bed.vitals(**{**WELL, "rr": 2, "no_breath_s": 19})
    assert shown(bed).value_milli == 2_000
    bed.vitals(**{**WELL, "rr": 2, "no_breath_s": 20}, after=1_000)
    assert shown(bed).why == "held"


@pytest.mark.req("RSP-05", "RSP-03")
def test_a_rate_of_0_is_no_held_value() -> None:
    bed = breath_bed()
    bed.vitals(**{**WELL, "rr": 0, "etco2": None, "no_breath": 1})
    assert (shown(bed).value_milli, shown(bed).why) == (0, None)


@pytest.mark.req("RSP-05")
def test_with_the_next_breath_the_value_is_back_at_once() -> None:
    bed = breath_bed()
    bed.breathe(3, **{**WELL, "rr": 8, "no_breath_s": 14})
    bed.vitals(**{**WELL, "rr": 6}, after=1_000)
    assert (shown(bed).value_milli, shown(bed).quality, shown(bed).why) == (6_000, Quality.OK, None)


@pytest.mark.req("RSP-05", "QUA-03")
def test_a_held_normal_value_ends_no_alarm() -> None:
    bed = breath_bed()
    bed.breathe(61, **{**WELL, "rr": 7})
    assert bed.is_active("rr_low")
    bed.breathe(40, **{**WELL, "rr": 14, "no_breath": 1})
    assert bed.is_active("rr_low")
    bed.breathe(1, **WELL)
    assert bed.alarm("rr_low") is None


@pytest.mark.req("RSP-05")
def test_a_held_normal_value_does_not_make_a_pending_delay_begin_anew() -> None:
    bed = breath_bed(profile=only_rules("rr_low"))
    bed.breathe(40, **{**WELL, "rr": 7})
    bed.breathe(15, **{**WELL, "rr": 14, "no_breath_s": 12})
    assert bed.alarm("rr_low") is None
    bed.breathe(5, **{**WELL, "rr": 7})
    assert bed.is_active("rr_low")


@pytest.mark.req("RSP-05")
def test_slow_breathing_between_whose_breaths_the_counter_runs_alarms_at_its_delay() -> None:
    """RR 4 has a breath every 15 s, so the counter is above 10 s for a third of the time."""
    bed = breath_bed()
    for second in range(31):
        since = second % 15
        bed.vitals(**{**WELL, "rr": 4, "no_breath_s": since if since >= 10 else 0})
        if second < 30:
            bed.run(1_000)
            assert bed.alarm("rr_very_low") is None or second == 29
    assert bed.is_active("rr_very_low")


@pytest.mark.req("RSP-05")
def test_a_held_low_value_starts_no_alarm_of_its_own() -> None:
    bed = breath_bed(profile=only_rules("rr_low", "etco2_low"))
    bed.breathe(90, **{**WELL, "rr": 7, "etco2": 12, "no_breath": 1})
    assert not [alarm for alarm in bed.view().alarms if alarm.device == MONITOR]


@pytest.mark.req("RSP-05", "QUA-02")
def test_what_is_held_is_neither_a_lost_sensor_nor_unwatched_breathing() -> None:
    bed = breath_bed()
    bed.pump(7_000)
    for second in range(60):
        bed.pump(7_000, after=1_000)
        bed.vitals(**{**WELL, "rr": 8, "etco2": 25, "no_breath_s": 10 + second, "no_breath": int(second > 19)})
    technical = {alarm.condition for alarm in bed.view().alarms if alarm.kind == "technical"}
    assert technical & {"signal_lost:rr", "signal_lost:etco2", "monitoring_lost", "monitor_lost"} == set()
    assert bed.is_active("apnoea")


@pytest.mark.req("RSP-05", "QUA-02", "INT-08")
def test_a_counter_that_stands_still_is_a_lost_measurement_and_is_told() -> None:
    bed = breath_bed()
    bed.breathe(2, **WELL)
    for _ in range(45):
        bed.pump(7_000)
        bed.breathe(1, **{**WELL, "rr": 8, "no_breath_s": 12})
    assert bed.alarm("apnoea") is None
    assert bed.is_active("signal_lost:etco2")
    assert bed.is_active("monitoring_lost")


@pytest.mark.req("RSP-05")
def test_the_flag_in_a_message_of_its_own_holds_what_came_before_it() -> None:
    bed = breath_bed()
    bed.vitals(rr=14, etco2=38)
    bed.vitals(no_breath=1, after=500)
    assert shown(bed).why == "held"
    bed.vitals(no_breath=1, after=500)
    assert shown(bed).why == "held"
    bed.vitals(no_breath=0, after=500)
    assert (shown(bed).value_milli, shown(bed).why) == (None, None)


@pytest.mark.req("RSP-05")
def test_a_flag_that_is_itself_old_holds_nothing() -> None:
    bed = breath_bed()
    bed.vitals(no_breath=1)
    bed.vitals(rr=14, after=5_000)
    assert shown(bed).value_milli == 14_000


@pytest.mark.req("RSP-05", "QUA-01")
def test_a_line_that_falls_off_in_the_middle_is_off_and_not_held() -> None:
    bed = breath_bed()
    bed.breathe(2, **{**WELL, "rr": 8, "no_breath": 1})
    bed.vitals(spo2=98, pulse=70, **dict.fromkeys(("rr", "etco2", "no_breath", "no_breath_s"), OFF), after=1_000)
    assert (shown(bed).quality, shown(bed).why) == (Quality.OFF, None)
    assert bed.the("apnoea").state is AlarmState.ACTIVE


@pytest.mark.req("RSP-05", "RSP-07")
def test_while_the_capnograph_sees_no_breath_no_impedance_rate_speaks_for_it() -> None:
    """Efforts against a closed airway move the chest and no air."""
    bed = Bed(two_monitors())
    both(bed, 61, {**WELL, "rr": 7}, {"rr": 7})
    assert bed.is_active("rr_low")
    both(bed, 20, {**WELL, "rr": 7, "no_breath": 1}, {"rr": 15})
    assert bed.is_active("rr_low")
    assert (shown(bed).value_milli, shown(bed).why, shown(bed).source) == (None, "held", MONITOR)


@pytest.mark.req("RSP-05", "RSP-07")
def test_a_capnograph_that_fell_silent_holds_nothing_and_the_next_source_counts() -> None:
    bed = Bed(two_monitors())
    hear(bed, MONITOR, **{**WELL, "rr": 8, "no_breath": 1})
    for _ in range(6):
        hear(bed, SECOND, after=1_000, rr=15)
    assert (shown(bed).value_milli, shown(bed).source) == (15_000, SECOND)


@pytest.mark.req("RSP-05", "ALA-06")
def test_what_is_held_is_restored_with_the_state_and_forgotten_over_a_gap() -> None:
    bed = breath_bed()
    bed.breathe(2, **{**WELL, "rr": 8, "no_breath_s": 12})
    again = state_from_bytes(state_to_bytes(bed.state))
    assert again == bed.state
    assert kernel.view(again, bed.now, bed.policy).values["rr"].why == "held"
    bed.do(Restarted(2_000, gap_certain=True), 2_000)
    assert bed.state.breath.held == {}


@pytest.mark.req("RSP-05")
def test_a_monitor_that_is_no_longer_the_beds_holds_and_doubts_nothing() -> None:
    bed = Bed(two_monitors())
    both(bed, 2, WELL, {"rr": 14})
    both(bed, 1, {**WELL, "rr": 8, "spo2": 40, "no_breath": 1}, {"rr": 14})
    assert bed.state.breath.held
    assert bed.state.breath.doubts
    bed.policy = breath_policy(monitors=(monitor_policy(device=SECOND),))
    hear(bed, SECOND, after=100, rr=14)
    assert (bed.state.breath.held, bed.state.breath.doubts) == ({}, {})
    assert shown(bed).value_milli == 14_000


@pytest.mark.req("RSP-05", "QUA-05")
def test_another_monitor_on_the_line_holds_nothing() -> None:
    bed = Bed(breath_policy(monitors=(monitor_policy(serial="A"),)))
    bed.breathe(1, **{**WELL, "rr": 8, "no_breath": 1})
    bed.do(Heard(MONITOR, Identity(serial="B")), 100)
    assert (bed.state.breath.held, shown(bed).why) == ({}, None)
