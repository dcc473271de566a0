"""The respiration rules: edges, delays, missing values, and that each rule stands by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pumpd.config.profile import load_profile
from pumpd.device.facts import Quality
from pumpd.safety.alarms import AlarmState
from pumpd.safety.policy import AlarmProfile
from pumpd.safety.rules import term_holds
from tests.safety.build import Bed, bed_policy, only_rules, term

NORMAL = {"rr": 14, "spo2": 98, "etco2": 40, "pulse": 70, "no_breath": 0, "no_breath_s": 0}


def alone(*rules: str) -> Bed:
    return Bed(bed_policy(profile=only_rules(*rules)))


@pytest.mark.req("RSP-01")
@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
        ("=", False, True, False),
    ],
)
def test_each_comparison_means_exactly_itself_at_the_edge(op: str, below: bool, at: bool, above: bool) -> None:
    limit = term("rr", op, 8)
    assert [term_holds(limit, {"rr": value}) for value in (7_999, 8_000, 8_001)] == [below, at, above]


EDGES = [
    ("rr_very_low", {"rr": 5}, {"rr": 6}, 30),
    ("rr_very_low", {"rr": 1}, {"rr": 0}, 30),
    ("rr_low", {"rr": 7}, {"rr": 8}, 60),
    ("spo2_very_low", {"spo2": 84}, {"spo2": 85}, 10),
    ("spo2_low", {"spo2": 89}, {"spo2": 90}, 15),
    ("rr_and_spo2", {"rr": 5, "spo2": 89}, {"rr": 5, "spo2": 90}, 5),
    ("rr_and_any", {"rr": 7, "spo2": 89}, {"rr": 7, "spo2": 90}, 15),
    ("rr_and_any", {"rr": 7, "etco2": 51}, {"rr": 7, "etco2": 50}, 15),
    ("rr_and_any", {"rr": 7, "poss": 3}, {"rr": 7, "poss": 2}, 15),
    ("etco2_high", {"etco2": 60}, {"etco2": 59}, 60),
    ("etco2_low", {"etco2": 15}, {"etco2": 16}, 60),
    ("etco2_low", {"etco2": 1}, {"etco2": 0}, 60),
    ("rr_high", {"rr": 31}, {"rr": 30}, 30),
    ("pulse_low", {"pulse": 44}, {"pulse": 45}, 15),
    ("pulse_high", {"pulse": 131}, {"pulse": 130}, 15),
    ("no_breath_s", {"no_breath_s": 30}, {"no_breath_s": 29}, 0),
    ("no_breath_flag", {"no_breath": 1}, {"no_breath": 0}, 0),
]


@pytest.mark.req("RSP-01", "RSP-02")
@pytest.mark.parametrize(("rule", "inside", "outside", "seconds"), EDGES)
def test_each_rule_fires_at_its_edge_after_its_delay_and_not_before(
    rule: str, inside: dict[str, int], outside: dict[str, int], seconds: int
) -> None:
    quiet, bed = alone(rule), alone(rule)
    quiet.breathe(seconds + 2, **{**NORMAL, **outside})
    assert not quiet.state.rules or not any(state.active for state in quiet.state.rules.values())
    if seconds:
        bed.breathe(seconds - 1, **{**NORMAL, **inside})
        bed.run(999)
        assert not bed.state.rules[rule].active
        bed.run(1)
    else:
        bed.vitals(**{**NORMAL, **inside})
    assert bed.state.rules[rule].active


@pytest.mark.req("RSP-02", "RSP-03")
def test_rr_zero_is_a_value_where_the_device_gives_no_flag() -> None:
    bed = Bed()
    bed.pump(7_000)
    for _ in range(20):
        bed.run(1_000)
        bed.pump(7_000)
        bed.vitals(rr=0)
    assert bed.alarm("apnoea") is None
    bed.run(1_000)
    assert bed.is_active("apnoea")
    assert bed.lock() == "tripped"


@pytest.mark.req("RSP-02")
def test_rr_zero_waits_for_the_flag_where_the_device_gives_one() -> None:
    bed = alone("rr_zero", "no_breath_flag")
    bed.breathe(40, rr=0, no_breath=0)
    assert bed.alarm("apnoea") is None
    bed.vitals(rr=0, no_breath=1, after=1_000)
    assert bed.is_active("apnoea")


@pytest.mark.req("RSP-03")
@pytest.mark.parametrize("missing", [None, Quality.OFF, Quality.STALE])
def test_a_missing_rate_is_not_zero(missing: Quality | None) -> None:
    bed = Bed()
    bed.breathe(60, spo2=98, rr=missing)
    assert not [alarm for alarm in bed.view().alarms if alarm.kind == "physiological"]


@pytest.mark.req("RSP-04")
def test_switching_a_warning_off_never_switches_its_critical_off() -> None:
    bed = alone("spo2_very_low")
    bed.breathe(10, spo2=84)
    assert bed.is_active("spo2")


@pytest.mark.req("RSP-04")
def test_a_condition_escalates_when_its_critical_rule_fires() -> None:
    bed = alone("spo2_low", "spo2_very_low")
    bed.breathe(15, spo2=88)
    alarm = bed.alarm("spo2")
    assert alarm is not None
    assert alarm.priority == "medium"
    bed.breathe(10, spo2=84)
    worse = bed.alarm("spo2")
    assert worse is not None
    assert (worse.id, worse.priority) == (alarm.id, "high")


@pytest.mark.req("ALA-01")
def test_the_text_names_cause_value_limit_and_delay_and_the_worst_value_is_kept() -> None:
    bed = alone("rr_low")
    bed.breathe(60, rr=6)
    alarm = bed.alarm("rr_low")
    assert alarm is not None
    assert alarm.text == "rr low: RR 6 < 8 /min for 60 s"
    bed.vitals(rr=4, after=1_000)
    bed.vitals(rr=7, after=1_000)
    alarm = bed.alarm("rr_low")
    assert alarm is not None
    assert (alarm.value, alarm.worst_milli) == ("7", 4_000)


@pytest.mark.req("ALA-01", "RSP-02")
@pytest.mark.parametrize(
    ("values", "seconds", "text", "cause"),
    [
        ({"no_breath": 1}, 0, "No breath detected (monitor's alarm)", "No breath detected (monitor's alarm)"),
        (
            {"no_breath_s": 32, "no_breath": 0},
            0,
            "No breath detected: Time without breath 32 >= 30 s",
            "No breath detected (Time without breath >= 30 s)",
        ),
        ({"rr": 0}, 20, "No breath detected: RR 0 /min for 20 s", "No breath detected (RR = 0 /min)"),
    ],
)
def test_no_breath_is_told_in_a_nurses_words(
    shipped: AlarmProfile, values: dict[str, int], seconds: int, text: str, cause: str
) -> None:
    bed = Bed(bed_policy(profile=shipped))
    for _ in range(seconds + 1):
        bed.pump(7_000)
        bed.vitals(**values)
        bed.run(1_000)
    assert bed.the("no_breath").text == text
    assert bed.pump_view().interlock_cause == cause


@pytest.mark.req("ALA-01", "QUA-03")
def test_a_monitors_own_alarm_that_went_missing_says_so() -> None:
    bed = alone("no_breath_flag")
    bed.vitals(no_breath=1)
    bed.vitals(no_breath=None, after=1_000)
    assert "now missing" in bed.the("apnoea").text


def test_a_short_gap_does_not_restart_a_delay_and_cannot_fire_it() -> None:
    bed = alone("rr_low")
    bed.breathe(58, rr=6)
    bed.vitals(rr=None, after=1_000)
    bed.run(3_000)
    assert bed.alarm("rr_low") is None
    bed.vitals(rr=6)
    assert bed.is_active("rr_low")


def test_a_long_gap_restarts_a_delay() -> None:
    bed = alone("rr_low")
    bed.breathe(58, rr=6)
    bed.vitals(rr=None, after=1_000)
    bed.run(5_000)
    bed.vitals(rr=6)
    bed.run(1_000)
    assert bed.alarm("rr_low") is None


@pytest.mark.req("QUA-03")
@pytest.mark.parametrize("loss", ["invalid", "off", "silence"])
def test_losing_the_source_never_ends_a_physiological_alarm(loss: str) -> None:
    bed = alone("rr_low")
    bed.breathe(60, rr=6, spo2=98)
    if loss != "silence":
        bed.breathe(60, rr=Quality.OFF if loss == "off" else None, spo2=98)
    bed.run(60_000)
    assert bed.is_active("rr_low")
    assert "missing" in bed.the("rr_low").text
    bed.vitals(rr=12)
    assert bed.alarm("rr_low") is None


def test_one_missing_signal_of_a_pair_does_not_hold_an_alarm_that_the_other_ends() -> None:
    bed = alone("rr_and_spo2")
    bed.breathe(5, rr=4, spo2=80)
    assert bed.is_active("rr_and_spo2")
    bed.vitals(rr=14, spo2=None, after=1_000)
    assert bed.the("rr_and_spo2").state is AlarmState.LATCHED


def test_a_signal_that_nobody_ever_gave_does_not_hold_an_alarm() -> None:
    bed = alone("rr_and_any")
    bed.breathe(15, rr=6, spo2=80)
    assert bed.is_active("rr_and_any")
    bed.vitals(rr=6, spo2=98, after=1_000)
    assert not bed.is_active("rr_and_any")


@pytest.fixture(scope="module")
def shipped() -> AlarmProfile:
    profile = load_profile(Path(__file__).parents[2] / "config" / "alarms" / "adult.toml")
    assert isinstance(profile, AlarmProfile)
    return profile


@pytest.mark.req("RSP-01", "RSP-02")
@pytest.mark.parametrize(
    ("values", "seconds", "priority", "stops"),
    [
        ({"no_breath": 1}, 0, "high", True),
        ({"no_breath_s": 30}, 0, "high", True),
        ({"rr": 4}, 30, "high", True),
        ({"rr": 6}, 60, "medium", False),
        ({"spo2": 84}, 10, "high", True),
        ({"spo2": 88}, 15, "medium", False),
        ({"rr": 5, "spo2": 88}, 5, "high", True),
        ({"rr": 7, "etco2": 51}, 15, "high", True),
        ({"etco2": 60}, 60, "high", False),
        ({"etco2": 15}, 60, "medium", False),
        ({"rr": 31}, 30, "low", False),
        ({"pulse": 44}, 15, "low", False),
        ({"pulse": 131}, 15, "low", False),
    ],
)
def test_the_shipped_adult_profile_fires_as_published(
    shipped: AlarmProfile, values: dict[str, int], seconds: int, priority: str, stops: bool
) -> None:
    bed = Bed(bed_policy(profile=shipped))
    bed.pump(7_000)
    bed.vitals(**{**NORMAL, **values})
    for _ in range(seconds * 2):
        assert not [alarm for alarm in bed.view().alarms if alarm.kind == "physiological"]
        bed.run(500)
        bed.pump(7_000)
        bed.vitals(**{**NORMAL, **values})
    (alarm,) = [alarm for alarm in bed.view().alarms if alarm.kind == "physiological"]
    assert alarm.priority == priority
    assert (bed.lock() == "tripped") is stops


@pytest.mark.req("RSP-04")
def test_each_shipped_rule_fires_with_all_other_rules_gone(shipped: AlarmProfile) -> None:
    for rule in shipped.rules:
        bed = Bed(bed_policy(profile=replace(shipped, rules=(rule,))))
        values = {**NORMAL, **{t.signal: fitting(t.op, t.limit_milli) for t in (*rule.all_of, *rule.any_of[:1])}}
        if rule.id.startswith("rr-critical"):
            values["rr"] = 4
        values = {name: value for name, value in values.items() if name not in rule.absent}
        bed.breathe(rule.delay_ms // 1000, **values)
        assert bed.is_active(rule.condition), rule.id


def fitting(op: str, limit_milli: int) -> float:
    """A value, in whole units, that fulfils the term."""
    return {"<": limit_milli - 1_000, ">": limit_milli + 1_000}.get(op, limit_milli) / 1000
