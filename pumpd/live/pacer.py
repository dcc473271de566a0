"""Gives screens their turns a few at a time: all of them at once would hold the loop while a stop is due."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from math import ceil
from time import perf_counter

from pumpd.live.client import LiveClient, LiveTimes
from pumpd.live.messages import Close
from pumpd.turns import turns


class Pacer:
    """Gives turns; those with an alarm first, then single screens, then a round of all. Ends who makes no progress.

    A round keeps to time, not to a number of pauses: a pause is as long as the loop makes it. What comes while a
    round is under way is told in one more round after it.
    """

    def __init__(self, times: LiveTimes, now_ms: Callable[[], int]) -> None:
        self._times, self._now_ms = times, now_ms
        self._urgent, self._plain, self._round = deque[LiveClient](), deque[LiveClient](), deque[LiveClient]()
        self._again: Iterable[LiveClient] = ()
        self._some = asyncio.Event()

    def wake(self, clients: Iterable[LiveClient], urgent: bool = False) -> None:
        """Queue clients for their turn; one that is queued already is not queued again."""
        rank, queue = (2, self._urgent) if urgent else (1, self._plain)
        for client in clients:
            if client.queued < rank:
                client.queued = rank
                queue.append(client)
        if queue:
            self._some.set()

    def everyone(self, clients: Iterable[LiveClient]) -> None:
        """A round of all. clients: live; who joins or leaves meanwhile is in the next round or not."""
        if self._round:
            self._again = clients
        else:
            self._round.extend(clients)
            self._some.set()

    @property
    def busy(self) -> bool:
        """Does anybody wait for a turn?"""
        return bool(self._urgent or self._plain or self._round)

    async def run(self) -> None:
        """For ever: gives turns to those that are queued, pausing between each few."""
        loop, mine = asyncio.get_running_loop(), turns()
        while True:
            await self._some.wait()
            self._some.clear()
            await mine.free()
            began_s = loop.time()
            until_s, pause_s = began_s + self._times.tick_ms / 2000, self._pause_s()
            while self.busy:
                few = self.next_few(until_s - began_s, pause_s)
                few -= self.wake_some(few)
                while few > 0 and self.busy:
                    await mine.free()  # what has come over the lines meanwhile goes first
                    few -= self.wake_some(few)
                await mine.free_in(self._pause_s())
                began_s, pause_s = loop.time(), loop.time() - began_s

    def _pause_s(self) -> float:
        return self._times.pace_pause_s if self._urgent else self._times.round_pause_s

    def next_few(self, left_s: float, pause_s: float) -> int:
        """How many shall have their turn before the next pause.

        left_s: until all screens should have their numbers; pause_s: how long the last pause really was.
        """
        return self._times.pace_clients if self._urgent else self._share(left_s, pause_s)

    def wake_some(self, few: int) -> int:
        """So many of those that are queued get their turn, or as many as the loop can do without; how many it were."""
        now_ms, until_s, done = self._now_ms(), perf_counter() + self._times.slice_s, 0
        queue = self._urgent or self._plain or self._round
        while queue and done < few:
            client = queue.popleft()
            client.queued = 0
            if client.stalled(now_ms):
                client.close(Close.SLOW, "no progress")
            client.turn(now_ms)
            done += 1
            if perf_counter() > until_s:
                break
        if not self._round and self._again:
            self._round.extend(self._again)
            self._again = ()
        return done

    def _share(self, left_s: float, pause_s: float) -> int:
        """How many get numbers now: a frame for a big ward is long, and a stop that is due waits for it."""
        waiting = len(self._plain) + len(self._round)
        pauses = int(left_s / pause_s) if pause_s else waiting
        return min(self._times.pace_most, ceil(waiting / max(1, pauses)))
