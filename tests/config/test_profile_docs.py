"""docs/alarm-profiles.md says what is true: every key, every signal, the worked example as it is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.profile import inspect_profile
from pumpd.config.profile_file import EscalationTable, ProfileFile, RuleTable
from pumpd.config.profile_term import VALUES
from pumpd.safety.policy import Priority
from pumpd.units import format_milli

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "alarm-profiles.md").read_text(encoding="utf-8")
ADULT = (default_dir() / "alarms" / "adult.toml").read_text(encoding="utf-8")


def test_every_key_and_every_signal_is_explained() -> None:
    for record in (ProfileFile, RuleTable, EscalationTable):
        for name, field in record.model_fields.items():
            assert re.search(rf"`\[*{field.alias or name}\]*`", DOCS), name
    for name, signal in VALUES.items():
        low, high = format_milli(signal.min_milli), format_milli(signal.max_milli)
        row = next(line for line in DOCS.splitlines() if line.startswith("|") and f"`{name}`" in line and "-" in line)
        assert any(f"{low}{between}{high}" in row for between in ("-", " to ", " or ")), name


@pytest.mark.req("RSP-01")
def test_the_worked_example_passes_and_its_mistake_is_answered_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = re.search(r"   \[\[rule\]\]\n(   \w.*\n)+", DOCS)
    assert rule is not None
    own = "\n".join(line.removeprefix("   ") for line in rule[0].splitlines()) + "\n"
    start = ADULT.index('[[rule]]\nid = "spo2-low"')
    text = ADULT[:start] + own + ADULT[ADULT.index("\n# --- two parameters", start) :]
    text = text.replace('condition = "sedation"\npriority = "medium"', 'condition = "sedation"\npriority = "high"')
    monkeypatch.chdir(tmp_path)
    path = Path("config/alarms/ward-4b.toml")
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    loaded = inspect_profile(path)
    assert (loaded.problems, loaded.warnings) == ((), ())
    assert loaded.profile is not None
    rules = {one.id: one for one in loaded.profile.rules}
    assert rules["poss-unacceptable"].priority is Priority.HIGH
    assert rules["spo2-low"].all_of[0].limit_milli == 92_000
    path.write_text(text.replace('"spo2 < 92"', '"spo2 < 82"'), encoding="utf-8")
    [problem] = inspect_profile(path).problems
    assert f"       {problem}\n" in DOCS


@pytest.mark.req("RSP-02")
def test_the_table_of_numbers_is_that_of_the_files() -> None:
    """Each rule that the table shows for the adult profile, by its number and delay."""
    table = DOCS[DOCS.index("| | `adult`") : DOCS.index("The adult numbers")]
    rows = [line.split("|") for line in table.splitlines()[2:] if line]
    adult = {row[1].strip(): row[2].strip() for row in rows}
    assert adult["RR low"] == "< 8 for 60 s: MEDIUM"
    assert adult["RR 1-5"] == "30 s: HIGH stop"
    for name, column in (("adult-opioid-tolerant", 3), ("procedural", 4)):
        loaded = inspect_profile(default_dir() / "alarms" / f"{name}.toml").profile
        assert loaded is not None
        rules = {rule.id: rule for rule in loaded.rules}
        for row, rule in (("RR low", "rr-low"), ("SpO2 low", "spo2-low")):
            cell = next(line for line in table.splitlines() if line.startswith(f"| {row} |")).split("|")[column]
            limit, delay_s = rules[rule].all_of[0].limit_milli // 1000, rules[rule].delay_ms // 1000
            assert cell.replace("*", "").strip() == f"< {limit} for {delay_s} s: MEDIUM"
