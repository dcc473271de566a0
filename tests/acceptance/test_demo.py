"""`pumpd demo` as a person starts it: a URL, four beds that live, and nothing left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.daemon import Json, Pumpd, command, ready


def moved(first: Json, now: Json) -> bool:
    """Every bed has newer values than before, and some digit of it has changed."""
    return all(
        old["values"]["rr"]["t"] != new["values"]["rr"]["t"] and digits(old) != digits(new)
        for old, new in zip(first["beds"], now["beds"], strict=True)
    )


def running(ward: Json) -> bool:
    return all(bed["pumps"][0]["infusing"] for bed in ward["beds"])


def digits(bed: Json) -> list[object]:
    return [value["v"] for value in bed["values"].values()] + [bed["pumps"][0]["delivered_mg"]]


@pytest.mark.slow
async def test_four_beds_move_at_the_printed_url_and_ctrl_c_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary files"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    async with await Pumpd.started("demo", "--port", "0") as demo:
        first = await demo.until(lambda w: len(w["beds"]) == 4 and ready(w) and running(w))
        assert first["ward"]["generation"] == "demo"
        assert all(bed["patient"] for bed in first["beds"])
        calm = await demo.until(lambda w: w["alarms"] == [])  # each start was planned, and seen
        assert [bed["course"]["missing"] for bed in calm["beds"]] == [[]] * 4
        await demo.until(lambda w: moved(first, w))
        assert await demo.signal(signal.SIGINT) == 0
        assert "Traceback" not in demo.text
    assert os.listdir(folder) == []


@pytest.mark.slow
@pytest.mark.req("DEM-01")
async def test_a_course_in_simulated_time_says_so_and_ctrl_c_ends_it_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    async with await Pumpd.started("demo", "--scenario", "ldk-course", "--port", "0", "--factor", "600") as demo:
        ward = await demo.until(lambda w: w["beds"][0]["course"] and w["beds"][0]["course"]["id"])
        assert ward["ward"]["generation"] == "demo"
        assert ward["beds"][0]["patient"]["mrn"] == "DEMO-LDK-1"
        assert await demo.signal(signal.SIGINT) == 0
        assert "TIME IS SIMULATED: up to 600 times as fast as yours" in demo.text
        assert "NOT AS THE SCRIPT" not in demo.text
        assert "Traceback" not in demo.text
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
async def test_all_sixteen_models_stand_at_eight_beds_and_are_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    async with await Pumpd.started("demo", "--devices", "all", "--port", "0") as demo:
        ward = await demo.until(lambda w: len(w["beds"]) == 8 and all(_heard(bed) for bed in w["beds"]))
        models = {device["driver"] for bed in ward["beds"] for device in bed["devices"]}
        assert len(models) == 16
        assert await demo.signal(signal.SIGINT) == 0
        assert "Traceback" not in demo.text


def _heard(bed: Json) -> bool:
    """Its oximeter, and its pump: which of the sixteen tells no state is told with its rate."""
    pump = bed["pumps"][0]
    return bed["values"]["spo2"]["v"] is not None and (pump["infusing"] is not None or pump["rate_ml_h"] is not None)


async def test_an_unknown_scenario_is_a_line_with_the_nearest_one(tmp_path: Path) -> None:
    process = await command("demo", "--scenario", "overspeeed")
    out, _ = await process.communicate()
    assert process.returncode == 2
    assert b"overspeed" in out
    assert b"Traceback" not in out
