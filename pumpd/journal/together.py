"""Many single questions that come together are asked as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """`ask` takes many keys and returns what it found. While one question is under way, the next ones gather."""

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[dict[K, V]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, key: K) -> V | None:
        """What is found for the key, as of now or later; or None. Raises what `ask` raises."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="questions to the journal")
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # what comes in this turn of the loop comes along
                asked, self._waiting = self._waiting, []
                await self._answer(asked)
        finally:
            self._task = None

    async def _answer(self, asked: list[tuple[K, asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._ask([key for key, _ in asked])
        except Exception as error:  # noqa: BLE001 whatever it was: it is the answer to each of those who asked
            for _, future in asked:
                _tell(future, error)
            return
        for key, future in asked:
            if not future.done():
                future.set_result(found.get(key))


def _tell(future: asyncio.Future[V | None], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # who no longer waits must not make the loop complain
