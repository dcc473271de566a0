"""A disk that is full, fills or hangs costs the line nothing, and what was not kept is said."""

from __future__ import annotations

import asyncio
import resource
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pumpd.config.model import CaptureConfig
from pumpd.links import recorder as module
from pumpd.links.capture import read_file
from pumpd.links.recorder import WAITING_BYTES
from tests.links.recorded import Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(CaptureConfig(tmp_path / "capture", 10_000, 3, 0))
    yield made
    await made.recorder.close()


async def test_a_full_disk_pauses_it_with_words_and_it_goes_on_when_there_is_room(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    full = replace(bench.config, keep_free_bytes=10**18)
    bench.recorder._config = full
    bench.ear.received(b"before")
    await bench.recorder.write()
    assert bench.recorder.paused is not None
    assert "are free, 1000000000000 MB are kept free" in bench.recorder.paused
    assert bench.files() == []
    bench.recorder._config = bench.config
    bench.ear.received(b"after")
    await bench.recorder.write()
    assert bench.recorder.paused is None
    assert [chunk.data for chunk in bench.kept()] == [b"before", b"after"]


async def test_while_it_is_paused_the_disk_is_tried_now_and_then_only(bench: Bench) -> None:
    bench.config.directory.write_text("a file where the folder should be")
    bench.ear.received(b"1")
    await bench.recorder.write()
    assert bench.recorder.paused == f"{bench.config.directory}: File exists"
    bench.config.directory.unlink()
    await bench.recorder.write()
    assert bench.recorder.paused is not None
    await bench.recorder.close()
    assert [chunk.data for chunk in bench.kept()] == [b"1"]


class Quiet:
    """A log that writes no file."""

    def warning(self, *_: object, **__: object) -> None: ...
    def info(self, *_: object, **__: object) -> None: ...


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond that: a write is cut short there, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_files_that_can_be_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    bench.ear.received(b"first")
    await bench.recorder.write()
    monkeypatch.setattr(module, "log", Quiet())
    with files_at_most(bench.files()[0].stat().st_size + 40):
        for _ in range(4):
            bench.ear.received(b"does not fit")
        await bench.recorder.write()
        assert bench.recorder.paused == f"{bench.config.directory}: File too large"
        assert bench.recorder.lost == 4
    bench.ear.received(b"last")
    await bench.recorder.write()
    first, second = bench.files()
    assert next(read_file(first)).data == b"first"
    assert [chunk.data for chunk in read_file(second)] == [b"last"]
    assert "# lost about here: 4 chunks" in second.read_text()


async def test_a_disk_that_takes_not_even_a_header_is_not_filled_with_empty_files(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    monkeypatch.setattr(module, "log", Quiet())
    with files_at_most(20):
        for _ in range(5):
            bench.ear.received(b"x")
            await bench.recorder.write()
    assert bench.files() == []


async def test_a_disk_that_hangs_costs_the_line_nothing_but_what_is_not_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, entered = threading.Event(), threading.Event()

    def hang(*_: object) -> int:
        entered.set()
        stuck.wait()
        return 0

    monkeypatch.setattr(module.Files, "write", hang)
    bench.ear.received(b"x")
    writing = asyncio.create_task(bench.recorder.write())
    await asyncio.to_thread(entered.wait)
    for _ in range(WAITING_BYTES // 1000):
        bench.ear.received(bytes(2000))
    lost, waiting = bench.recorder.lost, sum(len(data) for _, data, _ in bench.ear._waiting)
    stuck.set()
    await writing
    assert lost > 100
    assert waiting <= WAITING_BYTES + 2000
