"""Serial ports are named by what lasts: the adapter, not the order in which it was plugged in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from pumpd.cli.devices import ports
from tests.cli.call import run


def port(device: Path, hwid: str = "USB VID:PID=0403:6001", **facts: str) -> ListPortInfo:
    found = ListPortInfo(str(device))
    found.hwid = hwid
    for name, value in facts.items():
        setattr(found, name, value)
    return found


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which ttyUSB0 has a lasting name and ttyS0 is the mainboard's."""
    (tmp_path / "by-id").mkdir()
    for name in ("ttyUSB0", "ttyUSB1", "ttyS0"):
        (tmp_path / name).touch()
    (tmp_path / "by-id" / "usb-FTDI_FT232R_A10").symlink_to(tmp_path / "ttyUSB0")
    monkeypatch.setattr(ports, "BY_ID", tmp_path / "by-id")
    return tmp_path


def test_a_port_is_named_by_its_adapter_and_an_empty_one_is_left_out(plugged: Path) -> None:
    known = [
        port(plugged / "ttyS0", "n/a"),
        port(plugged / "ttyUSB1", manufacturer="Prolific"),
        port(plugged / "ttyUSB0", manufacturer="FTDI", product="FT232R", serial_number="A10"),
    ]
    found = ports.ports_of(known, ports.by_id(plugged / "by-id"))
    assert [one.link for one in found] == [
        f"serial://{plugged}/by-id/usb-FTDI_FT232R_A10",
        f"serial://{plugged}/ttyUSB1",
    ]
    assert (found[0].what, found[0].access) == ("FTDI FT232R A10", "ok")


def test_a_port_that_may_not_be_opened_says_so(plugged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    (found,) = ports.ports_of([port(plugged / "ttyUSB1")], {})
    assert "permission denied" in found.access


def test_a_machine_without_ports_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    assert run("devices", "ports")[0] == 1
    code, out, _ = run("devices", "ports", "--json")
    assert (code, json.loads(out)) == (1, {"ports": []})
