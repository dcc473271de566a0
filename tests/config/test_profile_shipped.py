"""The shipped profiles: every number at its edge, and how they relate to each other."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.profile import load_profile
from pumpd.safety.alarm_table import RANK
from pumpd.safety.policy import AlarmProfile, EscalationStep, Priority, Rule
from pumpd.safety.rules import compiled_rule, rule_holds
from tests.cli.call import run

ADULT, TOLERANT, PROCEDURAL = NAMES = ("adult", "adult-opioid-tolerant", "procedural")
HEALTHY = {"rr": 14, "spo2": 98, "etco2": 38, "pulse": 70, "poss": 1, "no_breath": 0, "no_breath_s": 0}
Values = dict[str, float]
Alarm = tuple[str, str, int, bool]  # rule, priority, delay in seconds, stops


def profile(name: str) -> AlarmProfile:
    loaded = load_profile(default_dir() / "alarms" / f"{name}.toml")
    assert isinstance(loaded, AlarmProfile), [str(p) for p in loaded]
    return loaded


PROFILES = {name: profile(name) for name in NAMES}


def holds(rule: Rule, values: Values) -> bool:
    live = {name: round(value * 1000) for name, value in values.items()}
    return rule_holds(compiled_rule(rule)[3], live, frozenset(live)) is True


def raised(name: str, **values: float) -> set[Alarm]:
    """Which rules of the profile hold for a healthy patient but for these values."""
    everything = {**HEALTHY, **values}
    return {
        (rule.id, str(rule.priority), rule.delay_ms // 1000, rule.interlock)
        for rule in PROFILES[name].rules
        if holds(rule, everything)
    }


# RSP-02 number by number: the last value that alarms, the first that does not, and the alarm.
ADULT_EDGES: list[tuple[str, float, float, Alarm]] = [
    ("no_breath", 1, 0, ("no-breath-flag", "high", 0, True)),
    ("no_breath_s", 30, 29, ("no-breath-seconds", "high", 0, True)),
    ("rr", 5, 5.001, ("rr-critical", "high", 30, True)),
    ("rr", 1, 0.999, ("rr-critical", "high", 30, True)),
    ("rr", 7.999, 8, ("rr-low", "medium", 60, False)),
    ("rr", 0, 8, ("rr-low", "medium", 60, False)),
    ("spo2", 84.999, 85, ("spo2-critical", "high", 10, True)),
    ("spo2", 89.999, 90, ("spo2-low", "medium", 15, False)),
    ("etco2", 60, 59.999, ("etco2-high", "high", 60, False)),
    ("etco2", 15, 15.001, ("etco2-low", "medium", 60, False)),
    ("etco2", 1, 0.999, ("etco2-low", "medium", 60, False)),
    ("rr", 30.001, 30, ("rr-high", "low", 30, False)),
    ("pulse", 44.999, 45, ("pulse-low", "low", 15, False)),
    ("pulse", 130.001, 130, ("pulse-high", "low", 15, False)),
    ("poss", 3, 2, ("poss-unacceptable", "medium", 0, False)),
    ("poss", 4, 3, ("poss-somnolent", "high", 0, True)),
]
MILDER: list[tuple[str, float, float, Alarm]] = [
    ("rr", 6.999, 7, ("rr-low", "medium", 60, False)),
    ("rr", 0, 7, ("rr-low", "medium", 60, False)),
    ("spo2", 87.999, 88, ("spo2-low", "medium", 15, False)),
]
TOLERANT_EDGES = [edge for edge in ADULT_EDGES if edge[3][0] not in ("rr-low", "spo2-low")] + MILDER
PROCEDURAL_EDGES: list[tuple[str, float, float, Alarm]] = [
    ("no_breath", 1, 0, ("no-breath-flag", "high", 0, True)),
    ("no_breath_s", 20, 19, ("no-breath-seconds", "high", 0, True)),
    ("rr", 5, 5.001, ("rr-critical", "high", 15, True)),
    ("rr", 9.999, 10, ("rr-low", "medium", 30, False)),
    ("spo2", 84.999, 85, ("spo2-critical", "high", 5, True)),
    ("spo2", 91.999, 92, ("spo2-low", "medium", 10, False)),
    ("etco2", 60, 59.999, ("etco2-high", "high", 30, False)),
    ("etco2", 50.001, 50, ("etco2-raised", "medium", 30, False)),
    ("etco2", 15, 15.001, ("etco2-low", "medium", 30, False)),
    ("rr", 30.001, 30, ("rr-high", "low", 15, False)),
    ("pulse", 49.999, 50, ("pulse-low", "low", 10, False)),
    ("pulse", 130.001, 130, ("pulse-high", "low", 10, False)),
    ("poss", 3, 2, ("poss-unacceptable", "medium", 0, False)),
    ("poss", 4, 3, ("poss-somnolent", "high", 0, True)),
]
EDGES = [
    (name, *edge)
    for name, edges in zip(NAMES, (ADULT_EDGES, TOLERANT_EDGES, PROCEDURAL_EDGES), strict=True)
    for edge in edges
]


@pytest.mark.req("RSP-01", "RSP-02")
@pytest.mark.parametrize(("name", "signal", "inside", "outside", "alarm"), EDGES)
def test_each_limit_alarms_up_to_its_edge_and_not_beyond(
    name: str, signal: str, inside: float, outside: float, alarm: Alarm
) -> None:
    assert alarm in raised(name, **{signal: inside})
    assert alarm[0] not in {rule for rule, *_ in raised(name, **{signal: outside})}


def first_onset_s(folder: Path, name: str, rule: str, values: Values) -> float | None:
    """When the rule's alarm begins in a recording in which these values stand from the first second on."""
    recording = folder / "recording.csv"
    columns = {"rr": 14, "spo2": 98, "etco2": 38, "pulse": 70, **values}
    row = ",".join(str(value) for value in columns.values())
    lines = [f"t_s,{','.join(columns)}", *(f"{second},{row}" for second in range(70))]
    recording.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out, _ = run("evaluate", recording, "--alarms", name, "--json")
    assert code == 0
    return next((alarm["onset_s"] for alarm in json.loads(out)["alarms"] if alarm["rule"] == rule), None)


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize(("name", "signal", "inside", "outside", "alarm"), EDGES)
def test_each_alarm_comes_after_its_delay_and_not_a_second_before(
    tmp_path: Path, name: str, signal: str, inside: float, outside: float, alarm: Alarm
) -> None:
    rule, _, delay_s, _ = alarm
    assert first_onset_s(tmp_path, name, rule, {signal: inside}) == delay_s


