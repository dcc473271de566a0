"""Several monitors give one signal: the bed's order decides, and who differs is told (RSP-07)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pumpd.device.info import Origin
from pumpd.safety.decisions import AlarmChanged, InterlockState
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.view import ValueView
from tests.safety.breath import SECOND, WELL, both, hear, two_monitors, without
from tests.safety.build import MONITOR, Bed, only_rules

CONDITION = "sources_disagree:rr"


def shown(bed: Bed, signal: str = "rr") -> ValueView:
    return bed.view().values[signal]


@pytest.mark.req("RSP-07")
def test_the_first_live_source_in_the_beds_order_counts_and_the_view_says_which_and_by_what_it_measures() -> None:
    bed = Bed(two_monitors())
    both(bed, 2, {"rr": 12, "spo2": 97}, {"rr": 20, "spo2": 92, "hr": 70})
    assert (shown(bed).value_milli, shown(bed).source, shown(bed).origin) == (12_000, MONITOR, Origin.CO2)
    assert (shown(bed, "spo2").value_milli, shown(bed, "spo2").origin) == (97_000, None)
    assert (shown(bed, "hr").value_milli, shown(bed, "hr").source) == (70_000, SECOND)


@pytest.mark.req("RSP-07")
@pytest.mark.parametrize("gone", [{"rr": None}, {}])
def test_when_the_first_source_fails_the_next_one_counts_and_the_view_says_so(gone: dict[str, Any]) -> None:
    bed = Bed(two_monitors())
    both(bed, 2, {"rr": 12}, {"rr": 20})
    both(bed, 5, gone, {"rr": 20})
    assert (shown(bed).value_milli, shown(bed).source, shown(bed).origin) == (20_000, SECOND, Origin.IMPEDANCE)
    both(bed, 1, {"rr": 12}, {"rr": 20})
    assert (shown(bed).value_milli, shown(bed).source) == (12_000, MONITOR)


@pytest.mark.req("RSP-07", "RSP-04")
def test_what_is_judged_is_what_is_shown() -> None:
    bed = Bed(two_monitors(profile=only_rules("rr_low")))
    both(bed, 61, {"rr": 12}, {"rr": 4})
    assert bed.alarm("rr_low") is None
    both(bed, 70, {"rr": None}, {"rr": 4})
    assert bed.the("rr_low").device == SECOND


@pytest.mark.req("RSP-07")
def test_sources_that_disagree_for_long_enough_are_an_advisory_that_names_both_and_their_values() -> None:
    bed = Bed(two_monitors())
    both(bed, 29, {"rr": 8}, {"rr": 18})
    assert bed.alarm(CONDITION) is None
    both(bed, 1, {"rr": 8}, {"rr": 18})
    alarm = bed.the(CONDITION)
    assert (alarm.priority, alarm.kind, alarm.device) == (Priority.LOW, AlarmKind.ADVISORY, MONITOR)
    assert alarm.text == "RR sources disagree: b1-m1 (CO2) 8 /min, b1-m2 (impedance) 18 /min; b1-m1 counts"
    assert (alarm.value, alarm.limit) == ("8 and 18", "6 /min apart for 30 s")
    assert alarm.action


@pytest.mark.req("RSP-07")
def test_the_advisory_comes_at_its_time_without_waiting_for_a_frame() -> None:
    bed = Bed(two_monitors())
    both(bed, 29, {"rr": 8}, {"rr": 18})
    hear(bed, MONITOR, after=900, rr=8)
    assert bed.alarm(CONDITION) is None
    bed.run(100)
    assert bed.is_active(CONDITION)


@pytest.mark.req("RSP-07")
@pytest.mark.parametrize(("other", "disagree"), [(14, False), (15, True), (2, False), (1, True)])
def test_the_configured_difference_itself_is_agreement(other: int, disagree: bool) -> None:
    bed = Bed(two_monitors())
    both(bed, 32, {"rr": 8}, {"rr": other})
    assert bed.is_active(CONDITION) is disagree


@pytest.mark.req("RSP-07")
def test_agreement_for_a_moment_begins_the_time_anew_and_ends_the_advisory() -> None:
    bed = Bed(two_monitors())
    both(bed, 25, {"rr": 8}, {"rr": 18})
    both(bed, 1, {"rr": 12}, {"rr": 18})
    both(bed, 25, {"rr": 8}, {"rr": 18})
    assert bed.alarm(CONDITION) is None
    both(bed, 6, {"rr": 8}, {"rr": 18})
    assert bed.is_active(CONDITION)
    both(bed, 1, {"rr": 14}, {"rr": 18})
    assert bed.alarm(CONDITION) is None


@pytest.mark.req("RSP-07")
@pytest.mark.parametrize("second", [{"rr": None}, {}, {"spo2": 97}])
def test_a_source_without_a_live_value_disagrees_with_nobody(second: dict[str, Any]) -> None:
    bed = Bed(two_monitors())
    both(bed, 1, {"rr": 8}, {"rr": 18})
    both(bed, 40, {"rr": 8}, second)
    assert bed.alarm(CONDITION) is None


@pytest.mark.req("RSP-07", "RSP-05")
def test_a_source_that_sees_no_breath_disagrees_with_one_that_counts_efforts() -> None:
    bed = Bed(two_monitors())
    both(bed, 31, {**WELL, "rr": 8, "no_breath": 1}, {"rr": 15})
    assert "b1-m1 (CO2) no breath, b1-m2 (impedance) 15 /min; b1-m1 counts" in bed.the(CONDITION).text


@pytest.mark.req("RSP-07", "QUA-03")
def test_an_advisory_touches_no_alarm_about_the_patient() -> None:
    bed = Bed(two_monitors())
    both(bed, 70, {"rr": 4, "spo2": 97}, {"rr": 16, "spo2": 97})
    assert bed.is_active("rr_very_low")
    assert bed.is_active(CONDITION)
    both(bed, 1, {"rr": 4, "spo2": 97}, {"rr": 5, "spo2": 97})
    assert bed.alarm(CONDITION) is None
    assert bed.the("rr_very_low").present


@pytest.mark.req("RSP-07")
def test_changing_values_do_not_fill_the_journal_with_the_same_advisory() -> None:
    bed = Bed(two_monitors())
    both(bed, 40, {"rr": 8}, {"rr": 20})
    bed.log.clear()
    for n in range(30):
        both(bed, 1, {"rr": 8}, {"rr": 18 + n % 3})
    told = [d for _, d in bed.log if isinstance(d, AlarmChanged) and d.alarm.condition == CONDITION]
    assert told == []


@pytest.mark.req("RSP-07")
def test_the_source_that_differs_most_is_named_and_one_of_unknown_kind_by_its_name_alone() -> None:
    policy = two_monitors(second={"origins": ()})
    third = replace(policy.monitors[1], device="b1-m3")
    bed = Bed(replace(policy, monitors=(*policy.monitors, third)))
    for _ in range(32):
        hear(bed, MONITOR, rr=10)
        hear(bed, SECOND, rr=17)
        hear(bed, "b1-m3", rr=22)
        bed.run(1_000)
    assert "b1-m1 (CO2) 10 /min, b1-m3 22 /min" in bed.the(CONDITION).text


@pytest.mark.req("RSP-07")
def test_without_configured_differences_nothing_is_compared() -> None:
    bed = Bed(without(two_monitors(), differences=()))
    both(bed, 60, {**WELL, "rr": 8}, {"rr": 30})
    assert not [a for a in bed.view().alarms if a.kind == "advisory"]


@pytest.mark.req("RSP-07", "RSP-02")
@pytest.mark.parametrize(
    ("first", "second"), [({"no_breath": 0}, {"no_breath": 1}), ({"no_breath": 1}, {"no_breath": 0})]
)
def test_whichever_monitor_says_that_there_is_no_breath_it_is_no_breath(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    bed = Bed(two_monitors())
    bed.pump(10_000)
    both(bed, 1, {"rr": 12, **first}, {"rr": 14, **second})
    says = SECOND if second["no_breath"] else MONITOR
    alarm = bed.the("apnoea")
    assert (alarm.priority, alarm.device) == (Priority.HIGH, says)
    assert bed.lock() is not InterlockState.ARMED


@pytest.mark.req("RSP-07", "RSP-02")
def test_the_longest_time_without_breath_counts_and_one_that_is_no_longer_live_does_not() -> None:
    bed = Bed(two_monitors())
    both(bed, 1, {"rr": 12, "no_breath_s": 2}, {"rr": 14, "no_breath_s": 29})
    assert bed.alarm("apnoea") is None
    assert shown(bed, "no_breath_s").source == SECOND
    for _ in range(8):
        bed.run(1_000)
        bed.vitals(rr=12, no_breath_s=3)
    assert (shown(bed, "no_breath_s").value_milli, shown(bed, "no_breath_s").source) == (3_000, MONITOR)


@pytest.mark.req("RSP-02", "RSP-07")
@pytest.mark.parametrize("moves", [{"no_breath": 0}, {"no_breath_s": 2}, {"no_breath": 0, "no_breath_s": 2}])
def test_a_chest_that_moves_does_not_silence_the_rule_for_rr_0_of_a_source_without_a_flag(
    moves: dict[str, int],
) -> None:
    bed = Bed(two_monitors())
    both(bed, 19, {"rr": 0}, {"rr": 14, **moves})
    assert bed.alarm("apnoea") is None
    both(bed, 2, {"rr": 0}, {"rr": 14, **moves})
    assert bed.the("apnoea").priority is Priority.HIGH


@pytest.mark.req("RSP-02", "RSP-07")
def test_a_source_that_shows_rr_0_with_a_flag_of_its_own_is_judged_by_that() -> None:
    bed = Bed(two_monitors())
    both(bed, 25, {"rr": 0, "no_breath": 0}, {"rr": 14, "no_breath": 0})
    assert bed.alarm("apnoea") is None


@pytest.mark.req("RSP-02", "RSP-07")
def test_another_sources_missing_breath_still_counts_beside_rr_0() -> None:
    bed = Bed(two_monitors())
    both(bed, 2, {"rr": 0}, {"no_breath_s": 31})
    assert bed.the("apnoea").priority is Priority.HIGH


@pytest.mark.req("RSP-02", "QUA-02")
def test_a_monitor_that_shows_rr_0_and_does_not_say_whether_it_is_an_apnoea_has_lost_no_signal() -> None:
    bed = Bed(two_monitors())
    hear(bed, MONITOR, rr=12, no_breath=0)
    for _ in range(25):
        hear(bed, MONITOR, after=1_000, rr=0, no_breath=None)
    assert bed.the("apnoea").priority is Priority.HIGH
    assert bed.alarm("signal_lost:no_breath") is None
