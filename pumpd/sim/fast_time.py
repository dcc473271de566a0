"""Time that runs faster than real time, for one event loop, and makes nothing late.

Simulated time stands still while anything can be done: it moves on only when no callback is ready, no byte has arrived
and nothing that lives in real time (a commit, an executor's job) is being waited for. It then goes to the next timer,
but never faster than `factor` times real time. So a timer fires at its own moment however slow the machine is, and what
is heard, decided and recorded is what would have been at real speed; a slow machine only makes the film longer.

What belongs to the people who watch (frames to screens, time-outs of their connections) sleeps in real time:
`FastLoop.real_sleep`.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import selectors
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Ready = list[tuple[selectors.SelectorKey, int]]

NS_PER_S = 1_000_000_000
BEHIND_S = 0.1
"""What a busy moment cost may be caught up on for so long (in real time); the rest is lost, the film gets longer."""
HELD_S = 0.05
"""How long a held loop sleeps at most before it asks again whether it is held; what ends a hold wakes it."""
_first = time.monotonic_ns


class FastTime:
    """Simulated nanoseconds since the start, and how fast they may go. `pumpd.clock.Clock` takes it as its source."""

    def __init__(self, factor: float) -> None:
        """factor: simulated seconds in a real second, at most. Raises ValueError unless it is positive and finite."""
        self.ns = 0
        self._boot_ns = time.monotonic_ns()
        self._wall_ns = time.time_ns()
        self.set_factor(factor)

    def set_factor(self, factor: float) -> None:
        """From now on."""
        if not (factor > 0 and math.isfinite(factor)):
            raise ValueError(f"a factor of time is positive and finite, not {factor}")
        self.factor = factor
        self._anchor = (time.monotonic_ns(), self.ns)

    def boot_ns(self) -> int:
        """For the kernel's time: real boot time at the start, then simulated."""
        return self._boot_ns + self.ns

    def wall_ns(self) -> int:
        """Wall time since 1970: real at the start, then simulated, so that it soon lies in the future."""
        return self._wall_ns + self.ns

    def allowed_ns(self) -> int:
        """How far simulated time may have gone by now."""
        real_ns, sim_ns = self._anchor
        now_ns = time.monotonic_ns()
        allowed_ns = sim_ns + int((now_ns - real_ns) * self.factor)
        least_ns = allowed_ns - int(BEHIND_S * NS_PER_S * self.factor)
        if self.ns < least_ns:
            self._anchor = (now_ns, self.ns + allowed_ns - least_ns)
            return self._anchor[1]
        return allowed_ns

    def go_to(self, ns: int) -> None:
        """Never back."""
        self.ns = max(self.ns, ns)


class FastSelector(selectors.BaseSelector):
    """Asks the real descriptors, and lets simulated time pass where a real selector would let real time pass.

    poll(2), not epoll: polling a pty lets the kernel hand over at once what was written to its other end, so that no
    byte is under way when time moves on.
    """

    def __init__(self, fast: FastTime) -> None:
        self.fast = fast
        self.held_by: list[Callable[[], bool]] = []
        self.holds = 0
        self.on_real: Callable[[Callable[[], None]], object] = lambda act: act()
        self._real = selectors.PollSelector()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def call_real(self, wait_s: float, act: Callable[[], None]) -> None:
        """Call act after wait_s of real time, whatever simulated time does."""
        heapq.heappush(self._due, (time.monotonic() + wait_s, next(self._number), act))

    def select(self, timeout: float | None = None) -> Ready:
        """As a selector's, in simulated seconds."""
        real_due = self._fire()
        ready = self._real.select(0)
        if ready or real_due or (timeout is not None and timeout <= 0):
            return ready
        if self.holds or any(held() for held in self.held_by):
            return self._wait(HELD_S)
        return self._pass(timeout)

    def _fire(self) -> bool:
        """Hand over the real timers that are due."""
        fired = False
        while self._due and self._due[0][0] <= time.monotonic():
            self.on_real(heapq.heappop(self._due)[2])
            fired = True
        return fired

    def _wait(self, wait_s: float | None) -> Ready:
        """Real sleep, until a byte comes or a real timer is due."""
        if self._due:
            until_s = max(0.0, self._due[0][0] - time.monotonic())
            wait_s = until_s if wait_s is None else min(wait_s, until_s)
        ready = self._real.select(wait_s)
        self._fire()
        return ready

    def _pass(self, timeout: float | None) -> Ready:
        """Nothing can be done now: simulated time goes on, to the next timer or as far as the factor lets it."""
        fast = self.fast
        if timeout is None:
            ready = self._wait(None)
            fast.go_to(fast.allowed_ns())
            return ready
        goal_ns = fast.ns + math.ceil(timeout * NS_PER_S)
        ahead_ns = goal_ns - fast.allowed_ns()
        if ahead_ns <= 0:
            fast.go_to(goal_ns)
            return []
        ready = self._wait(ahead_ns / NS_PER_S / fast.factor)
        fast.go_to(min(goal_ns, fast.allowed_ns()))
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` is simulated. Jobs of executors and other processes hold time still while they run:
    whoever waits for one has a time-out that was meant for a real machine."""

    def __init__(self, fast: FastTime) -> None:
        self.fast = fast
        self.still = FastSelector(fast)
        super().__init__(self.still)
        self.still.on_real = self.call_soon
        self._processes: list[asyncio.SubprocessTransport] = []
        self.still.held_by.append(self._processes_run)

    def time(self) -> float:
        """Simulated seconds since the start."""
        return self.fast.ns / NS_PER_S

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.still.holds += 1
        future.add_done_callback(self._released)
        return future

    async def subprocess_exec(self, *args: Any, **options: Any) -> Any:
        transport, protocol = await super().subprocess_exec(*args, **options)
        self._processes.append(transport)
        return transport, protocol

    def _processes_run(self) -> bool:
        if self._processes:
            self._processes = [one for one in self._processes if one.get_returncode() is None]
        return bool(self._processes)

    def _released(self, _: object) -> None:
        self.still.holds -= 1

    async def real_sleep(self, seconds: float) -> None:
        """Sleep in real time; simulated time goes on meanwhile."""
        done: asyncio.Future[None] = self.create_future()
        self.still.call_real(seconds, lambda: None if done.done() else done.set_result(None))
        await done
