"""What systemd is told, over a real socket: ready, alive by the slowest loop, stopping."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from pumpd.bedside.timer import DeadlineTimer
from pumpd.daemon import notify
from pumpd.daemon.notify import Essential, Service, Watchdog, essentials
from tests.daemon.house import House

ROOT = Path(__file__).resolve().parents[2]
RUN = ("run", "--metrics", "127.0.0.1:0")
MDWE = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(65, 1, 0, 0, 0) == 0, "PR_SET_MDWE: a kernel from 6.3 on"
sys.argv = ["pumpd", *sys.argv[1:]]
from pumpd.cli import main
main()
"""
"""As systemd's MemoryDenyWriteExecute=yes: no memory is ever writable and executable."""


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(address)
        self._line.setblocking(False)
        self.said, self._news = list[str](), asyncio.Event()

    async def told(self) -> list[str]:
        """The next datagram's lines."""
        return (await asyncio.get_running_loop().sock_recv(self._line, 4096)).decode().splitlines()

    async def listen(self) -> None:
        """Into `said`, all the time: the system keeps few datagrams for whoever does not read."""
        while True:
            self.said += await self.told()
            self._news.set()

    async def until(self, line: str) -> None:
        """While somebody listens: that was said."""
        while line not in self.said:
            self._news.clear()
            await self._news.wait()

    def so_far(self) -> list[str]:
        found = list[str]()
        while True:
            try:
                found += self._line.recv(4096).decode().splitlines()
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(str(tmp_path / "notify"))
    yield made
    made.close()


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), **more}


def test_lines_of_one_saying_are_one_datagram(systemd: Systemd, tmp_path: Path) -> None:
    Service(environ(tmp_path)).say("READY=1", "STATUS=ward 4b")
    assert systemd.so_far() == ["READY=1", "STATUS=ward 4b"]


def test_an_abstract_socket_is_written_with_an_at_sign() -> None:
    name = f"pumpd-test-{os.getpid()}"
    line = Systemd(f"\0{name}")
    Service({"NOTIFY_SOCKET": f"@{name}"}).say("READY=1")
    assert line.so_far() == ["READY=1"]
    line.close()


def test_without_systemd_or_after_it_went_away_nothing_is_said_and_nothing_fails(tmp_path: Path) -> None:
    Service({}).say("READY=1")
    Service(environ(tmp_path)).say("READY=1")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "10000000"}, 10.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_only_a_watched_process_has_a_watchdog(tmp_path: Path, more: dict[str, str], expected: float | None) -> None:
    assert Service(environ(tmp_path, **more)).watchdog_s == expected


def test_it_is_fed_when_each_loop_has_turned_since_and_never_by_one_that_turns_often() -> None:
    turns, fed = {"bed": 0, "device": 0}, list[int]()
    idle = {"device": False}
    loops = [
        Essential("bed", lambda: turns["bed"]),
        Essential("device", lambda: turns["device"], lambda: idle["device"]),
    ]
    dog = Watchdog(loops, lambda: fed.append(1))
    assert not dog.look()
    turns["bed"] = 100
    assert not dog.look()
    assert dog.owing == ["device"]
    turns["device"] = 1
    assert dog.look()
    assert not dog.look(), "what turned before the last feeding does not count again"
    turns["bed"], idle["device"] = 101, True
    assert dog.look(), "a device for which nothing is due owes nothing"
    assert len(fed) == 2


async def test_what_hangs_is_named_in_the_log_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, named, looks = asyncio.Event(), list[Sequence[str]](), list[int]()

    def turns() -> int:
        looks.append(1)
        if len(looks) > 3 * notify.LOOKS:
            looked.set()
        return 0

    monkeypatch.setattr(notify.log, "error", lambda _what, loops: named.append(loops))
    dog = Watchdog([Essential("bed b1", turns), Essential("screens", lambda: 0, lambda: True)], lambda: None)
    running = asyncio.create_task(dog.run(0.01))
    await looked.wait()
    running.cancel()
    assert named == [["bed b1"]]


async def test_a_whole_ward_feeds_it_and_one_hung_loop_of_any_kind_does_not(
    house: House, systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon, service = house.daemon, Service(environ(tmp_path))
    dog = Watchdog(essentials(daemon), lambda: service.say("WATCHDOG=1"))
    await house.until(dog.look)
    assert systemd.so_far() == ["WATCHDOG=1"]
    session = next(iter(daemon.sessions.values()))
    arm_at = DeadlineTimer.arm_at
    with monkeypatch.context() as broken:
        session.timer.cancel()
        hangs = session.timer
        broken.setattr(DeadlineTimer, "arm_at", lambda one, due: None if one is hangs else arm_at(one, due))
        await house.until(lambda: not session.timer.idle)
        dog.look()
        before = systemd.so_far()
        await house.until(lambda: not dog.look() and dog.owing == [f"device {session.id}"])
        assert len(before) <= 1
        systemd.so_far()
        for _ in range(20):
            dog.look()
            await asyncio.sleep(0)
        assert systemd.so_far() == []
    session.timer.arm()
    await house.until(dog.look)
    hung = asyncio.Event()
    monkeypatch.setattr(daemon.hub, "people", type("Hung", (), {"sleep": staticmethod(lambda s: hung.wait())}))
    bed = daemon.beds[house.bed.id]
    await house.until(lambda: not dog.look() and dog.owing == ["screens"] and bed.timer.idle)
    systemd.so_far()
    dog.look()
    assert systemd.so_far() == []


@pytest.mark.slow
async def test_the_daemon_as_a_service_without_writable_and_executable_memory_is_ready_lives_and_stops(
    house: House, systemd: Systemd, tmp_path: Path
) -> None:
    await house.daemon.stop()
    env = {**os.environ, **environ(tmp_path, WATCHDOG_USEC="500000")}
    config = str(house.folder / "ward.toml")
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MDWE, *RUN, "--config", config, cwd=ROOT, env=env, stdout=PIPE, stderr=PIPE
    )
    listening = asyncio.create_task(systemd.listen())
    try:
        ended = asyncio.create_task(run.wait())
        ready = asyncio.create_task(systemd.until("WATCHDOG=1"))
        await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), await run.communicate()
        assert systemd.said[:2] == ["READY=1", f"STATUS=ward {house.config.id}: 1 beds, 2 devices"]
        assert "pumpd_device_up" in await own_figures(run)
        run.send_signal(signal.SIGTERM)
        out, err = await run.communicate()
        assert run.returncode == 0, err.decode()
        await systemd.until("STOPPING=1")
        assert systemd.said[-1] == "STOPPING=1"
        assert b'"event": "stopped"' in out
        assert err == b""
    finally:
        listening.cancel()
        if run.returncode is None:
            run.kill()
        await ended
        await house.daemon.start()


async def own_figures(run: asyncio.subprocess.Process) -> str:
    """What the address tells that the log names, and that it tells nothing else."""
    assert run.stdout is not None
    async for line in run.stdout:
        if line.startswith(b"{") and (told := json.loads(line))["event"] == "metrics":
            async with httpx.AsyncClient(base_url=f"http://{told['host']}:{told['port']}", timeout=60) as web:
                assert (await web.get("/api/v1/ward")).status_code == 404
                return (await web.get("/metrics")).text
    raise AssertionError("the log names no address")
