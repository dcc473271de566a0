"""Evaluate, decode, drivers and the journal's commands, as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.call import run
from tests.evaluate.recordings import during, rows

ASENA_HOLD = "!INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725|DB9D\r"


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


def test_decode_gives_the_facts_of_captured_bytes(tmp_path: Path) -> None:
    path = tmp_path / "line.cap"
    data = ASENA_HOLD.encode().hex(" ")
    path.write_text(f"# a held pump\n900 {data[:60]}\n910 {data[60:].strip()}\n", encoding="ascii")
    code, out, _ = run("devices", "decode", path, "--driver", "alaris_asena", "--json")
    assert code == 0
    facts = [json.loads(line) for line in out.splitlines()]
    status = next(fact for fact in facts if fact["type"] == "PumpStatus")
    assert (status["t_ms"], status["infusing"], status["serial"]) == (910, False, "8002-51733")
    assert status["volume_ul"] == 969
    path.write_text("900 zz\n", encoding="ascii")
    code, _, err = run("devices", "decode", path, "--driver", "alaris_asena")
    assert (code, err) == (1, f'{path}:1: expected "milliseconds hex hex …"\n')
    assert 'did you mean "alaris_asena"?' in run("devices", "decode", path, "--driver", "asena")[2]


def test_drivers_are_listed_with_what_they_can_do() -> None:
    code, out, _ = run("devices", "drivers", "--json")
    assert code == 0
    found = {one["name"]: one for one in json.loads(out)["drivers"]}
    assert found["alaris_asena"]["pump"]["can_stop"] is True
    assert "rr" in found["capnostream20"]["signals"]


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
