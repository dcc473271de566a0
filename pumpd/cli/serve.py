"""Runs the daemon until it is told to end: SIGINT or SIGTERM, the clean exit that hands pumps back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pumpd.config.model import WardConfig
    from pumpd.daemon import Daemon
    from pumpd.daemon.notify import Service


async def serve(
    config: WardConfig, on_started: Callable[[Daemon], None], metrics: tuple[str, int] | None = None
) -> None:
    """Start the daemon, tell on_started and systemd, and stop it cleanly when told or when it ends by itself.

    metrics: a further address, for Prometheus.
    """
    from pumpd.cli.logs import set_up_logs
    from pumpd.daemon import Daemon
    from pumpd.daemon.notify import STOPPING, Service

    set_up_logs()
    daemon, service = Daemon(config), Service()
    await daemon.start()
    async with contextlib.AsyncExitStack() as beside:
        beside.push_async_callback(daemon.stop)
        if metrics is not None:
            await beside.enter_async_context(_figures(daemon, metrics))
        await beside.enter_async_context(_told_to(service, daemon))
        beside.callback(service.say, STOPPING)
        on_started(daemon)
        await daemon.wait()


@contextlib.asynccontextmanager
async def _told_to(service: Service, daemon: Daemon) -> AsyncIterator[None]:
    """The service manager knows that the daemon is ready and, from now on, that it lives."""
    from pumpd.daemon.notify import ALIVE, READY, Watchdog, essentials, status

    service.say(READY, status(daemon))
    fed = None
    if service.watchdog_s is not None:  # a task that fails feeds nothing, which is what it is for
        dog = Watchdog(essentials(daemon), lambda: service.say(ALIVE))
        fed = asyncio.create_task(dog.run(service.watchdog_s), name="watchdog")
    try:
        yield
    finally:
        if fed is not None:
            fed.cancel()


@contextlib.asynccontextmanager
async def _figures(daemon: Daemon, address: tuple[str, int]) -> AsyncIterator[None]:
    from pumpd.daemon.metrics_port import MetricsPort

    port = MetricsPort(daemon, *address)
    served = asyncio.create_task(port.run(), name="metrics") if port.open() else None
    try:
        yield
    finally:
        port.stop()
        if served is not None:
            await asyncio.gather(served, return_exceptions=True)


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
