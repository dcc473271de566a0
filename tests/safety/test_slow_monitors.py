"""How long a value of a monitor counts follows how often that monitor reports, and never less (QUA-02)."""

from __future__ import annotations

import pytest

from pumpd.device.facts import Quality
from pumpd.safety.events import Heard, Restarted
from pumpd.safety.freshness import live_ms, withdraw_ms
from tests.safety.build import MONITOR, TIMES, Bed, bed_policy, monitor_policy, vitals

SECOND = "b1-m2"


def slow_bed(period_s: int) -> Bed:
    return Bed(bed_policy(monitors=(monitor_policy(period_ms=1000 * period_s),)))


def spo2(bed: Bed) -> tuple[Quality, int | None]:
    value = bed.view().values["spo2"]
    return value.quality, value.value_milli


@pytest.mark.req("QUA-02")
@pytest.mark.parametrize(
    ("period_s", "live_s", "withdrawn_s"),
    [(1, 5, 15), (2, 5, 15), (3, 6, 15), (5, 10, 15), (10, 20, 30), (60, 120, 180)],
)
def test_a_value_counts_until_two_reports_are_missing_and_is_withdrawn_after_three(
    period_s: int, live_s: int, withdrawn_s: int
) -> None:
    monitor = monitor_policy(period_ms=1000 * period_s)
    assert (live_ms(TIMES, monitor), withdraw_ms(TIMES, monitor)) == (1000 * live_s, 1000 * withdrawn_s)
    bed = slow_bed(period_s)
    bed.vitals(spo2=97)
    bed.run(1000 * live_s - 1)
    assert spo2(bed) == (Quality.OK, 97_000)
    bed.run(1)
    assert spo2(bed) == (Quality.QUESTIONABLE, 97_000)
    bed.run(1000 * (withdrawn_s - live_s) - 1)
    assert spo2(bed) == (Quality.QUESTIONABLE, 97_000)
    assert bed.alarm("monitor_lost") is None
    bed.run(1)
    assert spo2(bed) == (Quality.STALE, None)
    assert f"no vital signs for {withdrawn_s} s" in bed.the("monitor_lost").text


@pytest.mark.req("QUA-02", "RSP-02")
def test_a_rule_fires_after_its_own_delay_from_reports_that_are_further_apart_than_the_wards_live_time() -> None:
    bed = slow_bed(10)
    for _ in range(3):
        bed.vitals(rr=6)
        bed.run(10_000)
    assert not bed.is_active("rr_low")
    for _ in range(3):
        bed.vitals(rr=6)
        bed.run(10_000)
    assert bed.is_active("rr_low")


@pytest.mark.req("QUA-02")
def test_one_lost_signal_and_a_sensor_that_is_off_are_told_at_the_monitors_own_pace() -> None:
    bed = slow_bed(10)
    bed.vitals(spo2=97, rr=14, pulse=60)
    for _ in range(2):
        bed.run(10_000)
        bed.vitals(rr=14, spo2=Quality.OFF)
    assert bed.alarm("sensor_off:spo2") is None
    assert bed.alarm("signal_lost:pulse") is None
    bed.run(9_999)
    assert bed.alarm("signal_lost:pulse") is None
    bed.run(1)
    assert bed.is_active("sensor_off:spo2")
    assert "no valid value from b1-m1 for 30 s" in bed.the("signal_lost:pulse").text


@pytest.mark.req("QUA-02", "RSP-07")
def test_a_slow_monitor_makes_the_values_of_a_quick_one_no_fresher() -> None:
    policy = bed_policy(monitors=(monitor_policy(), monitor_policy(device=SECOND, period_ms=60_000)))
    bed = Bed(policy)
    bed.vitals(rr=14, spo2=97)
    bed.do(Heard(SECOND, vitals(rr=11)))
    assert bed.view().values["rr"].source == MONITOR
    bed.run(5_000)
    values = bed.view().values
    assert (values["rr"].source, values["rr"].value_milli, values["rr"].quality) == (SECOND, 11_000, Quality.OK)
    assert values["spo2"].quality is Quality.QUESTIONABLE
    bed.run(10_000)
    assert bed.alarm("monitor_lost") is not None
    assert bed.view().values["spo2"].value_milli is None


@pytest.mark.req("INT-08", "QUA-02")
def test_breathing_that_a_slow_monitor_no_longer_reports_is_unwatched_when_its_values_no_longer_count() -> None:
    bed = slow_bed(10)
    bed.pump(100_000)
    bed.vitals(rr=14)
    lost_ms = 20_000 + TIMES.monitoring_lost_ms
    for _ in range(lost_ms // 1000 - 1):
        bed.run(1_000)
        bed.pump(100_000)
    assert bed.alarm("monitoring_lost") is None
    bed.run(1_000)
    assert bed.is_active("monitoring_lost")


@pytest.mark.req("RSP-05", "QUA-02")
def test_a_flag_of_missing_breath_holds_a_slow_monitors_rate_from_one_report_to_the_next() -> None:
    bed = slow_bed(10)
    bed.vitals(rr=14, no_breath=0)
    bed.run(10_000)
    bed.vitals(rr=14, no_breath=1)
    bed.run(9_999)
    value = bed.view().values["rr"]
    assert (value.value_milli, value.why) == (None, "held")
    assert bed.is_active("apnoea")


@pytest.mark.req("QUA-02")
def test_a_restart_shorter_than_its_pace_tells_no_loss_of_a_slow_monitor() -> None:
    bed = slow_bed(60)
    bed.vitals(spo2=97)
    bed.do(Restarted(gap_ms=30_000, gap_certain=True), 30_000)
    bed.run(60_000)
    assert bed.alarm("signal_lost:spo2") is None
    bed.vitals(spo2=97)
    assert spo2(bed) == (Quality.OK, 97_000)
