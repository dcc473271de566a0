"""What may wait on an event loop, one piece in each of the loop's turns.

Between two turns the loop looks at its lines. Callbacks that are scheduled one by one still come together in one turn
(a bed's step, a screen's frame, a pass of the garbage collector), and a stop that is due waits for all of them. Here
they queue: a turn has at most one, so that a stop waits for one piece, however much there is to do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

SHARE = 4


class Turns:
    """The queue of one loop: what concerns beds before what concerns screens and upkeep, each in the order it came.

    However much there is to do for beds, one turn in SHARE is not theirs: screens that hear nothing go blank.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._beds: deque[Callable[[], object]] = deque()
        self._rest: deque[asyncio.Future[None]] = deque()
        self._running = False
        self._turn = 0
        self._given = False  # the last turn went to a task, which goes on in the turn after

    def soon(self, act: Callable[[], object]) -> None:
        """act() on a later turn. What it raises goes to the loop's exception handler; the next is done all the same."""
        self._beds.append(act)
        self._run()

    def free(self) -> asyncio.Future[None]:
        """To be awaited at once: done on a later turn, in which nothing else of this queue is done."""
        waiting = self._loop.create_future()
        self._queue(waiting)
        return waiting

    def free_in(self, wait_s: float) -> asyncio.Future[None]:
        """As `free`, after a pause."""
        waiting = self._loop.create_future()
        self._loop.call_later(wait_s, self._queue, waiting)
        return waiting

    def _queue(self, waiting: asyncio.Future[None]) -> None:
        self._rest.append(waiting)
        self._run()

    def _run(self) -> None:
        if not self._running:
            self._running = True
            self._again()

    def _again(self) -> None:
        """The next piece on the next turn; on the one after, where the next is a task's."""
        given, self._given = self._given, False
        self._loop.call_soon(self._again if given else self._next)

    def _next(self) -> None:
        """One piece."""
        self._turn = (self._turn + 1) % SHARE
        try:
            if self._beds and (self._turn or not self._rest):
                self._beds.popleft()()
            else:
                self._give()
        finally:
            self._running = bool(self._beds or self._rest)
            if self._running:
                self._again()

    def _give(self) -> None:
        """A turn to the task that has waited longest and was not cancelled."""
        while self._rest:
            waiting = self._rest.popleft()
            if not waiting.done():
                self._given = True
                return waiting.set_result(None)


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()


def turns() -> Turns:
    """Of the running loop."""
    loop = asyncio.get_running_loop()
    found = _turns.get(loop)
    if found is None:
        found = _turns[loop] = Turns(loop)
    return found
