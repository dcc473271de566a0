"""`pumpd check`: one line per mistake and exit 1; what the files mean; exit 2 where there is no file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from tests.cli.call import run

DEFAULT = default_dir() / "ward.toml"


def test_the_shipped_ward_file_passes() -> None:
    code, out, _ = run("check", DEFAULT)
    assert code == 0
    assert "hard ceiling 1 mg/kg/h, set by drug library 2026.1, palliative-adult" in out
    assert "enforcement: stop" in out


def test_mistakes_are_lines_of_file_line_key_message_and_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "a ward.toml"
    text = DEFAULT.read_text(encoding="utf-8").replace("port = 8080", 'port = "8080"').replace("[alarms]", "[alarm]")
    path.write_text(text, encoding="utf-8")
    rows = text.splitlines()
    code, out, _ = run("check", path)
    assert code == 1
    lines = out.splitlines()
    port, alarm = rows.index('port = "8080"') + 1, rows.index("[alarm]") + 1
    assert lines[0].startswith(f"{path}:1: alarms: required key is missing")
    assert lines[1].startswith(f"{path}:{port}: server.port: expected a whole number")
    assert lines[2].startswith(f"{path}:{alarm}: alarm: unknown key")
    assert len(lines) == 3


def test_run_refuses_a_bad_ward_file_with_the_same_lines(tmp_path: Path) -> None:
    path = tmp_path / "ward.toml"
    path.write_text(DEFAULT.read_text(encoding="utf-8").replace("care_area =", "carearea ="), encoding="utf-8")
    code, out, err = run("run", "--config", path)
    assert (code, out) == (1, "")
    assert 'did you mean "care_area"?' in err


@pytest.mark.parametrize("command", [("check",), ("run", "--config")])
def test_a_file_that_is_not_there_is_exit_2(tmp_path: Path, command: tuple[str, ...]) -> None:
    code, _, err = run(*command, tmp_path / "none.toml")
    assert code == 2
    assert "there is no file" in err


@pytest.mark.req("RSP-10")
def test_each_rule_shows_its_total_response_time() -> None:
    _, out, _ = run("check", DEFAULT, "--json")
    document = json.loads(out)
    assert document["ok"] is True
    rules = {rule["rule"]: rule for rule in document["beds"][0]["rules"]}
    critical = rules["rr-critical"]
    assert (critical["delay_s"], critical["monitor_period_s"], critical["signal_delay_s"]) == (30, 1, 0.1)
    assert critical["total_s"] == 31.1
    assert rules["no-breath-flag"]["total_s"] == 1.1
    _, table, _ = run("check", DEFAULT)
    row = next(line.split() for line in table.splitlines() if line.split()[:1] == ["rr-critical"])
    assert row == ["rr-critical", "high", "stop", "30", "1", "0.1", "31.1"]


@pytest.mark.req("RSP-10")
def test_a_rule_that_no_monitor_of_the_bed_can_feed_says_so(tmp_path: Path) -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    alarms = (default_dir() / "alarms" / "adult.toml").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(alarms.replace('all = ["pulse < 45"]', 'all = ["hr < 45"]'), encoding="utf-8")
    (tmp_path / "ward.toml").write_text(text.replace("alarms/adult.toml", "own.toml"), encoding="utf-8")
    _, out, _ = run("check", tmp_path / "ward.toml", "--json")
    rule = next(r for r in json.loads(out)["beds"][0]["rules"] if r["rule"] == "pulse-low")
    assert (rule["total_s"], rule["missing"]) == (None, ["hr"])


def test_the_schema_is_json_and_forbids_unknown_keys() -> None:
    code, out, _ = run("config", "schema")
    document = json.loads(out)
    assert code == 0
    assert document["additionalProperties"] is False
    assert {"schema", "ward", "bed", "library"} <= set(document["properties"])
