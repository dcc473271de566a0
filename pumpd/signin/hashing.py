"""argon2id on one thread of its own, below the daemon's other threads: a stop never waits for somebody's password.

However many people sign in at once, one hash is computed at a time, a few wait, and the rest are asked to try again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pumpd.access.policy import HashCost
from pumpd.access.secret_rules import normal

NICE = 15
"""Of the hashing thread (Linux gives each thread its own): the kernel lets whoever has something to do go first."""

T = TypeVar("T")


class Busy(RuntimeError):
    """More people sign in at this moment than there is room for."""


class Hasher:
    """Used from one event loop. close() at the end."""

    def __init__(self, cost: HashCost) -> None:
        self._argon = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._most = cost.waiting
        self._under_way = 0
        self._pool = ThreadPoolExecutor(1, "pumpd-hash", _step_back)
        self._nobodys = self._argon.hash(secrets.token_urlsafe(32))

    async def hash(self, secret: str) -> str:
        """A new argon2id hash. Raises Busy."""
        return await self._on_thread(lambda: self._argon.hash(normal(secret)), self._most)

    async def matches(self, kept: str, secret: str, *, expected: bool = False) -> bool:
        """Is that the secret? "" for kept: nobody's; the answer is no after the same work. Raises Busy.

        expected: somebody who has been here before; half of the room is theirs.
        """
        room = self._most if expected else max(1, self._most // 2)
        good = await self._on_thread(lambda: self._verify(kept or self._nobodys, normal(secret)), room)
        return good and bool(kept)

    def outdated(self, kept: str) -> bool:
        """Was it made at another cost than today's?"""
        return self._argon.check_needs_rehash(kept)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, kept: str, secret: str) -> bool:
        try:
            return self._argon.verify(kept, secret)
        except (VerificationError, InvalidHashError):
            return False

    async def _on_thread(self, work: Callable[[], T], room: int) -> T:
        if self._under_way >= room:
            raise Busy
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._done)
        return await future

    def _done(self, _future: asyncio.Future[T]) -> None:
        self._under_way -= 1


def _step_back() -> None:
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
