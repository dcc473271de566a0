"""What is known of a serial port without opening it: who may, and who has it open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import serial

from pumpd.links import ports
from pumpd.links.ports import Holder, holders, why_denied
from tests.links.ends import PtyEnd


def holds(pid: int, end: PtyEnd) -> bool:
    """Another program of this machine, whose own pty had that number and has gone, may try this one for a moment."""
    return pid in [holder.pid for holder in holders(str(end.path))]


def test_a_port_that_nobody_has_open_is_free(end: PtyEnd) -> None:
    assert not holds(os.getpid(), end)


def test_whoever_has_a_port_open_is_named_by_program_and_number(end: PtyEnd) -> None:
    with serial.Serial(str(end.path), exclusive=True):
        [holder] = holders(str(end.path))
    assert holder.pid == os.getpid()
    assert str(holder) == f"{Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})"


def test_a_lock_that_another_user_holds_is_seen_by_its_number(
    end: PtyEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = os.stat(end.path)
    file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    lines = f"1: POSIX  ADVISORY  READ 7 00:05:1 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 {file} 0 EOF\n"
    (tmp_path / "locks").write_text(lines)
    monkeypatch.setattr(ports, "PROC", tmp_path)
    assert [str(holder) for holder in holders(str(end.path))] == ["a program (pid 4711)"]


def test_a_terminal_programs_lock_file_counts_while_the_program_lives(
    end: PtyEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "LOCK_DIRS", (tmp_path, tmp_path / "absent"))
    lock = tmp_path / f"LCK..{os.path.basename(os.path.realpath(end.path))}"
    lock.write_text(f"{os.getpid():10d}\n")
    assert holds(os.getpid(), end)
    for nobody in ("4194304999\n", "rubbish"):
        lock.write_text(nobody)
        assert not holds(os.getpid(), end)
        assert not holds(4194304999, end)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o660, 'group "{group}" may open it; join it (usermod -aG {group} USER) and log in again'),
        (0o600, 'only user "{user}" may open it; a udev rule may give it to a group'),
    ],
)
def test_who_may_open_a_forbidden_port_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, words: str
) -> None:
    path = tmp_path / "ttyUSB0"
    path.touch()
    path.chmod(mode)
    assert why_denied(str(path)) is None
    monkeypatch.setattr("os.access", lambda *_: False)
    group, user = path.group(), path.owner()
    assert why_denied(str(path)) == f"permission denied: {words.format(group=group, user=user)}"
    assert why_denied(str(tmp_path / "absent")) is None


def test_a_holder_of_whom_only_the_number_is_known_is_still_told() -> None:
    assert str(Holder(12)) == "a program (pid 12)"
