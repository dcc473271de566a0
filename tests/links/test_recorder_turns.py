"""Raw bytes are written behind the event loop's back and a few lines at a time: no stop waits for two hundred files."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from pumpd.config.model import CaptureConfig
from pumpd.links import recorder as module
from pumpd.links.recorder import AT_ONCE, EVERY_S, LineEar, Recorder
from tests.links.recorded import DEVICE, START

LINES = 2 * AT_ONCE + 5


@pytest.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[Recorder]:
    made = Recorder(CaptureConfig(tmp_path, 10_000, 3, 0), lambda: 0, lambda ms: START)
    yield made
    await made.close()


class Enough(Exception):
    """The test has seen as many pauses as it wants."""


async def passes(recorder: Recorder, ears: list[LineEar], pauses: int) -> tuple[list[float], list[int]]:
    """The pauses between goes, and how many lines each go wrote, while each line hears something in each pause."""
    slept: list[float] = []
    written: list[int] = []

    async def sleep(wait_s: float) -> None:
        if slept:
            written.append(sum(not ear._waiting for ear in ears))
        if len(slept) == pauses:
            raise Enough
        slept.append(wait_s)
        for ear in ears:
            ear.received(b"!")

    with pytest.raises(Enough):
        await recorder.run(sleep)
    return slept, written


async def test_each_line_is_written_within_its_second_and_a_few_lines_in_one_go(recorder: Recorder) -> None:
    ears = [recorder.ear(replace(DEVICE, id=f"p{number}")) for number in range(LINES)]
    slept, written = await passes(recorder, ears, 6)
    assert sum(slept) == pytest.approx(2 * EVERY_S)
    assert max(written) <= AT_ONCE
    assert sum(written) == 2 * LINES, "each line once in each second"


async def test_a_line_alone_is_written_once_a_second(recorder: Recorder) -> None:
    assert await passes(recorder, [recorder.ear(DEVICE)], 2) == ([EVERY_S] * 2, [1, 1])


async def test_a_ward_without_lines_does_not_spin(recorder: Recorder) -> None:
    assert await passes(recorder, [], 2) == ([EVERY_S] * 2, [0, 0])


async def test_lines_that_can_be_written_do_not_end_the_trouble_of_one_that_cannot(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    (tmp_path / "p0").write_text("a file where the folder should be")
    ears = [recorder.ear(replace(DEVICE, id=f"p{number}")) for number in range(LINES)]
    paused: list[bool] = []

    async def sleep(wait_s: float) -> None:
        paused.append(recorder.paused is not None)
        if len(paused) == 7:
            raise Enough
        ears[0].received(b"!")

    with pytest.raises(Enough):
        await recorder.run(sleep)
    assert paused == [False] + 6 * [True]


async def test_its_thread_steps_back_behind_the_loop(recorder: Recorder) -> None:
    recorder.ear(DEVICE).received(b"!")
    await recorder.write()
    [thread] = [one for one in threading.enumerate() if one in recorder._thread._threads]
    assert thread.native_id is not None
    assert os.sched_getscheduler(thread.native_id) & ~os.SCHED_RESET_ON_FORK == os.SCHED_BATCH
    assert os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER, "the loop's own does not"
