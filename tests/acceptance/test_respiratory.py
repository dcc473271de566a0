"""What happened to real patients, as the kernel must judge it: an arrest behind held values, slow breathing on
oxygen, a cuff on the oximeter's arm, and an hour in which nothing is wrong. Virtual time, shipped profile.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.safety.alarms import AlarmState
from pumpd.safety.decisions import InterlockState
from pumpd.safety.policy import AlarmKind, Priority
from tests.acceptance.respiratory import NEVER_TOLD, OFF, WELL, Scene, Values

HELD_S = 25
DESATURATES_S = 60


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Scene:
    """A bed that is well; its monitor has no word for missing breath where the test says "neither"."""
    told = request.node.callspec.params.get("tells") if hasattr(request.node, "callspec") else None
    return Scene(tmp_path, NEVER_TOLD if told == "neither" else WELL)


class Arrest:
    """Breathing stops at second 0. The monitor goes on showing RR 8 and EtCO2 25 for HELD_S, then RR 0 and no EtCO2.

    tells: what it says of missing breath beside that: "flag" (with its counter, set when the values are given up),
    "counter" (seconds since the last breath, from 10 s) or "neither". probe_off, line_off: seconds at which the
    oximeter's probe, the CO2 line are off.
    """

    def __init__(self, tells: str, probe_off: range = range(0), line_off: range = range(0)) -> None:
        self.tells, self.probe_off, self.line_off = tells, probe_off, line_off

    def __call__(self, second: int) -> Values:
        held = second < HELD_S
        spo2 = 99 if second < DESATURATES_S else max(40, 99 - (second - DESATURATES_S))
        shown = {**WELL, "rr": 8 if held else 0, "etco2": 25 if held else None, "spo2": spo2}
        if self.tells == "neither":
            del shown["no_breath"], shown["no_breath_s"]
        else:
            shown["no_breath_s"] = second if second >= 10 else 0
        if self.tells == "flag":
            shown["no_breath"] = 0 if held else 1
        elif self.tells == "counter":
            del shown["no_breath"]
        if second in self.line_off:
            shown |= dict.fromkeys(shown.keys() & {"rr", "etco2", "no_breath", "no_breath_s"}, OFF)
        if second in self.probe_off:
            shown |= {"spo2": OFF, "pulse": OFF}
        return shown


def configured_ms(scene: Scene, tells: str) -> int:
    """When the profile wants the alarm, counted from the last breath."""
    if tells == "flag":
        return HELD_S * 1000 + scene.rule("no-breath-flag").delay_ms
    if tells == "counter":
        rule = scene.rule("no-breath-seconds")
        return rule.all_of[0].limit_milli + rule.delay_ms
    return HELD_S * 1000 + scene.rule("no-breath-rr-zero").delay_ms


@pytest.mark.req("RSP-02", "RSP-03", "RSP-04", "RSP-05", "INT-07", "ALA-02")
@pytest.mark.parametrize("tells", ["flag", "counter", "neither"])
def test_an_arrest_behind_held_values_alarms_and_stops_at_the_configured_delay_before_any_spo2_alarm(
    scene: Scene, tells: str
) -> None:
    scene.play(20, Arrest(tells))
    shown = scene.bed.view().values
    held = [shown[name].value_milli is None for name in ("rr", "etco2")]
    assert held == [tells != "neither"] * 2, "a monitor that counts the seconds says itself that RR 8 is old"
    scene.play(100, Arrest(tells))
    at, alarm = scene.started("no_breath")
    assert at == configured_ms(scene, tells)
    assert (alarm.priority, alarm.kind) == (Priority.HIGH, AlarmKind.PHYSIOLOGICAL)
    assert scene.first_stop_ms() == at, "the pump is stopped in the very step of the alarm"
    assert scene.bed.lock() is not InterlockState.ARMED
    desaturated, _ = scene.started("spo2_low")
    assert at < DESATURATES_S * 1000 < desaturated
    earlier = {c.alarm.condition for t, c in scene.changes() if t < at and c.alarm.kind is AlarmKind.PHYSIOLOGICAL}
    assert earlier == set(), "held values are no reason for another alarm"


@pytest.mark.req("QUA-03", "RSP-02", "RSP-04")
@pytest.mark.parametrize("tells", ["flag", "counter", "neither"])
@pytest.mark.parametrize("probe_off", [range(10, 50), range(28, 100)], ids=["before it alarms", "while it alarms"])
def test_an_oximeter_taken_off_in_the_middle_of_an_arrest_cancels_nothing(
    scene: Scene, tells: str, probe_off: range
) -> None:
    scene.play(100, Arrest(tells, probe_off))
    at, _ = scene.started("no_breath")
    assert at == configured_ms(scene, tells) == scene.first_stop_ms()
    assert "sensor_off:spo2" in scene.alarms(AlarmKind.TECHNICAL)
    live = scene.bed.the("no_breath")
    assert (live.state, live.present) == (AlarmState.ACTIVE, True)
    assert sum(c.alarm.condition == "no_breath" and not c.alarm.present for _, c in scene.changes()) == 0


@pytest.mark.req("QUA-03", "RSP-02", "INT-02")
@pytest.mark.parametrize("tells", ["flag", "counter", "neither"])
def test_a_co2_line_that_falls_off_during_the_alarm_cancels_neither_alarm_nor_stop(scene: Scene, tells: str) -> None:
    scene.play(150, Arrest(tells, line_off=range(50, 150)))
    live = scene.bed.the("no_breath")
    assert (live.state, live.present, live.priority) == (AlarmState.ACTIVE, True, Priority.HIGH)
    assert scene.bed.lock() is InterlockState.STOP_UNCONFIRMED, "it still infuses: the stop goes on"
    assert scene.alarms(AlarmKind.TECHNICAL) & {"sensor_off:etco2", "sensor_off:rr", "signal_lost:etco2"}


@pytest.mark.req("QUA-03", "RSP-02")
@pytest.mark.parametrize("tells", ["neither"])
def test_a_co2_line_that_is_off_for_three_seconds_does_not_make_the_delay_begin_anew(scene: Scene, tells: str) -> None:
    scene.play(60, Arrest(tells, line_off=range(30, 33)))
    assert scene.started("no_breath")[0] == configured_ms(scene, tells)


# --- slow breathing with good saturation


@pytest.mark.req("RSP-02", "RSP-04", "INT-07")
@pytest.mark.parametrize(
    ("rr", "rule", "stops"), [(5, "rr-critical", True), (3, "rr-critical", True), (7, "rr-low", False)]
)
def test_slow_breathing_alarms_at_its_own_delay_although_saturation_is_99_on_oxygen(
    scene: Scene, rr: int, rule: str, stops: bool
) -> None:
    scene.play(200, lambda second: {**WELL, "rr": rr, "spo2": 99, "etco2": 46})
    at, alarm = scene.started("rr_low")
    wanted = scene.rule(rule)
    assert (at, alarm.priority) == (wanted.delay_ms, wanted.priority)
    assert scene.physiological() == {"rr_low"}
    assert scene.first_stop_ms() == (at if stops else None)


# --- what is not wrong with the patient


@pytest.mark.req("QUA-02", "QUA-03", "RSP-02")
@pytest.mark.parametrize("before", [{}, {"spo2": 71, "pulse": 38}], ids=["at once", "with a weak pulse first"])
def test_a_cuff_that_hides_the_oximeter_for_40_s_is_a_technical_matter_and_no_physiological_alarm(
    scene: Scene, before: Values
) -> None:
    hidden = range(20, 60)

    def frame(second: int) -> Values:
        if second in hidden:
            return {**WELL, "spo2": None, "pulse": None}
        return {**WELL, **(before if second in range(16, 20) or second in range(60, 63) else {})}

    scene.play(120, frame)
    assert scene.physiological() == set()
    told = [(at, c.alarm) for at, c in scene.changes()]
    assert {alarm.condition for _, alarm in told} == {"signal_lost:spo2"}
    assert {alarm.kind for _, alarm in told} == {AlarmKind.TECHNICAL}
    assert all(alarm.priority is not Priority.HIGH for _, alarm in told)
    assert told[0][0] <= hidden.start * 1000 + scene.bed.policy.times.vitals_withdraw_ms
    assert told[-1][0] == hidden.stop * 1000, "it ends with the first value"
    assert scene.first_stop_ms() is None


BLIPS: dict[str, Values] = {
    "low": {"etco2": 6},
    "zero": {"etco2": 0},
    "blank": {"etco2": None},
    "high": {"etco2": 66},
    "with its rate": {"etco2": 9, "rr": 21},
}


@pytest.mark.req("RSP-02", "RSP-06", "QUA-02", "ALA-01")
@pytest.mark.parametrize("blip", BLIPS.values(), ids=BLIPS)
def test_a_clean_hour_with_etco2_blips_of_up_to_14_s_is_silent(scene: Scene, blip: Values) -> None:
    """The distance of the two good values around the longest blank is 14 s."""
    longest = 13 if blip.get("etco2", 0) is None else 14

    def frame(second: int) -> Values:
        length = 1 + second // 60 % longest  # one a minute, each a second longer than the last
        return {**WELL, "rr": 12 + second // 97 % 4, **(blip if second % 60 < length else {})}

    scene.play(3600, frame)
    assert scene.changes() == []
    assert scene.first_stop_ms() is None
