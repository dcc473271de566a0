"""Alarm rules are data: read exactly, at their edges, or refused with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.profile import TermError, load_profile, parse_term
from pumpd.safety.policy import AlarmProfile, Op, Priority, Rule, Term

DEFAULT = default_dir() / "alarms" / "adult.toml"


def profile() -> AlarmProfile:
    loaded = load_profile(DEFAULT)
    assert isinstance(loaded, AlarmProfile), [str(p) for p in loaded]
    return loaded


def changed(folder: Path, old: str, new: str) -> list[tuple[str, str]]:
    """(key, message) of the problems after one change of the default profile."""
    text = DEFAULT.read_text(encoding="utf-8")
    assert old in text
    path = folder / "own.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    loaded = load_profile(path)
    assert isinstance(loaded, list)
    rows = path.read_text(encoding="utf-8").splitlines()
    assert all(1 <= p.line <= len(rows) for p in loaded)
    return [(p.key, p.message) for p in loaded]


def told(rule: Rule) -> tuple[str, str, int, bool]:
    terms = [f"{t.signal} {t.op} {t.limit_milli // 1000}" for t in rule.all_of]
    words = " and ".join(terms)
    if rule.any_of:
        words += " with " + " or ".join(f"{t.signal} {t.op} {t.limit_milli // 1000}" for t in rule.any_of)
    return words, str(rule.priority), rule.delay_ms // 1000, rule.interlock


@pytest.mark.req("RSP-01", "RSP-02")
def test_the_default_profile_is_the_required_one() -> None:
    assert {told(rule) for rule in profile().rules} == {
        ("no_breath = 1", "high", 0, True),
        ("no_breath_s >= 30", "high", 0, True),
        ("rr = 0", "high", 20, True),
        ("rr >= 1 and rr <= 5", "high", 30, True),
        ("rr < 8", "medium", 60, False),
        ("spo2 < 85", "high", 10, True),
        ("spo2 < 90", "medium", 15, False),
        ("rr <= 5 and spo2 < 90", "high", 5, True),
        ("rr < 8 with spo2 < 90 or etco2 > 50 or poss >= 3", "high", 15, True),
        ("etco2 >= 60", "high", 60, False),
        ("etco2 >= 1 and etco2 <= 15", "medium", 60, False),
        ("rr > 30", "low", 30, False),
        ("pulse < 45", "low", 15, False),
        ("pulse > 130", "low", 15, False),
        ("poss >= 3", "medium", 0, False),
        ("poss >= 4", "high", 0, True),
    }


@pytest.mark.req("RSP-02")
def test_a_rate_of_zero_waits_only_where_the_device_gives_no_flag_and_no_counter() -> None:
    rule = next(rule for rule in profile().rules if rule.all_of == (Term("rr", Op.EQ, 0),))
    assert set(rule.absent) == {"no_breath", "no_breath_s"}


@pytest.mark.req("RSP-01")
def test_every_rule_names_its_source() -> None:
    assert all(len(rule.source) > 10 for rule in profile().rules)


@pytest.mark.req("ALA-02")
def test_high_latches_and_a_file_cannot_switch_that_off(tmp_path: Path) -> None:
    assert profile().latch == (Priority.HIGH,)
    assert changed(tmp_path, 'latch = ["high"]', "latch = []") == [
        ("latch", 'a high alarm always latches: "high" must be in the list')
    ]


@pytest.mark.req("ALA-04")
def test_an_audio_pause_longer_than_120_s_is_refused(tmp_path: Path) -> None:
    found = changed(tmp_path, 'audio_pause_max = "120 s"', 'audio_pause_max = "121 s"')
    assert found == [("audio_pause_max", "an audio pause lasts at most 120 s")]


@pytest.mark.req("RSP-01")
@pytest.mark.parametrize("op", list(Op))
def test_each_comparison_is_read_as_written(op: Op) -> None:
    assert parse_term(f"spo2 {op} 89.5") == Term("spo2", op, 89_500)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("resp < 8", 'unknown signal "resp"'),
        ("sp02 < 90", 'did you mean "spo2"?'),
        ("spo2 < 101", 'outside what "spo2" can report (0 to 100 %)'),
        ("temp < 5", "10 to 50"),
        ("spo2 90", "expected"),
        ("spo2 =< 90", "expected"),
        ("spo2 < -1", "outside"),
        ("spo2 < 90 and rr < 8", "expected"),
        ("spo2 < 90.0001", "finer than 0.001"),
        ("", "expected"),
    ],
)
def test_a_term_that_no_sensor_can_satisfy_or_nobody_can_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(TermError) as caught:
        parse_term(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('all = ["rr < 8"]', 'all = ["rr < 800"]', "rule[4].all", "outside"),
        ('all = ["rr >= 1", "rr <= 5"]', 'all = ["rr >= 6", "rr <= 5"]', "rule[3].all", "exclude each other"),
        ('all = ["rr >= 1", "rr <= 5"]', 'all = ["rr > 5", "rr < 5"]', "rule[3].all", "exclude each other"),
        ('id = "rr-low"', 'id = "rr-critical"', "rule[4].id", "duplicate rule"),
        ('absent = ["no_breath",', 'absent = ["nobreath",', "rule[2].absent", "no_breath"),
        ('delay = "30 s"', "delay = 30", "rule[3].delay", "in quotes"),
        ('\ninterlock = "stop"', '\ninterlock = "yes"', "rule[0].interlock", '"stop"'),
        ('priority = "high"', 'priority = "urgent"', "rule[0].priority", '"high"'),
        ('all = ["rr < 8"]', "all = []", "rule[4].all", "at least 1"),
        ('text = "No breath detected"', 'txt = "No breath detected"', "rule[0].text", "required key is missing"),
    ],
)
def test_a_broken_rule_is_refused_by_its_place(tmp_path: Path, old: str, new: str, key: str, words: str) -> None:
    found = dict(changed(tmp_path, old, new))
    assert key in found
    assert words in found[key]
