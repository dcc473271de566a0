"""How breathing is believed is configuration: the shipped numbers, a ward's own, and what is wrong at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.default_times import default_breathing
from pumpd.config.defaults import default_dir
from pumpd.config.load import inspect_ward
from pumpd.config.model import WardConfig
from pumpd.device.info import Origin
from pumpd.safety.policy import Amount, Breathing
from tests.config.conftest import Break


def ward_of(path: Path) -> WardConfig:
    loaded = inspect_ward(path)
    assert loaded.ward is not None, [str(p) for p in loaded.problems]
    return loaded.ward


def own_times(ward_file: Break, old: str, new: str) -> Path:
    """A ward beside whose file lies its own times file."""
    path = ward_file()
    text = (default_dir() / "times.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (path.parent / "times.toml").write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.req("RSP-05", "RSP-06", "RSP-07", "RSP-09")
def test_the_shipped_numbers_are_those_of_the_requirements() -> None:
    found = default_breathing()
    assert (found.held_after_ms, found.jump_max_ms, found.difference_ms) == (10_000, 10_000, 30_000)
    assert (found.etco2_low_milli, found.etco2_high_milli) == (15_000, 50_000)
    assert {amount.signal for amount in found.jumps} == {"rr", "spo2", "pulse", "hr", "etco2"}
    assert Amount("spo2", 4_000) in found.jumps
    assert {amount.signal for amount in found.differences} >= {"rr", "spo2"}
    said = {
        one.id: (one.all_of[0].signal, str(one.all_of[0].op), one.all_of[0].limit_milli, one.delay_ms)
        for one in found.episodes
    }
    assert said["rr"] == ("rr", "<=", 5_000, 180_000)
    assert said["spo2"] == ("spo2", "<=", 85_000, 180_000)
    assert said["etco2-low"] == ("etco2", "<=", 15_000, 180_000)
    assert said["etco2-high"] == ("etco2", ">=", 60_000, 180_000)
    assert said["apnoea"] == ("no_breath_s", ">", 30_000, 0)
    assert all("Khanna 2020" in one.source for one in found.episodes)


@pytest.mark.req("RSP-05")
def test_every_bed_of_a_ward_is_judged_by_them(ward_file: Break) -> None:
    ward = ward_of(ward_file())
    assert {id(bed.policy.breathing) for bed in ward.beds} == {id(ward.beds[0].policy.breathing)}
    assert ward.beds[0].policy.breathing == default_breathing()


def test_a_key_that_an_older_times_file_lacks_is_named_with_the_shipped_value(ward_file: Break) -> None:
    loaded = inspect_ward(own_times(ward_file, 'resume_steady = "60 s"\n', ""))
    (problem,) = loaded.problems
    assert problem.key == "kernel.resume_steady"
    assert problem.message == 'required key is missing; pumpd\'s own times.toml has resume_steady = "60 s"'


def test_a_times_file_without_the_table_watches_for_held_values_only(ward_file: Break) -> None:
    path = ward_file()
    text = (default_dir() / "times.toml").read_text(encoding="utf-8")
    (path.parent / "times.toml").write_text(text[: text.index("[breathing]")], encoding="utf-8")
    assert ward_of(path).beds[0].policy.breathing == Breathing()
    warned = [str(problem) for problem in inspect_ward(path).warnings if problem.key == "breathing"]
    assert [line.partition("breathing: ")[2].partition(":")[0] for line in warned] == [
        "no [breathing.jump]",
        "no [breathing.disagree]",
        "no [[breathing.episode]]",
    ]


@pytest.mark.req("RSP-06")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('delay_max = "10 s"', 'delay_max = "11 s"', "jump.delay_max: a jump delays an alarm by at most 10 s"),
        ("spo2 = 4", "sp02 = 4", 'jump.per_second.sp02: unknown signal "sp02"; did you mean "spo2"?'),
        ("spo2 = 4", "poss = 4", '"poss" is not a number that is measured all the time'),
        ("spo2 = 4", "spo2 = 0", "jump.per_second.spo2: should be greater than 0"),
        ("etco2_low = 15", "etco2_low = 50", "breathing.jump: expected 0 <= etco2_low < etco2_high"),
        ('all = ["rr <= 5"]', 'all = ["rr =< 5"]', "breathing.episode[0].all[0]: "),
        ('absent = ["no_breath_s"]', 'absent = ["breath"]', 'episode[5].absent[0]: unknown signal "breath"'),
        ('held_after = "10 s"', "held_after = 10", "breathing.held_after: expected "),
    ],
)
def test_what_is_wrong_is_told_at_its_key(ward_file: Break, old: str, new: str, said: str) -> None:
    problems = [str(problem) for problem in inspect_ward(own_times(ward_file, old, new)).problems]
    assert len(problems) == 1, problems
    assert "times.toml:" in problems[0]
    assert said in problems[0]


@pytest.mark.req("RSP-07", "RSP-08")
def test_a_bed_may_have_oxygen_and_a_monitor_measure_otherwise_than_its_driver_knows(ward_file: Break) -> None:
    monitor = 'driver = "capnostream20"\n'
    path = ward_file(
        (monitor, f'{monitor}origins = {{ spo2 = "ear" }}\n'), ('id = "4b-01"\n', 'id = "4b-01"\noxygen = true\n')
    )
    first, second = ward_of(path).beds
    assert (first.policy.oxygen, second.policy.oxygen) == (True, False)
    assert dict(first.policy.monitors[0].origins)["spo2"] is Origin.EAR
    assert dict(first.policy.monitors[0].origins)["rr"] is Origin.CO2


@pytest.mark.req("RSP-07")
@pytest.mark.parametrize(("origin", "warned"), [("impedance", True), ("co2", False)])
def test_a_rate_by_impedance_that_goes_before_a_capnographs_is_warned_of(
    ward_file: Break, origin: str, warned: bool
) -> None:
    monitor = 'id = "4b-01-m1"\n'
    second = '[[bed.monitor]]\nid = "4b-01-m2"\ndriver = "capnostream20"\nlink = "socket://10.0.0.6:4001"\n\n'
    bed = '[[bed]]\nid = "4b-02"\n'
    path = ward_file((monitor, f'{monitor}origins = {{ rr = "{origin}" }}\n'), (bed, second + bed))
    told = [str(one) for one in inspect_ward(path).warnings if "measures breathing by CO2" in str(one)]
    assert bool(told) is warned
    if warned:
        assert "bed[0].monitor[0]" in told[0]
        assert "list 4b-01-m2 first" in told[0]


@pytest.mark.req("RSP-07")
def test_an_origin_that_nobody_knows_is_refused(ward_file: Break) -> None:
    monitor = 'driver = "capnostream20"\n'
    path = ward_file((monitor, f'{monitor}origins = {{ spo2 = "toe" }}\n'))
    problems = [str(problem) for problem in inspect_ward(path).problems]
    assert problems
    assert all("origins.spo2" in problem for problem in problems)
