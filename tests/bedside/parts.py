"""What a bed stands on in these tests: a real pty, a real line, a driver of our own, a kernel that does as told.

The journal and the hub are probes at their ports: they note when they were called and what was on the wire then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from pumpd.bedside import BedRuntime, DeviceSession, Parts
from pumpd.clock import Clock
from pumpd.config.model import DeviceConfig, LinkTimes, ShellTimes
from pumpd.device import (
    CommandOutcome,
    DeviceSettings,
    DriverInfo,
    Identity,
    Integrity,
    Kind,
    Out,
    Outcome,
    PumpOrder,
    PumpStatus,
    Send,
    SetRateOrder,
    Silent,
    StopOrder,
    Unmapped,
)
from pumpd.device import Line as LineSettings
from pumpd.journal import StepRecord
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.calm_policy import Calm
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, Heard
from pumpd.safety.kernel import initial_state, view
from pumpd.safety.policy import AlarmProfile, BedPolicy, Times, WeightRange
from pumpd.safety.state import BedState
from pumpd.safety.view import BedView
from pumpd.units import Ms
from tests.links.ends import PtyEnd

SHELL = ShellTimes(durable_ms=2000, restart_first_ms=1, restart_max_ms=4, drain_ms=100)
LINKS = LinkTimes(backoff_first_ms=1, backoff_max_ms=4, silent_reopen_ms=20)
POLICY = BedPolicy(
    "b1", "Bed 1", (), (), AlarmProfile("none", (), (), 1, 1, 1, 1), Times(*[1000] * 9), WeightRange(1, 2)
)


class PlainPump:
    """A driver whose bytes are words: a comma ends a word. "boom" is a bug of the driver."""

    info: ClassVar[DriverInfo] = DriverInfo(
        "plain", "Test", "Plain", Kind.PUMP, LineSettings(bauds=(9600,)), Integrity.NONE, poll_ms=1000, quiet_ms=3000
    )
    made: ClassVar[int] = 0

    def __init__(self, settings: DeviceSettings) -> None:
        type(self).made += 1
        self.due: Ms | None = None

    def start(self, now: Ms) -> list[Out]:
        return [Send(b"hello,")]

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        return [out for word in data.split(b",") if word for out in self.word(word)]

    def word(self, word: bytes) -> list[Out]:
        if word == b"boom":
            raise RuntimeError("a bug")
        if word == b"silent":
            return [Silent("nothing came")]
        if word.startswith(b"tag "):
            return [Unmapped(word[4:].decode(), "7")]
        if word.startswith(b"done "):
            return [CommandOutcome(word[5:].decode(), Outcome.DONE)]
        return [Identity(model=word.decode()), Send(b"poll,")]

    def tick(self, now: Ms) -> list[Out]:
        self.due = None
        return []

    def next_deadline(self) -> Ms | None:
        return self.due

    def finish(self, now: Ms) -> list[Out]:
        return [Send(b"bye,")]

    def command(self, order: PumpOrder, now: Ms) -> list[Out]:
        if isinstance(order, StopOrder):
            return [Send(b"STOP,", urgent=True)]
        if isinstance(order, SetRateOrder):
            return [Send(b"rate %d," % order.rate_ul_h)]
        return [Send(b"read,")]


@dataclass
class ScriptedKernel:
    """Decides what `on` says for an event; may fail."""

    on: Callable[[Event], Iterable[Decision]] = lambda _: ()
    at_once: str | None = None
    events: list[Event] = field(default_factory=list)
    due_ms: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def passes_over(self, calm: Calm, event: Heard, now: int) -> bool:
        """It judges every frame."""
        return False

    def step_closely(
        self, state: BedState, event: Event, now: int, policy: BedPolicy
    ) -> tuple[BedState, tuple[Decision, ...]]:
        decided = tuple(self.on(event))
        self.events.append(event)
        self.changed.set()
        return state, decided

    def stop_at_once(self, state: BedState, device: str, status: PumpStatus, now: int, policy: BedPolicy) -> str | None:
        return self.at_once

    def next_deadline(self, state: BedState, policy: BedPolicy) -> int | None:
        return self.due_ms

    def view(self, state: BedState, now: int, policy: BedPolicy) -> BedView:
        return view(state, now, policy)

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits until condition() holds; looks after each step."""
        while not condition():
            self.changed.clear()
            await self.changed.wait()

    def heard(self, kind: type) -> list[object]:
        """Facts of that kind."""
        return [e.fact for e in self.events if isinstance(e, Heard) and isinstance(e.fact, kind)]

    def of(self, kind: type) -> list[Event]:
        return [e for e in self.events if isinstance(e, kind)]


