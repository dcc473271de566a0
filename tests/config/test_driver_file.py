"""A driver under development comes from a file, in this process only, and a broken file is one exact line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pumpd.config.load import inspect_ward
from pumpd.registry import DriverFileError, add_file, driver_files, drivers, forget_files
from pumpd.safety.policy import Enforcement
from tests.config.conftest import Break
from tests.config.driver_files import MONITOR, PUMP, monitor_file, pump_file


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    forget_files()


def test_its_drivers_are_known_by_name_and_unverified_whatever_they_say(tmp_path: Path) -> None:
    file = add_file(monitor_file(tmp_path))
    assert drivers()["my_monitor"] is file.drivers[0]
    assert drivers()["my_monitor"].info.unverified
    assert drivers()["alaris_asena"].info.quality == "simulated"
    assert len(file.sha256) == 64
    forget_files()
    assert "my_monitor" not in drivers()
    assert driver_files() == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("class A:\n    def b(self:\n", ":2: "),
        ("import this_is_not_installed\n", ":1: ModuleNotFoundError: "),
        ("x = 1\n\ny = x / 0\n", ":3: ZeroDivisionError: "),
        ("import sys\nsys.exit(3)\n", ":2: SystemExit: 3"),
        ("x = 1\n", ":1: there is no class with `info = DriverInfo(...)` in this file"),
        (
            MONITOR.replace("my_monitor", "alaris_asena"),
            ':8: MyMonitor: the name "alaris_asena" is that of an installed',
        ),
        (MONITOR.replace("my_monitor", "My Monitor"), ':8: MyMonitor: the name "My Monitor" must be lower-case'),
        (
            MONITOR.replace('("rr", "spo2")', '("rr", "sp02")'),
            ':8: MyMonitor: unknown signal "sp02"; did you mean "spo2"?',
        ),
        (MONITOR.replace("def framer", "def framers"), ":8: MyMonitor: cannot be made: NotImplementedError"),
        (PUMP.replace("def tick", "def tock"), ":4: MyPump: has no tick "),
        (PUMP.replace("def command", "def commands"), ":4: MyPump: has no command "),
    ],
)
def test_a_broken_file_is_one_line_with_file_line_and_reason(tmp_path: Path, text: str, problem: str) -> None:
    path = monitor_file(tmp_path, text)
    with pytest.raises(DriverFileError) as raised:
        add_file(path)
    assert str(raised.value).startswith(f"{path}{problem}")
    assert "\n" not in str(raised.value)
    assert driver_files() == ()


def test_a_module_beside_the_file_may_be_imported_and_its_fault_is_named_there(tmp_path: Path) -> None:
    beside = tmp_path / "my_monitor_wire_tables.py"
    beside.write_text("LIMIT = 64\n")
    path = monitor_file(tmp_path, "from my_monitor_wire_tables import LIMIT\n" + MONITOR)
    assert add_file(path).drivers
    forget_files()
    broken = tmp_path / "my_other_tables.py"
    broken.write_text("LIMIT = 64\nLIMIT()\n")
    path = monitor_file(tmp_path, "import my_other_tables\n" + MONITOR)
    with pytest.raises(DriverFileError, match=r"my_other_tables\.py:2: TypeError"):
        add_file(path)


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    add_file(monitor_file(tmp_path))
    with pytest.raises(DriverFileError, match='"my_monitor" is that of'):
        add_file(monitor_file(tmp_path))


# --- in a ward

WITH_MY_PUMP = (
    'driver = "alaris_asena"\nlink = "serial:///dev/ttyUSB0"',
    'driver = "my_pump"\nlink = "serial:///dev/ttyUSB0"',
)
ALLOWED = ('enforcement = "stop"', 'enforcement = "stop"\nallow_unverified_control = true')
UNWRITTEN = ('enforcement = "stop"\n', "")


@pytest.mark.req("CEI-07")
def test_a_pump_under_development_is_commanded_only_where_the_ward_file_allows_it(
    ward_file: Break, tmp_path: Path
) -> None:
    add_file(pump_file(tmp_path))
    refused = inspect_ward(ward_file(WITH_MY_PUMP))
    assert refused.ward is None
    (problem,) = refused.problems
    assert problem.key.endswith("enforcement")
    assert "my_pump is UNVERIFIED" in problem.message
    assert "allow_unverified_control = true" in problem.message
    allowed = inspect_ward(ward_file(WITH_MY_PUMP, ALLOWED)).ward
    assert allowed is not None
    assert allowed.beds[0].policy.pumps[0].enforcement is Enforcement.STOP
    assert allowed.beds[0].devices[0].control


@pytest.mark.req("CEI-07")
def test_a_pump_under_development_only_alarms_where_nothing_is_written(ward_file: Break, tmp_path: Path) -> None:
    add_file(pump_file(tmp_path))
    loaded = inspect_ward(ward_file(WITH_MY_PUMP, UNWRITTEN))
    assert loaded.ward is not None
    pump = loaded.ward.beds[0].policy.pumps[0]
    assert (pump.enforcement, pump.unverified) == (Enforcement.ALARM, True)
    assert not loaded.ward.beds[0].devices[0].control
    words = [str(warning) for warning in loaded.warnings]
    assert any("my_pump is UNVERIFIED (a driver under development)" in one for one in words)
    assert loaded.ward.unverified == ("my_pump",)
    assert loaded.ward.files[str(tmp_path / "my_pump.py")]


def test_a_permission_that_no_driver_needs_is_a_warning(ward_file: Break) -> None:
    loaded = inspect_ward(ward_file(ALLOWED))
    assert loaded.ward is not None
    assert any("has no effect: alaris_asena is installed" in one.message for one in loaded.warnings)
    assert loaded.ward.unverified == ()
