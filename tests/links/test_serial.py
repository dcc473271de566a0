"""Serial lines on real ptys: plugged, pulled, busy, forbidden, blocked."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import struct
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
import uvloop

from pumpd.device import Line as LineSettings
from pumpd.device import Parity
from pumpd.links import Reason, SerialLink, Trouble, parse_link
from pumpd.links.opening import open_serial, trouble_of
from tests.links.ends import PtyEnd, Watched, readable

Watch = Callable[..., Watched]
BYTES = bytes(range(256))


async def test_every_byte_value_passes_both_ways(end: PtyEnd, watch: Watch) -> None:
    line = watch(f"serial://{end.path}")
    await line.until_up()
    assert line.line.write(BYTES)
    assert await end.read(256) == BYTES
    end.send(BYTES)
    await line.until(lambda: len(line.heard) == 256)
    assert line.heard == BYTES


async def unplug_and_replug(end: PtyEnd) -> list[Trouble | None]:
    line = Watched(f"serial://{end.path}")
    try:
        await line.until_up()
        end.unplug()
        await line.until(lambda: Trouble(Reason.ABSENT, "No such file or directory") in line.states)
        assert not line.line.write(b"x")
        end.plug()
        await line.until_up(times=2)
        end.send(b"again")
        await line.until(lambda: line.heard == b"again")
    finally:
        await line.line.close()
    return line.states


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_pulled_line_is_told_and_opens_again_when_it_is_back(end: PtyEnd, make_loop: Callable[[], object]) -> None:
    with asyncio.Runner(loop_factory=make_loop) as runner:  # type: ignore[arg-type]
        states = runner.run(unplug_and_replug(end))
    reasons = [state.reason if state else None for state in states]
    assert reasons == [None, Reason.UNPLUGGED, Reason.ABSENT, None, Reason.CLOSED]


async def test_a_port_held_by_another_program_is_busy_and_is_taken_when_it_is_free(end: PtyEnd, watch: Watch) -> None:
    other = serial.Serial(str(end.path), exclusive=True)
    line = watch(f"serial://{end.path}")
    assert (await line.until_down()).reason is Reason.BUSY
    other.close()
    await line.until_up()


async def test_an_open_line_is_ours_alone(end: PtyEnd, watch: Watch) -> None:
    line = watch(f"serial://{end.path}")
    await line.until_up()
    assert open_serial(SerialLink(str(end.path)), LineSettings(bauds=(9600,))) == Trouble(
        Reason.BUSY, "Resource temporarily unavailable"
    )


@pytest.mark.parametrize("kind", ["folder", "file"])
async def test_what_is_not_a_port_is_called_so(tmp_path: Path, watch: Watch, kind: str) -> None:
    if kind == "file":
        (tmp_path / "thing").write_bytes(b"")
    else:
        (tmp_path / "thing").mkdir()
    line = watch(f"serial://{tmp_path}/thing")
    assert (await line.until_down()).reason is Reason.NOT_A_PORT


def test_a_forbidden_port_is_called_so(end: PtyEnd) -> None:
    if os.geteuid() == 0:  # root is forbidden nothing: the same errno in the same place
        assert trouble_of(PermissionError(13, "Permission denied"), Reason.NOT_A_PORT).reason is Reason.DENIED
        return
    os.chmod(end.path, 0)
    answer = open_serial(SerialLink(str(end.path)), LineSettings(bauds=(9600,)))
    assert isinstance(answer, Trouble)
    assert answer.reason is Reason.DENIED


async def test_parity_and_seven_bits_are_dropped_on_a_pty_so_that_it_opens_again_and_again(
    end: PtyEnd, watch: Watch
) -> None:
    settings = LineSettings(bauds=(9600,), data_bits=7, parity=Parity.EVEN)
    line = watch(f"serial://{end.path}", settings=settings)
    await line.until_up()
    for times in (2, 3):
        line.line.reopen(Reason.SILENT)
        await line.until_up(times)
    end.send(b"\xff")
    await line.until(lambda: line.heard)
    assert line.heard == b"\xff"


async def fill(line: Watched) -> int:
    """Writes frames until the system takes no more and some wait in the line."""
    written = 0
    while line.line._pipe is not None and not line.line._pipe.unsent():
        assert line.line.write(b"<poll%06d>" % written)
        written += 1
    return written


@pytest.mark.req("INT-02")
async def test_a_stop_overtakes_a_blocked_queue_and_cuts_no_frame(end: PtyEnd, watch: Watch) -> None:
    line = watch(f"serial://{end.path}")
    await line.until_up()
    started = await fill(line)
    for _ in range(20):
        line.line.write(b"<waits>")
    assert line.line.write(b"<STOP>", urgent=True)
    got = b""
    while not got.endswith(b"<STOP>"):
        await readable(end.master)
        got += os.read(end.master, 4096)
    frames = got.split(b">")[:-2]
    assert [frame[:5] for frame in frames] == [b"<poll"] * len(frames)
    assert len(frames) in (started, started - 1)


async def test_a_line_that_takes_nothing_refuses_frames_instead_of_growing(end: PtyEnd, watch: Watch) -> None:
    line = watch(f"serial://{end.path}")
    await line.until_up()
    await fill(line)
    taken = 0
    while line.line.write(b"<poll>"):
        taken += 1
    assert taken < 4096


async def test_another_speed_applies_before_the_next_frame_leaves(end: PtyEnd, watch: Watch) -> None:
    line = watch(f"serial://{end.path}")
    await line.until_up()
    line.line.set_baud(115200)
    line.line.write(b"enable")
    assert await end.read(6) == b"enable"
    seen = serial.Serial()
    assert termios.tcgetattr(end.master)[4] == termios.B115200
    assert not seen.is_open


async def test_a_configured_speed_is_not_changed(end: PtyEnd, watch: Watch) -> None:
    line = watch(f"serial://{end.path}?baud=9600")
    await line.until_up()
    line.line.set_baud(115200)
    line.line.write(b"enable")
    await end.read(6)
    assert termios.tcgetattr(end.master)[4] == termios.B9600


async def test_closing_waits_for_the_last_bytes_and_leaves_no_descriptor(end: PtyEnd, watch: Watch) -> None:
    gc.collect()  # what earlier tests have left does not go meanwhile
    before = len(os.listdir("/proc/self/fd"))
    line = watch(f"serial://{end.path}")
    await line.until_up()
    line.line.write(b"goodbye")
    await line.line.close(drain_ms=500)
    assert await end.read(7) == b"goodbye"
    assert len(os.listdir("/proc/self/fd")) == before
    assert line.states[-1] == Trouble(Reason.CLOSED)


@pytest.mark.parametrize(
    ("line", "query", "raised", "lowered"),
    [
        (LineSettings((1200,)), "", {"DTR", "RTS"}, set()),
        (LineSettings((1200,), dtr=False), "", {"RTS"}, {"DTR"}),
        (LineSettings((1200,), rts=False), "", {"DTR"}, {"RTS"}),
        (LineSettings((19200,), rtscts=True), "", {"DTR"}, set()),
        (LineSettings((1200,)), "?receive_only=1", set(), {"DTR", "RTS"}),
        (LineSettings((19200,), rtscts=True), "?receive_only=1", set(), {"DTR", "RTS"}),
    ],
)
def test_the_handshake_lines_are_as_the_driver_says_and_low_on_a_tap(
    end: PtyEnd,
    monkeypatch: pytest.MonkeyPatch,
    line: LineSettings,
    query: str,
    raised: set[str],
    lowered: set[str],
) -> None:
    """A pty has no handshake lines; what a port that has them is asked for is noted."""
    asked: dict[int, set[str]] = {termios.TIOCMBIS: set(), termios.TIOCMBIC: set()}
    names = {termios.TIOCM_DTR: "DTR", termios.TIOCM_RTS: "RTS"}
    real = fcntl.ioctl

    def ioctl(fd: int, request: int, *more: object) -> object:
        if request in asked:
            asked[request].add(names[struct.unpack("I", more[0])[0]])  # type: ignore[arg-type]
            return 0
        return real(fd, request, *more)  # type: ignore[arg-type]

    monkeypatch.setattr("serial.serialposix.fcntl.ioctl", ioctl)
    link = parse_link(f"serial://{end.path}{query}")
    assert isinstance(link, SerialLink)
    opened = open_serial(link, line)
    assert isinstance(opened, int)
    os.close(opened)
    assert asked == {termios.TIOCMBIS: raised, termios.TIOCMBIC: lowered}
