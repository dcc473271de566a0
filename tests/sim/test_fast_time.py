"""A film's time: it runs as fast as nothing needs it, makes nothing late, and stands still for what is real."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from pumpd.clock import Clock
from pumpd.sim.endpoint_tty import PtyEndpoint
from pumpd.sim.fast_time import FastLoop, FastTime

T = TypeVar("T")
HOUR = 3600.0
AS_FAST_AS_CAN_BE = 1e9


def run(work: Callable[[FastLoop], Awaitable[T]], factor: float = AS_FAST_AS_CAN_BE) -> T:
    """On a loop of its own, in this thread."""

    async def main() -> T:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        return await work(loop)

    with asyncio.Runner(loop_factory=lambda: FastLoop(FastTime(factor))) as runner:
        return runner.run(main())


@pytest.mark.req("DEM-01")
def test_hours_pass_in_no_time_and_in_order() -> None:
    async def work(loop: FastLoop) -> list[tuple[float, float]]:
        fired: list[tuple[float, float]] = []

        def note(due: float) -> None:
            fired.append((due, loop.time()))

        waits = [random.Random(7).uniform(0, 24 * HOUR) for _ in range(500)]
        for wait in waits:
            loop.call_later(wait, note, wait)
        await asyncio.sleep(24 * HOUR)
        return fired

    fired = run(work)
    assert [due for due, _ in fired] == sorted(due for due, _ in fired)
    assert len(fired) == 500
    assert all(0 <= at - due < 1e-6 for due, at in fired)


@pytest.mark.req("DEM-01")
def test_a_slow_machine_makes_no_timer_late() -> None:
    async def work(loop: FastLoop) -> list[float]:
        late: list[float] = []

        def busy(due: float) -> None:
            late.append(loop.time() - due)
            end = time.perf_counter() + 0.002  # the machine is busy for what would be half an hour of the film
            while time.perf_counter() < end:
                pass

        for number in range(20):
            loop.call_later(number * 0.001, busy, loop.time() + number * 0.001)
        await asyncio.sleep(1)
        return late

    assert max(run(work)) < 1e-6


@pytest.mark.req("DEM-01")
def test_time_is_never_faster_than_the_factor() -> None:
    async def work(loop: FastLoop) -> float:
        for _ in range(50):
            await asyncio.sleep(0.4)
        return loop.time()

    start = time.monotonic()
    assert run(work, factor=100.0) == pytest.approx(20.0, abs=1e-6)
    assert time.monotonic() - start >= 0.2


def test_a_pause_of_the_machine_is_not_caught_up_on_in_a_rush() -> None:
    fast = FastTime(10.0)
    fast.go_to(fast.allowed_ns())
    time.sleep(0.3)  # the machine was away
    before_ns = fast.ns
    assert fast.allowed_ns() - before_ns < 0.2 * 10 * 1e9


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_a_factor_is_positive_and_finite(factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        FastTime(factor)


def test_an_executors_job_holds_time_still() -> None:
    async def work(loop: FastLoop) -> float:
        release, began = threading.Event(), loop.time()
        job = loop.run_in_executor(None, release.wait)
        sleeping = asyncio.create_task(asyncio.sleep(HOUR))
        try:
            await loop.real_sleep(0.02)
            held = loop.time() - began
            assert not sleeping.done()
        finally:
            release.set()
        assert await job
        await sleeping
        return held

    assert run(work) == 0.0


def test_another_process_holds_time_still_so_that_its_time_out_is_the_machines() -> None:
    async def work(loop: FastLoop) -> float:
        asyncio.create_task(asyncio.sleep(HOUR))  # noqa: RUF006 - what would let time pass
        began = loop.time()
        job = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(1)", stdout=asyncio.subprocess.PIPE)
        async with asyncio.timeout(1):
            out, _ = await job.communicate()
        assert out == b"1\n"
        return loop.time() - began

    assert run(work) == 0.0


def test_whoever_holds_it_stops_time_and_what_ends_the_hold_wakes_the_loop() -> None:
    async def work(loop: FastLoop) -> tuple[float, float]:
        committed = threading.Event()
        loop.still.held_by.append(lambda: not committed.is_set())
        sleeping = asyncio.create_task(asyncio.sleep(HOUR))
        await loop.real_sleep(0.02)
        before = loop.time()

        def commit() -> None:
            committed.set()
            loop.call_soon_threadsafe(lambda: None)

        threading.Thread(target=commit).start()
        await sleeping
        return before, loop.time()

    before, after = run(work)
    assert before == 0.0
    assert after == pytest.approx(HOUR)


def test_bytes_of_a_line_arrive_before_time_goes_on(tmp_path: Path) -> None:
    """An hour's worth of questions and answers over a real pty, and not one is answered late."""

    async def work(loop: FastLoop, path: Path) -> list[float]:
        end = PtyEndpoint(path)
        end.open(end.write)
        host = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        took: list[float] = []
        heard = asyncio.Event()

        def readable() -> None:
            os.read(host, 100)
            heard.set()

        loop.add_reader(host, readable)
        housekeeping(loop)
        for _ in range(360):
            asked = loop.time()
            os.write(host, b"?")
            await heard.wait()
            heard.clear()
            took.append(loop.time() - asked)
            await asyncio.sleep(10)
        loop.remove_reader(host)
        os.close(host)
        end.close()
        return took

    def housekeeping(loop: FastLoop) -> None:
        loop.call_later(0.05, housekeeping, loop)

    took = run(lambda loop: work(loop, tmp_path / "line"))
    assert len(took) == 360
    assert max(took) == 0.0


def test_people_wait_in_real_time_whatever_the_films_time_does() -> None:
    async def work(loop: FastLoop) -> tuple[float, float]:
        ticking = asyncio.create_task(asyncio.sleep(1e9))
        began = time.monotonic()
        await loop.real_sleep(0.05)
        ticking.cancel()
        return time.monotonic() - began, loop.time()

    start = time.monotonic()
    slept, simulated = run(work, factor=1000.0)
    assert slept >= 0.05
    assert 0 < simulated <= 1000.0 * (time.monotonic() - start)


def test_the_daemons_clock_follows_the_film() -> None:
    async def work(loop: FastLoop) -> None:
        clock = Clock(loop.fast)
        now, wall = clock.now_ms(), clock.wall()
        await asyncio.sleep(5 * 24 * HOUR)
        assert clock.now_ms() - now == 5 * 24 * 3_600_000
        assert (clock.wall() - wall).total_seconds() == pytest.approx(5 * 24 * HOUR, abs=0.001)
        assert clock.wall_of(now) == wall

    run(work)


def test_the_factor_may_change_and_time_goes_on_from_where_it_is() -> None:
    async def work(loop: FastLoop) -> None:
        await asyncio.sleep(HOUR)
        loop.fast.set_factor(1.0)
        real, simulated = time.monotonic(), loop.time()
        await asyncio.sleep(0.05)
        assert simulated == pytest.approx(HOUR)
        assert loop.time() - simulated == pytest.approx(0.05, abs=1e-6)
        assert time.monotonic() - real >= 0.049

    run(work)
