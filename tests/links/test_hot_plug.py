"""Ports by the names that udev keeps: absent at start, plugged in, pulled, back as another tty, taken by another."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pumpd.device import Line as LineSettings
from pumpd.links import Reason
from tests.links.ends import PtyEnd, Watched

Watch = Callable[..., Watched]


class Adapter(PtyEnd):
    """A USB adapter: its tty's number changes, /dev/serial/by-id/NAME leads to the present one, as udev keeps it."""

    def __init__(self, by_id: Path) -> None:
        by_id.parent.mkdir(parents=True, exist_ok=True)
        self.ttys: list[str] = []
        super().__init__(by_id)

    def plug(self) -> None:
        super().plug()
        self.ttys.append(os.path.realpath(self.path))


NAME = "dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"


async def exchange(line: Watched, adapter: PtyEnd, word: bytes) -> None:
    """Bytes pass both ways."""
    assert line.line.write(word)
    assert await adapter.read(len(word)) == word
    adapter.send(word[::-1])
    await line.until(lambda: line.heard.endswith(word[::-1]))


async def test_an_adapter_that_is_absent_at_start_is_opened_when_it_is_plugged_in(tmp_path: Path, watch: Watch) -> None:
    line = watch(f"serial://{tmp_path / NAME}")
    assert (await line.until_down()).reason is Reason.ABSENT
    adapter = Adapter(tmp_path / NAME)
    await line.until_up()
    await exchange(line, adapter, b"<hello>")
    adapter.close()


async def test_an_adapter_that_comes_back_as_another_tty_is_followed_each_time(tmp_path: Path, watch: Watch) -> None:
    adapter = Adapter(tmp_path / NAME)
    line = watch(f"serial://{adapter.path}")
    held: list[int] = []
    for times in (1, 2, 3, 4):
        await line.until_up(times)
        await exchange(line, adapter, b"<plug %d>" % times)
        adapter.unplug()
        await line.until_down()
        held.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))  # its old number is somebody else's now
        adapter.plug()
    await line.until_up(5)
    assert len(set(adapter.ttys)) > 1
    adapter.close()
    for fd in held:
        os.close(fd)


async def test_two_adapters_that_swap_their_ttys_stay_who_they_are(tmp_path: Path, watch: Watch) -> None:
    pump, monitor = Adapter(tmp_path / f"{NAME}-pump"), Adapter(tmp_path / f"{NAME}-monitor")
    lines = watch(f"serial://{pump.path}"), watch(f"serial://{monitor.path}")
    for line in lines:
        await line.until_up()
    pump.unplug()
    monitor.unplug()
    for line in lines:
        await line.until_down()
    monitor.plug()  # in the other order: each gets the other's number
    pump.plug()
    for line in lines:
        await line.until_up(2)
    await exchange(lines[0], pump, b"<pump>")
    await exchange(lines[1], monitor, b"<monitor>")
    assert b"<monitor>"[::-1] not in lines[0].heard
    for adapter in (pump, monitor):
        adapter.close()


async def test_a_name_that_changes_its_tty_while_the_line_is_open_does_not_move_the_line(
    tmp_path: Path, watch: Watch
) -> None:
    """Two adapters without serial numbers share a name: the second one plugged in takes it over."""
    first = Adapter(tmp_path / NAME)
    line = watch(f"serial://{first.path}")
    await line.until_up()
    second = Adapter(tmp_path / "second")
    first.path.unlink()
    first.path.symlink_to(second.ttys[0])
    await exchange(line, first, b"<still the first>")
    assert line.states == [None]
    for adapter in (first, second):
        adapter.close()


@pytest.mark.parametrize("settings", [LineSettings((19200,)), LineSettings((1200,), dtr=False, rts=False)])
async def test_a_name_that_leads_to_nothing_is_absent_and_not_an_error(
    tmp_path: Path, watch: Watch, settings: LineSettings
) -> None:
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    path.symlink_to("../../ttyUSB7")
    line = watch(f"serial://{path}", settings=settings)
    assert (await line.until_down()).reason is Reason.ABSENT
