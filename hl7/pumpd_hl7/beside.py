"""Long messages: read beside the loop, worked off in slices, so that no bed waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pumpd_hl7.message import Message

P = ParamSpec("P")
T = TypeVar("T")
AT_ONCE_BYTES = 16 * 1024  # of a message that is read without leaving the loop: below 2 ms in the shortest rows
SLICE_S = 0.002  # after which other things of the loop come first


async def beside(message: Message, read: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """What `read` makes of the message; of a long one on a thread. read: pure."""
    if len(message.raw) <= AT_ONCE_BYTES:
        return read(*args, **more)
    return await asyncio.to_thread(read, *args, **more)


class Turns:
    """For work of many steps: `give` after each of them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._until_s = self._loop.time() + SLICE_S

    async def give(self) -> None:
        """Lets others of the loop come first when this has had its slice."""
        if self._loop.time() > self._until_s:
            await asyncio.sleep(0)
            self._until_s = self._loop.time() + SLICE_S
