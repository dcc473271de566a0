"""Runs the daemon until it is told to end: SIGINT or SIGTERM, the clean exit that hands pumps back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pumpd.config.model import WardConfig
    from pumpd.daemon import Daemon

T = TypeVar("T")


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where it exists."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def plain_logs() -> None:
    """Errors are logged with their lines of code and nothing else: a traceback that shows variables shows patients,
    and takes ten milliseconds to draw, for which a stop would wait."""
    import structlog

    processors = list(structlog.get_config()["processors"])
    processors[-1] = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=processors)


async def serve(config: WardConfig, on_started: Callable[[Daemon], None]) -> None:
    """Start the daemon, tell on_started, and stop it cleanly when told or when it ends by itself."""
    from pumpd.daemon import Daemon

    plain_logs()
    daemon = Daemon(config)
    await daemon.start()
    try:
        on_started(daemon)
        await daemon.wait()
    finally:
        await daemon.stop()


def told_to_end() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    return ended


async def first_of(*works: Awaitable[object]) -> None:
    """Wait for the first to end; its exception is raised, the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
