"""The composition root: what exists, who knows whom, in which order it starts and stops."""

from __future__ import annotations

import asyncio
import functools
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from pumpd.access.port import AccessPort
from pumpd.bedside import BedRuntime, DeviceSession, Parts, RemoteSession, Session
from pumpd.bedside.chart_parts import Knowledge
from pumpd.bedside.charts import Charts
from pumpd.bedside.supervise import keep_running
from pumpd.bus.bus import Bus
from pumpd.clock import Clock, Gap, PeoplesTime
from pumpd.config.hl7 import remote_source
from pumpd.config.model import BedConfig, DeviceConfig, WardConfig
from pumpd.daemon.bus import bus_counts, open_bus
from pumpd.daemon.gateway import GatewayRun, Port
from pumpd.daemon.health import health_of
from pumpd.daemon.reception import Reception
from pumpd.daemon.restore import open_journal, record_rule, restore_bed, resume
from pumpd.daemon.self_watch import Outbox, SelfWatch, wall_ms, watching
from pumpd.daemon.ward import Ward
from pumpd.daemon.watch import LoopWatch, checkpoints, counts, end_tasks, raise_file_limit, tidy
from pumpd.daemon.web import WebServer, live_hub, ward_app
from pumpd.device import Unmapped, Waveform
from pumpd.gateways import Told
from pumpd.history import BedHistory
from pumpd.journal import JournalFault
from pumpd.journal.housekeeping import keep_house
from pumpd.journal.messages import JournalMessages
from pumpd.links.recorder import Recorder
from pumpd.live.port import WardCounts
from pumpd.live.screens import Screens, screens_of
from pumpd.registry import drivers
from pumpd.safety import kernel
from pumpd.safety.events import Event, SelfFault
from pumpd.safety.view import BedView
from pumpd.scheduling import EXACT_NS, short_slices, timer_slack

log = structlog.get_logger(__name__)
SWITCH_INTERVAL_S = 0.00003
"""How long the journal's thread may keep the interpreter from the event loop; Python's own 5 ms is a stop's delay.

Each read and write lets go of the interpreter, so that a frame and its stop may wait that long several times."""

OPENING_GAP_S, OPENING_S = 0.01, 1.0
"""Between the openings of two lines, and of all lines together: a poll's usual period."""


