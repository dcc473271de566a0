"""A bed with a GE monitor at its own slow pace: driver, simulator and kernel in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pumpd.config.load import inspect_ward
from pumpd.device.facts import Quality
from pumpd.safety.events import Heard
from pumpd.safety.policy import BedPolicy
from pumpd.safety.view import ValueView
from tests.drivers.monitor_line import MonitorLine
from tests.safety.build import Bed

CONFIG = Path(__file__).resolve().parents[2] / "config"
WARD = """
schema = 1
[ward]
id = "4b"
name = "Palliative Care 4B"
timezone = "UTC"
care_area = "palliative-adult"
[server]
host = "127.0.0.1"
port = 0
[journal]
url = "sqlite+aiosqlite:///{folder}/journal.db"
[library]
file = "{config}/drug_library.toml"
[protocol]
file = "{config}/protocols/ldk.toml"
[alarms]
file = "{config}/alarms/adult.toml"
[[bed]]
id = "b1"
label = "Bed 1"
  [[bed.monitor]]
  id = "b1-m1"
  driver = "ge_dri"
  link = "socket://127.0.0.1:4001"
  options = {{ {options} }}
"""
STEP_MS = 250
MEASURED = ("hr", "spo2", "pulse", "rr", "etco2", "rr_imp", "temp")


def inspected(folder: Path, options: str = "") -> tuple[BedPolicy, list[str]]:
    (folder / "ward.toml").write_text(WARD.format(folder=folder, config=CONFIG, options=options), encoding="utf-8")
    loaded = inspect_ward(folder / "ward.toml")
    assert loaded.ward is not None, loaded.problems
    return loaded.ward.beds[0].policy, [str(warning) for warning in loaded.warnings]


class GeBed:
    """What a screen may show of the bed, a quarter of a second at a time."""

    def __init__(self, policy: BedPolicy, **options: str) -> None:
        self.line, self.bed = MonitorLine("ge_dri", **options), Bed(policy)

    def pass_time(self, seconds: float, *, cut: bool = False) -> Iterator[dict[str, ValueView]]:
        for _ in range(round(seconds * 1000) // STEP_MS):
            facts = self.line.run(STEP_MS)
            self.bed.run(STEP_MS)
            for fact in () if cut else facts:
                self.bed.do(Heard("b1-m1", fact))
            yield dict(self.bed.view().values)


@pytest.mark.req("QUA-02")
def test_nothing_flaps_between_two_reports_for_ten_minutes(tmp_path: Path) -> None:
    policy, _ = inspected(tmp_path)
    assert policy.monitors[0].period_ms == 5_000
    ge = GeBed(policy)
    for _ in ge.pass_time(10):
        pass
    seen = [values[name].quality for values in ge.pass_time(600) for name in MEASURED]
    assert set(seen) == {Quality.OK}
    assert not [alarm.condition for alarm in ge.bed.state.alarms.values()]


@pytest.mark.req("QUA-01", "QUA-02")
def test_a_cut_line_is_grey_after_two_missing_reports_and_blank_with_an_alarm_after_the_third(tmp_path: Path) -> None:
    ge = GeBed(inspected(tmp_path)[0])
    shown = [values["spo2"] for values in ge.pass_time(20)][-1]
    heard_ms = shown.at_ms
    assert heard_ms is not None
    assert shown.value_milli is not None
    ages: dict[Quality, list[int]] = {}
    for values in ge.pass_time(20, cut=True):
        value = values["spo2"]
        assert (value.value_milli is None) == (value.quality is Quality.STALE)
        ages.setdefault(value.quality, []).append(ge.bed.now - heard_ms)
    assert max(ages[Quality.OK]) < 10_000 <= min(ages[Quality.QUESTIONABLE])
    assert max(ages[Quality.QUESTIONABLE]) < 15_000 <= min(ages[Quality.STALE])
    assert ge.bed.is_active("monitor_lost")


@pytest.mark.req("QUA-02", "RSP-10")
def test_the_wards_interval_is_what_counts_and_the_check_says_what_it_means_for_alarms(tmp_path: Path) -> None:
    policy, warnings = inspected(tmp_path, 'interval = "60"')
    assert policy.monitors[0].period_ms == 60_000
    told = [words for words in warnings if "reports every" in words]
    assert len(told) == 1, warnings
    assert "bed[0].monitor[0]: b1-m1 reports every 60 s" in told[0]
    assert "count for 120 s and are blank after 180 s" in told[0]
    assert "missing breath too, alarms up to 60 s late" in told[0]
    assert "breathing that nobody watches after 150 s" in told[0]


def test_an_interval_of_half_a_minute_flaps_as_little(tmp_path: Path) -> None:
    ge = GeBed(inspected(tmp_path, 'interval = "30"')[0], interval="30")
    for _ in ge.pass_time(31):
        pass
    assert {values[name].quality for values in ge.pass_time(120) for name in MEASURED} == {Quality.OK}
