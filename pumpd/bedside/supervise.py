"""Keeps a task running: a crash is logged, told, and the task is started again after a back-off."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from pumpd.config.model import ShellTimes
from pumpd.links.backoff import Backoff

log = structlog.get_logger(__name__)


async def keep_running(
    name: str, run: Callable[[], Awaitable[None]], shell: ShellTimes, tell: Callable[[str, bool], None]
) -> None:
    """Run until it returns by itself; tell(detail, True) at each crash, tell(detail, False) once it has held.

    Holding means restart_max_ms without another crash.
    """
    backoff = Backoff(shell.restart_first_ms, shell.restart_max_ms, random.random)
    held: asyncio.TimerHandle | None = None
    while True:
        try:
            await run()
            return
        except Exception as error:  # supervision boundary: a part that crashed is started again
            log.exception("part failed", part=name)
            tell(f"{name} failed ({type(error).__name__}), started again", True)
        if held is not None:
            held.cancel()
        await asyncio.sleep(backoff.next_s())
        loop = asyncio.get_running_loop()
        held = loop.call_later(shell.restart_max_ms / 1000, _held, name, backoff, tell)


def _held(name: str, backoff: Backoff, tell: Callable[[str, bool], None]) -> None:
    backoff.reset()
    tell(f"{name} runs", False)