PAIRS: list[tuple[str, Values, bool]] = [
    # what holds beside a slow rate; "rr-critical-with-desaturation" 5 s, "rr-low-with-second-sign" 15 s
    ("rr-critical-with-desaturation", {"rr": 5, "spo2": 89.999}, True),
    ("rr-critical-with-desaturation", {"rr": 5.001, "spo2": 89.999}, False),
    ("rr-critical-with-desaturation", {"rr": 5, "spo2": 90}, False),
    ("rr-critical-with-desaturation", {"rr": 0, "spo2": 80}, True),
    ("rr-low-with-second-sign", {"rr": 7.999, "spo2": 89.999}, True),
    ("rr-low-with-second-sign", {"rr": 8, "spo2": 89.999}, False),
    ("rr-low-with-second-sign", {"rr": 7.999, "spo2": 90}, False),
    ("rr-low-with-second-sign", {"rr": 7.999, "etco2": 50.001}, True),
    ("rr-low-with-second-sign", {"rr": 7.999, "etco2": 50}, False),
    ("rr-low-with-second-sign", {"rr": 7.999, "poss": 3}, True),
    ("rr-low-with-second-sign", {"rr": 7.999, "poss": 2}, False),
]


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize("name", [ADULT, TOLERANT])
@pytest.mark.parametrize(("rule", "values", "alarms"), PAIRS)
def test_two_parameters_alarm_together_at_their_edges(name: str, rule: str, values: Values, alarms: bool) -> None:
    delay_s = {"rr-critical-with-desaturation": 5, "rr-low-with-second-sign": 15}[rule]
    assert ((rule, "high", delay_s, True) in raised(name, **values)) is alarms


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize("name", NAMES)
def test_a_healthy_patient_is_silent_and_a_rate_of_zero_waits_only_without_flag_and_counter(name: str) -> None:
    assert raised(name) == set()
    [rule] = [rule for rule in PROFILES[name].rules if rule.id == "no-breath-rr-zero"]
    assert not holds(rule, {**HEALTHY, "rr": 0})
    assert holds(rule, {"rr": 0, "spo2": 98})
    assert rule.delay_ms == (10_000 if name == PROCEDURAL else 20_000)


