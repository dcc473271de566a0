"""`pumpd check` says what breathing stops at each bed and what a resume requires."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from tests.cli.call import run

WARD = default_dir() / "ward.toml"


def changed(folder: Path) -> Path:
    """The shipped ward whose second bed stops ketamine and opioids, and asks a resume for SpO2 alone."""
    own = (
        '\n[bed.interlock]\nmonitoring_lost = "stop"\nrespiratory_stop = "ketamine+opioids"\nresume_vitals = ["spo2"]\n'
    )
    path = folder / "ward.toml"
    path.write_text(WARD.read_text(encoding="utf-8") + own, encoding="utf-8")
    return path


@pytest.mark.req("INT-03", "INT-07", "INT-08")
def test_each_bed_says_what_breathing_stops_and_what_a_resume_requires(tmp_path: Path) -> None:
    code, out, _ = run("check", changed(tmp_path))
    assert code == 0
    first, second = (part.splitlines() for part in out.split("\n4b-0")[1:3])
    assert "  respiratory rules stop: ketamine" in first
    assert "  no respiratory source for 30 s: alarms" in first
    assert "  resume after a stop: rr and spo2 in limits for 60 s" in first
    assert "  respiratory rules stop: ketamine+opioids" in second
    assert "  no respiratory source for 30 s: alarms and stops ketamine" in second
    assert "  resume after a stop: spo2 in limits for 60 s" in second


def test_a_script_reads_the_same(tmp_path: Path) -> None:
    code, out, _ = run("check", changed(tmp_path), "--json")
    assert code == 0
    assert json.loads(out)["beds"][1]["interlock"] == {
        "respiratory_stop": "ketamine+opioids",
        "monitoring_lost": "stop",
        "monitoring_lost_s": 30,
        "resume_vitals": ["spo2"],
        "resume_steady_s": 60,
    }
