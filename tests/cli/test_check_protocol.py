"""`pumpd check` shows caps and the protocol's rules per bed, with who set each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pumpd.config.defaults import default_dir
from tests.cli.call import run

DEFAULT = default_dir() / "ward.toml"
LIBRARY = "drug library 2026.2, palliative-adult"


def meaning(path: Path, bed: int = 0) -> dict[str, Any]:
    code, out, _ = run("check", path, "--json")
    assert code == 0, out
    found: dict[str, Any] = json.loads(out)["beds"][bed]
    return found


def own_ward(folder: Path, *changes: tuple[str, str], protocol: tuple[str, str] | None = None) -> Path:
    """The shipped ward, and with it the shipped protocol where that changes."""
    text = DEFAULT.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "ward.toml").write_text(text, encoding="utf-8")
    if protocol is not None:
        (folder / "protocols").mkdir()
        shipped = (default_dir() / "protocols" / "ldk.toml").read_text(encoding="utf-8")
        assert protocol[0] in shipped
        (folder / "protocols" / "ldk.toml").write_text(shipped.replace(*protocol), encoding="utf-8")
    return folder / "ward.toml"


@pytest.mark.req("LIB-09", "CEI-02")
def test_caps_are_shown_as_ceilings_are_with_who_set_them(tmp_path: Path) -> None:
    pump = meaning(DEFAULT)["pumps"][0]
    assert pump["caps"] == {
        "per_infusion": {"mg_kg": 0.5, "set_by": LIBRARY},
        "per_course": {"mg_kg": 1.5, "set_by": LIBRARY},
        "per_window": {"mg_kg": 1.0, "set_by": LIBRARY},
        "window_s": 86_400,
        "warn_percent": 90,
    }
    assert pump["initial"] == {"mg_kg_h": 0.1, "set_by": LIBRARY}
    lower = own_ward(tmp_path, protocol=('per_infusion = "0.5 mg/kg"', 'per_infusion = "0.3 mg/kg"'))
    _, out, _ = run("check", lower)
    assert "cap per infusion 0.3 mg/kg, set by protocol ldk; warns at 90 %, stops on reaching it" in out
    assert f"cap per 24 h 1 mg/kg, set by {LIBRARY}; warns at 90 %, stops on reaching it" in out
    assert f"usually begins with 0.1 mg/kg/h, set by {LIBRARY}" in out


@pytest.mark.req("LIB-09")
def test_a_pump_that_is_never_commanded_alarms_on_a_cap_and_is_not_said_to_stop(tmp_path: Path) -> None:
    ward = own_ward(tmp_path, ('enforcement = "stop"', 'enforcement = "alarm"'))
    _, out, _ = run("check", ward)
    assert out.count("alarms on reaching it") == out.count("stops on reaching it") == 3


@pytest.mark.req("LIB-09")
def test_the_protocols_rules_stand_once_for_the_beds_where_they_hold_alike(tmp_path: Path) -> None:
    _, out, _ = run("check", DEFAULT)
    assert out.count("Protocol: ") == 1
    assert "Protocol: 4b-01, 4b-02" in out
    for words in (
        "protocol ldk, version 2, approved by nobody yet, sets:",
        "course: at most 3 infusions in 120 h, one beyond is stopped",
        "start with at most 0.1 mg/kg/h, then steps of at most 0.1 mg/kg/h, 30 min apart",
        "before a start: rr 10 to 30, spo2 measured, pulse 50 to 150",
        "observations: every 15 min until 1 h, every 30 min until 3 h, then every 1 h",
        "pain score: every 4 h, overdue after 30 min more",
        "orders: 0.1 to 0.9 mg/kg, 10-20 % of the label's induction dose of 1-4.5 mg/kg",
    ):
        assert words in out
    protocol = meaning(DEFAULT)["protocol"]
    assert (protocol["set_by"], protocol["max_infusions"], protocol["course_s"]) == ("protocol ldk", 3, 432_000)
    assert protocol["start"] == {"mg_kg_h": 0.1, "set_by": "protocol ldk"}


@pytest.mark.req("LIB-09")
def test_a_ward_that_keeps_no_course_is_told_so(tmp_path: Path) -> None:
    ward = own_ward(tmp_path, ('[protocol]\nfile = "protocols/ldk.toml"\n', ""))
    assert meaning(ward)["protocol"] is None
    _, out, _ = run("check", ward)
    assert "Protocol: 4b-01, 4b-02\n  no course is kept\n" in out
    assert "warning:" in out
    assert "no course is kept, and no rule of a protocol binds" in out


@pytest.mark.req("LIB-09")
def test_what_is_recorded_but_not_judged_is_said() -> None:
    _, out, _ = run("check", DEFAULT)
    assert "note: of the library, bolus limits, the lower soft limit and the pump's own limits are recorded" in out
