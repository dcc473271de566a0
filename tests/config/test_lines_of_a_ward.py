"""What a ward file may say of lines: taps that cannot be commanded, and names of ports that stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config import by_id
from pumpd.config.load import Loaded, inspect_ward, load_ward
from pumpd.config.model import WardConfig
from pumpd.safety.policy import Enforcement
from tests.config.conftest import WARD, Break

TAP = ("serial:///dev/ttyUSB0", "serial:///dev/ttyUSB0?receive_only=1")
NO_ENFORCEMENT = ('enforcement = "stop"\n', "")


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(WARD.splitlines(), 1) if text in line)


@pytest.mark.parametrize("level", ["stop", "reduce"])
@pytest.mark.req("CEI-07")
def test_a_tap_that_shall_enforce_is_one_line_with_its_place(ward_file: Break, level: str) -> None:
    loaded = load_ward(ward_file(TAP, ('"stop"', f'"{level}"')))
    assert isinstance(loaded, list)
    [problem] = loaded
    assert (problem.line, problem.key) == (line_of("enforcement"), "bed[0].pump[0].enforcement")
    expected = f'"{level}" is not possible: pumpd never sends a byte on a receive-only tap; use "alarm"'
    assert problem.message == expected


@pytest.mark.parametrize("change", [NO_ENFORCEMENT, ('"stop"', '"alarm"')])
@pytest.mark.req("CEI-07")
def test_a_pump_on_a_tap_is_only_alarmed_about_whatever_its_driver_can(
    ward_file: Break, change: tuple[str, str]
) -> None:
    ward = load_ward(ward_file(TAP, change))
    assert isinstance(ward, WardConfig)
    tapped, other = ward.beds[0].policy.pumps[0], ward.beds[1].policy.pumps[0]
    assert (tapped.tap, tapped.enforcement) == (True, Enforcement.ALARM)
    can = tapped.capabilities
    assert not any((can.can_stop, can.can_set_rate, can.can_read_back, can.lease))
    assert not ward.beds[0].devices[0].control
    assert (other.tap, other.enforcement, other.capabilities.can_stop) == (False, Enforcement.STOP, True)


def warned(loaded: Loaded, key: str) -> list[str]:
    assert loaded.ward is not None, loaded.problems
    return [warning.message for warning in loaded.warnings if warning.key == key]


def test_a_tap_of_a_device_that_must_be_asked_is_a_warning_with_its_reason(ward_file: Break) -> None:
    [words] = warned(inspect_ward(ward_file(TAP, NO_ENFORCEMENT)), "bed[0].pump[0].link")
    assert words == (
        "a receive-only tap: alaris_asena reports only what it is asked for, so pumpd hears it while another host asks "
        "on this line, and loses it when that host stops"
    )


def test_a_monitor_may_be_tapped_and_its_policy_says_so(ward_file: Break) -> None:
    loaded = inspect_ward(ward_file(("10.0.0.5:4001", "10.0.0.5:4001?receive_only=1")))
    assert loaded.ward is not None
    assert loaded.ward.beds[0].policy.monitors[0].tap
    assert len(warned(loaded, "bed[0].monitor[0].link")) == 1


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /dev with two ports, one of which has lasting names."""
    for kind in by_id.KINDS:
        (tmp_path / "serial" / kind).mkdir(parents=True)
    for name in ("ttyUSB0", "ttyUSB1"):
        (tmp_path / name).touch()
    monkeypatch.setattr(by_id, "SERIAL_DIR", tmp_path / "serial")
    return tmp_path


def test_a_port_by_a_passing_name_is_a_warning_that_names_the_lasting_one(ward_file: Break, ports: Path) -> None:
    name = ports / "serial/by-id/usb-FTDI_A1-if00-port0"
    name.symlink_to("../../ttyUSB0")
    changes = (("/dev/ttyUSB0", f"{ports}/ttyUSB0?baud=19200"), ("/dev/ttyUSB1", f"{ports}/ttyUSB1"))
    loaded = inspect_ward(ward_file(*changes))
    [words] = warned(loaded, "bed[0].pump[0].link")
    assert words.endswith(f"may be another device after the next start; use serial://{name}?baud=19200")
    assert not [message for message in warned(loaded, "bed[1].pump[0].link") if "next start" in message]
    assert not warned(inspect_ward(ward_file(("/dev/ttyUSB0", str(name)), changes[1])), "bed[0].pump[0].link")


def test_a_port_that_has_only_a_name_by_its_socket_is_called_by_that(ports: Path) -> None:
    (ports / "serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0").symlink_to("../../ttyUSB1")
    assert by_id.better_name(f"{ports}/ttyUSB1") == f"{ports}/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0"
    assert by_id.better_name(f"{ports}/ttyUSB0") is None
    assert by_id.better_name(f"{ports}/absent") is None


def test_a_machine_without_lasting_names_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(by_id, "SERIAL_DIR", tmp_path / "none")
    assert by_id.lasting_names("/dev/null") == {}
