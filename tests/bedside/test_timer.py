"""The one timer of a deadline: never early, never late, and not woken for nothing by a device that speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pumpd.bedside.timer import NEVER_MS, DeadlineTimer
from pumpd.clock import Clock
from pumpd.sim.fast_time import FastLoop, FastTime

FRESH_MS = 2000


class Heard:
    """A deadline that each frame moves to FRESH_MS after itself, as bed and session move theirs."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.due = clock, clock.now_ms() + FRESH_MS
        self.fired: list[tuple[int, int]] = []
        self.timer = DeadlineTimer(clock, lambda: self.due, self.fire)
        self.timer.arm()
        self.armed = 0

    def fire(self, due: int) -> None:
        self.fired.append((due, self.clock.now_ms()))
        self.due = NEVER_MS

    def frame(self, moves: bool) -> None:
        now, timer = self.clock.now_ms(), self.timer
        self.due = now + FRESH_MS if moves else self.due
        if self.due < timer.armed_ms or now >= timer.renew_ms:
            timer.arm_at(self.due)
            self.armed += 1

    async def frames(self, count: int, every_ms: int, moves: bool = True) -> None:
        for _ in range(count):
            self.frame(moves)
            await asyncio.sleep(every_ms / 1000)


def timed(work: Callable[[Heard], Awaitable[None]]) -> Heard:
    """What became of it, in time that passes at once."""
    fast = FastTime(1e9)

    async def main() -> Heard:
        heard = Heard(Clock(fast))
        await work(heard)
        return heard

    with asyncio.Runner(loop_factory=lambda: FastLoop(fast)) as runner:
        return runner.run(main())


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("every_ms", [50, 100, 500, 990])
def test_a_device_that_speaks_wakes_nobody(every_ms: int) -> None:
    heard = timed(lambda heard: heard.frames(50, every_ms))
    assert heard.fired == []
    assert heard.timer.turns == 0


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("every_ms", [100, 990, 1500, 1990])
def test_the_deadline_of_the_last_frame_is_kept_to_the_millisecond(every_ms: int) -> None:
    async def work(heard: Heard) -> None:
        await heard.frames(20, every_ms)
        await asyncio.sleep(10)

    ((due, at_ms),) = timed(work).fired
    assert due == 19 * every_ms + FRESH_MS
    assert 0 <= at_ms - due <= 1


@pytest.mark.req("QUA-01")
def test_a_deadline_that_comes_nearer_is_kept() -> None:
    async def work(heard: Heard) -> None:
        await heard.frames(20, 100)
        heard.due = heard.clock.now_ms() + 30
        heard.timer.arm()
        await asyncio.sleep(1)

    ((due, at_ms),) = timed(work).fired
    assert due == 20 * 100 + 30
    assert 0 <= at_ms - due <= 1


@pytest.mark.req("QUA-01")
def test_what_frames_do_not_move_is_looked_at_once() -> None:
    """What another device's silence makes due stays where it is, however often this one speaks."""

    async def work(heard: Heard) -> None:
        await heard.frames(100, 15, moves=False)
        assert heard.armed == 1
        await asyncio.sleep(1)

    ((due, at_ms),) = timed(work).fired
    assert due == FRESH_MS
    assert 0 <= at_ms - due <= 1