def high_after_ms(name: str, values: Values) -> int | None:
    """How long these values stand until the first HIGH alarm."""
    high = [rule for rule in PROFILES[name].rules if rule.priority is Priority.HIGH and holds(rule, values)]
    return min((rule.delay_ms for rule in high), default=None)


def grid() -> list[Values]:
    """Patients at and beside every limit, with and without a monitor that gives flag and counter."""
    axes: dict[str, list[float]] = {
        "rr": [0, 1, 5, 5.5, 6.5, 7.5, 9, 14, 31],
        "spo2": [84, 86, 89, 91, 98],
        "etco2": [0, 10, 38, 51, 60],
        "poss": [1, 3, 4],
    }
    plain = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    breath: list[Values] = [
        {},
        {"no_breath": 0, "no_breath_s": 0},
        {"no_breath": 0, "no_breath_s": 30},
        {"no_breath": 1},
    ]
    return [{**values, **said, "pulse": 70} for values in plain for said in breath]


@pytest.mark.req("RSP-04")
def test_the_opioid_tolerant_profile_weakens_no_critical_rule() -> None:
    adult = {rule for rule in PROFILES[ADULT].rules if rule.priority is Priority.HIGH}
    assert {rule for rule in PROFILES[TOLERANT].rules if rule.priority is Priority.HIGH} == adult
    assert all(high_after_ms(TOLERANT, values) == high_after_ms(ADULT, values) for values in grid())
    milder = {rule.id for rule in PROFILES[TOLERANT].rules} - {
        rule.id for rule in set(PROFILES[TOLERANT].rules) & set(PROFILES[ADULT].rules)
    }
    assert milder == {"rr-low", "spo2-low"}


@pytest.mark.req("RSP-04")
def test_the_procedural_profile_is_never_later_than_the_adult_one() -> None:
    for values in grid():
        adult, procedural = high_after_ms(ADULT, values), high_after_ms(PROCEDURAL, values)
        assert adult is None or (procedural is not None and procedural <= adult), values


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize("name", NAMES)
def test_a_critical_rate_saturation_or_no_breath_stops_the_ketamine_in_every_profile(name: str) -> None:
    for rule in PROFILES[name].rules:
        if rule.condition in ("no_breath", "respiratory_depression") or rule.id.endswith("-critical"):
            assert (rule.priority, rule.interlock) == (Priority.HIGH, True)
        assert rule.interlock <= (RANK[rule.priority] == RANK[Priority.HIGH])


@pytest.mark.req("ALA-05")
@pytest.mark.parametrize("name", NAMES)
def test_the_ladder_of_every_profile_is_bedside_charge_nurse_ward(name: str) -> None:
    steps = (EscalationStep(0, "bedside"), EscalationStep(30_000, "charge_nurse"), EscalationStep(120_000, "ward"))
    assert PROFILES[name].escalation == steps
    assert (PROFILES[name].response_max_high_ms or 0) < (PROFILES[name].response_max_low_ms or 0)


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize(("name", "alarms"), [(ADULT, []), (TOLERANT, []), (PROCEDURAL, ["spo2-low", "rr-low"])])
def test_a_recording_is_evaluated_with_each_profile_by_its_name(tmp_path: Path, name: str, alarms: list[str]) -> None:
    recording = tmp_path / "recording.csv"
    rows = (f"{second},9,91,38,70" for second in range(61))
    recording.write_text("\n".join(["t_s,rr,spo2,etco2,pulse", *rows]) + "\n", encoding="utf-8")
    code, out, _ = run("evaluate", recording, "--alarms", name, "--json")
    assert code == 0
    assert [alarm["rule"] for alarm in json.loads(out)["alarms"]] == alarms


@pytest.mark.req("RSP-01", "ALA-01")
@pytest.mark.parametrize("name", NAMES)
def test_every_rule_names_its_source_and_what_to_do(name: str) -> None:
    assert PROFILES[name].id == name
    assert all(len(rule.source) > 10 and len(rule.action) > 10 for rule in PROFILES[name].rules)
