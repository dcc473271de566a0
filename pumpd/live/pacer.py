"""Wakes screens a few at a time: a broadcast to all of them at once would hold the loop while a stop is due."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from math import ceil

from pumpd.live.client import LiveClient, LiveTimes


class Pacer:
    """Wakes clients a few at a time; those with an alarm first. Holds each client at most twice."""

    def __init__(self, times: LiveTimes) -> None:
        self._times = times
        self._urgent: deque[LiveClient] = deque()
        self._plain: deque[LiveClient] = deque()
        self._some = asyncio.Event()

    def wake(self, clients: Iterable[LiveClient], urgent: bool = False) -> None:
        """Queue clients for waking; one that is queued already is not queued again."""
        rank, queue = (2, self._urgent) if urgent else (1, self._plain)
        for client in clients:
            if client.queued < rank:
                client.queued = rank
                queue.append(client)
        if self._urgent or self._plain:
            self._some.set()

    async def run(self) -> None:
        """For ever: wakes those that are queued, pausing between each few."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._urgent or self._plain:
                self._wake_some()
                await asyncio.sleep(self._times.pace_pause_s)

    def _wake_some(self) -> None:
        queue, few = (self._urgent, self._times.pace_clients) if self._urgent else (self._plain, self._share())
        for _ in range(min(few, len(queue))):
            client = queue.popleft()
            client.queued = 0
            client.wake.set()

    def _share(self) -> int:
        """How many screens get numbers now: a frame for a big ward is long, and a stop that is due waits for it."""
        return max(1, ceil(len(self._plain) * self._times.pace_pause_s * 2000 / self._times.tick_ms))
