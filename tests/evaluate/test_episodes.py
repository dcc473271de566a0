"""Known episodes in, exactly these alarms out."""

from __future__ import annotations

import pytest

from pumpd.evaluation.report import alarms
from pumpd.safety.policy import Priority
from tests.evaluate.recordings import during, found, rows, run


def test_a_quiet_night_has_no_alarms() -> None:
    evaluation = run(rows(600, lambda t: {}))
    assert evaluation.episodes == ()
    assert evaluation.samples == 600


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"rr": "5"}, ("rr-critical", "high", 130, 400)),
        ({"rr": "7"}, ("rr-low", "medium", 160, 400)),
        ({"rr": "31"}, ("rr-high", "low", 130, 400)),
        ({"spo2": "84"}, ("spo2-critical", "high", 110, 400)),
        ({"spo2": "85"}, ("spo2-low", "medium", 115, 400)),
        ({"etco2": "60"}, ("etco2-high", "high", 160, 400)),
        ({"etco2": "15"}, ("etco2-low", "medium", 160, 400)),
        ({"pulse": "44"}, ("pulse-low", "low", 115, 400)),
        ({"pulse": "131"}, ("pulse-high", "low", 115, 400)),
        ({"rr": "0"}, ("no-breath-rr-zero", "high", 120, 400)),
        ({"no_breath_s": "30"}, ("no-breath-seconds", "high", 100, 400)),
        ({"no_breath": "1"}, ("no-breath-flag", "high", 100, 400)),
        ({"rr": "7", "etco2": "51"}, ("rr-low-with-second-sign", "high", 115, 400)),
        ({"rr": "5", "spo2": "89"}, ("rr-critical-with-desaturation", "high", 105, 400)),
    ],
)
def test_each_rule_fires_after_its_delay_and_ends_with_its_condition(
    values: dict[str, str], expected: tuple[str, str, int, int]
) -> None:
    assert expected in found(run(rows(500, during(100, 400, **values))))


@pytest.mark.req("RSP-01", "RSP-02")
@pytest.mark.parametrize(
    "values",
    [
        {"rr": "8"},
        {"rr": "30"},
        {"spo2": "90"},
        {"etco2": "59"},
        {"etco2": "16"},
        {"etco2": "0"},
        {"pulse": "45"},
        {"pulse": "130"},
        {"no_breath_s": "29"},
    ],
)
def test_a_value_on_the_good_side_of_the_edge_never_alarms(values: dict[str, str]) -> None:
    assert found(run(rows(500, during(100, 400, **values)))) == []


def test_a_breach_shorter_than_the_delay_is_no_alarm() -> None:
    assert found(run(rows(200, during(100, 109, spo2="80")))) == []
    assert found(run(rows(200, during(100, 111, spo2="80")))) == [("spo2-critical", "high", 110, 111)]


def test_an_escalation_is_two_episodes_each_under_its_own_rule() -> None:
    def falling(t: int) -> dict[str, str]:
        return {"rr": "7"} if 100 <= t < 200 else {"rr": "3"} if 200 <= t < 300 else {}

    assert found(run(rows(400, falling))) == [("rr-low", "medium", 160, 230), ("rr-critical", "high", 230, 300)]


def test_two_separate_episodes_are_two_alarms_although_high_latches() -> None:
    def twice(t: int) -> dict[str, str]:
        return {"spo2": "80"} if 100 <= t < 150 or 200 <= t < 250 else {}

    evaluation = run(rows(3601, twice))
    assert found(evaluation) == [("spo2-critical", "high", 110, 150), ("spo2-critical", "high", 210, 250)]
    assert evaluation.per_hour(Priority.HIGH) == 2.0


def test_the_worst_value_is_that_between_onset_and_end() -> None:
    def dip(t: int) -> dict[str, str]:
        return {"spo2": {120: "71", 300: "60"}.get(t, "80")} if 100 <= t < 150 or t == 300 else {}

    assert alarms(run(rows(400, dip))) == [
        {
            "rule": "spo2-critical",
            "priority": "high",
            "kind": "physiological",
            "onset_s": 110,
            "end_s": 150,
            "worst": 71,
            "interlock": True,
        }
    ]


@pytest.mark.req("QUA-03", "RSP-03")
@pytest.mark.parametrize("missing", ["", "--", "NaN"])
def test_a_missing_value_never_ends_a_physiological_alarm(missing: str) -> None:
    def lost(t: int) -> dict[str, str]:
        return {"spo2": "80"} if 100 <= t < 150 else {"spo2": missing} if t >= 150 else {}

    assert found(run(rows(400, lost))) == [("spo2-critical", "high", 110, None)]


@pytest.mark.req("QUA-01", "QUA-03")
@pytest.mark.parametrize("off", ["1", "spo2 pulse"])
def test_a_normal_number_from_a_sensor_that_is_off_never_ends_a_physiological_alarm(off: str) -> None:
    def unplugged(t: int) -> dict[str, str]:
        return {"spo2": "80"} if 100 <= t < 150 else {"spo2": "99", "sensor_off": off} if 150 <= t < 300 else {}

    assert found(run(rows(400, unplugged))) == [("spo2-critical", "high", 110, 300)]


@pytest.mark.req("QUA-03")
def test_a_gap_in_the_recording_is_lost_monitoring_and_ends_nothing() -> None:
    def gap(t: int) -> dict[str, str] | None:
        return None if 150 <= t < 250 else {"spo2": "80"} if 100 <= t < 300 else {}

    evaluation = run(rows(400, gap))
    assert found(evaluation) == [("spo2-critical", "high", 110, 300)]
    assert ("monitor_lost", "medium", 164, 250) in found(evaluation, technical=True)


@pytest.mark.req("RSP-02")
def test_a_sedation_score_makes_slow_breathing_a_high_alarm_as_at_the_bedside() -> None:
    def drowsy(t: int) -> dict[str, str]:
        return {"rr": "7", "poss": "3" if t >= 200 else ""} if 100 <= t < 300 else {"poss": "1"}

    assert ("rr-low-with-second-sign", "high", 215, 300) in found(run(rows(400, drowsy)))


@pytest.mark.req("RSP-08")
def test_oxygen_without_capnography_is_advised_of_from_when_it_is_said() -> None:
    lines = ["t_s,spo2,on_oxygen", *[f"{t},98,{1 if t >= 100 else ''}" for t in range(300)]]
    assert found(run(lines), technical=True) == [("spo2_alone", "low", 100, None)]


@pytest.mark.req("RSP-03")
def test_a_rate_of_zero_is_a_value_and_a_missing_rate_is_not_zero() -> None:
    assert found(run(rows(200, during(100, 200, rr="0"))))[0][:3] == ("no-breath-rr-zero", "high", 120)
    assert found(run(rows(200, during(100, 200, rr="")))) == []
