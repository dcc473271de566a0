"""Evaluate, decode, drivers and the journal's commands, as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.call import run
from tests.evaluate.recordings import during, rows


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "a night.csv"
    path.write_text("\n".join(rows(361, during(100, 150, spo2="80"))) + "\n", encoding="utf-8")
    return path


def test_evaluate_prints_the_contracts_json(recording: Path) -> None:
    code, out, _ = run("evaluate", recording, "--alarms", "adult", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["samples"] == 361
    assert document["hours"] == 0.1
    (alarm,) = document["alarms"]
    assert 150 <= alarm.pop("end_s") <= 160  # the jump back to normal may be doubted for 10 s
    assert [alarm] == [
        {
            "rule": "spo2-critical",
            "priority": "high",
            "kind": "physiological",
            "onset_s": 110,
            "worst": 80,
            "interlock": True,
        }
    ]
    assert document["per_hour"] == {"high": 10.0, "medium": 0.0, "low": 0.0}


def test_evaluate_shows_a_table_and_compares_two_profiles(recording: Path) -> None:
    code, out, _ = run("evaluate", recording)
    assert code == 0
    assert out.count("spo2-critical") == 1
    assert "burden per hour: 10.00 high" in out
    code, out, _ = run("evaluate", recording, "--compare", "adult", "adult")
    assert code == 0
    assert "neither profile has an alarm that the other has not" in out
    _, out, _ = run("evaluate", recording, "--compare", "adult", "adult", "--json")
    assert json.loads(out)["compare"]["per_hour"]["high"] == 10.0


def test_a_bad_row_is_exit_1_and_a_missing_file_or_profile_exit_2(recording: Path, tmp_path: Path) -> None:
    recording.write_text(recording.read_text() + "361,x,97,38,70\n")
    code, _, err = run("evaluate", recording)
    assert code == 1
    assert err == f'{recording}:363: rr "x" is neither a number nor empty\n'
    assert run("evaluate", tmp_path / "none.csv")[0] == 2
    assert run("evaluate", recording, "--alarms", "children")[0] == 2


def test_a_journal_is_made_verified_copied_and_replayed(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'a journal.db'}"
    assert run("db", "upgrade", "--journal", url)[0] == 0
    assert run("db", "verify", "--journal", url)[0] == 0
    code, out, _ = run("db", "backup", tmp_path / "copy.db", "--journal", url, "--json")
    assert code == 0
    assert json.loads(out)["verified"]["links"] == 0
    code, out, _ = run("replay", "--journal", url, "--json")
    assert (code, json.loads(out)["identical"]) == (0, True)


def test_a_journal_that_is_not_there_or_not_named_is_exit_2(tmp_path: Path) -> None:
    assert run("db", "verify", "--journal", f"sqlite+aiosqlite:///{tmp_path / 'none.db'}")[0] == 2
    assert run("db", "verify")[0] == 2
    assert run("replay", "--journal", "nonsense")[0] == 2
