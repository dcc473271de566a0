"""The order of one peer's messages over all of its connections."""

from __future__ import annotations

import asyncio


class Lane:
    """Many may be in it together, or one alone: after all that came before it, and before all that come after."""

    def __init__(self) -> None:
        self._door = asyncio.Lock()
        self._together = 0
        self._empty = asyncio.Event()

    async def enter(self, alone: bool) -> None:
        """Returns when it is its turn; `leave` must follow."""
        if alone:
            await self._door.acquire()
            try:
                await self._nobody()
            except asyncio.CancelledError:
                self._door.release()
                raise
        elif self._door.locked():
            async with self._door:
                self._together += 1
        else:
            self._together += 1

    async def _nobody(self) -> None:
        while self._together:
            self._empty.clear()
            await self._empty.wait()

    def leave(self, alone: bool) -> None:
        if alone:
            self._door.release()
            return
        self._together -= 1
        if not self._together:
            self._empty.set()
