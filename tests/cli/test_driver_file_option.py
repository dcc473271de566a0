"""`--driver-file` on the command line: what is said of a driver under development, and of a file that is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pumpd.links.capture import line_of
from pumpd.registry import drivers, forget_files
from tests.cli.call import run
from tests.config.conftest import WARD
from tests.config.driver_files import MONITOR, monitor_file


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    forget_files()


def test_the_list_and_the_table_of_one_say_unverified(tmp_path: Path) -> None:
    file = monitor_file(tmp_path)
    code, out, err = run("devices", "drivers", "--driver-file", file)
    assert (code, err) == (0, f"UNVERIFIED driver my_monitor from {file}\n")
    assert "UNVERIFIED" in next(line for line in out.splitlines() if "my_monitor" in line)
    assert (
        "UNVERIFIED (a driver under development)" in run("devices", "drivers", "my_monitor", "--driver-file", file)[1]
    )


def test_the_next_command_knows_nothing_of_it(tmp_path: Path) -> None:
    run("devices", "drivers", "--driver-file", monitor_file(tmp_path))
    run("devices", "drivers")
    assert "my_monitor" not in drivers()


@pytest.mark.parametrize("command", [("devices", "drivers"), ("check", "ward.toml"), ("run", "--config", "ward.toml")])
def test_a_broken_file_is_one_line_and_exit_1_before_anything_else(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = monitor_file(tmp_path, "x = (\n")
    code, out, err = run(*command, "--driver-file", file)
    assert (code, out, err) == (1, "", f"{file}:1: '(' was never closed\n")
    assert run(*command, "--driver-file", tmp_path / "none.py")[0] == 2


def test_decode_reads_a_capture_with_it_and_marks_what_comes_out(tmp_path: Path) -> None:
    capture = tmp_path / "a.txt"
    capture.write_text(line_of(0, b"14 97\r\n") + line_of(1000, b"15 96\r\n"), encoding="ascii")
    arguments = ("devices", "decode", capture, "--driver", "my_monitor", "--driver-file", monitor_file(tmp_path))
    code, out, _ = run(*arguments)
    assert (code, "RR 14 /min  SpO2 97 %" in out, "my_monitor UNVERIFIED" in out) == (0, True, True)
    assert json.loads(run(*arguments, "--json")[1].splitlines()[-1])["quality"] == "unverified"


def test_check_names_it_at_its_devices_and_as_a_warning(tmp_path: Path) -> None:
    file = monitor_file(tmp_path, MONITOR)
    ward = tmp_path / "ward.toml"
    ward.write_text(WARD.replace('driver = "capnostream20"', 'driver = "my_monitor"', 1), encoding="utf-8")
    code, out, _ = run("check", ward, "--driver-file", file)
    assert code == 0
    assert "my_monitor is UNVERIFIED (a driver under development)" in out
    monitor = json.loads(run("check", ward, "--driver-file", file, "--json")[1])["beds"][0]["monitors"][0]
    assert (monitor["driver"], monitor["unverified"]) == ("my_monitor", True)
    code, out, _ = run("check", ward)
    assert (code, 'unknown driver "my_monitor"' in out) == (1, True)
