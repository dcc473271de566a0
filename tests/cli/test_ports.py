"""Serial ports are named by what lasts: the adapter, not the order in which it was plugged in."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from pumpd.cli.devices import ports
from pumpd.config import by_id
from tests.cli.call import run


def port(device: Path, hwid: str = "USB VID:PID=0403:6001", **facts: str) -> ListPortInfo:
    found = ListPortInfo(str(device))
    found.hwid = hwid
    for name, value in facts.items():
        setattr(found, name, value)
    return found


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which ttyUSB0 has lasting names and ttyS0 is the mainboard's."""
    for kind in by_id.KINDS:
        (tmp_path / "serial" / kind).mkdir(parents=True)
    for name in ("ttyUSB0", "ttyUSB1", "ttyS0"):
        (tmp_path / name).touch()
    (tmp_path / "serial/by-id/usb-FTDI_FT232R_A10").symlink_to(tmp_path / "ttyUSB0")
    (tmp_path / "serial/by-path/pci-usb-0:2").symlink_to(tmp_path / "ttyUSB0")
    monkeypatch.setattr(by_id, "SERIAL_DIR", tmp_path / "serial")
    return tmp_path


def test_a_port_is_named_by_its_adapter_and_an_empty_one_is_left_out(plugged: Path) -> None:
    known = [
        port(plugged / "ttyS0", "n/a"),
        port(plugged / "ttyUSB1", manufacturer="Prolific"),
        port(plugged / "ttyUSB0", manufacturer="FTDI", product="FT232R", serial_number="A10"),
    ]
    found = ports.ports_of(known)
    assert [one.link for one in found] == [
        f"serial://{plugged}/serial/by-id/usb-FTDI_FT232R_A10",
        f"serial://{plugged}/ttyUSB1",
    ]
    assert (found[0].what, found[0].access, found[0].busy, found[0].note) == ("FTDI FT232R A10", "ok", "", "")


def test_an_adapter_without_a_serial_number_is_told_to_share_its_name(plugged: Path) -> None:
    (found,) = ports.ports_of([port(plugged / "ttyUSB0", manufacturer="QinHeng")])
    assert found.note.endswith(f"with two of them use serial://{plugged}/serial/by-path/pci-usb-0:2")


def test_a_port_that_may_not_be_opened_says_so(plugged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    (found,) = ports.ports_of([port(plugged / "ttyUSB1")])
    assert "permission denied" in found.access


def test_a_machine_with_ports_lists_them_and_opens_none(plugged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [port(plugged / "ttyUSB0", serial_number="A10")]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: known)
    opened: list[str] = []
    listening = True
    sys.addaudithook(lambda event, facts: opened.append(str(facts[0])) if listening and event == "open" else None)
    code, out, _ = run("devices", "ports")
    listening = False
    assert code == 0
    assert opened
    assert f"serial://{plugged}/serial/by-id/usb-FTDI_FT232R_A10" in out
    assert "free" in out
    assert not [path for path in opened if path.endswith("/ttyUSB0")]


def test_a_machine_without_ports_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    assert run("devices", "ports")[0] == 1
    code, out, _ = run("devices", "ports", "--json")
    assert (code, json.loads(out)) == (1, {"ports": []})
