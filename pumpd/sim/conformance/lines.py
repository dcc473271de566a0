"""Checks on real lines: a pty and a TCP port, the daemon's own line and session, in simulated time that runs fast."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pumpd.bedside.session import DeviceSession
from pumpd.clock import Clock
from pumpd.config.model import DeviceConfig, LinkTimes, ShellTimes
from pumpd.device import PumpStatus, Vitals
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState
from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.wire import START_RATE_UL_H
from pumpd.sim.endpoint import Endpoint
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.endpoint_tty import PtyEndpoint
from pumpd.sim.fast_time import FastLoop, FastTime
from pumpd.sim.line import DeviceLine, SimClock
from pumpd.sim.patient import SimPatient

AS_FAST_AS_CAN_BE = 1e9
READ_S = 120.0  # simulated


@dataclass
class Bench:
    """One simulated device at one endpoint, and whoever listens to it."""

    case: Case
    device: Any
    endpoint: Endpoint
    fast: FastTime
    facts: list[Any] = field(default_factory=list)
    states: list[LinkState] = field(default_factory=list)

    def _post(self, event: Event) -> None:
        if isinstance(event, Heard):
            self.facts.append(event.fact)
        elif isinstance(event, LinkChanged):
            self.states.append(event.state)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[DeviceSession]:
        """The daemon's session on this line, until left."""
        case = self.case
        serial = case.model.serial if case.info.tells_serial else None
        config = DeviceConfig("d1", case.name, case.info, self.endpoint.url, serial, case.stops, None)
        clock = Clock(self.fast)
        session = DeviceSession(config, case.driver, clock, self._post, links=LinkTimes(), shell=ShellTimes())
        session.start()
        try:
            yield session
        finally:
            await session.close()

    async def reads(self) -> bool:
        """Is something read from now on?"""
        wanted = PumpStatus if self.case.is_pump else Vitals
        before = len(self.facts)
        return await _until(lambda: any(isinstance(fact, wanted) for fact in self.facts[before:]))

    def false(self) -> Iterator[str]:
        """What was said and is not on the display, which stands still but for a pump's counter."""
        shown = self.device.shown(0)
        for fact in self.facts:
            told = True if self.case.info.pump.can_read_back else None
            if isinstance(fact, PumpStatus) and (fact.rate_ul_h, fact.infusing) != (shown["rate_ul_h"], told):
                yield f"the display says {shown}, it says {fact}"
            for reading in fact.readings if isinstance(fact, Vitals) else ():
                value, wanted = reading.value_milli, shown.get(reading.signal, reading.value_milli)
                if value is not None and value != wanted:
                    yield f"{reading.signal} is {wanted} on the display, it says {value}"


async def _until(done: Callable[[], bool]) -> bool:
    """Look often in simulated time."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + READ_S
    while not done():
        if loop.time() > end_s:
            return False
        await asyncio.sleep(0.05)
    return True


def on_a_pty(case: Case) -> Iterator[str]:
    """Read on a pty, also after its cable was pulled, and after the same pty was opened again (parity lines too)."""
    with tempfile.TemporaryDirectory(prefix="pumpd-kit-") as folder:
        yield from _run(case, lambda: PtyEndpoint(Path(folder) / "device"))


def on_tcp(case: Case) -> Iterator[str]:
    """Read over TCP, also after the connection was cut."""
    yield from _run(case, TcpEndpoint)


def _run(case: Case, endpoint: Callable[[], Endpoint]) -> list[str]:
    fast = FastTime(AS_FAST_AS_CAN_BE)
    with asyncio.Runner(loop_factory=lambda: FastLoop(fast)) as runner:
        return runner.run(_read_and_cut(case, endpoint(), fast))


def _read_and_cut(case: Case, endpoint: Endpoint, fast: FastTime) -> Coroutine[Any, Any, list[str]]:
    async def work() -> list[str]:
        device: Any = case.model.device(SimPatient(1))
        if case.is_pump:
            device.panel.set_rate(START_RATE_UL_H, 0)
            device.panel.start(0)
        bench = Bench(case, device, endpoint, fast)
        line = DeviceLine(device, endpoint, SimClock())
        line.open()
        try:
            return [*await _findings(bench), *bench.false()]
        finally:
            line.close()

    return work()


async def _findings(bench: Bench) -> list[str]:
    found: list[str] = []
    async with bench.listening():
        if not await bench.reads():
            return ["nothing is read"]
        bench.endpoint.unplug()
        if not await _until(lambda: LinkState.DOWN in bench.states):
            found.append("an unplugged line is not noticed")
        bench.endpoint.replug()
        if not await bench.reads():
            found.append("nothing is read after the cable was plugged in again")
    async with bench.listening():
        if not await bench.reads():
            found.append("nothing is read after the same line was opened again")
    return found