class Daemon:
    """start() returns when every bed is decided for and the web face listens; wait() until asked to stop; stop()."""

    def __init__(
        self,
        config: WardConfig,
        clock: Clock | None = None,
        people: PeoplesTime | None = None,
        access: AccessPort | None = None,
    ) -> None:
        """clock, people: of a film (pumpd.sim.fast_time), never of a ward. access: of a test that is not about it."""
        self.config, self.clock = config, clock or Clock()
        self._people, self._access = people, access
        self.watch = LoopWatch(people)
        self.beds: dict[str, BedRuntime] = {}
        self.sessions: dict[str, Session] = {}
        self._told: list[Told] = []
        self.capture = None
        self.bus: Bus | None = None
        self.history: BedHistory | None = None
        if config.capture is not None:
            self.capture = Recorder(config.capture, self.clock.now_ms, self.clock.wall_of)
        self.outboxes: list[Outbox] = []  # whoever sends to other systems puts its own here, before start()
        self._tasks, self._asked = list[asyncio.Task[None]](), asyncio.Event()

    @property
    def port(self) -> int:
        """Where the web face listens (known after start, also when port 0 was configured)."""
        return self.web.port

    def counts(self) -> WardCounts:
        """What was heard and how late decisions were, for /metrics."""
        told = None if self.bus is None else bus_counts(self.bus)
        return replace(counts(self.beds.values(), self.sessions.values(), self.capture, health_of(self)), bus=told)

    async def start(self) -> None:
        """Raises JournalOpenError or OSError (address in use), with nothing left running."""
        raise_file_limit()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        short_slices()
        timer_slack(EXACT_NS)
        self.journal = await open_journal(self.config, self.clock)
        try:
            await self._start_ward()
        except BaseException:
            await self.stop()
            raise
        gc.collect()
        for name in self.config.unverified:
            devices = [d.id for bed in self.config.beds for d in bed.devices if d.driver == name]
            log.warning("UNVERIFIED driver: its values are not to be relied on", driver=name, devices=devices)
        gc.freeze()  # what lives as long as the daemon is never looked at again by the collector
        log.info("started", ward=self.config.id, beds=len(self.beds), devices=len(self.sessions), port=self.port)

    async def wait(self) -> None:
        """Until SIGTERM or SIGINT, or ask_to_stop()."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask_to_stop)
        try:
            await self._asked.wait()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def ask_to_stop(self) -> None:
        """Let wait() return."""
        self._asked.set()

    async def stop(self) -> None:
        """Clean exit: control of the pumps is handed back, states are checkpointed, the journal is closed."""
        await self._close_lines()
        if hasattr(self, "hub"):
            await self.hub.stop()
        if hasattr(self, "web"):
            self.web.stop()
        await end_tasks(self._tasks, but="web face")
        if self.history is not None:
            await self.history.close()
        if self.capture is not None:
            await self.capture.close()
        if hasattr(self, "reception"):
            await self.reception.close()
        for bed in self.beds.values():
            bed.close()
            bed.checkpoint()
        await self.journal.close()
        log.info("stopped", ward=self.config.id)

    async def _open_lines(self) -> None:
        """One after the other: devices that all started at once would be polled, and answer, at once for ever."""
        gap_s = min(OPENING_GAP_S, OPENING_S / max(1, len(self.sessions)))
        for session in self.sessions.values():
            session.start()
            await asyncio.sleep(gap_s)

    async def _close_lines(self) -> None:
        """A pump that was told to stop and has not been seen to is not handed back: its own watchdog shall stop it."""
        unverified = frozenset[str]().union(*(bed.stopping() for bed in self.beds.values()))
        for pump in unverified:
            log.warning("stop not verified: control is not handed back, the pump's lease runs out", device=pump)
        closing = (session.close(hand_back=name not in unverified) for name, session in self.sessions.items())
        for error in filter(None, await asyncio.gather(*closing, return_exceptions=True)):
            log.error("a line did not close", exc_info=error)

    async def _start_ward(self) -> None:
        gap = await self._resume_clock()
        self.hub = live_hub(self.config, self.clock, self._people)
        known = Knowledge(self.config.pharmacokinetics, self.config.opioids, self.config.vocabulary)
        self.charts = Charts(known, self.journal, self.clock, self.hub.mark)
        self.ward = Ward(self.beds, self.journal, self.clock, self.config, self.charts, self.sessions)
        self.gateway = None if self.config.hl7 is None else await self._gateway()
        self.reception = await Reception.open(self.config, self.clock, self.hub.people, self._access)
        app = ward_app(self.config, self.hub, self.ward, self.counts, self.gateway, self.reception)
        self.history = app.state.history
        self.web = WebServer(app, self.config.server, self._people)
        self.web.open()
        parts = Parts(kernel, self.clock, self.journal, self.hub, self.config.shell, self.charts, self._told)
        for config in self.config.beds:
            await self._restore(config, parts, gap)
        self._listen_to_journal()
        await self._begin()

    async def _begin(self) -> None:
        """Everything that runs beside the beds, which are restored."""
        self.reception.begin(self.config, self._tell_all)
        self._run("sign-in", self.reception.run)
        self._run("opening of lines", self._open_lines)
        self._run("screens", self.hub.run)
        self._run("web face", self.web.run)
        if self.gateway is not None:
            self.outboxes += self.gateway.outboxes()
            self._run("HL7 gateway", self.gateway.run)
        await self._join_bus()
        if self.capture is not None:
            self._run("capture", functools.partial(self.capture.run, self.hub.people.sleep))
        self._run("garbage", functools.partial(tidy, self.hub.people.sleep))
        now_ms = self.clock.now_ms()
        self.self_watch = SelfWatch(self.config.shell, now_ms, wall_ms(self.clock, now_ms))
        days, record = self.config.samples_days, record_rule(self.config)
        self._run("housekeeping", functools.partial(keep_house, self.journal, days, record, self.clock.wall))
        self._run("self watch", self._watch_self)
        self._run("loop watch", lambda: self.watch.run(list(self.beds.values())))
        self._run("checkpoints", lambda: checkpoints(list(self.beds.values()), self.config.shell.checkpoint_ms))
        for bed in self.beds.values():
            self._keep_chart(bed)

    async def _join_bus(self) -> None:
        """Where the ward file has [mqtt]."""
        if self.config.bus is not None:
            self.bus = await open_bus(self.config, self.beds, self.journal, self.clock, self._told)
            self._run("MQTT", self.bus.run)

    async def _resume_clock(self) -> Gap | None:
        last = await self.journal.last_seen()
        return None if last is None else self.clock.resume(last.now_ms, last.boot_id, last.boot_ms, last.wall)

    async def _restore(self, config: BedConfig, parts: Parts, gap: Gap | None) -> None:
        pumps: dict[str, Session] = {}
        returned = await restore_bed(config, self.journal, parts, pumps)
        bed = returned.bed
        for device in config.devices:
            pumps[device.id] = self._session(device, bed)
        self.beds[bed.id] = bed
        self.sessions |= pumps
        resume(returned, config, gap, self.journal.marked(bed.id))
        self.hub.register(bed.id, functools.partial(self._shown, bed))
        self.charts.add(bed)

    def _session(self, device: DeviceConfig, bed: BedRuntime) -> Session:
        on_link = functools.partial(self.hub.mark_now, bed.id)
        if remote_source(device.link) is not None:
            return RemoteSession(device, self.clock, bed.post, on_link)
        return DeviceSession(
            device,
            drivers()[device.driver],
            self.clock,
            bed.post,
            links=self.config.links,
            shell=self.config.shell,
            post_soon=bed.post_soon,
            hear=bed.hear,
            judge=bed.judge,
            on_link=on_link,
            ear=None if self.capture is None else self.capture.ear(device),
            aside=functools.partial(self._aside, bed.id, device.id),
        )

    def _aside(self, bed_id: str, device: str, fact: Unmapped | Waveform) -> None:
        """What no kernel is told of: curves are for screens."""
        if isinstance(fact, Waveform):
            self.hub.waves.heard(bed_id, device, fact, self.clock.now_ms())

    async def _gateway(self) -> GatewayRun:
        """Where the ward file says something of HL7; else nothing listens, and nothing is sent."""
        store, told, shown = await JournalMessages.open(self.journal), self._told, self._shown
        port = Port(
            self.config, self.beds, self.ward, self.clock, store, sessions=self.sessions, told=told, shown=shown
        )
        return GatewayRun(self.config, port)

    def _shown(self, bed: BedRuntime) -> BedView:
        return replace(bed.view(), clinical=self.charts.view(bed.id))

    # supervision

    def _run(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        def tell(detail: str, active: bool) -> None:
            self._tell_all(SelfFault(f"part_failed_{name.replace(' ', '_')}", detail, active))

        task = asyncio.create_task(keep_running(name, run, self.config.shell, tell), name=name)
        self._tasks.append(task)

    def _keep_chart(self, bed: BedRuntime) -> None:
        """A chart that fails is its own bed's trouble only, and the bed goes on without it."""

        def tell(detail: str, active: bool) -> None:
            bed.post(SelfFault("part_failed_chart", detail, active))

        name = f"chart of {bed.id}"
        run = functools.partial(self.charts.run, bed.id)
        self._tasks.append(asyncio.create_task(keep_running(name, run, self.config.shell, tell), name=name))

    async def _watch_self(self) -> None:
        def screens() -> Screens:
            return screens_of(self.hub.clients)

        await watching(self.self_watch, self.clock, self.beds, screens, self.outboxes)

    def _listen_to_journal(self) -> None:
        self.journal.on_fault = self._on_journal
        if self.journal.fault is not None:
            self._on_journal(self.journal.fault)

    def _on_journal(self, fault: JournalFault | None) -> None:
        """Monitoring, alarming and stopping go on; every bed says that nothing is being recorded."""
        detail = "recording works again" if fault is None else f"nothing is being recorded: {fault.detail}"
        self._tell_all(SelfFault("journal_failing", detail, active=fault is not None))

    def _tell_all(self, event: Event) -> None:
        for bed in self.beds.values():
            bed.post(event)
