"""One bed of the simulated day: the kernel, its devices, and a queue of what people do. Virtual time, no sleeping."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from itertools import count
from types import ModuleType
from typing import Any

from pumpd.config.model import BedConfig
from pumpd.device import DeviceSettings, ReadStatus, SetRateOrder, StopOrder
from pumpd.registry import drivers
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety import kernel as real_kernel
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from pumpd.sim.asena import AsenaSim
from pumpd.sim.patient import SimPatient
from pumpd.units import Ms
from tests.day.devices import Body, FactMonitor, FactPump, OverlaidMonitor, WireDevice
from tests.safety.build import Lazy

Watcher = Callable[[int, ev.Event, tuple[de.Decision, ...]], None]


class VirtualBed:
    """The shell of one bed in virtual time (ms since midnight).

    watchers hear each kernel step with its time, event and decisions; listeners only those that decide something.
    at() queues an act of a person or of the script. wired: the simulators' bytes go through the real drivers.
    """

    def __init__(self, config: BedConfig, kernel: ModuleType, seed: int, wired: bool) -> None:
        self.config, self.policy, self.kernel = config, config.policy, kernel
        self.id = config.id
        self.now = 0
        self.state: Any = kernel.initial_state(self.policy)
        self.lazy = Lazy(self.state, self.policy) if kernel is real_kernel else None  # one that errs is told elsewhere
        self.watchers: list[Watcher] = []
        self.listeners: list[Watcher] = []
        self.steps = 0
        self._inbox: deque[ev.Event] = deque()
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._n = count()
        self._gone_until: int | None = None
        pump, monitor = config.devices
        self.patient = SimPatient(seed, weight_kg=70.0)
        self.pump = AsenaSim(f"8002-{50_000 + seed}", seed=seed)
        self.monitor = OverlaidMonitor(self.patient, f"B8{seed:08d}", seed)
        self.body = Body(self.patient, self.pump)
        self.pump_line: FactPump | WireDevice
        self.monitor_line: FactMonitor | WireDevice
        if wired:
            found = drivers()
            settings = DeviceSettings(pump.id, self.pump.serial, control=True, poll_ms=pump.poll_ms)
            self.pump_line = WireDevice(settings, found["alaris_asena"], self.pump, self._post)
            settings = DeviceSettings(monitor.id, self.monitor.serial)
            self.monitor_line = WireDevice(settings, found["capnostream20"], self.monitor, self._post)
        else:
            assert pump.poll_ms is not None
            self.pump_line = FactPump(pump.id, self.pump, pump.poll_ms, self._post)
            self.monitor_line = FactMonitor(monitor.id, self.monitor, self._post)
        self._devices = (self.body, self.monitor_line, self.pump_line)

    # what people and scripts use

    @property
    def pump_id(self) -> str:
        return self.pump_line.name

    @property
    def monitor_id(self) -> str:
        return self.monitor_line.name

    def begin(self, rate_ul_h: int) -> None:
        """Midnight: the patient is bound, the pump infuses, both lines come up."""
        self.pump.panel.set_rate(rate_ul_h, self.now)
        self.pump.panel.start(self.now)
        assert self.config.patient is not None
        self.do(ev.PatientBound(self.config.patient, "R. Night"))
        self.pump_line.plug(self.now)
        self.monitor_line.plug(self.now)
        self._drain()

    def at(self, when_ms: int, act: Callable[[], object]) -> None:
        heapq.heappush(self._queue, (when_ms, next(self._n), act))

    def after(self, ms: int, act: Callable[[], object]) -> None:
        self.at(self.now + ms, act)

    def do(self, event: ev.Event) -> None:
        """An event now; while the daemon is away nobody hears it."""
        self._post(event)
        self._drain()

    def view(self) -> Any:
        return self.kernel.view(self.state, Ms(self.now), self.policy)

    def restart(self, gap_ms: int) -> None:
        """The daemon dies now and is back after gap_ms, with the state that it had written down."""
        kept = state_to_bytes(self.state)
        self._gone_until = self.now + gap_ms
        for line in (self.monitor_line, self.pump_line):
            line.unplug("the daemon is away")
        self._inbox.clear()
        self.after(gap_ms, lambda: self._back(kept, gap_ms))

    def _back(self, kept: bytes, gap_ms: int) -> None:
        self._gone_until = None
        self._inbox.clear()
        self.state = state_from_bytes(kept)
        self.do(ev.Restarted(gap_ms, gap_certain=True))
        self.pump_line.plug(self.now)
        self.monitor_line.plug(self.now)
        self._drain()

    # time

    def run(self, until_ms: int) -> None:
        """Let everything happen that is due up to until_ms."""
        while True:
            body, monitor, pump = self._devices
            due = body.next_ms if body.next_ms < monitor.next_ms else monitor.next_ms
            due = pump.next_ms if pump.next_ms < due else due
            if self._queue and self._queue[0][0] <= due:
                due = self._queue[0][0]
            wake = self.kernel.next_deadline(self.state, self.policy) if self._gone_until is None else None
            if wake is not None and wake < due:
                due = wake
            if due > until_ms:
                break
            self.now = max(self.now, due)
            self._happen(wake)
        self.now = until_ms

    def _happen(self, wake: int | None) -> None:
        now = self.now
        if wake is not None and wake <= now:
            self._step(ev.Tick())
        while self._queue and self._queue[0][0] <= now:
            heapq.heappop(self._queue)[2]()
        for device in self._devices:
            if device.next_ms <= now:
                device.act(now)
        self._drain()

    # the kernel

    def _post(self, event: ev.Event) -> None:
        self._inbox.append(event)

    def _drain(self) -> None:
        while self._inbox:
            event = self._inbox.popleft()
            if self._gone_until is None:
                self._step(event)

    def _step(self, event: ev.Event) -> None:
        shortcut = self.kernel.glance(self.state, event, Ms(self.now), self.policy)
        self.state, out = self.kernel.step_closely(self.state, event, Ms(self.now), self.policy)
        if shortcut is not None:
            assert (shortcut, ()) == (self.state, out), "the shortcut of a quiet frame ends elsewhere than its step"
        if self.lazy is not None:
            self.lazy.follow(event, self.now, self.state)
        self.steps += 1
        for watch in self.watchers:
            watch(self.now, event, out)
        if out:
            for listen in self.listeners:
                listen(self.now, event, out)
            self._carry_out(out)

    def _carry_out(self, out: tuple[de.Decision, ...]) -> None:
        for decision in out:
            if isinstance(decision, de.StopPump):
                self.pump_line.command(StopOrder(decision.order_id), self.now)
            elif isinstance(decision, de.ReadStatus):
                self.pump_line.command(ReadStatus(decision.order_id), self.now)
            elif isinstance(decision, de.SetRate):
                order = SetRateOrder(decision.order_id, decision.rate_ul_h, decision.ceiling_ul_h)
                self.pump_line.command(order, self.now)
