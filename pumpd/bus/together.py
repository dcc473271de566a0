"""Several endless works as one: when one fails, the others end and its exception is raised as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pumpd.journal import JournalUnavailable

T = TypeVar("T")
RETRY_S = 1.0
AGAIN_S = 3.0
"""Longer than a work that says goodbye takes: the second cancellation would cut it short."""


async def together(*works: Awaitable[None]) -> None:
    """Until the first of them ends. Cancelled, all are."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await ended(tasks)


async def ended(tasks: Iterable[asyncio.Future[None]]) -> None:
    """Cancel them until they have ended: a time-out that runs out in the turn of a cancellation can swallow it, as it
    does after the process was stopped for some seconds.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)


async def asked(question: Callable[[], Awaitable[T]]) -> T:
    """Ask the journal again and again while it fails."""
    while True:
        try:
            return await question()
        except JournalUnavailable:
            await asyncio.sleep(RETRY_S)
