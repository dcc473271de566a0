"""Raw bytes are kept always: both directions, bounded, by the daemon's user only, and none is lost on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from pumpd.config.link_url import SerialLink
from pumpd.config.model import CaptureConfig
from pumpd.device import Line as LineSettings
from pumpd.links import Line
from pumpd.links.capture import SUFFIX, Chunk, read_file, read_header
from pumpd.links.recorder import WAITING_BYTES, LineEar
from tests.links.ends import QUICK, PtyEnd
from tests.links.recorded import DEVICE, START, Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(CaptureConfig(tmp_path / "capture", 10_000, 3, 0))
    yield made
    await made.recorder.close()


async def test_what_passes_on_a_line_is_kept_in_order_with_its_direction_and_time(bench: Bench, end: PtyEnd) -> None:
    up, heard, came = asyncio.Event(), asyncio.Event(), bytearray()

    def hear(data: bytes) -> None:
        came.extend(data)
        if len(came) == 256:  # a pty may hand them over in pieces
            heard.set()

    line = Line(
        SerialLink(str(end.path)),
        LineSettings((9600,)),
        QUICK,
        on_bytes=hear,
        on_state=lambda _: up.set(),
        ear=bench.ear,
    )
    line.start()
    await up.wait()
    line.write(b"!INF|9F75\r")
    assert await end.read(10)
    bench.now_ms += 20
    end.send(bytes(range(256)))
    await heard.wait()
    bench.now_ms += 5
    line.write(b"STOP", urgent=True)
    await bench.recorder.write()
    chunks = bench.kept()
    assert [chunk for chunk in chunks if chunk.sent] == [Chunk(0, b"!INF|9F75\r", True), Chunk(25, b"STOP", True)]
    assert b"".join(chunk.data for chunk in chunks if not chunk.sent) == bytes(range(256))
    assert [chunk.sent for chunk in chunks][0 :: len(chunks) - 1] == [True, True]
    await line.close()


async def test_a_file_tells_its_device_its_line_and_its_first_moment(bench: Bench) -> None:
    bench.ear.received(b"!")
    await bench.recorder.write()
    [path] = bench.files()
    assert path.name == f"000001-20261122T095827Z{SUFFIX}"
    header = read_header(path)
    assert (header.device, header.driver, header.link) == ("4b-01-p1", "alaris_asena", "serial:///dev/ttyUSB0")
    assert (header.wall, header.now_ms) == (START + timedelta(seconds=1), 1000)


async def test_only_the_daemons_user_may_read_them(bench: Bench) -> None:
    bench.ear.received(b"!")
    await bench.recorder.write()
    [path] = bench.files()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [folder.stat().st_mode & 0o777 for folder in (bench.folder, bench.config.directory)] == [0o700, 0o700]


async def test_files_are_bounded_in_size_and_number_and_the_newest_stay(bench: Bench) -> None:
    for number in range(400):
        bench.now_ms += 10
        bench.ear.received(b"%03d" % number + b"x" * 97)
        if number % 50 == 49:
            await bench.recorder.write()
    sizes = [path.stat().st_size for path in bench.files()]
    assert len(sizes) == 3
    assert max(sizes) <= 10_000
    assert sum(sizes) <= 3 * 10_000
    kept = [int(chunk.data[:3]) for chunk in bench.kept()]
    assert kept == list(range(kept[0], 400))
    assert kept[0] > 200


async def test_a_burst_within_one_batch_is_cut_into_files_too(bench: Bench) -> None:
    for _ in range(100):
        bench.ear.received(bytes(200))
    await bench.recorder.write()
    assert len(bench.files()) == 3
    assert max(path.stat().st_size for path in bench.files()) <= 10_000


async def test_a_new_start_begins_a_new_file_in_the_same_time_line(bench: Bench) -> None:
    bench.ear.received(b"1")
    await bench.recorder.write()
    second = bench.again()
    second.now_ms = 90_000
    second.ear.sent(b"2")
    await second.recorder.close()
    assert [path.name[:6] for path in bench.files()] == ["000001", "000002"]
    assert bench.kept() == [Chunk(0, b"1"), Chunk(89_000, b"2", sent=True)]


async def test_a_daemon_that_starts_again_and_again_pushes_out_no_large_file(bench: Bench) -> None:
    for _ in range(31):
        bench.ear.received(bytes(100))
    await bench.recorder.write()
    [large] = bench.files()
    assert large.stat().st_size > 9_000
    for _ in range(25):
        bench = bench.again()
        bench.ear.received(b"x")
        await bench.recorder.close()
    assert large in bench.files()
    assert len(bench.files()) <= 31


async def test_a_file_that_is_taken_away_is_followed_by_one_with_a_header(bench: Bench) -> None:
    bench.ear.received(b"1")
    await bench.recorder.write()
    bench.files()[0].unlink()
    bench.now_ms += 500
    bench.ear.received(b"2")
    await bench.recorder.write()
    [path] = bench.files()
    assert read_header(path).now_ms == 1500
    assert bench.kept() == [Chunk(0, b"2")]


async def test_a_file_of_somebody_else_in_the_folder_is_left_alone(bench: Bench) -> None:
    bench.folder.mkdir(parents=True)
    (bench.folder / "notes.txt").write_text("mine")
    for _ in range(300):
        bench.ear.received(bytes(200))
    await bench.recorder.write()
    assert (bench.folder / "notes.txt").read_text() == "mine"


KILLED = """
import asyncio, os, sys
from pathlib import Path
from tests.links.recorded import Bench
from pumpd.config.model import CaptureConfig

async def main():
    bench = Bench(CaptureConfig(Path(sys.argv[1]), 10_000, 3, 0))
    bench.ear.received(b"written")
    await bench.recorder.write()
    bench.ear.received(b"not yet")
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


def test_a_killed_daemon_loses_only_what_it_had_not_written(tmp_path: Path) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=Path.cwd(), check=False)
    assert process.returncode == -signal.SIGKILL
    [path] = (tmp_path / DEVICE.id).iterdir()
    assert [chunk.data for chunk in read_file(path)] == [b"written"]
    assert os.access(path, os.R_OK)


def test_what_an_ear_hears_while_it_is_emptied_is_not_lost(tmp_path: Path) -> None:
    ear = LineEar(DEVICE, lambda: 0)
    taken: list[bytes] = []
    done = threading.Event()

    def take() -> None:
        while not done.is_set() or ear._waiting:
            taken.extend(data for _, data, _ in ear.take())

    thread = threading.Thread(target=take)
    thread.start()
    sent = [b"%d" % number for number in range(20_000)]
    for data in sent:
        ear.received(data)
        while ear._added - ear._taken > WAITING_BYTES - 1000:
            pass
    done.set()
    thread.join()
    assert taken == sent
    assert ear.lost == 0
