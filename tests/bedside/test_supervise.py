"""A part of the daemon that crashes is started again, and it is told when it fails and when it holds."""

from __future__ import annotations

import asyncio

from pumpd.bedside.supervise import keep_running
from pumpd.config.model import ShellTimes

QUICK = ShellTimes(restart_first_ms=1, restart_max_ms=4)


async def test_a_crash_is_told_and_the_part_runs_again_until_it_ends_by_itself() -> None:
    told: list[tuple[str, bool]] = []
    runs = 0

    async def part() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise RuntimeError("a bug")

    await keep_running("clockwork", part, QUICK, lambda detail, active: told.append((detail, active)))
    assert runs == 3
    assert told == [("clockwork failed (RuntimeError), started again", True)] * 2


async def test_a_part_that_holds_after_a_crash_ends_the_alarm() -> None:
    held = asyncio.Event()
    runs = 0

    async def part() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RuntimeError("a bug")
        await held.wait()

    def tell(detail: str, active: bool) -> None:
        if not active:
            assert detail == "clockwork runs"
            held.set()

    await keep_running("clockwork", part, QUICK, tell)
    assert runs == 2