class ProbeJournal:
    """Notes each record with the bytes that were on the wire when it came."""

    def __init__(self, wire: Callable[[], bytes], seen: list[tuple[str, bytes]]) -> None:
        self._wire, self._seen = wire, seen
        self.records: list[StepRecord] = []
        self.foreseen: list[StepRecord] = []
        self.marked: list[tuple[int, Event]] = []
        self.marked_ms: list[int] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.asked = asyncio.Event()
        self.durable_at_once = True

    def append(self, record: StepRecord, /) -> int:
        self.records.append(record)
        self._seen.append(("journal", self._wire()))
        return len(self.records)

    def foresee(self, record: StepRecord, /) -> None:
        self.foreseen.append(record)
        self._seen.append(("foreseen", self._wire()))

    def foresee_event(self, bed: str, seq: int, now_ms: Ms, event: Event, /) -> None:
        self.marked.append((seq, event))
        self.marked_ms.append(now_ms)
        self._seen.append(("marked", self._wire()))

    def durable(self, token: int, /) -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        if self.durable_at_once:
            future.set_result(None)
        self.waiting.append(future)
        self.asked.set()
        return future

    def checkpoint(self, bed: str, seq: int, now_ms: Ms, state: bytes, /) -> int:
        return 0


class ProbeHub:
    """Notes alarms with the bytes on the wire, and lost and found beds."""

    def __init__(self, wire: Callable[[], bytes], seen: list[tuple[str, bytes]]) -> None:
        self._wire, self._seen = wire, seen
        self.calls: list[tuple[str, str]] = []
        self.changed = asyncio.Event()

    def mark(self, bed_id: str, /) -> None:
        self._seen.append(("mark", self._wire()))

    def alarm(self, alarm: Alarm, phase: Phase, /) -> None:
        self._seen.append(("alarm", self._wire()))

    def lost(self, bed_id: str, /) -> None:
        self.calls.append(("lost", bed_id))
        self.changed.set()

    def found(self, bed_id: str, /) -> None:
        self.calls.append(("found", bed_id))
        self.changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self.changed.clear()
            await self.changed.wait()


class Bench:
    """One bed with one pump on a pty."""

    def __init__(self, end: PtyEnd, driver: type = PlainPump, link: str | None = None) -> None:
        self.end = end
        self.kernel = ScriptedKernel()
        self.wire = b""
        self.seen: list[tuple[str, bytes]] = []
        self.journal = ProbeJournal(self.look, self.seen)
        self.hub = ProbeHub(self.look, self.seen)
        parts = Parts(self.kernel, Clock(), self.journal, self.hub, SHELL)
        pumps: dict[str, DeviceSession] = {}
        self.bed = BedRuntime(POLICY, initial_state(POLICY), parts, pumps)
        config = DeviceConfig("p1", "plain", PlainPump.info, link or f"serial://{end.path}", None, True, None)
        self.session = DeviceSession(config, driver, parts.clock, self.bed.post, links=LINKS, shell=SHELL)
        pumps["p1"] = self.session
        self.session.start()

    def look(self) -> bytes:
        """All bytes that have reached the other end so far."""
        with contextlib.suppress(OSError):  # nothing there, or the line is unplugged
            self.wire += os.read(self.end.master, 4096)
        return self.wire

    async def arrived(self, words: bytes) -> None:
        """Until these bytes have reached the other end."""
        # the probes read the same wire, so that waiting for it to be readable could miss what they took
        while words not in self.look():  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def close(self) -> None:
        await self.session.close()
        self.bed.close()
